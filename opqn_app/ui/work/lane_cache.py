"""A bounded cache filled in a lane: what a view paints is fetched when it is first painted."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from opqn_app.ui.work.tasks import TaskRunner

WAITING = 600  # older requests are dropped; what is still on screen asks again

Value = TypeVar("Value")


class LaneCache(QObject, Generic[Value]):
    """Keys → values, newest request first.

    Args:
        lane: where `load` runs.
        load: keys → raw values; a key that is left out has none.
        finish: raw value, or None if there is none → value; runs on the GUI thread.
        capacity: values to keep; the ones used longest ago go first.
        batch: keys a job, so that one database connection serves many.
        jobs: how many jobs at a time.

    Signals:
        ready: the set of keys that are there now.
    """

    ready = Signal(object)

    def __init__(
        self,
        runner: TaskRunner,
        lane: str,
        load: Callable[[Sequence[Any]], Mapping[Any, Any]],
        finish: Callable[[Any], Value],
        *,
        capacity: int,
        batch: int,
        jobs: int = 1,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._runner, self._lane = runner, lane
        self._load, self._finish = load, finish
        self._capacity, self._batch, self._max_jobs = capacity, batch, jobs
        self._values: OrderedDict[Hashable, Value] = OrderedDict()
        self._waiting: OrderedDict[Hashable, None] = OrderedDict()
        self._in_work: set[Hashable] = set()
        self._jobs = 0
        self._round = 0
        # One start a turn of the event loop: a paint asks for a whole screen.
        self._start_timer = QTimer(self)
        self._start_timer.setSingleShot(True)
        self._start_timer.setInterval(0)
        self._start_timer.timeout.connect(self._start_jobs)

    def get(self, key: Hashable) -> Value | None:
        """The value, or None and a `ready` later."""
        if key in self._values:
            self._values.move_to_end(key)
            return self._values[key]
        self._request(key)
        return None

    def held(self, key: Hashable) -> Value | None:
        """The value if it is there; asks for nothing."""
        return self._values.get(key)

    def clear(self) -> None:
        """Forget everything, e.g. since the library changed."""
        self._round += 1
        self._values.clear()
        self._waiting.clear()
        self._in_work.clear()

    def _request(self, key: Hashable) -> None:
        if key in self._in_work:
            return
        self._waiting[key] = None
        self._waiting.move_to_end(key)
        while len(self._waiting) > WAITING:
            self._waiting.popitem(last=False)
        if not self._start_timer.isActive():
            self._start_timer.start()

    def _start_jobs(self) -> None:
        while self._waiting and self._jobs < self._max_jobs:
            count = min(self._batch, len(self._waiting))
            self._start_job([self._waiting.popitem(last=True)[0] for _ in range(count)])

    def _start_job(self, keys: list[Hashable]) -> None:
        self._in_work.update(keys)
        self._jobs += 1
        begun = self._round
        task = self._runner.start(self._lane, self._load, keys)
        task.succeeded.connect(lambda found: self._keep(keys, found, begun))
        task.failed.connect(lambda _error: self._keep(keys, {}, begun))
        task.finished.connect(self._end_job)

    def _end_job(self) -> None:
        self._jobs -= 1
        self._start_jobs()

    def _keep(self, keys: list[Hashable], found: Mapping[Any, Any], begun: int) -> None:
        if begun != self._round:
            return
        for key in keys:
            self._values[key] = self._finish(found.get(key))
            self._in_work.discard(key)
        while len(self._values) > self._capacity:
            self._values.popitem(last=False)
        self.ready.emit(set(keys))
