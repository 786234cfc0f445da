"""A page onto which folders can be dropped; photos are left to the window."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QWidget

from opqn_app.ui.kit import drops
from opqn_app.ui.kit.drop_veil import DropVeil


class FolderDropPage(QWidget):
    """Takes folders; what else is dragged over it goes on to the window.

    Signals:
        folders_dropped: tuple of folders (Path).
    """

    folders_dropped = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._veil = DropVeil(self)
        self.setAcceptDrops(True)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        folders = drops.read(event.mimeData()).folders
        if folders:
            event.acceptProposedAction()
            few = "this folder" if len(folders) == 1 else "these folders"
            self._veil.show_over(f"Add {few} to the library")
        else:
            event.ignore()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        event.setDropAction(Qt.DropAction.CopyAction)  # nothing is ever moved away
        event.accept()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._veil.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        self._veil.hide()
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.folders_dropped.emit(drops.read(event.mimeData()).folders)
