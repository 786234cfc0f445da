"""Helper processes of multiprocessing: they end with the program, and leave Ctrl-C to it."""

import multiprocessing
import pickle
import signal
from collections.abc import Callable
from multiprocessing import connection
from multiprocessing.connection import Connection

from opqn_app.core.with_parent import end_with


def helper_of(work: Callable[..., None], *args: object) -> bytes:
    """What `run_helper` is to do; only there is it imported, which may take seconds."""
    return pickle.dumps((work, args))


def run_helper(pipe: Connection, work: bytes) -> None:
    """The target of a process: `work(pipe, *args)`, for no longer than its parent lives.

    Args:
        work: from `helper_of`.
    """
    begin_helper()
    function, args = pickle.loads(work)
    function(pipe, *args)


def begin_helper() -> None:
    """What a helper does first of all, before it imports anything that takes long."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None and parent.pid is not None:
        end_with(parent.pid, lambda: connection.wait([parent.sentinel]))
