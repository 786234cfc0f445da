"""Another model takes over from the one that answers, asks first, or goes back; no widget."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QObject, Signal

from opqn_app.core.settings import Settings
from opqn_app.ui.work import jobs
from opqn_app.ui.work.tasks import Task, TaskRunner

if TYPE_CHECKING:
    from opqn_app.engine import Engine
    from opqn_app.people.agreement import AgreementReport
    from opqn_app.store.library import Library


class Host(Protocol):
    """What the change of the model needs of the session."""

    settings: Settings
    runner: TaskRunner
    library_path: Path

    @property
    def expects_engine(self) -> bool: ...
    def remember(self, **choices: Any) -> None: ...
    def read(self, job: Callable[["Library"], Any]) -> Task: ...
    def switch_model(self, model: str) -> None: ...


@dataclass(frozen=True, slots=True, eq=False)
class Offer:
    """A model that is ready and waits for the user's word.

    Attributes:
        before: the model that answers meanwhile.
    """

    model: str
    before: str
    engine: "Engine"
    report: "AgreementReport"


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """A model that has taken over.

    Attributes:
        before: the model that answered before; "" where there is none to go back to.
        report: how the two compare; None where that was not asked, or could not be told.
    """

    model: str
    before: str
    report: "AgreementReport | None"


class ModelSwitch(QObject):
    """The change of the model of one session.

    A model that is worse on what the user has decided does not take over by itself: it is offered.
    The codes of every model stay in the library, so each way back takes a moment.

    Args:
        load: model → Engine; runs in the "index" lane.
        slot: the engine that answers.

    Signals:
        progressed: an IndexProgress, counting faces, then an AgreementProgress.
        switched: the model (str) that answers from now on, and its Engine.
        ended: the model (str) that does not take over, and why not, as a plain sentence; "" when
            the user stopped it.
        offered: the model (str) that waits for the user's word, see `offer`.
        changed: `offer` or `taken` is another one.
    """

    progressed = Signal(object)
    switched = Signal(str, object)
    ended = Signal(str, str)
    offered = Signal(str)
    changed = Signal()

    def __init__(
        self,
        session: Host,
        load: "Callable[[str], Engine]",
        slot: jobs.EngineSlot,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.task: Task | None = None  # while faces are getting codes of another model
        self.offer: Offer | None = None
        self.taken: Taken | None = None  # the last change, until it is dismissed
        self._session, self._load, self._slot = session, load, slot
        kept = session.settings
        if kept.tells_switch and kept.previous_model:  # the window was closed meanwhile
            self.taken = Taken(kept.model, kept.previous_model, None)

    def start(self, model: str) -> None:
        """Let another model answer as soon as every face of the library has a code of it.

        Until then the old model and its codes do. What was begun goes on at the next start. Where
        the two can be compared and the new one is worse, it is offered instead.
        """
        is_compared = model != self._session.settings.model and self._session.expects_engine
        self._start(model, partial(self._load, model), is_compared=is_compared)

    def accept(self) -> None:
        """Take the model that is offered."""
        if self.offer is not None:
            engine = self.offer.engine
            self._start(self.offer.model, lambda: engine, report=self.offer.report)

    def decline(self) -> None:
        """Keep the present model. The codes of the other one stay in the library."""
        if self.offer is not None:
            self._end(self.offer.model)

    def go_back(self) -> None:
        """Let the model answer again that did before, without asking."""
        if self.taken is not None and self.taken.before:
            self._start(self.taken.before, partial(self._load, self.taken.before))

    def dismiss(self) -> None:
        """Say no more of the last change."""
        self.taken = None
        self._session.remember(tells_switch=False)
        self.changed.emit()

    def go_on(self) -> None:
        """Go on with what the last closing of the window cut off."""
        model = self._session.settings.next_model
        is_busy = self.task is not None or self.offer is not None
        if model and not is_busy and not self._session.runner.is_shut_down:
            self._session.switch_model(model)

    def code_anew(self, engine: "Engine") -> None:
        """Code a library that an earlier version of the model coded, or another one meanwhile."""
        session = self._session
        is_closed = session.runner.is_shut_down
        if session.settings.next_model or is_closed or not session.library_path.is_file():
            return

        def is_behind(library: "Library") -> bool:
            return library.faces_without_code(engine.encoder.model_id) > 0

        def act(is_so: bool) -> None:
            if is_so and self.task is None and not session.runner.is_shut_down:
                session.switch_model(session.settings.model)

        session.read(is_behind).succeeded.connect(act)

    def _start(
        self,
        model: str,
        load: "Callable[[], Engine]",
        *,
        is_compared: bool = False,
        report: "AgreementReport | None" = None,
    ) -> None:
        if self.task is not None:
            old, self.task = self.task, None
            old.cancel()
        self.offer = self.taken = None
        self.changed.emit()
        session = self._session
        session.remember(next_model=model)
        task = session.runner.start(
            "index",
            jobs.switch_model,
            session.library_path,
            load,
            self._slot,
            is_compared=is_compared,
        )
        self.task = task
        task.progressed.connect(self._if_newest(task, self.progressed.emit))
        task.succeeded.connect(self._if_newest(task, partial(self._finish, model, report)))
        task.failed.connect(self._if_newest(task, lambda error: self._end(model, str(error))))
        task.cancelled.connect(lambda: self._if_newest(task, self._end)(model))

    def _if_newest(self, task: Task, act: Callable[..., None]) -> Callable[..., None]:
        def act_if_newest(*values: Any) -> None:
            if task is self.task and not self._session.runner.is_shut_down:
                act(*values)

        return act_if_newest

    def _finish(
        self,
        model: str,
        known: "AgreementReport | None",
        made: "tuple[Engine, AgreementReport | None]",
    ) -> None:
        self.task = None
        engine, report = made
        before = self._session.settings.model
        if report is not None and report.needs_word:
            self.offer = Offer(model, before, engine, report)
            self.offered.emit(model)
        else:
            before = before if before != model else ""
            self.taken = Taken(model, before, report or known)
            kept: dict[str, Any] = {}
            if before:
                kept = {"previous_model": before, "tells_switch": True}
            self._session.remember(model=model, next_model="", **kept)
            self.switched.emit(model, engine)
        self.changed.emit()

    def _end(self, model: str, reason: str = "") -> None:
        self.task = self.offer = None
        self._session.remember(next_model="")
        self.ended.emit(model, reason)
        self.changed.emit()
