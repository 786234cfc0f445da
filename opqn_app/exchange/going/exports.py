"""What all exports share: the pace they go at, and the error that ends one."""

from collections.abc import Callable
from pathlib import Path

from opqn_app.core.errors import OpqnError
from opqn_app.core.progress import RateMeter
from opqn_app.exchange.records import Progress


class ExportError(OpqnError):
    """Photos or names can't go out; nothing half done is left."""


def no_folder(folder: Path) -> ExportError:
    """Nothing can go to a folder that is not there, or to a file instead of one."""
    if folder.exists():
        return ExportError(f"{folder} is not a folder. Choose another.")
    return ExportError(f"There is no folder {folder}. Make it, or choose another.")


def unwritten(path: Path, error: OSError) -> ExportError:
    """Why a file can't be written, and what to do."""
    if not path.parent.is_dir():
        return no_folder(path.parent)
    return ExportError(f"{path} can't be written: {error.strerror}.")


class Pace:
    """Counts photos, and estimates the time by the work in them, such as their bytes.

    Args:
        photos: in all.
        work: in all photos, in any unit.
    """

    def __init__(self, photos: int, work: int, clock: Callable[[], float] | None = None) -> None:
        self._photos, self._work = photos, work
        self._meter = RateMeter() if clock is None else RateMeter(clock)
        self._done = self._worked = 0

    def at(self, current: str, *, photos: int = 0, work: int = 0) -> Progress:
        """So many more photos are done, and so much more work.

        Args:
            current: name of the file that is being worked on.
        """
        self._done += photos
        self._worked += work
        if work:
            self._meter.add(work)
        left = max(self._work - self._worked, 0)
        return Progress(self._done, self._photos, self._meter.eta_s(left), current)
