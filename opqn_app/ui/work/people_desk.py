"""Who is who, for every page: one view of all people, and each gesture that changes it.

All of it runs on one lane, in the order it was asked for. A page shows `view` and listens to
`changed`; it never reads or writes decisions itself.
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QObject, QTimer, Signal

from opqn_app.core.errors import LibraryLocked, OpqnError
from opqn_app.ui.work import people_gestures as make
from opqn_app.ui.work.exchange_jobs import draw_waiting
from opqn_app.ui.work.grouping_run import GroupingRun
from opqn_app.ui.work.people_jobs import Answer, PeopleView, PeopleWork, look_at_box

if TYPE_CHECKING:
    from opqn_app.core.types import Box
    from opqn_app.engine import Engine
    from opqn_app.opqn.face_encoder import FaceEncoder
    from opqn_app.people.guesses import Guesses
    from opqn_app.people.ledger import Ledger, Outcome
    from opqn_app.store.records import LibraryStatus, ModelInfo, NewFace, PhotoRecord
    from opqn_app.ui.work.jobs import EngineSlot
    from opqn_app.ui.work.tasks import Task, TaskRunner

FAULT = "This could not be done, by a fault of this program; its log file says more."
QUIET_MS = 60_000  # without a gesture, after which groups follow what was said
WHILE_INDEXING_MS = 10_000  # how often new faces are looked at while a folder is indexed

Gesture = Callable[["Ledger"], "Outcome | None"]


class DeskHost(Protocol):
    """What the desk has to know of the session."""

    runner: "TaskRunner"
    library_path: Path

    @property
    def is_indexing(self) -> bool: ...
    @property
    def status_read(self) -> Any: ...
    @property
    def engine_ready(self) -> Any: ...
    @property
    def indexing_started(self) -> Any: ...
    def load_engine(self) -> None: ...


class PeopleDesk(QObject):
    """People and groups as they are now. Every signal arrives on the GUI thread.

    Gestures come back at once. Each ends with `told`, `refused` or `doubted`, and with `changed`
    if it was made.

    Signals:
        changed: a PeopleView, after every gesture and after faces came or went.
        told: what was done, in words.
        refused: why something was not done, as a plain sentence; nothing has changed.
        doubted: a Doubt; nothing has changed. `decide` makes one of its choices.
        answered: an Answer, for whoever wants to know which people a gesture has changed.
        grouping_progressed: a GroupingProgress.

    Attributes:
        view: None until the library was looked at, and while there is none.
        grouping: groups new faces in the background.
    """

    changed = Signal(object)
    told = Signal(str)
    refused = Signal(str)
    doubted = Signal(object)
    answered = Signal(object)
    grouping_progressed = Signal(object)

    def __init__(self, session: "DeskHost", slot: "EngineSlot", parent: QObject) -> None:
        super().__init__(parent)
        self.view: PeopleView | None = None
        self._session, self._slot = session, slot
        self._runner = session.runner
        self._work = PeopleWork(session.library_path)
        self._runner.at_end("people", self._work.close)
        self._engine: Engine | None = None
        self._revision: int | None = None  # of the library when it was last looked at
        self._grouped: tuple[int | None, str] | None = None  # the last one
        self._refreshing = False
        self._is_stale = False
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._refresh)
        self._quiet = QTimer(self, singleShot=True)
        self._quiet.timeout.connect(self._group_again)
        self.grouping = GroupingRun(session.runner, session.library_path, self)
        self.grouping.progressed.connect(self.grouping_progressed)
        self.grouping.ended.connect(lambda _words: self._on_grouped())
        session.indexing_started.connect(lambda _root: self._on_indexing())
        session.status_read.connect(self._on_status)
        session.engine_ready.connect(self._on_engine)

    def name_of(self, face_id: int) -> str | None:
        """The name of a face, None where it has none or the person is hidden."""
        return None if self.view is None else self.view.name_of(face_id)

    # Gestures

    def decide(self, gesture: Gesture) -> "Task":
        """Make any gesture: a function of the ledger that returns its outcome.

        Returns:
            What ends with the Answer to this one.
        """
        task = self._runner.start("people", self._work.act, gesture)
        task.is_kept = True  # what was said is not lost by closing the window at once
        task.succeeded.connect(self._on_answer)
        task.failed.connect(self._on_failed)
        return task

    def name(
        self, face_ids: Sequence[int], name: str, *, is_new: bool = False, is_twice: bool = False
    ) -> "Task":
        """Say who faces are: the person of that name, or a new one."""
        return self.decide(
            partial(make.name, tuple(face_ids), name, is_new=is_new, is_twice=is_twice)
        )

    def answer(
        self,
        person: int,
        yes: Sequence[int] = (),
        no: Sequence[int] = (),
        *,
        is_twice: bool = False,
    ) -> None:
        """Answer "is this Anna?" for faces, as one gesture."""
        self.decide(partial(make.answer, person, tuple(yes), tuple(no), is_twice=is_twice))

    def reject(self, face_ids: Sequence[int], person: int) -> None:
        """Say that faces are not a person; this is never suggested again."""
        self.answer(person, no=face_ids)

    def set_apart(self, face_ids: Sequence[int], others: Sequence[int]) -> None:
        """Say that faces are none of the people of other faces."""
        self.decide(partial(make.set_apart, tuple(face_ids), tuple(others)))

    def merge(self, person: int, other: int, *, is_twice: bool = False) -> None:
        """Say that two people are one, who keeps the first's name."""
        self.merge_all(person, (other,), is_twice=is_twice)

    def merge_all(
        self,
        person: int,
        others: Sequence[int],
        face_ids: Sequence[int] = (),
        *,
        is_twice: bool = False,
    ) -> "Task":
        """Say that other people, and faces that nobody decided on, are a person: one gesture."""
        gesture = partial(make.merge, person, tuple(others), tuple(face_ids), is_twice=is_twice)
        return self.decide(gesture)

    def split(self, person: int, face_ids: Sequence[int], name: str | None = None) -> None:
        """Say that some faces of a person are somebody else."""
        self.decide(partial(make.split, person, tuple(face_ids), name))

    def hide(self, person: int, *, hidden: bool = True) -> None:
        """Take a person out of what is shown, or back in."""
        self.decide(partial(make.hide, person, hidden=hidden))

    def hide_faces(self, face_ids: Sequence[int]) -> None:
        """Take faces that nobody named out of what is shown."""
        self.decide(partial(make.hide_all, (), tuple(face_ids)))

    def hide_all(
        self, persons: Sequence[int], face_ids: Sequence[int], *, hidden: bool = True
    ) -> None:
        """Take people, and faces that nobody named, out of what is shown: one gesture."""
        self.decide(partial(make.hide_all, tuple(persons), tuple(face_ids), hidden=hidden))

    def no_face(self, face_ids: Sequence[int], *, is_face: bool = False) -> None:
        """Say that what was found is no face, or is one after all."""
        self.decide(partial(make.no_face, tuple(face_ids), is_face=is_face))

    def rename(self, person: int, name: str) -> "Task":
        """Give a person another name, or a first one."""
        return self.decide(partial(make.rename, person, name))

    def choose_picture(self, person: int, face_id: int) -> None:
        """Let a face stand for its person."""
        self.decide(partial(make.choose_picture, person, face_id))

    def undo(self) -> None:
        """Undo the last gesture, whoever made it and whenever."""
        self.decide(make.undo)

    def redo(self) -> None:
        """Redo what was undone last."""
        self.decide(make.redo)

    def draw_box(self, photo: "PhotoRecord", box: "Box", then: Callable[[int], None]) -> None:
        """Add a face that the user drew a box around; `then` gets its id once the view has it.

        Args:
            box: in pixels of the upright photo.
        """
        self._session.load_engine()
        task = self._runner.start("index", look_at_box, photo, box, self._slot)
        task.failed.connect(self._on_failed)
        task.succeeded.connect(lambda seen: self._add_drawn(photo, box, seen, then))

    def _add_drawn(
        self,
        photo: "PhotoRecord",
        box: "Box",
        seen: tuple["NewFace", "ModelInfo"],
        then: Callable[[int], None],
    ) -> None:
        def again(error: Exception) -> None:
            if isinstance(error, LibraryLocked) and self._session.is_indexing:
                self.draw_box(photo, box, then)  # as soon as that has ended
            else:
                self._on_failed(error)

        task = self._runner.start("people", self._work.add_drawn, photo, *seen)
        task.is_kept = True
        task.failed.connect(again)
        task.succeeded.connect(lambda face_id: self._refresh(lambda: then(face_id)))

    def draw_waiting(self) -> "Task":
        """Make faces of drawn boxes that have none yet; the view follows."""
        self._session.load_engine()
        task = self._runner.start("index", draw_waiting, self._session.library_path, self._slot)
        task.failed.connect(self._on_failed)
        task.finished.connect(lambda: self._refresh())
        return task

    # Reading

    def ask(
        self,
        job: Callable[["Ledger", "Guesses"], Any],
        then: Callable[[Any], None] | None = None,
    ) -> "Task":
        """Run `job(ledger, guesses)` on the lane; `then` gets what it returns."""
        task = self._runner.start("people", self._work.ask, job)
        if then is not None:
            task.succeeded.connect(then)
        return task

    def refresh(self) -> None:
        """Look at the library anew, for instance since faces were grouped."""
        self._refresh()

    @property
    def encoder(self) -> "FaceEncoder | None":
        """Of the model that answers now; None while none is loaded."""
        return None if self._engine is None else self._engine.encoder

    @property
    def can_group(self) -> bool | None:
        """Whether the model that answers now can group faces; None while none is loaded."""
        if self._engine is None:
            return None
        return getattr(self._engine.encoder, "links", None) is not None

    def group(self) -> None:
        """Group the faces that are new, in the background."""
        if self._engine is not None and self.can_group and not self._session.is_indexing:
            self._grouped = (self._revision, self._engine.encoder.model_id)
            self.grouping.start(self._engine.encoder)

    def _group_if_new(self) -> None:
        """Group what came since the last time, unless the user stopped it."""
        if self._engine is None or self._revision is None or self.grouping.was_stopped:
            return
        is_new = self._grouped != (self._revision, self._engine.encoder.model_id)
        if is_new and not self.grouping.is_running:  # else it is looked for when that ends
            self.group()

    def _group_again(self) -> None:
        """After something was said that lets other faces be joined."""
        if self.grouping.is_running:  # it may have begun before
            self._quiet.start(QUIET_MS)
        elif not (self.grouping.was_stopped or self._runner.is_shut_down):
            self.group()

    def _on_indexing(self) -> None:
        if self.grouping.is_running:  # the processor is for one of them; what is listed stays
            self.grouping.stop()
            self._grouped = None

    def _on_grouped(self) -> None:
        self._refresh()
        self._group_if_new()

    def _on_status(self, status: "LibraryStatus") -> None:
        if status.revision == self._revision:
            if not self._session.is_indexing:  # a run that found nothing may have stopped it
                self._group_if_new()
            return
        self._revision = status.revision
        if self.view is None or not self._session.is_indexing:
            self._refresh()
            self._group_if_new()
        elif not self._timer.isActive():  # it costs a second or so in a large library
            self._timer.start(WHILE_INDEXING_MS)

    def _on_engine(self, engine: "Engine") -> None:
        self._engine = engine
        self._refresh()
        self._group_if_new()

    def _refresh(self, then: Callable[[], None] | None = None) -> None:
        if self._refreshing and then is None:
            self._is_stale = True
            return
        self._timer.stop()
        self._refreshing = True
        encoder = None if self._engine is None else self._engine.encoder
        task = self._runner.start("people", self._work.refresh, encoder)
        task.succeeded.connect(self._show)
        if then is not None:
            task.succeeded.connect(lambda _view: then())
        task.failed.connect(self._on_failed)
        task.finished.connect(self._end_refresh)

    def _end_refresh(self) -> None:
        self._refreshing = False
        if self._is_stale:
            self._is_stale = False
            self._refresh()

    def _show(self, view: PeopleView | None) -> None:
        if view is not None and not self._runner.is_shut_down:
            self.view = view
            self.changed.emit(view)

    def _on_answer(self, answer: Answer) -> None:
        if self._runner.is_shut_down:
            return
        self._show(answer.view)
        self.answered.emit(answer)
        if answer.regroups:
            self._quiet.start(QUIET_MS)
        if answer.doubt is not None:
            self.doubted.emit(answer.doubt)
        elif answer.words:
            self.told.emit(answer.words)

    def _on_failed(self, error: Exception) -> None:
        if not self._runner.is_shut_down:
            self.refused.emit(str(error) if isinstance(error, OpqnError) else FAULT)
