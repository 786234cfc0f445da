"""What the session is indexing, as the list of folders shows it."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from opqn_app.ui.library.folder_list import Activity
from opqn_app.ui.work.session import Session

if TYPE_CHECKING:
    from opqn_app.index.indexing import IndexProgress


class IndexActivity(QObject):
    """Remembers how the runs since the program's start ended.

    Signals:
        changed: `now` is another.
    """

    changed = Signal()

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._progress: IndexProgress | None = None
        self._finished: set[Path] = set()
        self._stopped: set[Path] = set()
        session.memory.changed.connect(lambda _is_on: self._forget())
        session.indexing_queued.connect(self.changed)
        session.indexing_paused.connect(lambda _is_paused: self.changed.emit())
        session.indexing_started.connect(self._on_started)
        session.indexing_progressed.connect(self._on_progress)
        session.indexing_finished.connect(lambda root, _report: self._end(root, self._finished))
        session.indexing_cancelled.connect(lambda root: self._end(root, self._stopped))
        session.indexing_failed.connect(lambda root, _error: self._end(root))

    def now(self) -> Activity:
        """What runs, waits and has ended."""
        session = self._session
        return Activity(
            running=session.indexing_root,
            waiting=session.waiting_roots,
            finished=frozenset(self._finished),
            stopped=frozenset(self._stopped),
            is_paused=session.is_paused,
            progress=self._progress,
            remembers_faces=session.memory.is_on,
        )

    def is_coming(self, path: Path) -> bool:
        """A folder is indexed, or waits for its turn."""
        return path == self._session.indexing_root or path in self._session.waiting_roots

    def _forget(self) -> None:
        """What runs have found is no more."""
        self._finished.clear()
        self._stopped.clear()
        self.changed.emit()

    def _on_started(self, root: Path) -> None:
        self._progress = None
        self._finished.discard(root)
        self._stopped.discard(root)
        self.changed.emit()

    def _on_progress(self, progress: "IndexProgress") -> None:
        self._progress = progress
        self.changed.emit()

    def _end(self, root: Path, ended: set[Path] | None = None) -> None:
        self._progress = None
        if ended is not None:
            ended.add(root)
        self.changed.emit()
