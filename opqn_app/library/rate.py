"""How fast a run goes and how long it still takes, however long it was paused."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

WINDOW_S = 30.0
MIN_BUSY_S = 1.0  # before that an estimate would be noise


class RateMeter:
    """Photos a second over the last 30 s of work; time inside `paused` does not count."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._paused_s = 0.0
        self._samples = deque([(clock(), 0)])
        self._done = 0

    @contextmanager
    def paused(self) -> Iterator[None]:
        start = self._clock()
        try:
            yield
        finally:
            self._paused_s += self._clock() - start

    def add(self, count: int) -> None:
        """`count` more photos are done."""
        self._done += count
        now = self._busy_time()
        self._samples.append((now, self._done))
        while len(self._samples) > 2 and now - self._samples[1][0] >= WINDOW_S:
            self._samples.popleft()

    def rate(self) -> float:
        """Photos a second; 0 while there is nothing to go by."""
        (start, before), (end, after) = self._samples[0], self._samples[-1]
        return (after - before) / (end - start) if end > start else 0.0

    def eta_s(self, remaining: int) -> float | None:
        """Seconds for `remaining` photos at this rate; None while it is too early to say."""
        is_early = self._samples[-1][0] - self._samples[0][0] < MIN_BUSY_S
        rate = self.rate()
        return None if is_early or rate <= 0 else remaining / rate

    def _busy_time(self) -> float:
        return self._clock() - self._paused_s
