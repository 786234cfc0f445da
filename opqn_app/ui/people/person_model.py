"""The faces or photos of a person as Qt sees them."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from opqn_app.ui.kit import wording
from opqn_app.ui.kit.tips import plain
from opqn_app.ui.people.person_rows import Row

RowRole = Qt.ItemDataRole.UserRole + 1

GONE = "taken out"  # said of a face that is the person no more

Index = QModelIndex | QPersistentModelIndex


class PersonListModel(QAbstractListModel):
    """Rows in the order they are shown; all of them are there."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[Row, ...] = ()
        self._row_of: dict[int, int] | None = None  # until it is asked for

    @property
    def rows(self) -> Sequence[Row]:
        """What is shown."""
        return self._rows

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Show other rows."""
        self.beginResetModel()
        self._rows = tuple(rows)
        self._row_of = None
        self.endResetModel()

    def row_of(self, face_id: int) -> int | None:
        """The row that shows a face, or None."""
        if self._row_of is None:
            rows = enumerate(self._rows)
            self._row_of = {face.record.id: n for n, row in rows for face in row.faces}
        return self._row_of.get(face_id)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._rows)

    def flags(self, index: Index) -> Qt.ItemFlag:
        if index.isValid() and self._rows[index.row()].is_gone:
            return Qt.ItemFlag.ItemIsEnabled
        return super().flags(index) | Qt.ItemFlag.ItemIsDragEnabled

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row = self._rows[index.row()]
        if role == RowRole:
            return row
        if role == Qt.ItemDataRole.DisplayRole and row.is_gone:
            return GONE
        if role == Qt.ItemDataRole.DisplayRole:
            return wording.day(row.photo.taken_at) if row.photo.taken_at else row.photo.path.name
        if role == Qt.ItemDataRole.ToolTipRole:
            day = wording.day(row.photo.taken_at)
            return plain("\n".join([row.photo.rel_path, day, *_doubts(row)]))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            day = wording.day(row.photo.taken_at)
            if row.is_gone:
                return GONE
            place = f"{index.row() + 1:,} of {len(self._rows):,}"
            return ", ".join([place, row.photo.path.name, day, *_doubts(row)])
        return None


def _doubts(row: Row) -> list[str]:
    return [] if row.is_sure else list(dict.fromkeys(d for f in row.faces for d in f.doubts))
