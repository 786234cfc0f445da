"""The left side of the Library page: folders, saved searches, and what can be done with all."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from opqn_app.ui.kit.controls import push_button, text_label
from opqn_app.ui.kit.saved_shelf import SavedShelf
from opqn_app.ui.library.folder_list import FolderListModel
from opqn_app.ui.library.folder_view import FolderList
from opqn_app.ui.library.saved_list import SavedList

WIDTH = 240


class FolderSide(QFrame):
    """Signals:
    add_wanted: the user wants to add a folder.
    sample_removal_wanted: the user wants the sample photos to go.
    """

    add_wanted = Signal()
    sample_removal_wanted = Signal()

    def __init__(
        self, model: FolderListModel, shelf: SavedShelf, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("folderSide")
        self.setFixedWidth(WIDTH)
        self.list = FolderList(model)
        self.saved = SavedList(shelf)
        self._remove_sample = push_button(
            "Remove the sample", self.sample_removal_wanted.emit, icon="trash"
        )
        heading = text_label("Folders", style="heading")
        self._saved_heading = text_label("Saved searches", style="heading")
        for each in (heading, self._saved_heading):
            each.setContentsMargins(8, 0, 0, 0)
        stack = QVBoxLayout(self)
        stack.setContentsMargins(8, 16, 8, 12)
        stack.setSpacing(8)
        stack.addWidget(heading)
        stack.addWidget(self.list, 1)
        stack.addWidget(self._saved_heading)
        stack.addWidget(self.saved)
        stack.addWidget(self._remove_sample)
        stack.addWidget(push_button("Add a folder", self.add_wanted.emit, icon="add"))
        shelf.changed.connect(lambda: self._show_saved(bool(shelf.searches)))
        self._show_saved(False)

    def offer_sample_removal(self, is_offered: bool) -> None:
        """Whether there is a button to remove the sample photos."""
        self._remove_sample.setVisible(is_offered)

    def _show_saved(self, has_any: bool) -> None:
        self._saved_heading.setVisible(has_any)
        self.saved.setVisible(has_any)
