"""Rates, times, folders and devices in the words people see, so every page says them alike."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from opqn_app.core import paths
from opqn_app.core.progress import counted
from opqn_app.index.in_words import in_a_sentence, news_of
from opqn_app.index.progress import IndexProgress, IndexReport

if TYPE_CHECKING:
    from opqn_app.people.agreement import AgreementProgress
    from opqn_app.people.guessing import GroupingProgress

NO_FACES = "This library remembers no faces."
REMEMBER_AGAIN = "Remember faces…"

DEVICES = {"auto": "The fastest there is", "cpu": "Processor", "cuda": "Graphics card (CUDA)"}

_MINUTE = 60.0
_HOUR = 60.0 * _MINUTE


def time_left(seconds: float | None) -> str:
    """ "about 4 minutes left"; rounded so that it does not flicker, "" while unknown."""
    if seconds is None:
        return ""
    if seconds < 10:
        return "a few seconds left"
    if seconds < 55:
        return f"about {10 * round(seconds / 10)} seconds left"
    if seconds < 55 * _MINUTE:
        return f"about {counted(max(1, round(seconds / _MINUTE)), 'minute')} left"
    if seconds < 47 * _HOUR:
        return f"about {counted(max(1, round(seconds / _HOUR)), 'hour')} left"
    return f"about {counted(round(seconds / (24 * _HOUR)), 'day')} left"


def passed(seconds: int) -> str:
    """ "0:42", "12:05" or "1:02:03" since something began."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def speed(photos_per_s: float) -> str:
    """ "12 photos a second", or "3 seconds a photo" when slower than one; "" while unknown."""
    if photos_per_s <= 0:
        return ""
    if photos_per_s >= 1.5:
        return f"{counted(round(photos_per_s), 'photo')} a second"
    if photos_per_s > 0.75:
        return "1 photo a second"
    return f"{counted(round(1 / photos_per_s), 'second')} a photo"


def contents(photos: int, faces: int) -> str:
    """ "225 photos, 372 faces"."""
    return f"{counted(photos, 'photo')}, {counted(faces, 'face')}"


def unsearched(photos: int) -> str:
    """ "1,203 not searched thoroughly yet", or "" for none."""
    return f"{photos:,} not searched thoroughly yet" if photos else ""


def unreachable(photos: int) -> str:
    """ "1,203 can't be reached", or "" for none."""
    return f"{photos:,} can't be reached" if photos else ""


def percent(progress: IndexProgress) -> int:
    """How much of a run is done, 0 to 100; 99 until the very last photo."""
    if progress.total <= 0:
        return 0
    if progress.done >= progress.total:
        return 100
    return min(99, int(100 * progress.done / progress.total))


def chance(share: float) -> str:
    """A likeness, 0 to 1, as "97 %"; never "100 %", since nothing is certain."""
    return f"{min(int(share * 100 + 0.5), 99)} %"


def running(progress: IndexProgress, folder: str) -> str:
    """What indexing `folder` does now, for the status line."""
    if progress.phase == "scanning":
        return f"Looking for photos in {folder}"
    what = "Looking for more faces" if progress.phase == "thorough" else "Finding faces"
    return f"{what} in {folder}: {progress.done:,} of {counted(progress.total, 'photo')}"


def switching(progress: "IndexProgress | AgreementProgress", model: str) -> str:
    """What changing the model does now, for the status line."""
    if not isinstance(progress, IndexProgress):
        done = f": {progress.done:,} of {progress.total:,}" if progress.total else ""
        return f"Comparing {model} with the present model. {progress.stage}{done}"
    done = f"{progress.done:,} of {counted(progress.total, 'face')}"
    return f"Getting ready to search with {model}: {done}"


def grouping(progress: "GroupingProgress | None", is_paused: bool) -> str:
    """What grouping the faces does now, with the time left where it is known."""
    if progress is None:
        return "Getting ready to group the faces"
    words = "Putting the faces of each person together"
    if progress.stage == "lists":
        words = f"Comparing faces: {progress.done:,} of {counted(progress.total, 'face')}"
    return f"Paused. {words}" if is_paused else words


def pace(progress: "IndexProgress | AgreementProgress") -> str:
    """Rate and time left of a run: "12 photos a second · about 4 minutes left"."""
    if not isinstance(progress, IndexProgress):
        return ""
    parts = (speed(progress.photos_per_s), time_left(progress.eta_s))
    return " · ".join(part for part in parts if part)


def finished(report: IndexReport, folder: str) -> str:
    """What a run did: "Indexed 1,203 photos, 2,310 faces, 4 problems." """
    parts = news_of(report)
    if not parts:
        return f"{folder} is up to date: {counted(report.unchanged, 'photo')} unchanged."
    return in_a_sentence(parts)


def day(taken_at: str | None) -> str:
    """ "14 March 2024" of an ISO date, or "No date"."""
    moment = _moment(taken_at)
    return f"{moment.day} {moment:%B %Y}" if moment else "No date"


def month(taken_at: str | None) -> str:
    """ "March 2024" of an ISO date, or ""."""
    moment = _moment(taken_at)
    return f"{moment:%B %Y}" if moment else ""


def folder_name(path: Path) -> str:
    """A folder as people call it."""
    if path == paths.resource("sample") / "photos":
        return "Sample photos"
    return path.name or str(path)


def _moment(taken_at: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(taken_at) if taken_at else None
    except ValueError:  # a camera's own idea of a date
        return None
