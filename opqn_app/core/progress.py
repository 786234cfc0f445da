"""Progress in words: how many, how fast, how long still; one line on a terminal."""

import sys
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import TextIO, TypeVar

from opqn_app.core.harmless import in_line

Step = TypeVar("Step")
Result = TypeVar("Result")
Told = TypeVar("Told")

WINDOW_S = 30.0
MANY = 20  # done; fewer say little of a pace, so a slow job is looked at for longer
EARLY_S = 3.0  # of work; before that an estimate would be noise
WATCHED = 0.15  # of the time still to go is watched before that is told, at most SURE_S
SURE_S = 20.0
SETTLED_S = 30.0  # from here on one is told even if the pace still changes
PATIENCE_S = 120.0  # from here on even if not many are done
STEADY = 1.3  # times faster or slower, lately, than over the whole time


def duration_in_words(seconds: float) -> str:
    """ "40 s", "3 min 20 s" or "2 h 5 min"; never negative."""
    whole = max(round(seconds), 0)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def counted(n: int, noun: str) -> str:
    """ "1 photo", "1,203 photos"."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


class RateMeter:
    """How many are done a second, over the last 30 s of work, and how long the rest takes.

    Of a slow job the last 20 that were done count, whatever time they took. It counts from the
    first one that is done, since what comes before that is getting ready. Time inside `paused`
    does not count.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._paused_s = 0.0
        self._samples: deque[tuple[float, int]] = deque()
        self._done = 0

    @contextmanager
    def paused(self) -> Iterator[None]:
        start = self._clock()
        try:
            yield
        finally:
            self._paused_s += self._clock() - start

    def add(self, count: int) -> None:
        """`count` more are done."""
        self._done += count
        now = self._clock() - self._paused_s
        self._samples.append((now, self._done))
        while len(self._samples) > 2 and self._is_enough_from(*self._samples[1]):
            self._samples.popleft()

    def _is_enough_from(self, when: float, done: int) -> bool:
        now, all_done = self._samples[-1]
        return now - when >= WINDOW_S and all_done - done >= MANY

    def rate(self) -> float:
        """How many a second; 0 while there is nothing to go by."""
        return self._rate_since(0)

    def eta_s(self, remaining: int) -> float | None:
        """Seconds for `remaining` more; None while too little is done to be near the truth.

        A long rest is told later than a short one: its start says less of it.
        """
        if remaining == 0 and self._done:
            return 0.0
        rate = self.rate()
        if rate <= 0 or remaining < 0:  # the total is not known yet
            return None
        (start, before), (end, done) = self._samples[0], self._samples[-1]
        seconds, lately = end - start, self._rate_of_later_half()
        if seconds < PATIENCE_S and done - before < min(MANY, remaining / 5):
            return None
        if seconds < max(EARLY_S, min(SURE_S, WATCHED * remaining / rate)):
            return None
        if rate / STEADY <= lately <= rate * STEADY:
            return remaining / rate
        return remaining / lately if lately > 0 and seconds >= SETTLED_S else None

    def _rate_of_later_half(self) -> float:
        middle = (self._samples[0][0] + self._samples[-1][0]) / 2
        half = next(place for place, (when, _) in enumerate(self._samples) if when >= middle)
        return self._rate_since(min(half, len(self._samples) - 2))

    def _rate_since(self, place: int) -> float:
        if len(self._samples) < 2:
            return 0.0
        (start, before), (end, after) = self._samples[place], self._samples[-1]
        return (after - before) / (end - start) if end > start else 0.0


class ProgressLine:
    """One line that overwrites itself; silent when `stream` is not a terminal."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._is_shown = self._stream.isatty()
        self._width = 0

    def show(self, text: str) -> None:
        if self._is_shown:
            text = in_line(text)
            self._stream.write("\r" + text.ljust(self._width))
            self._stream.flush()
            self._width = len(text)

    def clear(self) -> None:
        if self._is_shown and self._width:
            self._stream.write("\r" + " " * self._width + "\r")
            self._stream.flush()
            self._width = 0


def run_with_progress(
    job: Generator[Step, None, Result],
    words: Callable[[Step], str],
    stream: TextIO | None = None,
) -> Result:
    """Run a job to its end, showing each step; an interrupt closes the job first.

    Args:
        words: what is shown of a step.
    """
    line = ProgressLine(stream)
    try:
        while True:
            try:
                line.show(words(next(job)))
            except StopIteration as stop:
                report: Result = stop.value
                return report
    finally:
        job.close()
        line.clear()


def retold(
    job: Generator[Step, None, Result], tell: Callable[[Step], Told]
) -> Generator[Told, None, Result]:
    """The same job, its progress told otherwise; closing this closes the job."""
    try:
        while True:
            try:
                step = next(job)
            except StopIteration as stop:
                found: Result = stop.value
                return found
            yield tell(step)
    finally:
        job.close()


def finished(job: Generator[object, None, Result]) -> Result:
    """What a generator returns, its progress dropped."""
    try:
        while True:
            next(job)
    except StopIteration as stop:
        found: Result = stop.value
        return found


def result_of(job: Generator[object, None, Result]) -> Result:
    """Run a job to its end, showing nothing."""
    while True:
        try:
            next(job)
        except StopIteration as stop:
            result: Result = stop.value
            return result
