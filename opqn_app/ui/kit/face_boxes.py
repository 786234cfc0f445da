"""Face boxes over a picture: where they fall, which one is under the mouse, how they look."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen

from opqn_app.core.types import Box
from opqn_app.store.records import FaceRecord

MAX_LABEL = 240  # pixels of a name at a box
HEAD_ROOM = 0.3  # share of what a cropped portrait loses that is taken from its top


@dataclass(frozen=True, slots=True)
class Placement:
    """How pixels of a photo become points of a widget: times `scale`, then moved."""

    scale: float
    left: float
    top: float

    def rect(self, box: Box) -> QRectF:
        """Where a box of the photo lies in the widget."""
        placed = box.scaled(self.scale)
        return QRectF(self.left + placed.left, self.top + placed.top, placed.width, placed.height)


def cover(width: float, height: float, target: QRectF) -> Placement:
    """The photo fills `target` and what stands over is cut, heads being kept."""
    scale = max(target.width() / max(width, 1.0), target.height() / max(height, 1.0))
    spare_x, spare_y = width * scale - target.width(), height * scale - target.height()
    return Placement(scale, target.left() - spare_x / 2, target.top() - spare_y * HEAD_ROOM)


def fit(width: float, height: float, target: QRectF, *, zoom: float = 1.0) -> Placement:
    """The whole photo in the middle of `target`, never larger than its own pixels at zoom 1."""
    scale = min(target.width() / max(width, 1.0), target.height() / max(height, 1.0)) * zoom
    left = target.center().x() - width * scale / 2
    return Placement(scale, left, target.center().y() - height * scale / 2)


def face_at(faces: Sequence[FaceRecord], placement: Placement, point: QPointF) -> FaceRecord | None:
    """The face whose box holds `point`; of several, the smallest."""
    under = [face for face in faces if placement.rect(face.box).contains(point)]
    return min(under, key=lambda face: face.box.area, default=None)


def weakness_in_words(face: FaceRecord) -> str:
    """ "small and blurred face" or ""; such a face may be found less surely."""
    marks = face.quality.weaknesses
    return " and ".join(marks)


def draw_faces(
    painter: QPainter,
    faces: Sequence[FaceRecord],
    placement: Placement,
    *,
    accent: QColor,
    current_id: int | None = None,
    numbered: bool = False,
    names: Mapping[int, str] | None = None,
) -> None:
    """Draw the boxes: white on a dark edge, dashed for weak faces, the current one thicker.

    Args:
        names: face → what is written at its box, after the number if there is one.
    """
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for number, face in enumerate(faces, start=1):
        rect = placement.rect(face.box)
        is_current = face.id == current_id
        _draw_box(painter, rect, face, accent=accent if is_current else QColor("white"))
        name = (names or {}).get(face.id, "")
        label = " ".join(part for part in (str(number) if numbered else "", name) if part)
        if label:
            _draw_label(painter, rect, label, accent if is_current else QColor("white"))
    painter.restore()


def _draw_box(painter: QPainter, rect: QRectF, face: FaceRecord, *, accent: QColor) -> None:
    radius = min(8.0, rect.width() / 6)
    painter.setPen(QPen(QColor(0, 0, 0, 150), 4))
    painter.drawRoundedRect(rect, radius, radius)
    pen = QPen(accent, 2)
    if face.quality.weaknesses:
        pen.setDashPattern([3, 3])
    painter.setPen(pen)
    painter.drawRoundedRect(rect, radius, radius)


def _draw_label(painter: QPainter, rect: QRectF, text: str, ground: QColor) -> None:
    font = QFont(painter.font())
    font.setWeight(QFont.Weight.DemiBold)
    painter.setFont(font)
    metrics = painter.fontMetrics()
    height = metrics.height() + 2.0
    short = metrics.elidedText(text, Qt.TextElideMode.ElideRight, MAX_LABEL)
    width = max(height, metrics.horizontalAdvance(short) + 10.0)
    tag = QRectF(rect.left() - 1, rect.top() - height - 4, width, height)
    shown = painter.clipBoundingRect() if painter.hasClipping() else QRectF(painter.viewport())
    if tag.top() < shown.top():
        tag.moveTop(rect.top() + 4)
        tag.moveLeft(rect.left() + 4)
    tag.moveRight(min(tag.right(), shown.right() - 1))
    tag.moveLeft(max(tag.left(), shown.left() + 1))
    painter.setPen(QPen(QColor(0, 0, 0, 150), 1))
    painter.setBrush(ground)
    painter.drawRoundedRect(tag, 4, 4)
    painter.setPen(QColor("black"))
    painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, short)
    painter.setBrush(Qt.BrushStyle.NoBrush)
