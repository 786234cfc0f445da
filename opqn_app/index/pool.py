"""Photos through many workers: in order, bounded, and a photo that kills one costs itself.

What a worker is, a process here or an actor of a cluster, is up to a `Crew`.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from opqn_app.core.errors import OpqnError
from opqn_app.index.analysis import Analysed, given_up
from opqn_app.index.plan import PendingFile

DEPTH = 2  # photos handed to a worker, so that it never waits for us
MAX_FAILED_STARTS = 3


@dataclass(slots=True, eq=False)
class Job:
    """A photo, and how many workers died of it."""

    number: int
    item: PendingFile
    tries: int = 0


@dataclass(slots=True, eq=False)
class Worker:
    """A worker and the photos it was given and has not answered for, oldest first.

    Attributes:
        handle: whatever the crew knows it by.
    """

    handle: Any
    jobs: deque[Job] = field(default_factory=deque)
    n_given: int = 0
    is_ready: bool = False


@dataclass(frozen=True, slots=True)
class Ready:
    """What a worker says once its engine is built."""


@dataclass(frozen=True, slots=True)
class Died:
    """What is said of a worker that is no more, as the reason why its photo failed.

    Attributes:
        is_late: it ran out of time; trying again would take as long.
    """

    reason: str
    is_late: bool = False


class Crew(Protocol):
    """Starts workers and talks with them.

    Attributes:
        max_tries: of a photo whose workers die: another program may have taken the memory.
        max_photos: of one worker, before a new one takes its place.
        gives_early: photos are handed to workers that are not ready yet. A worker that may never
            start would keep them.
        cannot_start: a sentence for workers that end before they are ready.
    """

    max_tries: int
    max_photos: int
    gives_early: bool
    cannot_start: str

    def start(self) -> Any:
        """The handle of a new worker, which builds its engine first of all."""

    def give(self, worker: Worker, item: PendingFile) -> None:
        """Hand it a photo; one that has died is told of by `listen`."""

    def listen(self, workers: Sequence[Worker]) -> Iterable[tuple[Worker, Ready | Analysed | Died]]:
        """Wait for at least one of them.

        Raises:
            OpqnError: an engine can't be built.
        """

    def end(self, worker: Worker) -> None:
        """Stop it now, whatever it does."""


class Pool:
    """`analyse` of photos by a crew.

    Args:
        n_workers: how many work at the same time.
        max_ahead: results that wait for a slow photo before them.
    """

    def __init__(self, crew: Crew, n_workers: int, max_ahead: int) -> None:
        self._crew, self._n_workers, self._max_ahead = crew, n_workers, max_ahead
        self._workers: list[Worker] = []
        self._again: deque[Job] = deque()  # of workers that died
        self._done: dict[int, tuple[PendingFile, Analysed]] = {}
        self._failed_starts = 0

    def run(self, items: Iterator[PendingFile]) -> Iterator[tuple[PendingFile, Analysed]]:
        """Each item with its result, in the order of `items`.

        Raises:
            OpqnError: an engine can't be built, or workers end before they are ready.
        """
        fresh = (Job(number, item) for number, item in enumerate(items))
        wanted, ahead = 0, next(fresh, None)
        while ahead is not None or wanted in self._done or self._again or self._busy():
            while self._again or (ahead is not None and ahead.number < wanted + self._max_ahead):
                worker = self._free_worker()
                if worker is None:
                    break
                if self._again:
                    self._give(worker, self._again.popleft())
                elif ahead is not None:
                    self._give(worker, ahead)
                    ahead = next(fresh, None)
            if wanted not in self._done:
                self._listen()
            while wanted in self._done:
                yield self._done.pop(wanted)
                wanted += 1

    def close(self) -> None:
        """End all workers at once, whatever they do."""
        for worker in self._workers:
            self._crew.end(worker)
        self._workers.clear()

    def _busy(self) -> bool:
        return any(worker.jobs for worker in self._workers)

    def _give(self, worker: Worker, job: Job) -> None:
        worker.jobs.append(job)
        worker.n_given += 1
        self._crew.give(worker, job.item)

    def _free_worker(self) -> Worker | None:
        """The one with the least to do; started, or replaced after many photos, as needed."""
        most = self._crew.max_photos
        for worker in [w for w in self._workers if w.n_given >= most and not w.jobs]:
            self._dismiss(worker)
        while len(self._workers) < self._n_workers:
            self._workers.append(Worker(self._crew.start()))
            if self._crew.gives_early:
                break  # the others start when there is work for them
        able = [
            worker
            for worker in self._workers
            if (worker.is_ready or self._crew.gives_early)
            and len(worker.jobs) < DEPTH
            and worker.n_given < most
        ]
        return min(able, key=lambda worker: len(worker.jobs), default=None)

    def _listen(self) -> None:
        for worker, said in self._crew.listen(self._workers):
            if isinstance(said, Died):
                self._bury(worker, said)
            elif isinstance(said, Ready):
                worker.is_ready = True
                self._failed_starts = 0
            else:
                job = worker.jobs.popleft()
                self._done[job.number] = (job.item, said)

    def _dismiss(self, worker: Worker) -> None:
        self._crew.end(worker)
        self._workers.remove(worker)

    def _bury(self, worker: Worker, said: Died) -> None:
        self._dismiss(worker)
        if not worker.is_ready:
            self._failed_starts += 1
            if self._failed_starts >= MAX_FAILED_STARTS:
                raise OpqnError(self._crew.cannot_start)
        elif worker.jobs:
            culprit = worker.jobs[0]
            culprit.tries += 1
            if said.is_late or culprit.tries >= self._crew.max_tries:
                worker.jobs.popleft()
                self._done[culprit.number] = (culprit.item, given_up(culprit.item, said.reason))
        self._again.extendleft(reversed(worker.jobs))
