"""The Evaluate page: labelled pictures in, charts and figures of one or more models out."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from opqn_app.ui.evaluate.evaluate_form import EvaluateForm
from opqn_app.ui.evaluate.evaluation import Evaluation, read_evaluation
from opqn_app.ui.evaluate.kept_evaluations import discard, new_folder, remove_old
from opqn_app.ui.kit import desktop
from opqn_app.ui.kit.controls import push_button
from opqn_app.ui.kit.empty_state import EmptyState
from opqn_app.ui.kit.message_bar import MessageBar
from opqn_app.ui.kit.models import ModelChoice, list_models
from opqn_app.ui.kit.work_bar import WorkBar
from opqn_app.ui.work.child import ChildEnd, ChildProcess
from opqn_app.ui.work.session import Session

if TYPE_CHECKING:
    from opqn_app.ui.evaluate.evaluation_view import EvaluationView

EMPTY = "See how well a model finds people again, measured on pictures you have sorted by person."
WAITING = "Charts and figures appear here when everything is measured."


class EvaluatePage(QWidget):
    """Choices on the left, what was measured on the right.

    Args:
        program: how the command is started; this very program by default.
        list_models: what there is to choose from; runs in a lane.
        open_file: opens the report.

    Signals:
        evaluated: an Evaluation is shown.
    """

    evaluated = Signal(object)

    def __init__(
        self,
        session: Session,
        *,
        program: Sequence[str] | None = None,
        list_models: Callable[[], list[ModelChoice]] = list_models,
        open_file: Callable[[Path], object] = desktop.open_file,
        show_file: Callable[[Path], object] = desktop.show_in_folder,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._list_models = list_models
        self._open_file, self._show_file = open_file, show_file
        self._models: list[ModelChoice] = []
        self._result: dict[str, Any] | None = None
        self._folder = Path()
        self.view: EvaluationView | None = None
        self.child = ChildProcess(program=program, parent=self)
        self._build()
        self.form.run_wanted.connect(self.run)
        self.child.told.connect(self._on_told)
        self.child.finished.connect(self._on_finished)
        session.settings_changed.connect(lambda _settings: self._show_library())
        session.model_switched.connect(lambda _name: self._show_library())

    @property
    def is_running(self) -> bool:
        return self.child.is_running

    def shut_down(self) -> None:
        """End the child; comes back when it is gone."""
        self.child.stop_and_wait()

    def run(self, arguments: Sequence[str]) -> None:
        """Start the evaluation."""
        refusal = self._session.memory.refusal("The report of an evaluation")
        if refusal:
            self.messages.warn(refusal)
            return
        self.messages.hide()
        self._result = None
        self._folder = new_folder(self.form.data.path)
        self.form.set_running(True)
        self._cancel.setEnabled(True)
        self.work.start("Starting …")
        self.child.start([*arguments, "--out", str(self._folder)])
        self._show_right()

    def cancel(self) -> None:
        """Stop; nothing of this evaluation is kept."""
        self._cancel.setEnabled(False)
        self.work.say("Stopping …")
        self.child.stop(grace_ms=5000)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh_models()

    def refresh_models(self) -> None:
        """Look again for models: one may have been trained or imported."""
        task = self._session.runner.start("load", self._list_models)
        task.succeeded.connect(self._on_models)
        task.failed.connect(lambda error: self.messages.warn(str(error)))

    def _build(self) -> None:
        self.form = EvaluateForm(self._session.settings, self._session.runner)
        area = QWidget()
        area.setObjectName("clear")
        self.messages = MessageBar(area)
        self._cancel = push_button("Cancel", self.cancel)
        self._cancel.setAccessibleName("Cancel the evaluation")
        self.work = WorkBar("Evaluation progress", self._cancel)
        self.empty = EmptyState()
        self.empty.show_words("evaluate", EMPTY, "Choose labelled folders")
        self.empty.button.clicked.connect(lambda: self.form.data.choose("folder"))
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        right = QVBoxLayout(area)
        right.setContentsMargins(16, 12, 8, 0)
        right.setSpacing(12)
        right.addWidget(self.work)
        right.addWidget(self.stack, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.form)
        row.addWidget(area, 1)

    # The child

    def _on_told(self, event: dict[str, Any]) -> None:
        if event.get("event") == "progress":
            phase, total = str(event["phase"]), float(event["total"])
            done = float(event["done"])
            counted = f": {done:,.0f} of {total:,.0f}" if total > 1 else " …"
            if not self.child.is_stopping:
                share = float(event["share"])
                self.work.show_progress(f"{phase}{counted}", share, 1.0, event["eta_s"])
        elif "results" in event:
            self._result = event

    def _on_finished(self, end: ChildEnd) -> None:
        if end.status == "done" and self._result is not None:
            self.work.show_progress("Reading the curves …")
            task = self._session.runner.start("read", read_evaluation, self._result, self._folder)
            task.succeeded.connect(self._on_evaluation)
            task.failed.connect(lambda error: self._fail(f"The result can't be read ({error})."))
            return
        self._session.runner.start("read", discard, self._folder)
        if end.status == "stopped":
            self._end()
            self.messages.say("Stopped. Nothing of this evaluation was kept.")
        elif end.status == "done":
            self._fail("The evaluation ended without a result; the log file says more.")
        else:
            self._fail(end.words)

    def _fail(self, words: str) -> None:
        self._end()
        self.messages.warn(words)

    def _end(self) -> None:
        self.form.set_running(False)
        self.work.end()
        self._show_right()

    # Showing

    def _on_evaluation(self, evaluation: Evaluation) -> None:
        self._end()
        if self.view is None:
            self.view = self._make_view()
        self.view.show_evaluation(evaluation)
        self._session.runner.start("read", remove_old, {evaluation.folder})
        self.stack.setCurrentWidget(self.view)
        self._show_library()
        self.evaluated.emit(evaluation)

    def _make_view(self) -> "EvaluationView":
        # Only now, since pyqtgraph takes a third of a second to load.
        from opqn_app.ui.evaluate.evaluation_view import EvaluationView

        view = EvaluationView()
        view.report_wanted.connect(self._open_file)
        view.folder_wanted.connect(self._show_file)
        view.exported.connect(lambda path: self.messages.say(f"Saved as {path}."))
        view.export_failed.connect(self.messages.warn)
        view.operating.apply_wanted.connect(self._apply)
        view.operating.model_wanted.connect(self._switch)
        self.stack.addWidget(view)
        return view

    def _show_right(self) -> None:
        """The empty page proposes; while something runs it only waits."""
        words, button = (WAITING, "") if self.is_running else (EMPTY, "Choose labelled folders")
        self.empty.show_words("evaluate", words, button)

    def _on_models(self, models: list[ModelChoice]) -> None:
        self._models = models
        self.form.models.show_models(models)
        self._show_library()

    def _show_library(self) -> None:
        if self.view is None:
            return
        settings = self._session.settings
        used = next((m for m in self._models if m.name == settings.model), None)
        self.view.operating.show_library(self._models, used, settings.min_probability)

    def _apply(self, minimum: float) -> None:
        self._session.remember(min_probability=minimum)
        self.messages.say(
            f"Done. The Search page now counts faces as the same person from {minimum:.0%} on; "
            "its slider changes that at any time.".replace("%", " %")
        )

    def _switch(self, name: str) -> None:
        self._session.switch_model(name)
        self.messages.say(
            f"Your faces are being coded with {name}. Searches use the present model until that "
            "is done; the line at the foot of the window tells how far it is."
        )
