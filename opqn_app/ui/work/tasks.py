"""Run functions and generators off the GUI thread, in lanes, and report on the GUI thread."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from inspect import isgenerator
from typing import Any

from PySide6.QtCore import SIGNAL, QObject, Qt, QTimer, Signal

from opqn_app.core.errors import OpqnError

logger = logging.getLogger(__name__)

# Workers a lane; one worker = strict order. "index" alone writes, "query" searches, "read" fetches
# pages of records while a query runs, "thumbs" decodes pictures, "load" imports the models,
# "people" keeps the decisions about faces, "groups" groups them, "exchange" reads what other
# programs know and copies photos.
LANES = {"index": 1, "query": 1, "read": 1, "thumbs": 2, "load": 1, "people": 1, "groups": 1,
         "exchange": 1}  # fmt: skip

# Of a task: name → what it gives.
_SIGNALS = {
    **dict.fromkeys(("progressed", "succeeded", "failed"), "PyObject"),
    **dict.fromkeys(("cancelled", "finished"), ""),
}


class Task(QObject):
    """One job in a lane.

    Signals:
        progressed: a value the generator yielded (the newest; older ones are dropped).
        succeeded: what the function or generator returned.
        failed: the exception; an OpqnError is for showing, anything else is a bug.
        cancelled: the job was closed before its end.
        finished: after exactly one of the three above.
    """

    progressed = Signal(object)
    succeeded = Signal(object)
    failed = Signal(object)
    cancelled = Signal()
    finished = Signal()
    _posted = Signal()

    def __init__(self, job: Callable[[], Any], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._job = job
        self._events: deque[tuple[str, Any]] = deque()
        self._is_posted = False
        self._cancel = threading.Event()
        self._running = threading.Event()
        self._running.set()
        self.is_done = False
        self.is_kept = False  # done even if the window is closed before its turn comes
        self._posted.connect(self._drain, Qt.ConnectionType.QueuedConnection)

    @property
    def is_paused(self) -> bool:
        return not self._running.is_set()

    def pause(self) -> None:
        """Stop at the next yield until `resume`; what is committed stays committed."""
        self._running.clear()

    def resume(self) -> None:
        self._running.set()

    def cancel(self) -> None:
        """Close the generator at its next yield, or drop the job if it has not begun."""
        self._cancel.set()
        self._running.set()

    def run(self) -> None:
        """Do the job; called once, on the lane's thread."""
        if self._cancel.is_set():
            self._post("cancelled", None)
            return
        try:
            result = self._job()
            if isgenerator(result):
                self._iterate(result)
            else:
                self._post("cancelled" if self._cancel.is_set() else "succeeded", result)
        except OpqnError as error:
            self._post("failed", error)
        except Exception as error:
            logger.exception("a background job failed")
            self._post("failed", error)

    def _iterate(self, generator: Generator[Any, Any, Any]) -> None:
        while True:
            self._running.wait()
            if self._cancel.is_set():
                generator.close()
                self._post("cancelled", None)
                return
            try:
                self._post("progressed", next(generator))
            except StopIteration as stop:
                self._post("succeeded", stop.value)
                return

    def _post(self, kind: str, value: Any) -> None:
        self._events.append((kind, value))
        if not self._is_posted:  # one call is enough for all that waits
            self._is_posted = True
            self._posted.emit()

    def _drain(self) -> None:
        self._is_posted = False  # before the first pop: what comes later posts again
        events = []
        while self._events:
            events.append(self._events.popleft())
        progress = [value for kind, value in events if kind == "progressed"]
        if progress:
            self.progressed.emit(progress[-1])
        for kind, value in events:
            if kind == "progressed":
                continue
            self.is_done = True
            if kind == "cancelled":
                self.cancelled.emit()
            else:
                getattr(self, kind).emit(value)
            self.finished.emit()
            self._let_go()

    def _let_go(self) -> None:
        """Drop what is connected, which often names the task itself.

        Qt holds a connected function where Python's collector can't see it: such a task, and all
        that its functions name, would never go.
        """
        for name, values in _SIGNALS.items():
            # QMetaMethod.fromSignal would hold the task for ever itself.
            if self.receivers(SIGNAL(f"{name}({values})")):
                getattr(self, name).disconnect()


class TaskRunner(QObject):
    """Owns the lanes. Jobs of one lane run in the order they were started."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lanes = {
            name: ThreadPoolExecutor(workers, thread_name_prefix=f"lane-{name}")
            for name, workers in LANES.items()
        }
        self._tasks: set[Task] = set()
        self._finished: list[Task] = []
        self._sweep_timer = QTimer(self)
        self._sweep_timer.setSingleShot(True)
        self._sweep_timer.timeout.connect(self._finished.clear)
        self._held: list[tuple[str, Task]] | None = None
        self._at_end: list[tuple[str, Callable[[], None]]] = []
        self.is_shut_down = False

    def start(self, lane: str, job: Callable[..., Any], *args: Any, **kwargs: Any) -> Task:
        """Run `job(*args, **kwargs)` in `lane`; a generator's yields become progress.

        After `shutdown` the task is made but never runs: a late timer needs no special case.
        """
        # No parent: closures connected to a task may hold the last reference to the runner, and
        # Qt would then delete the task a second time, as the runner's child.
        task = Task(lambda: job(*args, **kwargs))
        if self.is_shut_down:
            return task
        self._tasks.add(task)
        task.finished.connect(self._forget_finished)
        if self._held is None:
            self._lanes[lane].submit(task.run)
        else:
            self._held.append((lane, task))
        return task

    def hold(self) -> None:
        """Keep new jobs back until `release`: the first paint shares the processor with nobody."""
        self._held = []

    def release(self) -> None:
        """Run what was held back, and from now on everything at once."""
        held, self._held = self._held or [], None
        for lane, task in held:
            self._lanes[lane].submit(task.run)

    def at_end(self, lane: str, job: Callable[[], None]) -> None:
        """Run `job` on a lane of one worker when all else of it has ended, at `shutdown`.

        What a lane's thread has opened, it has to close.
        """
        self._at_end.append((lane, job))

    def shutdown(self) -> None:
        """Cancel everything but what is kept, and wait for the lanes; call before Qt goes away.

        Kept tasks count on lanes that have a job `at_end`.
        """
        if self.is_shut_down:
            return
        self.is_shut_down = True
        for task in list(self._tasks):
            if not task.is_kept:
                task.cancel()
        for name, job in self._at_end:
            self._lanes[name].submit(job)  # what waits before it is cancelled, and ends at once
        kept = {name for name, _ in self._at_end}
        for name, lane in self._lanes.items():
            lane.shutdown(wait=True, cancel_futures=name not in kept)

    def _forget_finished(self) -> None:
        done = {task for task in self._tasks if task.is_done}
        self._tasks -= done
        self._finished += done  # one of them is sending its signal: it may not die here
        self._sweep_timer.start()
