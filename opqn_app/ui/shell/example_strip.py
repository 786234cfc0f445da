"""What the program does, as a picture: one face, and the photos of that person beside it."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPaintEvent, QPen, QPixmap, QTransform
from PySide6.QtWidgets import QSizePolicy, QWidget

from opqn_app.core.errors import PhotoUnreadable
from opqn_app.ui.kit import face_boxes, theme
from opqn_app.ui.kit.thumbnails import image_of_photo
from opqn_app.ui.work.tasks import TaskRunner

SIDE = 96
GAP = 12
ARROW = 56
DECODED = 256  # pixels


class ExampleStrip(QWidget):
    """Draws `query`, an arrow and `answers`; the pictures appear when they are decoded."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pictures: list[QPixmap] = []
        self._count = 0
        self.setAccessibleName("One face, and four photos of the same person")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_photos(self, runner: TaskRunner, photos: Sequence[Path]) -> None:
        """Show `photos`, the first as the query; decoded in the "thumbs" lane."""
        self._count = len(photos)
        self.setFixedSize(self.sizeHint())
        task = runner.start("thumbs", _decode, photos)
        task.succeeded.connect(self._on_decoded)

    def sizeHint(self) -> QSize:
        width = self._count * (SIDE + GAP) + ARROW
        return QSize(width if self._count else 0, SIDE + 8)

    def _on_decoded(self, images: Sequence[QImage]) -> None:
        self._pictures = [QPixmap.fromImage(image) for image in images]
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        left = 4.0
        for place in range(self._count):
            tile = QRectF(left, 4, SIDE, SIDE)
            is_query = place == 0
            radius = SIDE / 2 if is_query else 10
            painter.setBrush(self._brush(place, tile, colours))
            painter.setPen(QPen(QColor(colours.accent), 4) if is_query else Qt.PenStyle.NoPen)
            painter.drawRoundedRect(tile, radius, radius)
            left += SIDE + GAP
            if is_query:
                _draw_arrow(painter, left, SIDE / 2 + 4, colours.quiet)
                left += ARROW

    def _brush(self, place: int, tile: QRectF, colours: theme.Colours) -> QBrush:
        if place >= len(self._pictures):
            return QBrush(QColor(colours.raised))
        pixmap = self._pictures[place]
        placement = face_boxes.cover(pixmap.width(), pixmap.height(), tile)
        brush = QBrush(pixmap)
        moved = QTransform.fromTranslate(placement.left, placement.top)
        brush.setTransform(moved.scale(placement.scale, placement.scale))
        return brush


def _draw_arrow(painter: QPainter, left: float, middle: float, colour: str) -> None:
    painter.setPen(QPen(QColor(colour), 2.5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    tip = left + ARROW - 2 * GAP
    painter.drawLine(int(left + 4), int(middle), int(tip), int(middle))
    painter.drawLine(int(tip - 8), int(middle - 8), int(tip), int(middle))
    painter.drawLine(int(tip - 8), int(middle + 8), int(tip), int(middle))


def _decode(photos: Sequence[Path]) -> list[QImage]:
    from opqn_app.vision.apart import open_photo

    images = []
    for photo in photos:
        try:
            images.append(image_of_photo(open_photo(photo, max_side=DECODED), DECODED))
        except PhotoUnreadable:  # a copy of the program without its sample photos
            continue
    return images
