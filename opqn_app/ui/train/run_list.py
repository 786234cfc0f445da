"""The runs there are, and what can be done with the chosen one."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from opqn_app.ui.kit.controls import push_button, text_label
from opqn_app.ui.kit.figure_table import FigureTable
from opqn_app.ui.train.training import RUN_HEADS, Run


class RunList(QWidget):
    """Signals:
    chosen: another Run is chosen.
    resume_wanted, use_wanted, show_wanted: what to do with the chosen Run.
    """

    chosen = Signal(object)
    resume_wanted = Signal(object)
    use_wanted = Signal(object)
    show_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.runs: list[Run] = []
        self._running: Path | None = None
        self._is_busy = False
        self.table = FigureTable("Training runs", rows_are_chosen=True)
        self.table.itemSelectionChanged.connect(self._on_selection)
        self.resume = push_button("Resume", partial(self._tell, self.resume_wanted), icon="resume")
        self.resume.setAccessibleName("Resume this run")
        self.use = push_button("Use as model", partial(self._tell, self.use_wanted))
        self.use.setAccessibleName("Use this run as the app's model")
        self.use.setToolTip("Install the result as a model, and search your library with it")
        self.show_folder = push_button("Show in folder", partial(self._tell, self.show_wanted))
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(text_label("Runs", style="heading"), 1)
        for button in (self.resume, self.show_folder, self.use):
            head.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self.table, 1)
        self._show_buttons()

    @property
    def current(self) -> Run | None:
        """The chosen run."""
        row = self.table.currentRow()
        is_chosen = bool(self.table.selectedIndexes())
        return self.runs[row] if is_chosen and 0 <= row < len(self.runs) else None

    def show_runs(self, runs: Sequence[Run], running: Path | None) -> None:
        """Replace the list; the chosen run stays chosen, else it is the newest."""
        before = self.current.path if self.current else None
        self.runs, self._running = list(runs), running
        self.table.blockSignals(True)
        rows = [run.row(is_running=run.path == running) for run in runs]
        self.table.show_figures(RUN_HEADS, rows)
        self.table.blockSignals(False)
        if runs:
            self.choose(before or running or runs[0].path)
        self._show_buttons()

    def choose(self, path: Path) -> None:
        """Choose a run by its folder."""
        row = next((i for i, run in enumerate(self.runs) if run.path == path), 0)
        self.table.setCurrentCell(row, 0)

    def set_busy(self, is_busy: bool) -> None:
        """Something runs: neither resume nor export can begin."""
        self._is_busy = is_busy
        self._show_buttons()

    def _on_selection(self) -> None:
        self._show_buttons()
        if self.current is not None:
            self.chosen.emit(self.current)

    def _show_buttons(self) -> None:
        run = self.current
        self.resume.setEnabled(run is not None and run.can_resume and not self._is_busy)
        self.use.setEnabled(run is not None and run.has_weights and not self._is_busy)
        self.show_folder.setEnabled(run is not None)

    def _tell(self, signal: object) -> None:
        if self.current is not None:
            signal.emit(self.current)  # type: ignore[attr-defined]
