"""A face as a button: in the query, and among the faces a photo offers."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPainterPath, QPaintEvent, QPalette, QPen, QPixmap
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from opqn_app.ui.kit.tips import plain

RING = 4  # room for the rings of choice and focus


class FaceTile(QAbstractButton):
    """A rounded picture; checked it has a ring around it."""

    def __init__(
        self, image: QImage, side: int, name: str, number: int = 0, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._pixmap = QPixmap.fromImage(image)
        self._side = side
        self._number = number
        self.setAccessibleName(name)
        self.setToolTip(plain(name))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def set_pixmap(self, pixmap: QPixmap) -> None:
        self._pixmap = pixmap
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self._side + 2 * RING, self._side + 2 * RING)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        palette = self.palette()
        place = QRectF(RING, RING, self._side, self._side)
        radius = min(12.0, self._side / 6)
        self._paint_picture(painter, place, radius)
        if self._number:
            self._paint_number(painter, place)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self.isChecked():
            painter.setPen(QPen(palette.color(QPalette.ColorRole.Highlight), 3))
            painter.drawRoundedRect(place.adjusted(-2, -2, 2, 2), radius + 2, radius + 2)
        elif (
            self.underMouse() and self.isEnabled() and self.focusPolicy() & Qt.FocusPolicy.TabFocus
        ):
            painter.setPen(QPen(palette.color(QPalette.ColorRole.PlaceholderText), 1.5))
            painter.drawRoundedRect(place.adjusted(-1, -1, 1, 1), radius + 1, radius + 1)
        if self.hasFocus():
            painter.setPen(QPen(palette.color(QPalette.ColorRole.Text), 1.5, Qt.PenStyle.DotLine))
            painter.drawRoundedRect(place.adjusted(3, 3, -3, -3), radius - 2, radius - 2)

    def _paint_picture(self, painter: QPainter, place: QRectF, radius: float) -> None:
        shape = QPainterPath()
        shape.addRoundedRect(place, radius, radius)
        painter.fillPath(shape, self.palette().color(QPalette.ColorRole.AlternateBase))
        if self._pixmap.isNull():
            return
        painter.save()
        painter.setClipPath(shape)
        painter.drawPixmap(place, self._pixmap, _middle_square(self._pixmap.size()))
        painter.restore()

    def _paint_number(self, painter: QPainter, place: QRectF) -> None:
        palette = self.palette()
        label = QRectF(place.right() - 17, place.bottom() - 17, 16, 16)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(palette.color(QPalette.ColorRole.Base))
        painter.drawRoundedRect(label, 4, 4)
        painter.setPen(palette.color(QPalette.ColorRole.Text))
        font = painter.font()
        font.setPointSizeF(font.pointSizeF() * 0.8)
        painter.setFont(font)
        painter.drawText(label, Qt.AlignmentFlag.AlignCenter, str(self._number))


def _middle_square(size: QSize) -> QRectF:
    side = min(size.width(), size.height())
    return QRectF((size.width() - side) / 2, (size.height() - side) / 2, side, side)
