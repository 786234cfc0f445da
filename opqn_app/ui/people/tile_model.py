"""The tiles of the People page as a list for a view."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QByteArray,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
)

from opqn_app.ui.people.tiles import Tile, Tiles

Index = QModelIndex | QPersistentModelIndex

TileRole = Qt.ItemDataRole.UserRole + 1
DRAGGED = "application/x-opqn-people"  # rows, known inside this window only


class TileModel(QAbstractListModel):
    """Holds `Tiles`; rows that only change keep selection and place."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.tiles = Tiles()

    def show_anew(self, tiles: Tiles) -> None:
        """Replace everything."""
        self.beginResetModel()
        self.tiles = tiles
        self.endResetModel()

    def show_settled(self, tiles: Tiles) -> None:
        """Take tiles of which the first stand where they stood; others have come after them."""
        old = len(self.tiles)
        if len(tiles) > old:
            self.beginInsertRows(QModelIndex(), old, len(tiles) - 1)
            self.tiles = tiles
            self.endInsertRows()
        else:
            self.tiles = tiles
        if old:
            self.dataChanged.emit(self.index(0), self.index(old - 1))

    def tile(self, row: int) -> Tile | None:
        """The tile of a row, None where there is none."""
        return self.tiles.tiles[row] if 0 <= row < len(self.tiles) else None

    def row_of(self, person: int) -> int | None:
        """The row of a person."""
        for row, tile in enumerate(self.tiles.tiles):
            if tile.person == person and not tile.fate:
                return row
        return None

    def next_nameless(self, row: int) -> int | None:
        """The next row after `row` that waits for a name; None if there is none."""
        tiles = self.tiles.tiles
        return next((i for i in range(row + 1, len(tiles)) if tiles[i].can_be_named), None)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self.tiles)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        tile = self.tile(index.row()) if index.isValid() else None
        if tile is None:
            return None
        if role == TileRole:
            return tile
        if role == Qt.ItemDataRole.DisplayRole:
            return tile.name or "Nobody has named these"
        if role == Qt.ItemDataRole.AccessibleTextRole:
            words = [tile.name or "No name yet", tile.words]
            return ", ".join([*words, *(["hidden"] if tile.is_hidden else [])])
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        tile = self.tile(index.row()) if index.isValid() else None
        usual = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if tile is None or tile.fate:
            return usual
        return usual | Qt.ItemFlag.ItemIsDragEnabled | Qt.ItemFlag.ItemIsDropEnabled

    def mimeTypes(self) -> list[str]:
        return [DRAGGED]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        data = QMimeData()
        rows = ",".join(str(index.row()) for index in indexes)
        data.setData(DRAGGED, QByteArray(rows.encode()))
        return data

    def supportedDragActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction


def dragged_rows(data: QMimeData) -> list[int]:
    """The rows of the tiles that are dragged, none if something else is."""
    if not data.hasFormat(DRAGGED):
        return []
    text = bytes(data.data(DRAGGED).data()).decode()
    return [int(row) for row in text.split(",") if row]
