"""Ctrl-C and SIGTERM as a question: long work asks now and then whether it shall stop and save."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopFlag:
    """Set by the first Ctrl-C or SIGTERM; a second one interrupts at once."""

    def __init__(self) -> None:
        self._is_set = False

    def is_set(self) -> bool:
        return self._is_set

    def on_signal(self, _signal: int, _frame: FrameType | None) -> None:
        if self._is_set:
            raise KeyboardInterrupt
        self._is_set = True


@contextmanager
def stop_requests() -> Iterator[StopFlag]:
    """Take the two signals over for a while."""
    flag = StopFlag()
    old = {number: signal.signal(number, flag.on_signal) for number in _SIGNALS}
    try:
        yield flag
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
