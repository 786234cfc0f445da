"""Analyse photos in worker processes: in order, bounded, and a photo that kills one costs itself.

Each worker builds an engine of its own from a recipe, computes with one thread, and has at most two
photos: the one it reads and the next. Its memory goes back to the system when it is replaced. Large
photos are read by one worker at a time, see `turns`.
"""

import multiprocessing
import os
import signal
import sys
import tempfile
import threading
import traceback
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import connection, forkserver
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from opqn_app.core import allocator
from opqn_app.core.errors import OpqnError
from opqn_app.engine import Recipe
from opqn_app.index.analysis import Analysed, analyse, given_up
from opqn_app.index.large_photo_turns import Turn
from opqn_app.index.plan import PendingFile

MAX_PHOTOS = 400  # of one worker; then a new one starts with fresh memory
MAX_AHEAD = 48  # results that wait for a slow photo before them
MAX_TRIES = (
    2  # a photo whose worker dies gets a second one: another program may have taken the memory
)
MAX_FAILED_STARTS = 3
DEPTH = 2  # photos handed to a worker, so that it never waits for us


@dataclass(frozen=True, slots=True)
class _Problem:
    """What a worker says instead of a result; an exception may not survive the pipe."""

    text: str
    is_known: bool

    def error(self) -> Exception:
        return OpqnError(self.text) if self.is_known else RuntimeError(f"in a worker: {self.text}")


@dataclass(slots=True, eq=False)
class _Job:
    number: int
    item: PendingFile
    tries: int = 0


@dataclass(slots=True, eq=False)
class _Worker:
    process: Any
    pipe: Connection
    jobs: deque[_Job] = field(default_factory=deque)
    n_given: int = 0
    is_ready: bool = False

    def give(self, job: _Job) -> None:
        self.jobs.append(job)
        self.n_given += 1
        with suppress(OSError):  # it has died; its end of the pipe tells
            self.pipe.send(job.item)

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()


def analyse_in_order(
    items: Iterable[PendingFile], root: Path, recipe: Recipe, n_workers: int
) -> Generator[tuple[PendingFile, Analysed], None, None]:
    """`analyse` of each item in `n_workers` processes; results come in the order of `items`.

    Closing the generator ends all workers at once, whatever they do.

    Raises:
        OpqnError: the engine can't be built, or workers end before they are ready.
    """
    pool = _Pool(root, recipe, n_workers)
    try:
        yield from pool.run(iter(items))
    finally:
        pool.close()


class _Pool:
    def __init__(self, root: Path, recipe: Recipe, n_workers: int) -> None:
        self._root = root
        self._recipe = recipe
        self._n_workers = n_workers
        self._context = _context(recipe)
        self._folder = tempfile.TemporaryDirectory(prefix="opqn-", ignore_cleanup_errors=True)
        self._workers: list[_Worker] = []
        self._again: deque[_Job] = deque()  # jobs of workers that died
        self._done: dict[int, tuple[PendingFile, Analysed]] = {}
        self._failed_starts = 0

    def run(self, items: Iterator[PendingFile]) -> Iterator[tuple[PendingFile, Analysed]]:
        fresh = (_Job(number, item) for number, item in enumerate(items))
        wanted, ahead = 0, next(fresh, None)
        while ahead is not None or wanted in self._done or self._again or self._busy():
            while self._again or (ahead is not None and ahead.number < wanted + MAX_AHEAD):
                worker = self._free_worker()
                if worker is None:
                    break
                if self._again:
                    worker.give(self._again.popleft())
                elif ahead is not None:
                    worker.give(ahead)
                    ahead = next(fresh, None)
            if wanted not in self._done:
                self._listen()
            while wanted in self._done:
                yield self._done.pop(wanted)
                wanted += 1

    def close(self) -> None:
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            worker.end()
        self._workers.clear()
        self._folder.cleanup()
        if self._context.get_start_method() == "forkserver":
            # It would hold the libraries it has imported for as long as the window is open.
            forkserver._forkserver._stop()  # type: ignore[attr-defined]

    def _busy(self) -> bool:
        return any(worker.jobs for worker in self._workers)

    def _free_worker(self) -> _Worker | None:
        """The one with the least to do; started, or replaced after many photos, as needed."""
        for worker in [w for w in self._workers if w.n_given >= MAX_PHOTOS and not w.jobs]:
            worker.end()
            self._workers.remove(worker)
        if len(self._workers) < self._n_workers:
            self._workers.append(self._start())
        able = [w for w in self._workers if len(w.jobs) < DEPTH and w.n_given < MAX_PHOTOS]
        return min(able, key=lambda worker: len(worker.jobs), default=None)

    def _start(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        turn_file = Path(self._folder.name) / "large-photo.lock"
        process = self._context.Process(
            target=_serve, args=(theirs, self._recipe, self._root, turn_file), daemon=True
        )
        process.start()
        theirs.close()
        return _Worker(process, ours)

    def _listen(self) -> None:
        """Wait for at least one worker to say something, or to die."""
        pipes = {worker.pipe: worker for worker in self._workers}
        for pipe in connection.wait(list(pipes)):
            worker = pipes[pipe]  # type: ignore[index]
            try:
                said = worker.pipe.recv()
            except (EOFError, OSError):
                self._bury(worker)
                continue
            if isinstance(said, _Problem):
                raise said.error()
            if isinstance(said, Analysed):
                job = worker.jobs.popleft()
                self._done[job.number] = (job.item, said)
            else:
                worker.is_ready = True
                self._failed_starts = 0

    def _bury(self, worker: _Worker) -> None:
        worker.end()
        self._workers.remove(worker)
        if not worker.is_ready:
            self._failed_starts += 1
            if self._failed_starts >= MAX_FAILED_STARTS:
                raise OpqnError(
                    "The processes that read photos end before they begin, perhaps for lack of "
                    "memory. Close other programs, or index with one worker."
                )
        elif worker.jobs:
            culprit = worker.jobs[0]
            culprit.tries += 1
            if culprit.tries >= MAX_TRIES:
                worker.jobs.popleft()
                self._done[culprit.number] = (culprit.item, given_up(culprit.item, _end_of(worker)))
        self._again.extendleft(reversed(worker.jobs))


def _end_of(worker: _Worker) -> str:
    """What happened to it, said of the photo it read."""
    if worker.process.exitcode == -getattr(signal, "SIGKILL", 9):
        return "the system ended the process that read it, perhaps for lack of memory"
    return "decoding it crashed the process that read it"


def _context(recipe: Recipe) -> Any:
    """How workers start: forked from a small server that has imported what all share, on Linux.

    Elsewhere each imports it anew: forking is not safe there once system libraries are in use.
    """
    if not sys.platform.startswith("linux"):
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    modules = ["opqn_app.index.workers", *recipe.modules, "opqn_app.index.fork_server"]
    context.set_forkserver_preload(modules)
    return context


def _serve(pipe: Connection, recipe: Recipe, root: Path, turn_file: Path) -> None:
    """The life of a worker: build the engine, then a result for each item until the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one that started us
    threading.Thread(target=_end_with_parent, daemon=True).start()
    allocator.give_back_large_buffers()
    turn = Turn(turn_file)
    try:
        engine = recipe.build()
        pipe.send("ready")
        while True:
            pipe.send(analyse(pipe.recv(), root, engine, turn))
    except (EOFError, BrokenPipeError):
        return
    except OpqnError as error:
        pipe.send(_Problem(str(error), is_known=True))
    except Exception:  # noqa: BLE001 - it is raised again on the other side
        pipe.send(_Problem(traceback.format_exc(), is_known=False))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
