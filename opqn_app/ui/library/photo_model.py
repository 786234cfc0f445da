"""The photos of a folder as Qt sees them: loaded page by page, changed without a reset."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from opqn_app.core.progress import counted
from opqn_app.store.records import PhotoRecord
from opqn_app.ui.kit import wording

PAGE = 500
PhotoRole = Qt.ItemDataRole.UserRole + 1

_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class PhotoListModel(QAbstractListModel):
    """Photos newest first. It holds no connection: it asks for pages and is given them.

    Signals:
        page_wanted: offset of the next page; answer with `append_page`.
    """

    page_wanted = Signal(int)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._photos: list[PhotoRecord] = []
        self._total = 0
        self._is_waiting = False

    @property
    def photos(self) -> Sequence[PhotoRecord]:
        """What is loaded; do not change it."""
        return self._photos

    @property
    def total(self) -> int:
        """How many there are in the library, loaded or not."""
        return self._total

    def clear(self) -> None:
        """Start over, for another folder."""
        self.beginResetModel()
        self._photos = []
        self._total = 0
        self._is_waiting = False
        self.endResetModel()

    def append_page(self, offset: int, photos: Sequence[PhotoRecord], total: int) -> None:
        """Take the page that was asked for; one that no longer fits the end is dropped."""
        self._is_waiting = False
        if offset != len(self._photos):
            return
        self._total = total if photos else offset
        if photos:
            self.beginInsertRows(_ROOT, offset, offset + len(photos) - 1)
            self._photos.extend(photos)
            self.endInsertRows()

    def refresh(self, photos: Sequence[PhotoRecord], total: int) -> None:
        """Become `photos` by removing, inserting and changing rows, so that views stay put."""
        self._is_waiting = False
        kept = _kept_in_order(self._photos, photos)
        self._remove_all_but(kept)
        self._insert_missing(photos, kept)
        self._replace_changed(photos)
        self._total = max(total, len(self._photos))

    def row_of(self, photo_id: int) -> int | None:
        """Where a loaded photo is."""
        for row, photo in enumerate(self._photos):
            if photo.id == photo_id:
                return row
        return None

    def rowCount(self, parent: _Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._photos)

    def flags(self, index: _Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsDragEnabled if index.isValid() else flags

    def canFetchMore(self, parent: _Index) -> bool:
        return not parent.isValid() and not self._is_waiting and len(self._photos) < self._total

    def fetchMore(self, parent: _Index) -> None:
        if self.canFetchMore(parent):
            self._is_waiting = True
            self.page_wanted.emit(len(self._photos))

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not self.checkIndex(index, QAbstractListModel.CheckIndexOption.IndexIsValid):
            return None
        photo = self._photos[index.row()]
        if role == PhotoRole:
            return photo
        if role == Qt.ItemDataRole.DisplayRole:
            return photo.path.name
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{photo.rel_path}\n{wording.day(photo.taken_at)}"
        if role == Qt.ItemDataRole.AccessibleTextRole:
            faces = counted(photo.n_faces, "face") if photo.n_faces else "no face"
            return f"Photo {photo.path.name}, {wording.day(photo.taken_at)}, {faces}"
        return None

    def _remove_all_but(self, kept: set[int]) -> None:
        end = len(self._photos)
        while end > 0:
            if self._photos[end - 1].id in kept:
                end -= 1
                continue
            start = end - 1
            while start > 0 and self._photos[start - 1].id not in kept:
                start -= 1
            self.beginRemoveRows(_ROOT, start, end - 1)
            del self._photos[start:end]
            self.endRemoveRows()
            end = start

    def _insert_missing(self, photos: Sequence[PhotoRecord], kept: set[int]) -> None:
        row = 0
        while row < len(photos):
            if photos[row].id in kept:
                row += 1
                continue
            stop = row + 1
            while stop < len(photos) and photos[stop].id not in kept:
                stop += 1
            self.beginInsertRows(_ROOT, row, stop - 1)
            self._photos[row:row] = photos[row:stop]
            self.endInsertRows()
            row = stop

    def _replace_changed(self, photos: Sequence[PhotoRecord]) -> None:
        for row, (old, new) in enumerate(zip(self._photos, photos, strict=True)):
            if old != new:
                self._photos[row] = new
                index = self.index(row)
                self.dataChanged.emit(index, index)


def _kept_in_order(old: Sequence[PhotoRecord], new: Sequence[PhotoRecord]) -> set[int]:
    """Ids in both lists that stand in the same order in both; others have to be moved."""
    place = {photo.id: row for row, photo in enumerate(new)}
    kept = set()
    last = -1
    for photo in old:
        at = place.get(photo.id, -1)
        if at > last:
            kept.add(photo.id)
            last = at
    return kept
