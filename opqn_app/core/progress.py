"""Progress in words: how many, how fast, how long still; one line on a terminal."""

import sys
from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING, TextIO, TypeVar

if TYPE_CHECKING:
    from opqn_app.index.indexing import IndexProgress, IndexReport

Result = TypeVar("Result")


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
    job: "Generator[IndexProgress, None, Result]",
    stream: TextIO | None = None,
    *,
    words: "Callable[[IndexProgress], str] | None" = None,
) -> Result:
    """Run an indexing job to its end, showing each step; an interrupt closes the job first.

    Args:
        words: what is shown of a step; `progress_in_words` by default.
    """
    line, in_words = ProgressLine(stream), words or progress_in_words
    try:
        while True:
            try:
                line.show(in_words(next(job)))
            except StopIteration as stop:
                report: Result = stop.value
                return report
    finally:
        job.close()
        line.clear()


def faces_in_words(progress: "IndexProgress") -> str:
    """ "120/393 faces · 9 s left": where stored faces are coded and no photo is read."""
    parts = [f"{progress.done:,}/{counted(progress.total, 'face')}"]
    if progress.eta_s is not None:
        parts.append(f"{duration_in_words(progress.eta_s)} left")
    return " · ".join(parts)


def progress_in_words(progress: "IndexProgress") -> str:
    """ "120/227 photos · 12.3 photos/s · 9 s left · 310 faces · 2 problems"."""
    if progress.phase == "scanning":
        return f"Looking for photos: {progress.done:,}"
    parts = [f"{progress.done:,}/{progress.total:,} photos"]
    if progress.phase == "thorough":
        parts[0] = f"Looking for more faces: {parts[0]}"
    if progress.photos_per_s > 0:
        parts.append(f"{progress.photos_per_s:.1f} photos/s")
    if progress.eta_s is not None:
        parts.append(f"{duration_in_words(progress.eta_s)} left")
    parts.append(counted(progress.faces, "face"))
    if progress.failures:
        parts.append(counted(progress.failures, "problem"))
    return " · ".join(parts)


def index_report_in_words(report: "IndexReport") -> str:
    """ "Indexed 3 photos, 6 faces, 40 unchanged, in 2 s." """
    parts = news_of(report) or ["no new photos"]
    if report.unchanged:
        parts.append(f"{report.unchanged:,} unchanged")
    return in_a_sentence([*parts, f"in {duration_in_words(report.seconds)}"])


def news_of(report: "IndexReport") -> list[str]:
    """What a run did and found, and the problems, each a part of a sentence; empty for nothing."""
    new, parts = report.added + report.changed, []
    if new:
        found = counted(report.faces - report.more_faces, "face")
        parts.append(f"indexed {counted(new, 'photo')}, {found}")
    if report.coded:
        parts.append(f"{counted(report.coded, 'known face')} got a code of this model")
    if report.searched:
        more = counted(report.more_faces, "more face") if report.more_faces else "no more faces"
        parts.append(f"{more} found in {counted(report.searched, 'photo')} looked at again")
    if report.moved:
        parts.append(f"{report.moved:,} moved")
    if report.removed:
        parts.append(f"{report.removed:,} no longer there")
    if report.failures:
        parts += [] if parts else ["no new photos"]
        parts.append(counted(len(report.failures), "problem"))
    return parts


def in_a_sentence(parts: Sequence[str]) -> str:
    """ "3 moved, 1 no longer there." """
    words = ", ".join(parts)
    return f"{words[0].upper()}{words[1:]}."
