"""How a run goes: loss and accuracy by epoch. Made when the first run is shown; loads pyqtgraph."""

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QVBoxLayout, QWidget

from opqn_app.ui.charts.curve_chart import CurveChart
from opqn_app.ui.kit.controls import text_label
from opqn_app.ui.train.training import LOSS_AXES, MAP_AXES, History

WIDE = 700  # pixels; a narrower view puts the charts below each other
REDRAW_MS = 250


class TrainingView(QWidget):
    """Signals:
    exported: a chart was written to this Path.
    export_failed: why not.
    """

    exported = Signal(object)
    export_failed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._history = History()
        self._redraw = QTimer(self, singleShot=True, interval=REDRAW_MS)
        self._redraw.timeout.connect(self._draw)
        self.title = text_label(style="heading", wraps=True)
        self.loss = CurveChart(LOSS_AXES)
        self.accuracy = CurveChart(MAP_AXES)
        self._charts = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._charts.setSpacing(16)
        for chart in (self.loss, self.accuracy):
            self._charts.addWidget(chart, 1)
            chart.exported.connect(self.exported)
            chart.export_failed.connect(self.export_failed)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.title)
        column.addLayout(self._charts, 1)

    def show_run(self, title: str, history: History) -> None:
        """Show a run; a `history` that grows is drawn by `follow`."""
        is_other = self.title.text() != title
        self.title.setText(title)
        self._history = history
        self._draw()
        if is_other:
            for chart in (self.loss, self.accuracy):
                chart.reset_zoom()

    def follow(self) -> None:
        """The history has grown: draw it soon."""
        if not self._redraw.isActive():
            self._redraw.start()

    def _draw(self) -> None:
        self.loss.show_curves(self._history.loss_curves())
        self.accuracy.show_curves(self._history.map_curves())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_wide = event.size().width() >= WIDE
        side_by_side, below = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        self._charts.setDirection(side_by_side if is_wide else below)
