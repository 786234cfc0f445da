"""The list of saved searches at the left of the Library page."""

from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence, QPalette
from PySide6.QtWidgets import QListView, QSizePolicy, QWidget

from opqn_app.core.progress import counted
from opqn_app.people.photo_filter import PhotoFilter
from opqn_app.ui.kit.menus import offer_actions
from opqn_app.ui.kit.saved_shelf import Saved, SavedShelf
from opqn_app.ui.kit.tips import plain
from opqn_app.ui.library.folder_list import Folder, FolderRole, FolderState
from opqn_app.ui.library.folder_view import FolderDelegate

MOST_SEEN = 4  # rows; of more the list scrolls

_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_ROW = FolderState("", "search")


class SavedListModel(QAbstractListModel):
    """The searches by name."""

    def __init__(self, shelf: SavedShelf) -> None:
        super().__init__(shelf)
        self._shelf = shelf
        self._rows: tuple[Saved, ...] = ()
        shelf.changed.connect(self._show)

    def search(self, row: int) -> Saved | None:
        """The search of a row."""
        return self._rows[row] if 0 <= row < len(self._rows) else None

    def row_of(self, search_id: int) -> int:
        """Where a search is, -1 for nowhere."""
        return next((row for row, each in enumerate(self._rows) if each.id == search_id), -1)

    def rowCount(self, parent: _Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def flags(self, index: _Index) -> Qt.ItemFlag:
        return super().flags(index) | Qt.ItemFlag.ItemIsEditable

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        search = self.search(index.row())
        if search is None:
            return None
        if role == FolderRole:  # drawn as a folder in a folder is
            label = f"{search.name} · folder is gone" if search.is_lost else search.name
            return Folder(None, None, search.photos, 0, 0, _ROW, depth=1, label=label)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return search.name
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain(f"{search.name}: {_counts(search)}")
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"Saved search {search.name}, {_counts(search)}"
        return None

    def setData(self, index: _Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        search = self.search(index.row())
        if search is not None and role == Qt.ItemDataRole.EditRole and value != search.name:
            self._shelf.rename(search, str(value))
        return False  # the shelf tells when it has another name

    def _show(self) -> None:
        if [row.id for row in self._rows] == [row.id for row in self._shelf.searches]:
            self._rows = self._shelf.searches
            if self._rows:
                self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1))
            return
        self.beginResetModel()
        self._rows = self._shelf.searches
        self.endResetModel()


class SavedList(QListView):
    """Click or Enter shows the photos, F2 renames, Delete removes.

    Signals:
        chosen: a Saved whose photos are to be shown.
        removal_wanted: a Saved.
    """

    chosen = Signal(object)
    removal_wanted = Signal(object)

    def __init__(self, shelf: SavedShelf, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.searches = SavedListModel(shelf)
        self.setModel(self.searches)
        self.setItemDelegate(FolderDelegate(self))
        self.setObjectName("folderList")
        self.setAccessibleName("Saved searches")
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self.setEditTriggers(QListView.EditTrigger.EditKeyPressed)
        self.viewport().setAutoFillBackground(False)
        self.setBackgroundRole(QPalette.ColorRole.Window)
        self._act("Show its photos", "Return", self._choose)
        self._act("Rename", "", lambda: self.edit(self.currentIndex()))
        self._act("Remove", "Delete", self._remove)
        offer_actions(self)
        self.clicked.connect(lambda _index: self._choose())
        self.searches.modelReset.connect(self.updateGeometry)

    def name(self, search: Saved) -> None:
        """Let a search that has just come be given another name."""
        index = self.searches.index(self.searches.row_of(search.id))
        if index.isValid():
            self.show()
            self.setCurrentIndex(index)
            self.scrollTo(index)
            self.setFocus()
            self.edit(index)

    def mark(self, asked: PhotoFilter | None) -> None:
        """Mark the search whose photos are shown, if it is one of them."""
        current = self.searches.search(self.currentIndex().row())
        if current is not None and current.asked != asked and not self.hasFocus():
            self.setCurrentIndex(QModelIndex())

    def sizeHint(self) -> QSize:
        rows = min(self.searches.rowCount(), MOST_SEEN)
        return QSize(200, rows * FolderDelegate.INNER + 4)

    def minimumSizeHint(self) -> QSize:
        return QSize(100, min(self.searches.rowCount(), 2) * FolderDelegate.INNER + 4)

    def _choose(self) -> None:
        self._tell(self.chosen)

    def _remove(self) -> None:
        self._tell(self.removal_wanted)

    def _tell(self, signal: Any) -> None:
        search = self.searches.search(self.currentIndex().row())
        if search is not None:
            signal.emit(search)

    def _act(self, words: str, key: str, act: Any) -> None:
        action = QAction(words, self)
        action.setShortcut(QKeySequence(key))
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.triggered.connect(lambda _checked=False: act())
        self.addAction(action)


def _counts(search: Saved) -> str:
    if search.is_lost:
        return f"no photo lies in {search.asked.under} any more"
    return counted(search.photos, "photo")
