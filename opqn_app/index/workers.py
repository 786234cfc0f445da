"""Analyse photos in worker processes of this machine.

Each worker builds an engine of its own and computes with one thread. Its memory goes back to the
system when it is replaced. Large photos are read by one worker at a time, see `large_photo_turns`.
"""

import multiprocessing
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import connection
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from opqn_app.core import allocator, child
from opqn_app.core.errors import OpqnError
from opqn_app.core.helpers import helper_of, run_helper
from opqn_app.core.scratch import scratch_folder
from opqn_app.engine import Engine
from opqn_app.index.analysis import Analysed, analyse
from opqn_app.index.large_photo_turns import Turn
from opqn_app.index.plan import PendingFile
from opqn_app.index.pool import Died, Pool, Ready, Worker

MAX_PHOTOS = 400  # of one worker; then a new one starts with fresh memory
LONGEST_S = 600.0  # for one photo, with up to 120 s in which it waits for its turn
MAX_AHEAD = 48  # results that wait for a slow photo before them


def analyse_in_order(
    items: Iterable[PendingFile], root: Path, build: Callable[[], Engine], n_workers: int
) -> Generator[tuple[PendingFile, Analysed], None, None]:
    """`analyse` of each item in `n_workers` processes; results come in the order of `items`.

    Closing the generator ends all workers at once, whatever they do.

    Raises:
        OpqnError: the engine can't be built, or workers end before they are ready.
    """
    with scratch_folder() as folder:
        crew = _Processes(root, build, folder / "large-photo.lock")
        pool = Pool(crew, n_workers, MAX_AHEAD)
        try:
            yield from pool.run(iter(items))
        finally:
            pool.close()


@dataclass(frozen=True, slots=True)
class _Problem:
    """What a worker says instead of a result; an exception may not survive the pipe."""

    text: str
    is_known: bool

    def error(self) -> Exception:
        return OpqnError(self.text) if self.is_known else RuntimeError(f"in a worker: {self.text}")


@dataclass(frozen=True, slots=True, eq=False)
class _Handle:
    process: Any
    pipe: Connection


class _Processes:
    """The crew of `pool.Pool` on this machine."""

    max_tries = 2
    gives_early = True
    cannot_start = (
        "The processes that read photos end before they begin, perhaps for lack of memory. "
        "Close other programs, or index with one worker."
    )

    def __init__(self, root: Path, build: Callable[[], Engine], turn_file: Path) -> None:
        self.max_photos = MAX_PHOTOS
        self._work = helper_of(_serve, root, build, turn_file, LONGEST_S)
        self._context = multiprocessing.get_context("spawn")  # forking is not safe beside threads

    def start(self) -> _Handle:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=run_helper, args=(theirs, self._work), daemon=True)
        process.start()
        theirs.close()
        return _Handle(process, ours)

    def give(self, worker: Worker, item: PendingFile) -> None:
        with suppress(OSError):  # it has died; its end of the pipe tells
            worker.handle.pipe.send(item)

    def listen(self, workers: Sequence[Worker]) -> Iterator[tuple[Worker, Ready | Analysed | Died]]:
        by_pipe = {worker.handle.pipe: worker for worker in workers}
        for pipe in connection.wait(list(by_pipe)):
            worker = by_pipe[pipe]
            try:
                said = worker.handle.pipe.recv()
            except (EOFError, OSError):
                self.end(worker)
                code = worker.handle.process.exitcode
                said = Died(child.end_in_words(code, LONGEST_S), is_late=code == child.LATE)
            if isinstance(said, _Problem):
                raise said.error()
            yield worker, said

    def end(self, worker: Worker) -> None:
        worker.handle.process.kill()
        worker.handle.process.join()
        worker.handle.pipe.close()


def _serve(
    pipe: Connection, root: Path, build: Callable[[], Engine], turn_file: Path, longest_s: float
) -> None:
    """The life of a worker: build the engine, then a result for each item until the pipe closes."""
    child.bound_memory(child.MEMORY_BYTES)
    allocator.give_back_large_buffers()
    turn = Turn(turn_file)
    try:
        engine = build()
        pipe.send(Ready())
        while True:
            item = pipe.recv()
            with child.out_of_memory_ends_it(), child.time_limit(longest_s):
                pipe.send(analyse(item, root, engine, turn))
    except (EOFError, BrokenPipeError):
        return
    except OpqnError as error:
        pipe.send(_Problem(str(error), is_known=True))
    except Exception:  # noqa: BLE001 - it is raised again on the other side
        pipe.send(_Problem(traceback.format_exc(), is_known=False))
