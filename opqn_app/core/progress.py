"""Progress in words: how many, how fast, how long still; one line on a terminal."""

import sys
from collections.abc import Callable, Generator
from typing import TextIO, TypeVar

Step = TypeVar("Step")
Result = TypeVar("Result")
Told = TypeVar("Told")


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


class ProgressLine:
    """One line that overwrites itself; silent when `stream` is not a terminal."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._is_shown = self._stream.isatty()
        self._width = 0

    def show(self, text: str) -> None:
        if self._is_shown:
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
