"""The window's state: settings, library, engine and the jobs that run on them; no widget."""

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QImage

from opqn_app.core import paths
from opqn_app.core import settings as settings_file
from opqn_app.core.settings import Settings
from opqn_app.ui.work import jobs
from opqn_app.ui.work.face_memory import FaceMemory
from opqn_app.ui.work.folder_watch import FolderWatch
from opqn_app.ui.work.model_switch import ModelSwitch
from opqn_app.ui.work.people_desk import PeopleDesk
from opqn_app.ui.work.tasks import Task, TaskRunner

if TYPE_CHECKING:
    from opqn_app.engine import Engine
    from opqn_app.index.progress import IndexProgress
    from opqn_app.index.watching import Found
    from opqn_app.opqn.several_photos import People
    from opqn_app.store.library import Library

logger = logging.getLogger(__name__)

COALESCE_MS = 400  # commits closer together than this are one `library_changed`

Failure = Exception  # an OpqnError is for showing, anything else is a bug


@dataclass(frozen=True, slots=True)
class IndexRequest:
    """A folder that waits for its turn to be indexed."""

    root: Path
    options: dict[str, Any] = field(default_factory=dict)


class Session(QObject):
    """What the pages share. Every signal arrives on the GUI thread.

    Args:
        settings: the user's choices; changed by `change_settings`.
        library: a library file for this time only, which no setting remembers.
        engine_factory: (model, device) → Engine; runs once, in the "load" lane.

    Signals:
        settings_changed: the new Settings.
        engine_ready: the Engine.
        engine_failed: why not, as a plain sentence.
        model_switch_progressed: an IndexProgress or an AgreementProgress; see `switch_model`.
        model_switched: the model (str) that answers from now on.
        model_switch_ended: the model (str) that does not take over, and why not, as a plain
            sentence; "" when the user stopped it.
        model_offered: the model (str) that is ready and waits for the user's word, see `switch`.
        status_read: a LibraryStatus, after `refresh_status` and after every change.
        status_failed: why the library can't be read, as a plain sentence.
        library_changed: faces came or went; bursts of commits are one signal.
        indexing_queued: a folder (Path) waits or was taken up; see `waiting_roots`.
        indexing_started: the folder (Path).
        indexing_progressed: an IndexProgress.
        indexing_paused: True when paused, False when resumed.
        indexing_finished: the folder (Path) and its IndexReport.
        indexing_cancelled: the folder (Path); what was committed stays.
        indexing_failed: the folder (Path) and the exception.
        root_forgotten: the folder (Path) and a ForgetReport.
        forget_failed: the folder (Path) and the exception.
        query_photo_opened: an OpenedPhoto, shown while its faces are being found.
        query_faces_found: the OpenedPhoto and its list of FoundFace, largest first.
        query_failed: why there is no answer, as a plain sentence.
        results_ready: a SearchOutcome.
    """

    settings_changed = Signal(object)
    engine_ready = Signal(object)
    engine_failed = Signal(str)
    model_switch_progressed = Signal(object)
    model_switched = Signal(str)
    model_switch_ended = Signal(str, str)
    model_offered = Signal(str)
    status_read = Signal(object)
    status_failed = Signal(str)
    library_changed = Signal()
    indexing_queued = Signal()
    indexing_started = Signal(object)
    indexing_progressed = Signal(object)
    indexing_paused = Signal(bool)
    indexing_finished = Signal(object, object)
    indexing_cancelled = Signal(object)
    indexing_failed = Signal(object, object)
    root_forgotten = Signal(object, object)
    forget_failed = Signal(object, object)
    query_photo_opened = Signal(object)
    query_faces_found = Signal(object, object)
    query_failed = Signal(str)
    results_ready = Signal(object)

    def __init__(
        self,
        settings: Settings,
        *,
        library: Path | None = None,
        engine_factory: "Callable[[str, str], Engine] | None" = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.settings = settings
        self.library_path = library or settings.library_path
        self.runner = TaskRunner(self)
        self.status: Any = None  # the newest LibraryStatus, None until read
        self.coding_problem = ""  # why the faces have no codes of the model, if that was tried
        self._engine_factory = engine_factory or partial(jobs.load_engine, settings.detector)
        self._slot = jobs.EngineSlot()
        self._load_task: Task | None = None
        self.switch = ModelSwitch(self, self._engine_of, self._slot, self)
        self.switch.progressed.connect(self.model_switch_progressed)
        self.switch.switched.connect(self._on_switched)
        self.switch.ended.connect(self._on_switch_ended)
        self.switch.offered.connect(self._on_offered)
        self._searcher = jobs.Searcher(self.library_path)
        self._waiting: deque[IndexRequest] = deque()
        self._index_task: Task | None = None
        self._request: IndexRequest | None = None  # the one that runs
        self.index_progress: IndexProgress | None = None  # of that one, once it is known
        self._query_task: Task | None = None
        self._opened: jobs.OpenedPhoto | None = None  # the photo that was announced last
        self._done_before = 0
        self._change_timer = QTimer(self, singleShot=True, interval=COALESCE_MS)
        self._change_timer.timeout.connect(self.library_changed)
        self.library_changed.connect(self.refresh_status)
        self.memory = FaceMemory(self, self._searcher, self)
        self.people = PeopleDesk(self, self._slot, self)
        self.watch = FolderWatch(self, self)

    # Engine and settings

    @property
    def has_engine(self) -> bool:
        return self._slot.is_ready

    @property
    def expects_engine(self) -> bool:
        """The engine is there, or on its way."""
        return self._load_task is not None

    def load_engine(self) -> None:
        """Load the models in the background, once; later calls do nothing unless it failed."""
        if self._load_task is not None:
            return
        self._slot.reopen()
        factory = partial(self._engine_of, self.settings.model)
        self._load_task = self.runner.start("load", self._slot.fill, factory)
        self._load_task.succeeded.connect(self.engine_ready)
        self._load_task.succeeded.connect(self._prepare_search)
        self._load_task.succeeded.connect(self.switch.code_anew)
        self._load_task.failed.connect(self._on_engine_failed)
        self._load_task.finished.connect(self.switch.go_on)

    def _engine_of(self, model: str) -> "Engine":
        return self._engine_factory(model, self.settings.device)

    def _prepare_search(self, _engine: "Engine") -> None:
        """On the lane that loads: a query that comes first need not wait for it."""
        if not self.runner.is_shut_down:
            self.runner.start("load", self._searcher.prepare, self._slot)

    def change_settings(self, settings: Settings) -> None:
        """Take and save new settings; library file and device apply at the next start.

        Another model takes over as `switch_model` says.
        """
        model, now = settings.model, self.settings  # now is newer than what a dialog began with
        models = replace(settings, model=now.model, next_model=now.next_model)
        self._keep(replace(models, previous_model=now.previous_model))
        if model != now.model:
            self.switch_model(model)

    def _keep(self, settings: Settings) -> None:
        before, self.settings = self.settings, settings
        settings_file.keep(before, settings)
        self.settings_changed.emit(settings)

    def remember(self, **choices: Any) -> None:
        """Change a few settings by name, such as `min_probability=0.6`."""
        self._keep(replace(self.settings, **choices))

    def _on_engine_failed(self, error: Failure) -> None:
        self._load_task = None
        self.engine_failed.emit(str(error))

    # Changing the model

    @property
    def is_switching(self) -> bool:
        """Faces are getting codes of another model."""
        return self.switch.task is not None

    def switch_model(self, model: str) -> None:
        """Let another model answer as soon as every face has a code of it; see `ModelSwitch`."""
        self.switch.start(model)

    def _on_switched(self, model: str, engine: "Engine") -> None:
        self.coding_problem = ""
        self.model_switched.emit(model)
        self.engine_ready.emit(engine)
        self.mark_changed()
        self._start_next()

    def _on_offered(self, model: str) -> None:
        self.model_offered.emit(model)
        self._start_next()

    def _on_switch_ended(self, model: str, reason: str) -> None:
        if model == self.settings.model:
            self.coding_problem = reason
        self.model_switch_ended.emit(model, reason)
        self._start_next()

    # Reading and writing the library

    def read(self, job: Callable[["Library"], Any]) -> Task:
        """Run `job(library)` on a short-lived read connection, off the GUI thread."""
        return self.runner.start("read", jobs.read_library, self.library_path, job)

    def write(self, job: Callable[["Library"], Any]) -> Task:
        """Run `job(library)` on the writing connection, after the indexing that runs now."""
        task = self.runner.start("index", jobs.write_library, self.library_path, job)
        task.succeeded.connect(lambda _result: self.mark_changed())
        return task

    def refresh_status(self) -> None:
        task = self.read(lambda library: library.status())
        task.succeeded.connect(self._on_status)
        task.failed.connect(lambda error: self.status_failed.emit(str(error)))

    def forget(self, root: Path) -> None:
        """Remove a folder and its face codes from the library; its photos are not touched.

        A run of it, or of a folder in it, is stopped or no longer waits: it would bring it back.
        """
        self._waiting = deque(r for r in self._waiting if not r.root.is_relative_to(root))
        running = self.indexing_root
        if self._index_task is not None and running is not None and running.is_relative_to(root):
            self._index_task.cancel()
        self.indexing_queued.emit()
        task = self.runner.start("index", jobs.forget_root, self.library_path, root)
        task.succeeded.connect(lambda report: self.root_forgotten.emit(root, report))
        task.succeeded.connect(lambda _report: self.mark_changed())
        task.failed.connect(lambda error: self.forget_failed.emit(root, error))

    def _on_status(self, status: Any) -> None:
        self.status = status
        self.status_read.emit(status)

    def mark_changed(self) -> None:
        """Something in the library, or in reach of it, is different: tell everybody, soon."""
        if not self._change_timer.isActive():  # fires during a long burst too, not only after it
            self._change_timer.start()

    # Indexing

    @property
    def is_indexing(self) -> bool:
        return self._index_task is not None

    @property
    def is_paused(self) -> bool:
        task = self._index_task or self.switch.task
        return task is not None and task.is_paused

    @property
    def indexing_root(self) -> Path | None:
        """The folder being indexed now."""
        return self._request.root if self._request else None

    @property
    def waiting_roots(self) -> tuple[Path, ...]:
        return tuple(request.root for request in self._waiting)

    def index(
        self,
        root: Path,
        *,
        retry_failures: bool = False,
        failure_ids: Sequence[int] | None = None,
        thorough: bool = False,
        accept_missing: bool = False,
    ) -> None:
        """Index `root`, after the folders that wait already; the same request waits only once."""
        options: dict[str, Any] = {}
        if retry_failures or failure_ids is not None:
            options["retry_failures"] = True
        if failure_ids is not None:
            options["failure_ids"] = tuple(failure_ids)
        if thorough:
            options["thorough"] = True
        if accept_missing:
            options["accept_missing"] = True
        self._index(root, options)

    def index_found(self, found: "Found") -> None:
        """Index what the watch has found; nobody asked for it."""
        self._index(found.root, {"folder": found.folder, "settled": found.settled})

    @property
    def is_unasked(self) -> bool:
        """The run that runs is one of those."""
        return self._request is not None and "settled" in self._request.options

    def _index(self, root: Path, options: dict[str, Any]) -> None:
        chosen = {"excludes": self.settings.excludes, "workers": self.settings.workers}
        request = IndexRequest(root, {**chosen, **options})
        if request != self._request and request not in self._waiting:
            self._waiting.append(request)
        self.indexing_queued.emit()
        self._start_next()

    def pause_indexing(self) -> None:
        task = self._index_task or self.switch.task
        if task is not None:
            task.pause()
            self.indexing_paused.emit(True)

    def resume_indexing(self) -> None:
        task = self._index_task or self.switch.task
        if task is not None:
            task.resume()
            self.indexing_paused.emit(False)

    def cancel_indexing(self) -> None:
        """Stop after the current batch and drop the waiting folders; committed faces stay."""
        self.watch.stop_for(self.waiting_roots)
        self._waiting.clear()
        task = self._index_task or self.switch.task
        if task is not None:
            task.cancel()

    def _start_next(self) -> None:
        if self._index_task is not None or self.switch.task is not None or not self._waiting:
            return
        self.load_engine()
        request = self._waiting.popleft()
        self._request, self._done_before = request, 0
        task = self.runner.start(
            "index", jobs.index_root, self.library_path, request.root, self._slot, **request.options
        )
        self._index_task = task
        root = request.root
        task.progressed.connect(self._on_index_progress)
        task.succeeded.connect(
            lambda report: self._end_indexing(self.indexing_finished, root, report)
        )
        task.failed.connect(lambda error: self._end_indexing(self.indexing_failed, root, error))
        task.cancelled.connect(lambda: self._end_indexing(self.indexing_cancelled, root))
        self.indexing_started.emit(root)

    def _on_index_progress(self, progress: "IndexProgress") -> None:
        self.index_progress = progress
        self.indexing_progressed.emit(progress)
        if progress.done != self._done_before:
            self._done_before = progress.done
            self.mark_changed()

    def _end_indexing(self, signal: Any, *values: Any) -> None:
        self._index_task = self._request = self.index_progress = None
        signal.emit(*values)
        self.mark_changed()
        self._start_next()

    # Queries: the newest one wins, an older answer is dropped

    def open_query(self, source: Path | bytes | QImage, name: str = "") -> None:
        """Open a photo and find the faces in it; answers by the `query_…` signals."""
        label = name or (source.name if isinstance(source, Path) else "the pasted picture")
        self.load_engine()
        task = self._start_query(jobs.open_query, source, label, self._slot)
        task.progressed.connect(self._if_newest(task, self._on_photo_opened))
        task.succeeded.connect(
            self._if_newest(task, lambda answer: self.query_faces_found.emit(*answer))
        )

    def _on_photo_opened(self, opened: jobs.OpenedPhoto) -> None:
        if opened is not self._opened:
            self._opened = opened
            self.query_photo_opened.emit(opened)

    def search_faces(self, crops: Sequence[jobs.Crop], people: "People" = ()) -> None:
        """`Searcher.search` with `crops`, (112, 112, 3) each; answers by `results_ready`."""
        self.load_engine()
        task = self._start_query(self._searcher.search, tuple(crops), self._slot, people)
        task.succeeded.connect(self._if_newest(task, self.results_ready.emit))

    def fetch_crops(
        self, face_ids: Sequence[int], then: Callable[[list[tuple[jobs.Crop, QImage]]], None]
    ) -> None:
        """Give `then` the crops and pictures of library faces, unless a newer query comes first."""
        task = self._start_query(jobs.crops_of_faces, self.library_path, tuple(face_ids))
        task.succeeded.connect(self._if_newest(task, then))

    @property
    def is_answering(self) -> bool:
        """A query is under way."""
        return self._query_task is not None and not self._query_task.is_done

    def drop_query(self) -> None:
        """Forget the query that runs now; its answer will be ignored."""
        if self._query_task is not None:
            self._query_task.cancel()
        self._query_task = None

    def _start_query(self, job: Callable[..., Any], *args: Any) -> Task:
        self.drop_query()
        task = self.runner.start("query", job, *args)
        self._query_task = task
        task.failed.connect(self._if_newest(task, lambda error: self.query_failed.emit(str(error))))
        return task

    def _if_newest(self, task: Task, act: Callable[[Any], None]) -> Callable[[Any], None]:
        def act_if_newest(value: Any) -> None:
            if task is self._query_task:
                act(value)

        return act_if_newest

    def sample_photos(self) -> Path:
        """The folder of sample photos shipped with the program."""
        return paths.resource("sample") / "photos"

    def sample_queries(self) -> list[Path]:
        """Photos of the people on the sample photos that are not among them."""
        return sorted((paths.resource("sample") / "queries").glob("*.jpg"))

    def shut_down(self) -> None:
        """Cancel everything and wait; what indexing has committed stays."""
        self._change_timer.stop()
        self._waiting.clear()
        self._slot.close()
        self.watch.shut_down()
        self.runner.shutdown()
