"""A folder that is missing: the user shows where it is now, sees what is there, and can go back."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from opqn_app.core.errors import OpqnError
from opqn_app.store.records import Root
from opqn_app.ui.kit import dialogs, wording
from opqn_app.ui.kit.message_bar import MessageBar
from opqn_app.ui.library.folder_header import FIND
from opqn_app.ui.work import relocating_jobs as jobs

if TYPE_CHECKING:
    from opqn_app.index.relocating import Comparison
    from opqn_app.ui.work.session import Session

ANOTHER = "Choose another folder…"
ChoosePlace = Callable[[QWidget, Root], Path | None]
ConfirmPlace = Callable[[QWidget, str, str], bool]


def choose_place(parent: QWidget, root: Root) -> Path | None:
    """Ask where a folder is now; None if the user thinks better of it."""
    near = next((folder for folder in root.path.parents if folder.is_dir()), Path.home())
    title = f"Where is {wording.folder_name(root.path)} now?"
    chosen = QFileDialog.getExistingDirectory(parent, title, str(near))
    return Path(chosen) if chosen else None


def confirm_place(parent: QWidget, title: str, text: str) -> bool:
    """Ask whether a folder is what was looked for."""
    return dialogs.confirm(parent, title, text, yes="Use this folder", no="Cancel")


@dataclass(frozen=True, slots=True)
class Asking:
    """How the user is asked."""

    choose: ChoosePlace = choose_place
    confirm: ConfirmPlace = confirm_place


class FolderFinder(QObject):
    """What a page's message bar says of a folder that is missing, and what follows.

    Args:
        root: the folder that is shown, if it is one of the library's.
        show_folder: shows another.
        asking: asks the user.
    """

    def __init__(
        self,
        session: "Session",
        bar: MessageBar,
        root: Callable[[], Root | None],
        show_folder: Callable[[Path], None],
        asking: Asking | None,
    ) -> None:
        super().__init__(bar)
        self._session, self._bar, self._root, self._show_folder = session, bar, root, show_folder
        self._asking = asking or Asking()
        self._said: tuple[Path, str] | None = None
        self._went_back: Path | None = None  # where a folder is looked for again
        self._moved = ""

    @property
    def offers_undo(self) -> bool:
        """The bar says that a folder was found, and the user can still undo it there."""
        return bool(self._moved) and self._bar.text == self._moved

    def tell(self) -> None:
        """Say that the folder shown is missing, once; take it back where it no longer is."""
        root = self._root()
        missing = root.path if root is not None and not root.is_available else None
        if self._said is not None and missing != self._said[0]:
            if self._bar.text == self._said[1]:
                self._bar.hide()
            self._said = None
        if missing is not None and self._said is None:
            what = "is not where it was"
            if missing == self._went_back:
                what = "is looked for in its former place again, and is not there"
            words = (
                f"{wording.folder_name(missing)} {what}. Is a disk not plugged in, or was the "
                "folder moved? Its faces can still be searched."
            )
            self._said = missing, words
            self._bar.warn(words, FIND, self.ask)
        if root is not None:  # what is missing from now on went later
            self._went_back = None

    def ask(self) -> None:
        """Let the user choose where the folder is now, and compare what is there."""
        root = self._root()
        place = None if root is None else self._asking.choose(self._bar, root)
        if root is None or place is None:
            return
        task = self._session.runner.start(
            "exchange", jobs.compare_folder, self._session.library_path, root.path, place
        )
        self._bar.say(
            f"Comparing {wording.folder_name(place)} with what is known…", "Cancel", task.cancel
        )
        task.succeeded.connect(self._on_compared)
        task.failed.connect(self._warn)

    def go_back(self) -> None:
        """Let the folder shown be looked for where it was before."""
        root = self._root()
        if root is not None:
            self._take_back(root.path)

    def _on_compared(self, found: "Comparison") -> None:
        self._bar.hide()
        name = wording.folder_name(found.old)
        text = (
            f"{found.words}\n\n{found.new}\n\nFaces, names and saved searches go along, and no "
            "photo is read again. You can undo it."
        )
        if not self._asking.confirm(self._bar, f"Is {name} here now?", text):
            return
        task = self._session.runner.start(
            "index", jobs.relocate_folder, self._session.library_path, found
        )
        task.succeeded.connect(lambda _nothing: self._on_moved(found))
        task.failed.connect(self._warn)

    def _on_moved(self, found: "Comparison") -> None:
        self._said = self._went_back = None
        self._session.mark_changed()
        self._show_folder(found.new)
        name = wording.folder_name(found.new)
        self._moved = f"{name} is found in its new place. {found.words}"
        self._bar.say(self._moved, "Undo", lambda: self._take_back(found.new))

    def _take_back(self, place: Path) -> None:
        task = self._session.runner.start(
            "index", jobs.take_folder_back, self._session.library_path, place
        )
        task.succeeded.connect(self._on_back)
        task.failed.connect(lambda error: self._bar.warn(str(error)))

    def _on_back(self, found: "Comparison") -> None:
        self._said, self._went_back = None, found.new
        self._session.mark_changed()
        self._show_folder(found.new)
        name = wording.folder_name(found.new)
        self._bar.say(f"{name} is looked for in its former place again: {found.new}")

    def _warn(self, error: Exception) -> None:
        again = (ANOTHER, self.ask) if isinstance(error, OpqnError) else ("", None)
        self._bar.warn(str(error), *again)
