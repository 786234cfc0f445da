"""Draws what each part of a face code adds to the likeness: M small columns."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

AGREES = 0.5  # a part agrees when it gives at least this share of what it could give


def count_agreeing(values: Sequence[float], best: Sequence[float]) -> int:
    """How many parts give at least `AGREES` of their best possible value."""
    return sum(v >= AGREES * b > 0 for v, b in zip(values, best, strict=True))


class ContributionBars(QWidget):
    """One column a part: the track is what it could give at best, the filling what it gave."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.values: tuple[float, ...] = ()
        self.best: tuple[float, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("What each part of the face code adds")

    def sizeHint(self) -> QSize:
        return QSize(248, 104)

    def set_values(self, values: Sequence[float], best: Sequence[float]) -> None:
        """Show M contributions and the largest each could have been."""
        self.values, self.best = tuple(values), tuple(best)
        told = ", ".join(f"part {m + 1}: {_share(v, b)} %" for m, (v, b) in self._pairs())
        self.setAccessibleDescription(f"Share of the best possible value. {told}.")
        self.update()

    def _pairs(self) -> list[tuple[int, tuple[float, float]]]:
        return list(enumerate(zip(self.values, self.best, strict=True)))

    def column(self, m: int) -> QRectF:
        """Where column `m` is drawn, in pixels; its full height is the best of all parts."""
        n = len(self.values)
        gap = 8.0 if n <= 8 else 4.0 if n <= 16 else 1.0
        width = (self.width() - gap * (n - 1)) / n
        return QRectF(m * (width + gap), 0.0, width, self.height() - 20.0)

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.values:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        top = max(*self.best, 1e-9)
        for m, (value, best) in self._pairs():
            self._paint_column(painter, m, value / top, best / top)

    def _paint_column(self, painter: QPainter, m: int, value: float, best: float) -> None:
        palette, place = self.palette(), self.column(m)
        radius = min(4.0, place.width() / 2)
        painter.setPen(Qt.PenStyle.NoPen)
        for share, role in (
            (best, QPalette.ColorRole.AlternateBase),
            (value, QPalette.ColorRole.Highlight),
        ):
            bar = QRectF(place)
            bar.setTop(place.bottom() - max(2.0, share * place.height()))
            painter.setBrush(palette.color(role))
            painter.drawRoundedRect(bar, radius, radius)
        if len(self.values) <= 16:
            painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
            label = QRectF(place.left() - 4, place.bottom() + 2, place.width() + 8, 18)
            painter.drawText(label, Qt.AlignmentFlag.AlignCenter, str(m + 1))

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip and self.values:
            m = min(len(self.values) - 1, int(event.pos().x() / self.width() * len(self.values)))
            QToolTip.showText(
                event.globalPos(),
                f"Part {m + 1} adds {self.values[m]:.4f}, "
                f"{_share(self.values[m], self.best[m])} % of what it could add",
                self,
            )
            return True
        return super().event(event)


def _share(value: float, best: float) -> int:
    return round(100 * value / best) if best > 0 else 0
