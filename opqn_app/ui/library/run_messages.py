"""What the Library page says when a run begins, ends or fails."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from opqn_app.core.errors import FolderUnavailable, LibraryLocked, OpqnError, RemembersNoFaces
from opqn_app.core.progress import counted
from opqn_app.store.records import Root
from opqn_app.ui.kit import wording
from opqn_app.ui.kit.message_bar import MessageBar
from opqn_app.ui.library.unreachable_note import UnreachableNote
from opqn_app.ui.work.session import Session

if TYPE_CHECKING:
    from opqn_app.index.indexing import IndexReport


class RunMessages(QObject):
    """Runs that nobody asked for speak only of what is new.

    Args:
        root_at: the root at a path, as it was when the page last looked.

    Signals:
        problems_wanted: the files of a root that could not be read are to be shown.
    """

    problems_wanted = Signal(object)

    def __init__(
        self,
        session: Session,
        messages: MessageBar,
        unreachable: UnreachableNote,
        root_at: Callable[[Path], Root | None],
    ) -> None:
        super().__init__(messages)
        self._watch, self._messages = session.watch, messages
        self._unreachable, self._root_at = unreachable, root_at
        session.indexing_started.connect(self._on_started)
        session.indexing_finished.connect(self._on_finished)
        session.indexing_failed.connect(self._on_failed)

    def warn(self, error: Exception) -> None:
        """Say why something did not go."""
        if isinstance(error, OpqnError):
            self._messages.warn(str(error))
        else:
            words = f"Something went wrong in this program: {error}. See its log file."
            self._messages.warn(words)

    def _on_started(self, root: Path) -> None:
        if not self._watch.began(root):
            self._messages.hide()
            self._unreachable.repeat()

    def _on_finished(self, root: Path, report: "IndexReport") -> None:
        known = self._root_at(root)
        is_old = known is not None and len(report.failures) <= known.failures
        if report.failures and not (is_old and self._watch.began(root)):
            files = counted(len(report.failures), "file")
            words = f"{files} in {wording.folder_name(root)} could not be read."
            self._messages.say(words, "Show them", lambda: self.problems_wanted.emit(root))

    def _on_failed(self, root: Path, error: Exception) -> None:
        is_passing = isinstance(error, LibraryLocked | FolderUnavailable | RemembersNoFaces)
        if not (is_passing and self._watch.began(root)):  # it is tried again
            self.warn(error)
