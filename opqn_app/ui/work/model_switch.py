"""Another model takes over from the one that answers; no widget."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from opqn_app.engine import Engine
from opqn_app.ui.work import jobs
from opqn_app.ui.work.tasks import Task

if TYPE_CHECKING:
    from opqn_app.store.library import Library
    from opqn_app.ui.work.session import Session


class ModelSwitch(QObject):
    """The change of the model of one session.

    Args:
        load: model → Engine; runs in the "index" lane.
        slot: the engine that answers.

    Signals:
        progressed: an IndexProgress, counting faces.
        switched: the model (str) that answers from now on, and its Engine.
        ended: the model (str) that does not take over, and why not, as a plain sentence; "" when
            the user stopped it.
    """

    progressed = Signal(object)
    switched = Signal(str, object)
    ended = Signal(str, str)

    def __init__(
        self, session: "Session", load: Callable[[str], Engine], slot: jobs.EngineSlot
    ) -> None:
        super().__init__(session)
        self.task: Task | None = None  # while faces are getting codes of another model
        self._session, self._load, self._slot = session, load, slot

    def start(self, model: str) -> None:
        """Let another model answer as soon as every face of the library has a code of it.

        Until then the old model and its codes do. What was begun goes on at the next start.
        """
        if self.task is not None:
            old, self.task = self.task, None
            old.cancel()
        session = self._session
        session.remember(next_model=model)
        load = partial(self._load, model)
        task = session.runner.start(
            "index", jobs.switch_model, session.library_path, load, self._slot
        )
        self.task = task
        task.progressed.connect(self._if_newest(task, self.progressed.emit))
        task.succeeded.connect(self._if_newest(task, lambda engine: self._take(model, engine)))
        task.failed.connect(self._if_newest(task, lambda error: self._end(model, str(error))))
        task.cancelled.connect(lambda: self._if_newest(task, self._end)(model))

    def go_on(self) -> None:
        """Go on with what the last closing of the window cut off."""
        model = self._session.settings.next_model
        if model and self.task is None and not self._session.runner.is_shut_down:
            self._session.switch_model(model)

    def code_anew(self, engine: Engine) -> None:
        """A library coded by an earlier version of the model, or by another one meanwhile."""
        session = self._session
        is_closed = session.runner.is_shut_down
        if session.settings.next_model or is_closed or not session.library_path.is_file():
            return

        def is_behind(library: "Library") -> bool:
            status = library.status()
            return status.faces > 0 and status.model_id != engine.encoder.model_id

        def act(is_so: bool) -> None:
            if is_so and self.task is None and not session.runner.is_shut_down:
                session.switch_model(session.settings.model)

        session.read(is_behind).succeeded.connect(act)

    def _if_newest(self, task: Task, act: Callable[..., None]) -> Callable[..., None]:
        def act_if_newest(*values: Any) -> None:
            if task is self.task and not self._session.runner.is_shut_down:
                act(*values)

        return act_if_newest

    def _take(self, model: str, engine: Engine) -> None:
        self.task = None
        self._session.remember(model=model, next_model="")
        self.switched.emit(model, engine)

    def _end(self, model: str, reason: str = "") -> None:
        self.task = None
        self._session.remember(next_model="")
        self.ended.emit(model, reason)
