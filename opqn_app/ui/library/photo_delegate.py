"""Draws a tile of the photo grid: the photo, its month, how many faces, their boxes."""

from collections.abc import Sequence
from typing import Protocol

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from opqn_app.store.records import FaceRecord, PhotoRecord
from opqn_app.ui.kit import face_boxes, theme, wording
from opqn_app.ui.kit.photo_tile import RADIUS, draw_photo
from opqn_app.ui.kit.thumbnails import ThumbnailCache
from opqn_app.ui.library.photo_model import PhotoRole

GAP = 8
FACE_TIP = "Click: search with this face. Right click: name it, and more."

_Index = QModelIndex | QPersistentModelIndex


class ShownFaces(Protocol):
    """Which faces the tiles show."""

    @property
    def face_under_mouse(self) -> int | None: ...

    def faces_shown(self, row: int, is_marked: bool) -> Sequence[FaceRecord]: ...

    def name_of(self, face_id: int) -> str | None: ...


class PhotoDelegate(QStyledItemDelegate):
    """Draws one tile: the photo, its month where one begins, how many faces, their boxes."""

    def __init__(self, grid: QListView, shown: ShownFaces, thumbs: ThumbnailCache) -> None:
        super().__init__(grid)
        self._grid, self._shown = grid, shown
        self._thumbs = thumbs

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return self._grid.gridSize()

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        photo: PhotoRecord = index.data(PhotoRole)
        tile = tile_rect(QRectF(option.rect))
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        draw_photo(painter, tile, self._thumbs.pixmap(photo))
        is_marked = bool(option.state & QStyle.StateFlag.State_Selected)
        faces = self._shown.faces_shown(index.row(), is_marked)
        if faces:
            self._draw_faces(painter, tile, photo, faces)
        elif photo.n_faces != 1:
            words = f"{photo.n_faces} faces" if photo.n_faces else "no face"
            draw_tag(painter, tile, words, Qt.AlignmentFlag.AlignRight)
        words = wording.month(photo.taken_at)
        if words and self._begins_month(index, words):
            draw_tag(painter, tile, words, Qt.AlignmentFlag.AlignLeft, is_strong=True)
        if is_marked:
            _draw_mark(painter, tile, has_focus=self._grid.hasFocus())
        painter.restore()

    def _draw_faces(
        self, painter: QPainter, tile: QRectF, photo: PhotoRecord, faces: Sequence[FaceRecord]
    ) -> None:
        painter.save()
        painter.setClipRect(tile)
        placement = face_boxes.fit(photo.width, photo.height, tile)
        accent = QColor(theme.DARK.accent)  # on photos, whatever the window's colours
        found = {face.id: self._shown.name_of(face.id) for face in faces}
        face_boxes.draw_faces(
            painter,
            faces,
            placement,
            accent=accent,
            current_id=self._shown.face_under_mouse,
            names={face_id: name for face_id, name in found.items() if name},
        )
        painter.restore()

    def _begins_month(self, index: _Index, words: str) -> bool:
        if index.row() == 0:
            return True
        before: PhotoRecord = index.sibling(index.row() - 1, 0).data(PhotoRole)
        return wording.month(before.taken_at) != words


def tile_rect(cell: QRectF) -> QRectF:
    """The drawn part of a grid cell."""
    return cell.adjusted(GAP / 2, GAP / 2, -GAP / 2, -GAP / 2)


def draw_tag(
    painter: QPainter,
    tile: QRectF,
    words: str,
    side: Qt.AlignmentFlag,
    *,
    is_strong: bool = False,
) -> None:
    """A few words on a dark pill: at the top left or the bottom right of a tile."""
    font = QFont(painter.font())
    if is_strong:
        font.setWeight(QFont.Weight.DemiBold)
    painter.setFont(font)
    metrics = painter.fontMetrics()
    width = min(metrics.horizontalAdvance(words) + 14.0, tile.width() - 12)
    pill = QRectF(0, 0, width, metrics.height() + 4.0)
    if side == Qt.AlignmentFlag.AlignLeft:
        pill.moveTopLeft(tile.topLeft() + QPointF(6, 6))
    else:
        pill.moveBottomRight(tile.bottomRight() - QPointF(6, 6))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 190 if is_strong else 150))
    painter.drawRoundedRect(pill, pill.height() / 2, pill.height() / 2)
    painter.setPen(QColor("white"))
    short = metrics.elidedText(words, Qt.TextElideMode.ElideRight, int(width - 8))
    painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, short)


def _draw_mark(painter: QPainter, tile: QRectF, *, has_focus: bool) -> None:
    """Selection: a ring with a gap; thicker while the grid has the keyboard."""
    colours = theme.colours()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(colours.window), 6))
    painter.drawRoundedRect(tile.adjusted(2, 2, -2, -2), 7, 7)
    painter.setPen(QPen(QColor(colours.accent), 4 if has_focus else 2))
    painter.drawRoundedRect(tile, RADIUS, RADIUS)
