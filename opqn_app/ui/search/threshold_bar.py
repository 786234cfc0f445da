"""How alike a face must be to count: a slider with the distribution of all faces behind it."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QToolButton, QVBoxLayout, QWidget

from opqn_app.core.settings import Settings

USUAL = Settings().min_probability  # below it nothing is called likely
INSET = 9.0  # room for half the handle at both ends
FOOT = 18.0  # height of the track below the histogram


class HistogramSlider(QSlider):
    """A slider from 0 to 100 percent; left of the handle the bars are quiet."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setRange(0, 100)
        self.setPageStep(10)
        self.setAccessibleName("How alike a face must be, in percent")
        self._heights: NDArray[np.float64] = np.empty(0)

    def sizeHint(self) -> QSize:
        return QSize(280, 64)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 64)

    def set_counts(self, counts: NDArray[np.int64]) -> None:
        """Show how many faces fall into each of equal parts of 0 to 100 percent."""
        # A logarithm: nearly all faces of a library are other people, and would hide the rest.
        heights = np.log1p(counts.astype(np.float64))
        self._heights = heights / heights.max() if heights.size and heights.max() > 0 else heights
        self.update()

    def x_of(self, value: float) -> float:
        """Where `value`, 0 to 100, lies in pixels."""
        return INSET + value / 100.0 * (self.width() - 2 * INSET)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        base = self.height() - FOOT
        self._paint_bars(painter, base)
        palette, handle = self.palette(), self.x_of(self.value())
        line = QPen(palette.color(QPalette.ColorRole.Mid), 2)
        painter.setPen(line)
        painter.drawLine(int(INSET), int(base), int(self.width() - INSET), int(base))
        line.setColor(palette.color(QPalette.ColorRole.Highlight))
        painter.setPen(line)
        painter.drawLine(int(handle), int(base), int(self.width() - INSET), int(base))
        painter.setPen(QPen(palette.color(QPalette.ColorRole.Text), 1.5))
        painter.drawLine(int(handle), 2, int(handle), int(base))
        painter.setBrush(palette.color(QPalette.ColorRole.Highlight))
        painter.setPen(QPen(palette.color(QPalette.ColorRole.Base), 2))
        painter.drawEllipse(QRectF(handle - 8, base - 8, 16, 16))
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(palette.color(QPalette.ColorRole.Text), 1.5))
            painter.drawEllipse(QRectF(handle - 9.5, base - 9.5, 19, 19))

    def _paint_bars(self, painter: QPainter, base: float) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        quiet = self.palette().color(QPalette.ColorRole.Mid)
        strong = QColor(self.palette().color(QPalette.ColorRole.Highlight))
        strong.setAlphaF(0.65)
        n = len(self._heights)
        for i, height in enumerate(self._heights):
            if height <= 0:
                continue
            left, right = self.x_of(100 * i / n), self.x_of(100 * (i + 1) / n)
            tall = max(3.0, float(height) * (base - 6))
            painter.setBrush(strong if 100 * (i + 0.5) / n >= self.value() else quiet)
            painter.drawRect(QRectF(left + 0.5, base - tall, right - left - 1.0, tall))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._jump(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._jump(event)

    def _jump(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            share = (event.position().x() - INSET) / max(1.0, self.width() - 2 * INSET)
            self.setValue(round(100 * min(1.0, max(0.0, share))))


class ThresholdBar(QWidget):
    """The slider and what it means.

    Signals:
        changed: the new least likeness, 0 to 1.
    """

    changed = Signal(float)

    def __init__(self, minimum: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.slider = HistogramSlider()
        self._label = QLabel("Count as the same person from")
        self._value = QLabel()
        self._value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._label.setBuddy(self.slider)
        self.reset = QToolButton()
        self.reset.setObjectName("link")
        self.reset.setText(f"Back to {round(100 * USUAL)} %")
        self.reset.setToolTip("What counts is kept for the next searches, until you change it")
        self.reset.clicked.connect(self._on_reset)
        words = QHBoxLayout()
        words.addWidget(self._label, 1)
        words.addWidget(self.reset)
        words.addWidget(self._value)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(words)
        column.addWidget(self.slider)
        self.slider.setValue(round(minimum * 100))
        self.slider.valueChanged.connect(self._on_value)
        self._show_value(self.slider.value())

    @property
    def minimum(self) -> float:
        return self.slider.value() / 100.0

    def _on_value(self, value: int) -> None:
        self._show_value(value)
        self.changed.emit(value / 100.0)

    def _on_reset(self) -> None:
        self.slider.setFocus()  # the button goes
        self.slider.setValue(round(100 * USUAL))

    def _show_value(self, value: int) -> None:
        self.reset.setVisible(value < 100 * USUAL)
        self._value.setText(f"<b>{value} %</b>")
        self.slider.setAccessibleDescription(f"{value} percent")
