"""The backup of the day for a window that stays open for days; commands make it at their end."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

if TYPE_CHECKING:
    from opqn_app.ui.work.session import Session

HOUR_MS = 3_600_000


def _make(path: Path, now: datetime) -> Path | None:
    """On a lane: what it imports would keep the first picture waiting."""
    from opqn_app.store.daily_backup import make_if_due

    return make_if_due(path, now)


class DailyBackups(QObject):
    """Looks every hour whether the backup of the day is due; a look that finds none is cheap.

    Args:
        clock: the time now, in UTC.

    Signals:
        failed: why none could be made, a sentence; the same one is not said twice.
    """

    failed = Signal(str)

    def __init__(
        self,
        session: "Session",
        *,
        every_ms: int = HOUR_MS,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(session)
        self._session, self._clock = session, clock
        self._said = ""
        self._timer = QTimer(self, interval=every_ms)
        self._timer.timeout.connect(self._look)

    def start(self) -> None:
        self._timer.start()

    def _look(self) -> None:
        task = self._session.runner.start(
            "exchange", _make, self._session.library_path, self._clock()
        )
        task.failed.connect(self._on_failed)

    def _on_failed(self, error: Exception) -> None:
        words = f"The backup of today was not made. {error}"
        if words != self._said:
            self._said = words
            self.failed.emit(words)
