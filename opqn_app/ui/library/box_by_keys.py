"""A box around a face, drawn by keys alone: the arrow keys move it, with Shift they size it."""

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt

FIRST = 0.2  # side of the first box, as a share of the photo's shorter side
LEAST = 8.0  # pixels of the photo; a smaller box is no face

_WAYS = {
    Qt.Key.Key_Left: QPointF(-1, 0),
    Qt.Key.Key_Right: QPointF(1, 0),
    Qt.Key.Key_Up: QPointF(0, -1),
    Qt.Key.Key_Down: QPointF(0, 1),
}


def first_box(middle: QPointF, photo: QSizeF) -> QRectF:
    """Where a box begins.

    Args:
        middle: of what is seen of the photo, in pixels of the photo.
    """
    side = max(LEAST, FIRST * min(photo.width(), photo.height()))
    corner = middle - QPointF(side / 2, side / 2)
    return inside(QRectF(corner, QSizeF(side, side)), photo)


def moved(box: QRectF, key: int, step: float, photo: QSizeF, *, sizes: bool) -> QRectF | None:
    """The box after an arrow key; None for another key.

    Args:
        step: pixels of the photo.
        sizes: the right and the lower edge move, and not the whole box.
    """
    way = _WAYS.get(Qt.Key(key))
    if way is None:
        return None
    if not sizes:
        return inside(box.translated(way * step), photo)
    width = min(max(LEAST, box.width() + way.x() * step), photo.width() - box.left())
    height = min(max(LEAST, box.height() + way.y() * step), photo.height() - box.top())
    return QRectF(box.topLeft(), QSizeF(width, height))


def inside(box: QRectF, photo: QSizeF) -> QRectF:
    """The box where it is, or as near as the photo has room for it."""
    left = max(0.0, min(box.left(), photo.width() - box.width()))
    top = max(0.0, min(box.top(), photo.height() - box.height()))
    return QRectF(QPointF(left, top), box.size()).intersected(QRectF(QPointF(), photo))
