"""Which line of a chart is which, above the plot, so that it hides none of them."""

from collections.abc import Sequence

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

SAMPLE = 28  # pixels of line before a name
GAP = 16


class ChartLegend(QWidget):
    """Entries side by side, in as many rows as they need."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entries: list[tuple[str, QPen]] = []
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self._entries]

    def show_entries(self, entries: Sequence[tuple[str, QPen]]) -> None:
        """Replace all; one curve alone needs no legend."""
        self._entries = list(entries)
        self.setVisible(len(self._entries) > 1)
        self.setAccessibleName("Curves: " + ", ".join(self.names))
        self._fit()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, self.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        self.paint(QPainter(self))

    def paint(self, painter: QPainter) -> None:
        """Draw it, also into a file; nothing while it is hidden."""
        if self.isHidden():
            return
        words = self.palette().color(QPalette.ColorRole.Text)
        middle = Qt.TextElideMode.ElideMiddle
        for (name, pen), place in zip(self._entries, self._places(), strict=True):
            painter.setPen(pen)
            y = place.center().y()
            painter.drawLine(place.left(), y, place.left() + SAMPLE - 6, y)
            painter.setPen(words)
            text = place.adjusted(SAMPLE, 0, 0, 0)
            shown = self.fontMetrics().elidedText(name, middle, text.width())
            painter.drawText(text, Qt.AlignmentFlag.AlignVCenter, shown)

    def _places(self) -> list[QRect]:
        """Where each entry goes."""
        high, x, y = self.fontMetrics().lineSpacing() + 2, 0, 0
        places = []
        for name, _ in self._entries:
            wide = min(SAMPLE + self.fontMetrics().horizontalAdvance(name) + 2, self.width())
            if x and x + wide > self.width():
                x, y = 0, y + high
            places.append(QRect(x, y, wide, high))
            x += wide + GAP
        return places

    def _fit(self) -> None:
        places = self._places()
        self.setFixedHeight(places[-1].bottom() + 1 if places else 0)
