"""Groups the faces of the library in the background: at the start, and after faces came.

What is listed so far is stored; a run that was stopped goes on from there at the next one.
"""

import logging
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from opqn_app.core.errors import LibraryReadOnly, OpqnError
from opqn_app.core.progress import counted

if TYPE_CHECKING:
    from opqn_app.opqn.face_encoder import FaceEncoder
    from opqn_app.people.guessing import GroupingProgress, GroupingReport
    from opqn_app.ui.work.tasks import Task, TaskRunner

logger = logging.getLogger(__name__)

NO_LINKS = "This model finds faces again, but can't group them. Choose a bundled model in Settings."
FAULT = "Grouping the faces ended by a fault of this program; see its log file."


class GroupingRun(QObject):
    """One run at a time, on a lane of its own.

    Signals:
        started: a run has begun.
        progressed: a GroupingProgress.
        paused: True when paused, False when resumed.
        ended: what came of it, as a sentence; "" where nothing was to be done.
    """

    started = Signal()
    progressed = Signal(object)
    paused = Signal(bool)
    ended = Signal(str)

    def __init__(self, runner: "TaskRunner", library_path: Path, parent: QObject) -> None:
        super().__init__(parent)
        self._runner, self._path = runner, library_path
        self._task: Task | None = None
        self.progress: GroupingProgress | None = None
        self.was_stopped = False  # by the user; the next run is of their asking

    @property
    def is_running(self) -> bool:
        return self._task is not None

    @property
    def is_paused(self) -> bool:
        return self._task is not None and self._task.is_paused

    def start(self, encoder: "FaceEncoder") -> None:
        """Group what is new; a run that runs already is begun anew."""
        self.stop()
        self.was_stopped, self.progress = False, None
        task = self._runner.start("groups", group_library, self._path, encoder)
        self._task = task
        task.progressed.connect(lambda progress: self._on_progress(task, progress))
        task.succeeded.connect(lambda report: self._on_report(task, report))
        task.failed.connect(lambda error: self._on_failed(task, error))
        self.started.emit()

    def pause(self) -> None:
        """Stop at the next step until `resume`."""
        if self._task is not None:
            self._task.pause()
            self.paused.emit(True)

    def resume(self) -> None:
        if self._task is not None:
            self._task.resume()
            self.paused.emit(False)

    def cancel(self) -> None:
        """Stop for this time, by the user's wish; the next start of the window goes on."""
        if self._task is not None:
            self.stop()
            self.was_stopped = True
            self.ended.emit("Stopped grouping the faces. It goes on when the program starts again.")

    def stop(self) -> None:
        """End the run, if there is one, without a word."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()

    def _on_progress(self, task: "Task", progress: "GroupingProgress") -> None:
        if task is self._task:
            self.progress = progress
            self.progressed.emit(progress)

    def _on_report(self, task: "Task", report: "GroupingReport | None") -> None:
        if task is self._task:
            self._task = None
            is_news = report is not None and report.new_faces > 0
            groups = counted(report.groups, "group") if report is not None else ""
            self.ended.emit(f"The faces are grouped: {groups} of two or more." if is_news else "")

    def _on_failed(self, task: "Task", error: Exception) -> None:
        if task is self._task:
            self._task = None
            if isinstance(error, LibraryReadOnly):  # nothing can be kept, and nobody asked for it
                logger.info("a library that can't be written is not grouped")
                self.ended.emit("")
            else:
                self.ended.emit(str(error) if isinstance(error, OpqnError) else FAULT)


def group_library(
    path: Path, encoder: "FaceEncoder"
) -> Generator["GroupingProgress", None, "GroupingReport | None"]:
    """`update_groups` on a library; None while there is no library."""
    from opqn_app.people.guessing import update_groups
    from opqn_app.store.library import Library

    if not path.is_file():
        return None
    with Library.open_to_decide(path) as library:
        return (yield from update_groups(library, encoder))
