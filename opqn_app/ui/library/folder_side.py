"""The left side of the Library page: the folders, and what can be done with all of them."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from opqn_app.ui.kit.controls import push_button, text_label
from opqn_app.ui.library.folder_list import FolderList, FolderListModel

WIDTH = 240


class FolderSide(QFrame):
    """Signals:
    add_wanted: the user wants to add a folder.
    sample_removal_wanted: the user wants the sample photos to go.
    """

    add_wanted = Signal()
    sample_removal_wanted = Signal()

    def __init__(self, model: FolderListModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("folderSide")
        self.setFixedWidth(WIDTH)
        self.list = FolderList(model)
        self._remove_sample = push_button(
            "Remove the sample", self.sample_removal_wanted.emit, icon="trash"
        )
        heading = text_label("Folders", style="heading")
        heading.setContentsMargins(8, 0, 0, 0)
        stack = QVBoxLayout(self)
        stack.setContentsMargins(8, 16, 8, 12)
        stack.setSpacing(8)
        stack.addWidget(heading)
        stack.addWidget(self.list, 1)
        stack.addWidget(self._remove_sample)
        stack.addWidget(push_button("Add a folder", self.add_wanted.emit, icon="add"))

    def offer_sample_removal(self, is_offered: bool) -> None:
        """Whether there is a button to remove the sample photos."""
        self._remove_sample.setVisible(is_offered)
