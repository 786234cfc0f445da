"""Some faces in a row, as many as there is room for, and how many more there are."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPainterPath, QPaintEvent, QPalette
from PySide6.QtWidgets import QSizePolicy, QWidget

from opqn_app.ui.kit.tips import plain

SIDE, GAP = 48, 6  # of a face, pixels
MOST = 12  # faces that a row ever shows


class FaceRow(QWidget):
    """Only shows.

    Args:
        face_ids: in the order in which they are shown.
        name: what a screen reader says.
    """

    def __init__(self, face_ids: Sequence[int], name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.face_ids = tuple(face_ids)
        self._images: Mapping[int, QImage] = {}
        self.setAccessibleName(name)
        self.setToolTip(plain(name))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def shown(self) -> tuple[int, ...]:
        """Ids of the faces that there is room for."""
        n = max(1, min(MOST, (self.width() + GAP) // (SIDE + GAP)))
        if len(self.face_ids) > n:
            words = self.fontMetrics().horizontalAdvance(self._rest(n))
            while n > 1 and n * (SIDE + GAP) + words > self.width():
                n -= 1
        return self.face_ids[:n]

    def show_images(self, images: Mapping[int, QImage]) -> None:
        """Show the pictures of the faces; those without one are a blank tile."""
        self._images = images
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(3 * (SIDE + GAP), SIDE if self.face_ids else 0)

    def minimumSizeHint(self) -> QSize:
        return QSize(SIDE, SIDE if self.face_ids else 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        shown = self.shown
        for place, face in enumerate(shown):
            rect = QRectF(place * (SIDE + GAP), 0, SIDE, SIDE)
            shape = QPainterPath()
            shape.addRoundedRect(rect, 8, 8)
            painter.fillPath(shape, self.palette().color(QPalette.ColorRole.AlternateBase))
            image = self._images.get(face)
            if image is not None:
                painter.save()
                painter.setClipPath(shape)
                painter.drawImage(rect, image)
                painter.restore()
        if len(self.face_ids) > len(shown):
            painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
            left = len(shown) * (SIDE + GAP)
            room = QRectF(left, 0, self.width() - left, SIDE)
            middle = Qt.AlignmentFlag.AlignVCenter
            painter.drawText(room, middle, self._rest(len(shown)))

    def _rest(self, n: int) -> str:
        return f"+{len(self.face_ids) - n:,}"
