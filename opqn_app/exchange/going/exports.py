"""What all exports share: how far one has come, and the error that ends it."""

from collections.abc import Callable
from dataclasses import dataclass

from opqn_app.core.errors import OpqnError
from opqn_app.core.progress import RateMeter, counted, duration_in_words


class ExportError(OpqnError):
    """Photos or names can't go out; nothing half done is left."""


@dataclass(frozen=True, slots=True)
class ExportProgress:
    """Where an export stands.

    Attributes:
        done, total: photos, or files where a photo is copied more than once.
        eta_s: seconds still to go; None while that is not known.
        current: name of the file that is being worked on.
    """

    done: int
    total: int
    eta_s: float | None
    current: str

    def in_words(self) -> str:
        """Such as "12/40 photos · 3 min left"."""
        words = f"{self.done:,}/{counted(self.total, 'photo')}"
        return words if self.eta_s is None else f"{words} · {duration_in_words(self.eta_s)} left"


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

    def at(self, current: str, *, photos: int = 0, work: int = 0) -> ExportProgress:
        """So many more photos are done, and so much more work.

        Args:
            current: name of the file that is being worked on.
        """
        self._done += photos
        self._worked += work
        if work:
            self._meter.add(work)
        left = max(self._work - self._worked, 0)
        return ExportProgress(self._done, self._photos, self._meter.eta_s(left), current)
