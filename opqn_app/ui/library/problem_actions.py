"""What can be done with the files that could not be read: tried again, ignored, shown."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from opqn_app.ui.library.failure_list import FailureList
from opqn_app.ui.library.folder_header import FolderHeader
from opqn_app.ui.library.library_view import LibraryView
from opqn_app.ui.work.session import Session

LATER = "This is done as soon as the indexing that runs now has ended."


class ProblemActions(QObject):
    """Follows the list of problems and the button above it.

    Args:
        view: what is shown of the library now.
        show_file: shows a file in the system's file manager.

    Signals:
        told: a sentence.
        failed: an exception.
    """

    told = Signal(str)
    failed = Signal(object)

    def __init__(
        self,
        session: Session,
        problems: FailureList,
        header: FolderHeader,
        view: Callable[[], LibraryView],
        show_file: Callable[[Path], object],
    ) -> None:
        super().__init__(problems)
        self._session, self._problems, self._view = session, problems, view
        header.retry_wanted.connect(lambda: self.retry(problems.model.open_ids))
        problems.retry_wanted.connect(self.retry)
        problems.ignore_wanted.connect(self.ignore)
        problems.show_wanted.connect(show_file)

    def retry(self, failure_ids: Sequence[int]) -> None:
        """Try to read files again."""
        for path, ids in self._view().failures_by_folder(failure_ids).items():
            self._session.index(path, retry_failures=True, failure_ids=ids)

    def ignore(self, failure_ids: Sequence[int], ignored: bool) -> None:
        """Say no more of files, or speak of them again."""
        task = self._session.write(
            lambda library: library.ignore_failures(failure_ids, ignored=ignored)
        )
        task.failed.connect(self.failed)
        if self._session.is_indexing:
            self.told.emit(LATER)
