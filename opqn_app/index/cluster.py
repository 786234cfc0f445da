"""Analyse photos on a Ray cluster: actors read them from a shared path, results come in order.

The library is written here and nowhere else, under the rules of any run, so a run that was
stopped goes on like any other. An actor that dies, or its machine, is replaced; its photos are
read again.
"""

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from opqn_app.core.errors import OpqnError
from opqn_app.core.ray_cluster import connected
from opqn_app.engine import Engine, Recipe
from opqn_app.index.analysis import Analysed, analyse, given_up
from opqn_app.index.plan import PendingFile

DEPTH = 2  # photos handed to an actor, so that it never waits for us
AHEAD_PER_ACTOR = 16  # results that wait for a slow photo before them
MAX_TRIES = 3  # of a photo whose actor dies: machines go away for reasons of their own
MAX_FAILED_STARTS = 3


@dataclass(slots=True, eq=False)
class _Job:
    number: int
    item: PendingFile
    tries: int = 0


@dataclass(slots=True, eq=False)
class _Actor:
    handle: Any
    ready: Any  # the reference that says its engine is built; None after that
    jobs: deque[_Job] = field(default_factory=deque)
    refs: deque[Any] = field(default_factory=deque)  # of the jobs


class _Analyser:
    """Lives on some machine of the cluster, with an engine of its own."""

    def __init__(self) -> None:
        self._engine: Engine | None = None

    def build(self, recipe: Recipe) -> str:
        """Build the engine; returns its model's id."""
        self._engine = recipe.build()
        return self._engine.encoder.model_id

    def analyse(self, item: PendingFile, root: Path) -> Analysed:
        assert self._engine is not None, "built before any photo"
        return analyse(item, root, self._engine)


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where and how photos are analysed; a call is one run.

    Attributes:
        address: see `core.ray_cluster.connected`.
        recipe: builds the engine on each machine, where its model must be as well.
        model_id: what codes are stored as; an actor with another model is refused.
        n_gpus: graphics cards an actor needs.
    """

    address: str
    recipe: Recipe
    model_id: str
    n_gpus: int = 0

    def __call__(
        self, items: Iterable[PendingFile], root: Path
    ) -> Generator[tuple[PendingFile, Analysed], None, None]:
        """`analyse` of each item; results in the order of `items`.

        Raises:
            OpqnError: Ray is missing or can't be reached, or actors can't be started.
        """
        items = list(items)
        if not items:
            return
        with connected(self.address) as ray:
            resource = "GPU" if self.n_gpus else "CPU"
            n_actors = min(int(ray.cluster_resources().get(resource, 0)), len(items))
            if not n_actors:
                raise OpqnError(f"The Ray cluster {self.address} has no {resource} to offer.")
            yield from _Pool(ray, self, root, n_actors).run(iter(items))


class _Pool:
    def __init__(self, ray: Any, cluster: Cluster, root: Path, n_actors: int) -> None:
        self._ray = ray
        self._cluster = cluster
        self._root = root
        self._n_actors = n_actors
        options = {"num_cpus": 1, "num_gpus": cluster.n_gpus, "max_restarts": 0}
        self._make = ray.remote(_Analyser).options(**options).remote
        self._actors: list[_Actor] = []
        self._again: deque[_Job] = deque()
        self._done: dict[int, tuple[PendingFile, Analysed]] = {}
        self._failed_starts = 0

    def run(self, items: Iterator[PendingFile]) -> Iterator[tuple[PendingFile, Analysed]]:
        fresh = (_Job(number, item) for number, item in enumerate(items))
        wanted, ahead = 0, next(fresh, None)
        while ahead is not None or wanted in self._done or self._again or self._busy():
            limit = wanted + AHEAD_PER_ACTOR * self._n_actors
            while len(self._actors) < self._n_actors:
                self._actors.append(self._start())
            for actor in sorted(self._actors, key=lambda actor: len(actor.jobs)):
                while actor.ready is None and len(actor.jobs) < DEPTH:
                    if self._again:
                        self._give(actor, self._again.popleft())
                    elif ahead is not None and ahead.number < limit:
                        self._give(actor, ahead)
                        ahead = next(fresh, None)
                    else:
                        break
            if wanted not in self._done:
                self._listen()
            while wanted in self._done:
                yield self._done.pop(wanted)
                wanted += 1

    def _busy(self) -> bool:
        return any(actor.jobs for actor in self._actors)

    def _start(self) -> _Actor:
        handle = self._make()
        return _Actor(handle, handle.build.remote(self._cluster.recipe))

    def _give(self, actor: _Actor, job: _Job) -> None:
        actor.jobs.append(job)
        actor.refs.append(actor.handle.analyse.remote(job.item, self._root))

    def _listen(self) -> None:
        """Wait for one actor to be ready, to be done with its oldest photo, or to die."""
        waiting = {a.ready or a.refs[0]: a for a in self._actors if a.ready or a.refs}
        for ref in self._ray.wait(list(waiting), num_returns=1)[0]:
            actor = waiting[ref]
            try:
                said = self._ray.get(ref)
            except self._ray.exceptions.RayTaskError as error:
                if isinstance(error.cause, OpqnError):
                    raise OpqnError(str(error.cause)) from error
                raise RuntimeError(f"in an actor: {error}") from error
            except self._ray.exceptions.RayError:  # it has died, or can't be reached any more
                self._bury(actor)
                continue
            if actor.ready is not None:
                self._welcome(actor, said)
            else:
                job = actor.jobs.popleft()
                actor.refs.popleft()
                self._done[job.number] = (job.item, said)

    def _welcome(self, actor: _Actor, model_id: str) -> None:
        if model_id != self._cluster.model_id:
            raise OpqnError(
                "A machine of the cluster has another model of that name. Install the same "
                "version of this program, and the same model, on all of them."
            )
        actor.ready = None
        self._failed_starts = 0

    def _bury(self, actor: _Actor) -> None:
        self._actors.remove(actor)
        self._ray.kill(actor.handle)
        if actor.ready is not None:
            self._failed_starts += 1
            if self._failed_starts >= MAX_FAILED_STARTS:
                raise OpqnError(
                    "The processes that read photos end before they begin, perhaps for lack of "
                    "memory on the machines of the cluster."
                )
            return
        culprit = actor.jobs[0]
        culprit.tries += 1
        if culprit.tries >= MAX_TRIES:
            actor.jobs.popleft()
            reason = f"the processes that read it have ended {MAX_TRIES} times"
            self._done[culprit.number] = (culprit.item, given_up(culprit.item, reason))
        self._again.extendleft(reversed(actor.jobs))
