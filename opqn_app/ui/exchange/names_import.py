"""One import of names: read what a program knows, show what it would do, do it."""

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from opqn_app.core.errors import OpqnError
from opqn_app.ui.work.exchange_jobs import read_names, take_names
from opqn_app.ui.work.people_desk import FAULT

if TYPE_CHECKING:
    from opqn_app.exchange.coming.import_plan import ImportPlan
    from opqn_app.exchange.coming.taking_in import ImportReport
    from opqn_app.exchange.programs.listed import Program
    from opqn_app.exchange.records import Progress
    from opqn_app.ui.work.session import Session
    from opqn_app.ui.work.tasks import Task


class NamesImport(QObject):
    """Runs beside the window; every signal arrives on the GUI thread.

    Signals:
        progressed: words of how far the reading is, photos read, and of how many; 0 if not known.
        planned: an ImportPlan; nothing is changed yet.
        taken: an ImportReport; the boxes are drawn from now on.
        failed: a plain sentence; nothing is changed.
    """

    progressed = Signal(str, int, int)
    planned = Signal(object)
    taken = Signal(object)
    failed = Signal(str)

    def __init__(self, session: "Session", parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._task: Task | None = None

    @property
    def is_reading(self) -> bool:
        """The reading goes on; taking in is short, and done even if the window closes."""
        return self._task is not None and not self._task.is_kept

    def read(self, program: "Program", place: Path) -> None:
        """Find out what the import would do."""
        from opqn_app.exchange.coming.words import ProgressWords

        self.stop()
        words = ProgressWords(f"Reading what {program.name} knows", "photo")
        session = self._session
        job = (read_names, session.library_path, program, place, session.settings.excludes)
        task = session.runner.start("exchange", *job)
        self._task = task

        def on_progress(progress: "Progress") -> None:
            if task is self._task:
                self.progressed.emit(words(progress), progress.done, progress.total or 0)

        def on_plan(plan: "ImportPlan") -> None:
            if task is self._task:
                self._task = None
                self.planned.emit(plan)

        task.progressed.connect(on_progress)
        task.succeeded.connect(on_plan)
        task.failed.connect(lambda error: self._on_failed(task, error))

    def take_in(self, plan: "ImportPlan", names: Collection[str]) -> None:
        """Make decisions of some names of a plan: one gesture, which one step undoes."""
        reports: list[ImportReport] = []
        task = self._session.people.decide(take_names(plan, tuple(names), reports.append))
        self._task = task

        def on_answer(_answer: object) -> None:
            if task is self._task:
                self._task = None
            (report,) = reports
            if report.waiting:
                self._session.people.draw_waiting()
            self.taken.emit(report)

        task.succeeded.connect(on_answer)
        task.failed.connect(lambda error: self._on_failed(task, error))

    def stop(self) -> None:
        """End the reading, if it goes on, without a word."""
        task, self._task = self._task, None
        if task is not None and not task.is_kept:
            task.cancel()

    def _on_failed(self, task: "Task", error: Exception) -> None:
        if task is self._task:
            self._task = None
            words = f"{error} {error.hint}".strip() if isinstance(error, OpqnError) else FAULT
            self.failed.emit(words)
