"""Whether each folder is kept up to date by itself: in words, and as a switch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtWidgets import QApplication

from opqn_app.core.errors import OpqnError
from opqn_app.store.records import Root
from opqn_app.ui.kit import wording
from opqn_app.ui.kit.message_bar import MessageBar
from opqn_app.ui.library.folder_header import FolderHeader
from opqn_app.ui.library.folder_list import Watched
from opqn_app.ui.library.folder_view import FolderList
from opqn_app.ui.work.session import Session

if TYPE_CHECKING:
    from opqn_app.index.watching import How

RAISE_LIMIT = "sudo sysctl fs.inotify.max_user_watches=1048576"
NOTES: dict["How", str] = {
    "events": "New photos come in by themselves.",
    "links": "New photos come in by themselves, those behind links after some minutes.",
    "share": "A network share: it is looked at every few minutes.",
    "limit": "Linux lets programs watch no more folders: it is looked at every few minutes.",
}


def watched_in_words(*, is_on: bool, way: "How | None", is_resting: bool) -> Watched:
    """What a folder's row says of it.

    Args:
        way: how it is watched; None where that is not known yet.
        is_resting: the computer runs on its battery.
    """
    if not is_on:
        return Watched("Not watched", "New photos come in when you look for them (F5).")
    if is_resting and way is not None:
        words = "New photos come in once the computer is plugged in, or when you press F5."
        return Watched("On battery", words)
    return Watched("", NOTES[way] if way is not None else "")


def limit_in_words(names: Sequence[str]) -> str:
    """What it means for folders, and what to do, that Linux lets no more of them be watched."""
    return (
        f"New photos in {' and '.join(names)} show after some minutes: Linux lets programs watch "
        "no more folders. A command for the terminal raises this limit."
    )


@dataclass(frozen=True, slots=True)
class Parts:
    """What of the page the switch works on."""

    header: FolderHeader
    folders: FolderList
    messages: MessageBar


class WatchSwitch(QObject):
    """Follows the session's watch, the folder shown and its menu.

    Args:
        shown: the root shown; None for all photos.
        show_folders: shows the rows of folders anew.
    """

    def __init__(
        self,
        session: Session,
        parts: Parts,
        shown: Callable[[], Root | None],
        show_folders: Callable[[], None],
    ) -> None:
        super().__init__(parts.header)
        self._watch, self._parts = session.watch, parts
        self._shown, self._show_folders = shown, show_folders
        self._told: set[Path] = set()  # which folders are over the limit
        parts.header.watch_switched.connect(self._switch)
        parts.folders.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        parts.folders.customContextMenuRequested.connect(self._open_menu)
        session.watch.changed.connect(self._on_changed)
        session.watch.failed.connect(self._on_failed)

    def words(self, roots: Sequence[Root]) -> dict[Path, Watched]:
        """What each folder's row says."""
        watch = self._watch
        return {
            root.path: watched_in_words(
                is_on=watch.is_on(root.path),
                way=watch.way_of(root.path),
                is_resting=watch.is_resting,
            )
            for root in roots
        }

    def show(self) -> None:
        """Set the switch of the folder shown."""
        root = self._shown()
        is_on = None if root is None else self._watch.is_on(root.path)
        self._parts.header.show_watched(is_on)

    def _switch(self, is_on: bool) -> None:
        root = self._shown()
        if root is not None:
            self._watch.switch(root.path, is_on=is_on)

    def _on_changed(self) -> None:
        self.show()
        self._show_folders()
        limited = {root for root, way in self._watch.ways().items() if way == "limit"}
        if limited - self._told:
            self._told |= limited
            names = sorted(map(wording.folder_name, limited))
            self._parts.messages.say(limit_in_words(names), "Copy the command", self._copy)

    def _on_failed(self, error: Exception) -> None:
        why = f" {error}" if isinstance(error, OpqnError) else ""
        self._parts.messages.warn(f"The switch holds until this program ends.{why}")

    def _copy(self) -> None:
        QApplication.clipboard().setText(RAISE_LIMIT)

    def _open_menu(self, at: QPoint) -> None:
        """The header's menu, for the folder under the mouse, or by the keyboard the chosen one."""
        folders = self._parts.folders
        index = folders.indexAt(at)
        if index.isValid():
            folders.setCurrentIndex(index)
        else:
            at = folders.visualRect(folders.currentIndex()).center()
        if folders.currentIndex().isValid():
            self._parts.header.menu.popup(folders.viewport().mapToGlobal(at))
