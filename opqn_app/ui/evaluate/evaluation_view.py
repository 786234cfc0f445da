"""What was measured: charts, operating point, table. Made at the first result; loads pyqtgraph."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from opqn_app.ui.charts.curve_chart import CurveChart
from opqn_app.ui.evaluate.evaluation import PRECISION_AT_T_AXES, PRECISION_RECALL_AXES, Evaluation
from opqn_app.ui.evaluate.kept_evaluations import KEPT
from opqn_app.ui.evaluate.operating_card import OperatingCard
from opqn_app.ui.kit.controls import push_button, text_label
from opqn_app.ui.kit.figure_table import FigureTable

WIDE = 820  # pixels; a narrower view puts the charts below each other


class EvaluationView(QScrollArea):
    """Signals:
    report_wanted: the full report (Path) is to be opened.
    folder_wanted: the report is to be shown in its folder.
    exported: a chart was written to this Path.
    export_failed: why not.
    """

    report_wanted = Signal(object)
    folder_wanted = Signal(object)
    exported = Signal(object)
    export_failed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("clear")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._evaluation: Evaluation | None = None
        self._build()

    def show_evaluation(self, evaluation: Evaluation) -> None:
        """Replace what is shown."""
        self._evaluation = evaluation
        methods = evaluation.methods
        with_pairs = [m for m in methods if m.by_threshold is not None]
        self._summary.setText(evaluation.summary)
        self._notes.setText("\n".join(evaluation.notes))
        self._notes.setVisible(bool(evaluation.notes))
        self.precision_recall.show_curves(
            [m.by_threshold for m in with_pairs if m.by_threshold is not None]
        )
        ranked = [m.by_rank for m in methods if m.by_rank is not None]
        self.precision_at_t.show_curves(ranked)
        self.precision_at_t.setVisible(bool(ranked))
        for chart in (self.precision_recall, self.precision_at_t):
            chart.reset_zoom()
        self.operating.show_methods(with_pairs)
        self.table.show_figures(*evaluation.table())
        self.table.fit_height()
        self._report.setEnabled(evaluation.report.is_file())
        self._folder.setEnabled(evaluation.folder.is_dir())
        self._place.setText(
            f"This report is kept in {evaluation.folder}. The newest {KEPT} are; an older one "
            "is removed when a new one is made."
        )
        self.verticalScrollBar().setValue(0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_wide = event.size().width() >= WIDE
        side_by_side, below = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        self._charts.setDirection(side_by_side if is_wide else below)

    def _build(self) -> None:
        self._summary = text_label(style="heading", wraps=True)
        self._notes = text_label(is_quiet=True, wraps=True)
        self._place = text_label(is_quiet=True, wraps=True)
        for label in (self._summary, self._notes, self._place):
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.precision_recall = CurveChart(PRECISION_RECALL_AXES)
        self.precision_at_t = CurveChart(PRECISION_AT_T_AXES)
        self._charts = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._charts.setSpacing(16)
        for chart in (self.precision_recall, self.precision_at_t):
            self._charts.addWidget(chart, 1)
            chart.exported.connect(self.exported)
            chart.export_failed.connect(self.export_failed)
        self.operating = OperatingCard()
        self.precision_recall.point_picked.connect(self.operating.pick)
        self.operating.point_shown.connect(self._mark)
        self.table = FigureTable("Figures")
        inner = QWidget()
        inner.setObjectName("clear")
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 8, 16)
        column.setSpacing(12)
        column.addWidget(self._summary)
        column.addWidget(self._notes)
        column.addLayout(self._charts)
        column.addWidget(self.operating)
        column.addWidget(text_label("Figures", style="heading"))
        column.addLayout(self._build_table_buttons())
        column.addWidget(self.table)
        column.addWidget(self._place)
        column.addStretch(1)
        self.setWidget(inner)

    def _build_table_buttons(self) -> QHBoxLayout:
        self._report = push_button("Full report", partial(self._tell, self.report_wanted))
        self._folder = push_button("Show in folder", partial(self._tell, self.folder_wanted))
        copy = push_button("Copy", self.table.copy_all)
        copy.setAccessibleName("Copy the table")
        self._report.setToolTip("Opens in your browser, from a file on this computer")
        row = QHBoxLayout()
        row.setSpacing(8)
        for button in (copy, self._folder, self._report):
            row.addWidget(button)
        row.addStretch(1)
        return row

    def _mark(self, threshold: float | None) -> None:
        """Mark the operating point's recall in the chart."""
        point = self.operating.point
        self.precision_recall.mark_x(None if threshold is None or point is None else point.recall)

    def _tell(self, signal: object) -> None:
        if self._evaluation is not None:
            path: Path = self._evaluation.report
            signal.emit(path)  # type: ignore[attr-defined]
