"""Draws a tile of the photo grid: the photo, its month, how many faces, their boxes."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QPainter, QPainterPath, QPen, QPixmap, QTransform
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from opqn_app.store.records import FaceRecord, PhotoRecord
from opqn_app.ui.kit import face_boxes, theme, wording
from opqn_app.ui.kit.thumbnails import ThumbnailCache
from opqn_app.ui.library.photo_model import PhotoRole
from opqn_app.ui.library.photo_thumbnails import is_stand_in

if TYPE_CHECKING:
    from opqn_app.ui.library.photo_grid import PhotoGrid

GAP = 8
RADIUS = 8
BLUR = 8  # pixels of the blurred copy behind a photo

_Index = QModelIndex | QPersistentModelIndex


class PhotoDelegate(QStyledItemDelegate):
    """Draws one tile: the photo, its month where one begins, how many faces, their boxes."""

    def __init__(self, grid: "PhotoGrid", thumbs: ThumbnailCache) -> None:
        super().__init__(grid)
        self._grid = grid
        self._thumbs = thumbs

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return self._grid.gridSize()

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        photo: PhotoRecord = index.data(PhotoRole)
        tile = tile_rect(QRectF(option.rect))
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        self._draw_photo(painter, tile, photo)
        is_marked = bool(option.state & QStyle.StateFlag.State_Selected)
        faces = self._grid.faces_shown(index.row(), is_marked)
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

    def _draw_photo(self, painter: QPainter, tile: QRectF, photo: PhotoRecord) -> None:
        colours = theme.colours()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.raised))
        painter.drawRoundedRect(tile, RADIUS, RADIUS)
        pixmap = self._thumbs.pixmap(photo)
        if pixmap is None:
            return
        if not pixmap.isNull():
            _draw_whole(painter, tile, pixmap)
        if pixmap.isNull() or is_stand_in(pixmap):
            _draw_away(painter, tile, colours)

    def _draw_faces(
        self, painter: QPainter, tile: QRectF, photo: PhotoRecord, faces: Sequence[FaceRecord]
    ) -> None:
        painter.save()
        painter.setClipRect(tile)
        placement = face_boxes.fit(photo.width, photo.height, tile)
        accent = QColor(theme.DARK.accent)  # on photos, whatever the window's colours
        face_boxes.draw_faces(
            painter, faces, placement, accent=accent, current_id=self._grid.face_under_mouse
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


def _draw_whole(painter: QPainter, tile: QRectF, pixmap: QPixmap) -> None:
    """The whole photo, so that no face is cut off, on a blur of itself that fills the tile."""
    if not is_stand_in(pixmap):
        stretch = Qt.AspectRatioMode.IgnoreAspectRatio
        smooth = Qt.TransformationMode.SmoothTransformation
        blur = pixmap.scaled(BLUR, BLUR, stretch, smooth)
        across = face_boxes.Placement(1.0, tile.left(), tile.top())
        painter.setBrush(_brush(blur, across, tile.width() / BLUR, tile.height() / BLUR))
        painter.drawRoundedRect(tile, RADIUS, RADIUS)
        painter.setBrush(QColor(0, 0, 0, 50))
        painter.drawRoundedRect(tile, RADIUS, RADIUS)
    placement = face_boxes.fit(pixmap.width(), pixmap.height(), tile)
    size = QRectF(0, 0, pixmap.width() * placement.scale, pixmap.height() * placement.scale)
    outline = QPainterPath()
    outline.addRoundedRect(tile, RADIUS, RADIUS)
    inside = QPainterPath()
    inside.addRect(size.translated(placement.left, placement.top))
    painter.setBrush(_brush(pixmap, placement, placement.scale, placement.scale))
    painter.drawPath(outline.intersected(inside))


def _brush(pixmap: QPixmap, placement: face_boxes.Placement, across: float, down: float) -> QBrush:
    brush = QBrush(pixmap)
    moved = QTransform.fromTranslate(placement.left, placement.top)
    brush.setTransform(moved.scale(across, down))
    return brush


def _draw_away(painter: QPainter, tile: QRectF, colours: theme.Colours) -> None:
    """The mark of a photo whose file can't be read now."""
    pixmap = theme.icon_pixmap("unplugged", 20, colours.quiet, painter.device().devicePixelRatioF())
    painter.drawPixmap(tile.bottomLeft() + QPointF(8, -28), pixmap)


def _draw_mark(painter: QPainter, tile: QRectF, *, has_focus: bool) -> None:
    """Selection: a ring with a gap; thicker while the grid has the keyboard."""
    colours = theme.colours()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(colours.window), 6))
    painter.drawRoundedRect(tile.adjusted(2, 2, -2, -2), 7, 7)
    painter.setPen(QPen(QColor(colours.accent), 4 if has_focus else 2))
    painter.drawRoundedRect(tile, RADIUS, RADIUS)
