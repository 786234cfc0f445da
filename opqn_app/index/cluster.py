"""Analyse photos on a Ray cluster: actors read them from a shared path, results come in order.

The library is written here and nowhere else, under the rules of any run, so a run that was
stopped goes on like any other. An actor that dies, or its machine, is replaced; its photos are
read again.
"""

import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from opqn_app.core.errors import OpqnError
from opqn_app.core.ray_cluster import connected
from opqn_app.engine import Engine
from opqn_app.index.analysis import Analysed, analyse
from opqn_app.index.plan import PendingFile
from opqn_app.index.pool import Died, Pool, Ready, Worker

AHEAD_PER_ACTOR = 16  # results that wait for a slow photo before them


@dataclass(slots=True, eq=False)
class _Handle:
    actor: Any
    ready: Any  # the reference that says its engine is built; None after that
    refs: deque[Any] = field(default_factory=deque)  # of the photos it was given, oldest first


class _Analyser:
    """Lives on some machine of the cluster, with an engine of its own."""

    def __init__(self) -> None:
        self._engine: Engine | None = None

    def build(self, build: Callable[[], Engine]) -> str:
        """Build the engine; returns its model's id."""
        self._engine = build()
        return self._engine.encoder.model_id

    def analyse(self, item: PendingFile, root: Path) -> Analysed:
        assert self._engine is not None, "built before any photo"
        return analyse(item, root, self._engine)


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where and how photos are analysed; a call is one run.

    Attributes:
        address: see `core.ray_cluster.connected`.
        build: builds the engine on each machine, where its model must be as well.
        model_id: what codes are stored as; an actor with another model is refused.
        n_gpus: graphics cards an actor needs.
    """

    address: str
    build: Callable[[], Engine]
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
            pool = Pool(_Actors(ray, self, root), n_actors, AHEAD_PER_ACTOR * n_actors)
            yield from pool.run(iter(items))


class _Actors:
    """The crew of `pool.Pool` on a cluster."""

    max_tries = 3  # machines go away for reasons of their own
    max_photos = sys.maxsize
    gives_early = False  # the cluster may have lent its processors to others
    cannot_start = (
        "The processes that read photos end before they begin, perhaps for lack of memory on the "
        "machines of the cluster."
    )

    def __init__(self, ray: Any, cluster: Cluster, root: Path) -> None:
        self._ray, self._cluster, self._root = ray, cluster, root
        options = {"num_cpus": 1, "num_gpus": cluster.n_gpus, "max_restarts": 0}
        self._make = ray.remote(_Analyser).options(**options).remote

    def start(self) -> _Handle:
        actor = self._make()
        return _Handle(actor, actor.build.remote(self._cluster.build))

    def give(self, worker: Worker, item: PendingFile) -> None:
        handle: _Handle = worker.handle
        handle.refs.append(handle.actor.analyse.remote(item, self._root))

    def listen(self, workers: Sequence[Worker]) -> Iterator[tuple[Worker, Ready | Analysed | Died]]:
        """Wait for one actor to be ready, to be done with its oldest photo, or to die."""
        handles = [(worker, worker.handle) for worker in workers]
        waiting = {h.ready or h.refs[0]: worker for worker, h in handles if h.ready or h.refs}
        for ref in self._ray.wait(list(waiting), num_returns=1)[0]:
            worker = waiting[ref]
            try:
                said = self._ray.get(ref)
            except self._ray.exceptions.RayTaskError as error:
                if isinstance(error.cause, OpqnError):
                    raise OpqnError(str(error.cause)) from error
                raise RuntimeError(f"in an actor: {error}") from error
            except self._ray.exceptions.RayError:  # it has died, or can't be reached any more
                said = Died(f"the processes that read it have ended {self.max_tries} times")
            else:
                if worker.handle.ready is None:
                    worker.handle.refs.popleft()
                else:
                    self._check(said)
                    worker.handle.ready, said = None, Ready()
            yield worker, said

    def end(self, worker: Worker) -> None:
        self._ray.kill(worker.handle.actor)

    def _check(self, model_id: str) -> None:
        if model_id != self._cluster.model_id:
            raise OpqnError(
                "A machine of the cluster has another model of that name. Install the same "
                "version of this program, and the same model, on all of them."
            )
