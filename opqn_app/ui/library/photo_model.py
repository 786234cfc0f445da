"""The photos or faces of the Library page as Qt sees them: all of them, made one by one."""

from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QItemSelectionModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
)

from opqn_app.core.progress import counted
from opqn_app.store.photo_list import PhotoList
from opqn_app.store.records import PhotoRecord
from opqn_app.ui.kit import wording
from opqn_app.ui.kit.tips import plain
from opqn_app.ui.library.photo_rows import Shown

PhotoRole = Qt.ItemDataRole.UserRole + 1
PATHS_TOLD = 8  # of copies, in a tool tip

_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
NO_UPDATE = QItemSelectionModel.SelectionFlag.NoUpdate


class PhotoListModel(QAbstractListModel):
    """Rows in the order they are shown."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.shown = Shown()

    @property
    def photos(self) -> PhotoList:
        """The photo of each row."""
        return self.shown.photos

    def show(self, shown: Shown) -> bool:
        """Show other rows; False where they are the same, and only what is told of them changed."""
        if shown.keys == self.shown.keys and shown.has_faces == self.shown.has_faces:
            self.shown = shown
            if shown.keys:
                self.dataChanged.emit(self.index(0), self.index(len(shown.keys) - 1))
            return False
        self.beginResetModel()
        self.shown = shown
        self.endResetModel()
        return True

    def photo(self, row: int) -> PhotoRecord | None:
        """The photo of a row, None where there is no such row."""
        return self.photos[row] if 0 <= row < len(self.photos) else None

    def face_id(self, row: int) -> int | None:
        """The face of a row, where faces are shown."""
        shown = self.shown
        return shown.keys[row] if shown.has_faces and 0 <= row < len(shown.keys) else None

    def row_of(self, photo_id: int) -> int | None:
        """The first row of a photo."""
        if not self.shown.has_faces:
            return self.shown.row_of.get(photo_id)
        return next((row for row, i in enumerate(self.photos.ids()) if i == photo_id), None)

    def copies_of(self, photo: PhotoRecord) -> PhotoList:
        """The photos that it stands for besides itself."""
        return self.shown.copies.get(photo.id) or PhotoList()

    def rowCount(self, parent: _Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.shown.keys)

    def flags(self, index: _Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsDragEnabled if index.isValid() else flags

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not self.checkIndex(index, QAbstractListModel.CheckIndexOption.IndexIsValid):
            return None
        if role == PhotoRole:
            return self.photos[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self.photos[index.row()].path.name
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain(self._tip(self.photos[index.row()]))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._told(index.row())
        return None

    def _tip(self, photo: PhotoRecord) -> str:
        paths = [each.rel_path for each in self.copies_of(photo)]
        more = [f"and {len(paths) - PATHS_TOLD:,} more"] if len(paths) > PATHS_TOLD else []
        return "\n".join([photo.rel_path, date_of(photo), *paths[:PATHS_TOLD], *more])

    def _told(self, row: int) -> str:
        photo = self.photos[row]
        if self.shown.has_faces:
            return f"Face {row + 1:,} of {self.rowCount():,}, {photo.path.name}, {date_of(photo)}"
        faces = counted(photo.n_faces, "face") if photo.n_faces else "no face"
        copies = len(self.copies_of(photo))
        parts = [f"Photo {photo.path.name}", date_of(photo), faces]
        return ", ".join([*parts, f"{copies + 1} copies"] if copies else parts)


def date_of(photo: PhotoRecord) -> str:
    """The day it was taken, or that of its file."""
    if photo.taken_at or not photo.sort_time:
        return wording.day(photo.taken_at)
    return f"{wording.day(photo.sort_time)} (date of the file)"
