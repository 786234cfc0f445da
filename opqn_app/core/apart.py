"""Runs functions in warm processes of their own, which may crash, hang or eat memory alone.

Indexing many photos has workers of its own (`opqn_app.index.workers`); this is for all else.
"""

import logging
import multiprocessing
import os
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from logging.handlers import QueueHandler
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NamedTuple, TypeVar

from opqn_app.core import allocator, child, machine
from opqn_app.core.errors import OpqnError, PhotoUnreadable
from opqn_app.core.logs import OWN

T = TypeVar("T")
LONGEST_S = 120.0  # a photo of 250 megapixels takes some 10 s
KEPT = 2  # processes that wait for more
MAX_CALLS = 400  # of one process; then a new one starts with fresh memory


class Died(Exception):
    """A process ended in the middle of a call; the text is a clause on why."""


class _Failed(NamedTuple):
    """What a process says instead of a result; most exceptions don't survive the pipe."""

    arguments: tuple[str, ...]
    kind: type[Exception]


class _Ready(NamedTuple):
    """What a process says once it is prepared."""


class Pool:
    """Processes that are started when they are needed, and kept warm.

    Args:
        prepare: run in each process as it starts; it is found there by its name.
        longest_s: time limit of a call in seconds.
    """

    def __init__(self, prepare: Callable[[], None], *, longest_s: float = LONGEST_S) -> None:
        self._given = prepare, longest_s
        self._longest_s = longest_s
        self._begin()
        if hasattr(os, "register_at_fork"):  # a fork must not talk with its parent's processes
            os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[_Process] = []
        self._turns = threading.BoundedSemaphore(machine.n_cores() + 1)

    def warm(self) -> None:
        """Start a process, if none waits; it gets ready while the caller goes on."""
        with self._lock:
            if not self._idle:
                self._idle.append(_Process(*self._given))

    def call(self, function: Callable[..., T], *args: Any, **options: Any) -> T:
        """`function(*args, **options)`, which must be picklable, as what comes of it.

        Raises:
            Died: the process crashed, ran out of time, or was ended.
            OpqnError: as the function does, or no process can be started.
            RuntimeError: anything else that the function raised, as text.
        """
        with self._turns, self._process() as process:
            return process.call((function, args, options))

    @contextmanager
    def _process(self) -> Iterator["_Process"]:
        process = self._waiting()
        try:
            yield process
        except (OpqnError, RuntimeError):
            self._keep(process)
            raise
        except BaseException:  # it is dead, or may say something that nobody waits for
            process.end()
            raise
        self._keep(process)

    def _waiting(self) -> "_Process":
        with self._lock:
            while self._idle:
                process = self._idle.pop()
                if process.is_alive:
                    return process
                process.end()
        return _Process(*self._given)

    def _keep(self, process: "_Process") -> None:
        with self._lock:
            if len(self._idle) < KEPT and process.n_calls < MAX_CALLS and process.is_alive:
                self._idle.append(process)
                return
        process.end()

    def close(self) -> None:
        """End those that wait; the next call starts anew."""
        with self._lock:
            idle, self._idle = self._idle, []
        for process in idle:
            process.end()


class _Process:
    def __init__(self, prepare: Callable[[], None], longest_s: float) -> None:
        context = multiprocessing.get_context("spawn")  # forking is not safe beside threads
        self._pipe, theirs = context.Pipe()
        arguments = (theirs, prepare, longest_s)
        self._process = context.Process(target=_serve, args=arguments, daemon=True)
        self._process.start()
        theirs.close()
        self._longest_s = longest_s
        self._is_ready = False
        self.n_calls = 0

    @property
    def is_alive(self) -> bool:
        return self._process.is_alive()

    def call(self, asked: tuple[Callable[..., T], tuple[Any, ...], dict[str, Any]]) -> T:
        self.n_calls += 1
        try:
            if not self._is_ready:
                self._pipe.recv()
                self._is_ready = True
            self._pipe.send(asked)
            records, said = self._pipe.recv()
        except (EOFError, OSError) as error:
            self.end()
            if not self._is_ready:
                raise OpqnError(
                    "The process that reads photos ends before it begins, perhaps for lack of "
                    "memory. Close other programs and try again."
                ) from error
            raise Died(child.end_in_words(self._process.exitcode, self._longest_s)) from error
        for record in records:
            logging.getLogger(record.name).handle(record)
        if isinstance(said, _Failed):
            raise said.kind(*said.arguments)
        result: T = said
        return result

    def end(self) -> None:
        self._process.join(0)  # one that died by itself keeps its exit code
        self._process.kill()
        self._process.join()
        self._pipe.close()


def _serve(pipe: Connection, prepare: Callable[[], None], longest_s: float) -> None:
    """The life of a process: a result for each call until the pipe closes."""
    child.begin()
    allocator.give_back_large_buffers()
    told = _collected_logs()
    prepare()
    with child.out_of_memory_ends_it(), suppress(EOFError, OSError):  # nobody asks any more
        pipe.send(_Ready())
        while True:
            function, args, options = pipe.recv()
            with child.time_limit(longest_s):
                said = _result(function, args, options)
                pipe.send((list(_drained(told)), said))
            del said, args, options  # a large photo


def _result(function: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    try:
        return function(*args, **options)
    except PhotoUnreadable as error:
        return _Failed((error.name, error.reason), PhotoUnreadable)
    except OpqnError as error:
        return _Failed((str(error),), OpqnError)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - it is raised again on the other side
        return _Failed((f"in a process apart: {traceback.format_exc()}",), RuntimeError)


def _collected_logs() -> "SimpleQueue[logging.LogRecord]":
    """What we log here is told with each result: one process writes the log.

    Libraries keep quiet. What they write past Python, such as libjpeg's lines, goes nowhere.
    """
    told: SimpleQueue[logging.LogRecord] = SimpleQueue()
    for own in OWN:
        logging.getLogger(own).addHandler(QueueHandler(told))
        logging.getLogger(own).setLevel(logging.INFO)
    logging.getLogger().addHandler(logging.NullHandler())
    with Path(os.devnull).open("w") as nowhere, suppress(OSError):
        os.dup2(nowhere.fileno(), 2)
    return told


def _drained(told: "SimpleQueue[logging.LogRecord]") -> Iterator[logging.LogRecord]:
    while not told.empty():
        yield told.get()
