"""The Train page: labelled pictures in, a model of the user's own out."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from opqn_app.core import paths
from opqn_app.core.extras import how_to_install, what_training_lacks
from opqn_app.ui.kit import desktop
from opqn_app.ui.kit.choice_column import page_scroll
from opqn_app.ui.kit.controls import push_button
from opqn_app.ui.kit.empty_state import EmptyState
from opqn_app.ui.kit.message_bar import MessageBar
from opqn_app.ui.kit.theme import set_icon
from opqn_app.ui.kit.work_bar import WorkBar
from opqn_app.ui.train import training
from opqn_app.ui.train.crop_making import CropMaking
from opqn_app.ui.train.run_list import RunList
from opqn_app.ui.train.train_form import TrainForm
from opqn_app.ui.train.training import History, Run
from opqn_app.ui.work.child import ChildEnd, ChildProcess
from opqn_app.ui.work.session import Session

if TYPE_CHECKING:
    from opqn_app.ui.train.training_view import TrainingView

EMPTY = "Teach a model the people of your own labelled pictures, and search your library with it."
WAITING = "Curves appear here after the first steps."
RUNS_HEIGHT = 190
REREAD_MS = 1000  # the list of runs, while one runs


class TrainPage(QWidget):
    """Choices on the left; curves and the list of runs on the right.

    Args:
        program: how the commands are started; this very program by default.
        show_file: shows a run in the system's file manager.

    Signals:
        run_ended: a training child ended, with "finished", "paused", "stopped" or "failed".
        model_made: name of the model a run was exported as.
    """

    run_ended = Signal(str)
    model_made = Signal(str)

    def __init__(
        self,
        session: Session,
        *,
        program: Sequence[str] | None = None,
        show_file: Callable[[Path], object] = desktop.show_in_folder,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._show_file = show_file
        self.child = ChildProcess(program=program, parent=self)
        self.exporter = ChildProcess(program=program, parent=self)
        self.crops = CropMaking(program=program, parent=self)
        self.view: TrainingView | None = None
        self._run: Path | None = None  # the one that runs or is paused
        self._live = History()
        self._is_pausing = False
        self._is_done = False  # the child has told its result
        self._is_new = False  # the run is to be chosen as soon as it is listed
        self._exported = ""
        self._not_calibrated = ""  # why the exported model has no calibration
        self._last_step: dict[str, Any] = {}
        self._reread = QTimer(self, singleShot=True, interval=REREAD_MS)
        self._reread.timeout.connect(self.refresh_runs)
        self._build()
        self._connect()

    @property
    def _children(self) -> tuple[ChildProcess, ...]:
        return self.child, self.exporter, self.crops.child

    @property
    def is_running(self) -> bool:
        """A child is at work."""
        return any(child.is_running for child in self._children)

    def shut_down(self) -> None:
        """End the children; training saves first."""
        self._reread.stop()
        for child in self._children:
            child.stop_and_wait()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._says_what_is_missing()
        self.refresh_runs()

    # What the user asks for

    def start(self) -> None:
        """Begin a new run."""
        data = self.form.data.path
        assert data is not None
        folder = training.runs_folder()
        taken = [each.name for each in folder.iterdir()] if folder.is_dir() else []
        place = ["--out", str(folder), "--name", training.run_name(data, taken)]
        self._start([*self.form.arguments(), *place])

    def resume(self, path: Path) -> None:
        """Go on with a run that was stopped."""
        self._start(["train", "--resume", str(path), "--json-lines"])

    def pause(self) -> None:
        """Save where it stands and give the processor back."""
        self._is_pausing = True
        self._stop("Saving where it stands …")

    def stop(self) -> None:
        """Save where it stands and be done with it for now."""
        if self.child.is_running:
            self._is_pausing = False
            self._stop("Saving where it stands …")
        else:  # it is paused already
            self.work.end()
            self._run = None

    def use(self, run: Run, *, is_sure: bool = False) -> None:
        """Export a run as a model of the app and let it search the library.

        Args:
            is_sure: the user has been told that it is weak.
        """
        if self._says_what_is_missing():
            return
        if run.is_weak and not is_sure:
            self.messages.warn(
                f"{run.name} mixes people up: its mAP is {run.known_map:.2f}, where 1 is without a "
                "fault. Searches would suffer from it.",
                "Use it anyway",
                partial(self.use, run, is_sure=True),
            )
            return
        folder = paths.data_dir() / "models"
        taken = [each.name for each in folder.iterdir()] if folder.is_dir() else []
        self._exported = training.model_name(run, taken)
        target = folder / self._exported
        self.runs.set_busy(True)
        self.messages.say(f"Writing the model {self._exported} …")
        self.exporter.start(
            ["export-model", str(run.path), str(target), "--name", self._exported, "--json"]
        )

    def refresh_runs(self) -> None:
        """Read the list of runs again."""
        task = self._session.runner.start("read", training.read_runs, training.runs_folder())
        task.succeeded.connect(self._on_runs)

    # Building

    def _build(self) -> None:
        self.form = TrainForm(self._session.settings, self._session.runner)
        area = QWidget()
        area.setObjectName("clear")
        self.messages = MessageBar(area)
        self._pause = push_button("Pause", self._on_pause, icon="pause")
        self._stop_button = push_button("Stop", self.stop)
        self._stop_button.setToolTip("Saves where it stands; the run can be gone on with later")
        self.work = WorkBar("Training progress", self._pause, self._stop_button)
        self.empty = EmptyState()
        self._show_empty(is_running=False)
        self.empty.button.clicked.connect(lambda: self.form.data.choose("folder"))
        self.runs = RunList()
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        inner = QWidget()
        inner.setObjectName("clear")
        self._content_column = QVBoxLayout(inner)
        self._content_column.setContentsMargins(0, 0, 8, 12)
        self._content_column.setSpacing(12)
        self._content_column.addWidget(self.runs)
        self.runs.setFixedHeight(RUNS_HEIGHT)
        self._content = page_scroll(inner)
        self.stack.addWidget(self._content)
        right = QVBoxLayout(area)
        right.setContentsMargins(16, 12, 8, 0)
        right.setSpacing(12)
        right.addWidget(self.work)
        right.addWidget(self.crops.work)
        right.addWidget(self.stack, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.form)
        row.addWidget(area, 1)

    def _connect(self) -> None:
        self.form.train_wanted.connect(self.start)
        self.form.crops_wanted.connect(self._make_crops)
        self.crops.ended.connect(lambda: self.form.set_running(False))
        self.crops.made.connect(self._on_crops)
        self.crops.told.connect(self.messages.say)
        self.crops.failed.connect(self.messages.warn)
        self.child.told.connect(self._on_told)
        self.child.finished.connect(self._on_finished)
        self.exporter.told.connect(self._on_export_told)
        self.exporter.finished.connect(self._on_exported)
        self.runs.chosen.connect(self._show_run)
        self.runs.resume_wanted.connect(lambda run: self.resume(run.path))
        self.runs.use_wanted.connect(self.use)
        self.runs.show_wanted.connect(lambda run: self._show_file(run.path / "config.json"))

    # Face crops of photos

    def _make_crops(self, photos: Path) -> None:
        refusal = self._session.memory.refusal("The crops to train on")
        if refusal:
            self.messages.warn(refusal)
            return
        self.messages.hide()
        self.form.set_running(True)
        self.crops.start(photos)

    def _on_crops(self, folder: Path, words: str) -> None:
        """Training takes the crops now; whether they are enough the form tells."""
        self.form.set_data(folder)
        self.messages.say(words, "Start training", self._start_if_possible)

    def _start_if_possible(self) -> None:
        if self.form.train_button.isEnabled():
            self.start()

    # The training child

    def _says_what_is_missing(self) -> bool:
        """Whether a package is not installed that training and its models need; it is named."""
        missing = what_training_lacks()
        if missing:
            self.messages.warn(missing, "Copy the command", _copy_the_command)
        return bool(missing)

    def _start(self, arguments: Sequence[str]) -> None:
        if self._says_what_is_missing():
            return
        self.messages.hide()
        self._run, self._live = None, History()
        self._is_pausing = self._is_done = False
        self._last_step = {}
        self._show_running(True)
        self.work.start("Starting …")
        self.child.start(arguments)

    def _stop(self, words: str) -> None:
        self._pause.setEnabled(False)
        self._stop_button.setEnabled(False)
        self.work.say(words)
        self.child.stop()

    def _on_pause(self) -> None:
        if self.child.is_running:
            self.pause()
        elif self._run is not None:
            self.resume(self._run)

    def _on_told(self, event: dict[str, Any]) -> None:
        kind = event.get("event")
        if kind == "loading":
            self.work.show_progress("Reading the pictures …")
        elif kind == "data":
            self.messages.say(training.data_in_words(event))
        elif kind == "run":
            self._on_run(Path(event["run"]))
        elif kind == "step":
            self._on_step(event)
        elif kind == "epoch":
            self._live.add_epoch(event)
            self._follow()
        elif kind == "result":
            self._is_done = True
            self.messages.say(training.result_in_words(event))

    def _on_run(self, path: Path) -> None:
        self._run, self._is_new = path, True
        self._live = training.read_history(path)
        self._draw(path.name, self._live)
        self.work.show_progress("The first steps …")
        self.refresh_runs()

    def _on_step(self, step: dict[str, Any]) -> None:
        self._last_step = step
        if not self.child.is_stopping:
            words, done = training.step_in_words(step), training.share_done(step)
            self.work.show_progress(words, done, 1.0, step["eta_s"])
        self._live.add_step(step)
        self._follow()

    def _follow(self) -> None:
        if self.view is not None:
            self.view.follow()
        if not self._reread.isActive():
            self._reread.start()

    def _on_finished(self, end: ChildEnd) -> None:
        self._show_running(False)
        status = "finished" if end.status == "done" else end.status
        if status == "stopped":
            status = self._on_stopped()
        else:
            self.work.end()
            self._run = None
            if status == "failed":
                self.messages.warn(end.words)
            elif not self._is_done:
                self.messages.warn("Training ended without a result; the log file says more.")
        self.refresh_runs()
        self.run_ended.emit(status)

    def _on_stopped(self) -> str:
        if self._run is None:
            self.work.end()
            self.messages.say("Stopped before training began.")
            return "stopped"
        where = f" in epoch {self._last_step['epoch']:,}" if self._last_step else ""
        if self._is_pausing:
            self.work.rest(f"Paused{where}. Everything so far is saved.")
            return "paused"
        self.work.end()
        self.messages.say(f"Stopped{where} and saved. “Resume” goes on from there.")
        self._run = None
        return "stopped"

    def _show_running(self, is_running: bool) -> None:
        self.form.set_running(is_running)
        self.runs.set_busy(is_running)
        self._show_empty(is_running=is_running)
        self._pause.setEnabled(True)
        self._stop_button.setEnabled(True)
        words = "Pause" if is_running else "Resume"
        self._pause.setText(words)
        self._pause.setAccessibleName(f"{words} training")
        set_icon(self._pause, words.lower())
        self._stop_button.setText("Stop" if is_running else "Close")
        self._stop_button.setAccessibleName(
            "Stop training" if is_running else "Leave the run paused and close this bar"
        )

    def _show_empty(self, *, is_running: bool) -> None:
        """The empty page proposes what can be done; while something runs it only waits."""
        button = "" if is_running or what_training_lacks() else "Choose labelled folders"
        self.empty.show_words("train", WAITING if is_running else EMPTY, button)

    # The export

    def _on_export_told(self, values: dict[str, Any]) -> None:
        self._not_calibrated = str(values.get("not_calibrated", ""))

    def _on_exported(self, end: ChildEnd) -> None:
        self.runs.set_busy(self.child.is_running)
        if end.status == "done":
            self._session.switch_model(self._exported)
            words = (
                f"The model {self._exported} is installed. Your faces are being coded with it; "
                "until that is done searches use the present model."
            )
            if self._not_calibrated:
                words += (
                    f" {self._not_calibrated} So percentages will be shares of the highest score; "
                    "Evaluate finds a threshold."
                )
            self.messages.say(words)
            self.model_made.emit(self._exported)
        elif end.status == "failed":
            self.messages.warn(end.words)

    # Showing

    def _on_runs(self, runs: list[Run]) -> None:
        is_first = not self.runs.runs
        self.runs.show_runs(runs, self._run if self.child.is_running else None)
        if self._is_new and self._run in [run.path for run in runs]:
            self._is_new = False
            self.runs.choose(self._run)
        if runs:
            self.stack.setCurrentWidget(self._content)
            if is_first and self.runs.current is not None:
                self._show_run(self.runs.current)

    def _show_run(self, run: Run) -> None:
        is_live = self.child.is_running and run.path == self._run
        self._draw(run.name, self._live if is_live else run.history)

    def _draw(self, name: str, history: History) -> None:
        if self.view is None:
            self.view = self._make_view()
        self.view.show_run(name, history)
        self.stack.setCurrentWidget(self._content)

    def _make_view(self) -> "TrainingView":
        # Only now, since pyqtgraph takes a third of a second to load.
        from opqn_app.ui.train.training_view import TrainingView

        view = TrainingView()
        view.exported.connect(lambda path: self.messages.say(f"Saved as {path}."))
        view.export_failed.connect(self.messages.warn)
        self._content_column.insertWidget(0, view, 1)
        return view


def _copy_the_command() -> None:
    QApplication.clipboard().setText(how_to_install("train"))
