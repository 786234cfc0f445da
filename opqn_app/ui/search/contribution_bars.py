"""Draws what each part of a face code adds to the likeness: M small columns."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from opqn_app.ui.kit.tips import plain

AGREES = 0.5  # a part agrees when it lies at least so far from chance towards its best


def shares_of(
    values: Sequence[float], best: Sequence[float], chance: Sequence[float]
) -> tuple[float, ...]:
    """How far each value lies from chance (0) to the best there is (1); below chance is 0.

    With a soft query all entries of a table are close together, so the distance from zero says
    little; the distance from what a face drawn at random would get does.
    """
    rows = zip(values, best, chance, strict=True)
    return tuple(max(0.0, (v - c) / (b - c)) if b > c else 0.0 for v, b, c in rows)


class ContributionBars(QWidget):
    """One column a part, from chance up: the track is its best value, the filling its value."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.values: tuple[float, ...] = ()
        self.shares: tuple[float, ...] = ()
        self._reach: tuple[float, ...] = ()
        self._is_low = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("What each part of the face code adds")

    def sizeHint(self) -> QSize:
        return QSize(248, 72 if self._is_low else 104)

    def set_low(self, is_low: bool) -> None:
        """Shorter columns, since the page is low."""
        self._is_low = is_low
        self.updateGeometry()

    @property
    def n_agreeing(self) -> int:
        """How many parts lie closer to their best value than to chance."""
        return sum(share >= AGREES for share in self.shares)

    def set_values(
        self, values: Sequence[float], best: Sequence[float], chance: Sequence[float]
    ) -> None:
        """Show M contributions, the largest each could have been, and what chance would give."""
        self.values = tuple(values)
        self.shares = shares_of(values, best, chance)
        reach = [b - c for b, c in zip(best, chance, strict=True)]
        top = max([*reach, 1e-12])
        self._reach = tuple(r / top for r in reach)
        told = ", ".join(f"part {m + 1}: {round(100 * s)} %" for m, s in enumerate(self.shares))
        self.setAccessibleDescription(f"From chance to the best possible value. {told}.")
        self.update()

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
        for m, (share, reach) in enumerate(zip(self.shares, self._reach, strict=True)):
            self._paint_column(painter, m, share * reach, reach)

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
                plain(
                    f"Part {m + 1} adds {self.values[m]:.4f}, "
                    f"{round(100 * self.shares[m])} % of the way from chance to its best"
                ),
                self,
            )
            return True
        return super().event(event)
