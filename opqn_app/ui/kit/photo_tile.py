"""How a photo looks as a tile: whole, on a blur of itself, and marked where its file is away."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPainterPath, QPixmap, QTransform

from opqn_app.ui.kit import face_boxes, theme
from opqn_app.ui.kit.photo_thumbnails import is_stand_in

RADIUS = 8
BLUR = 8  # pixels of the blurred copy behind a photo


def draw_photo(painter: QPainter, tile: QRectF, pixmap: QPixmap | None) -> None:
    """A photo as a tile.

    Args:
        pixmap: None while it is read; null where the file can't be read.
    """
    colours = theme.colours()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colours.raised))
    painter.drawRoundedRect(tile, RADIUS, RADIUS)
    if pixmap is None:
        return
    if not pixmap.isNull():
        _draw_whole(painter, tile, pixmap)
    if pixmap.isNull() or is_stand_in(pixmap):
        _draw_away(painter, tile, colours)


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
