"""What a process that decodes files of strangers is bound by: its parent's life, memory and time.

It may die of a file. What it computes for lives on.
"""

import faulthandler
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import connection, parent_process
from pathlib import Path

MEMORY_BYTES = 4 << 30  # a progressive JPEG of 250 megapixels takes 2 GB for a moment
LATE, NO_MEMORY = 1, 3  # exit codes of a process that ran out of time, or of memory


def begin() -> None:
    """First thing in a child: it leaves Ctrl-C to its parent, ends with it, and its memory ends.

    Windows and macOS have no such limit of memory; the machine's own is all there is.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    bound_memory(MEMORY_BYTES)


def bound_memory(n_bytes: int) -> None:
    """Let this process have so many bytes of its own; asking for more fails."""
    try:
        import resource
    except ImportError:  # Windows
        return
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    if most != resource.RLIM_INFINITY:
        n_bytes = min(n_bytes, most)
    resource.setrlimit(resource.RLIMIT_DATA, (n_bytes, most))


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """End this process if the work inside takes longer, even if it never comes back to Python.

    Only one at a time in a process.
    """
    with Path(os.devnull).open("w") as nowhere:  # where it stands is told there
        faulthandler.dump_traceback_later(seconds, exit=True, file=nowhere)  # exits with LATE
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()


@contextmanager
def out_of_memory_ends_it() -> Iterator[None]:
    """What such a process still holds can't be told, so it is not used any more."""
    try:
        yield
    except MemoryError:
        os._exit(NO_MEMORY)


def end_in_words(exit_code: int | None, seconds: float) -> str:
    """What happened to a child, said of the photo it read, as a clause.

    Args:
        seconds: its time limit.
    """
    if exit_code == LATE:
        return f"reading it took longer than {seconds:.0f} seconds"
    if exit_code == NO_MEMORY:
        return "there is not enough memory for it"
    if exit_code == -getattr(signal, "SIGKILL", 9):
        return "the system ended the process that read it, perhaps for lack of memory"
    return "decoding it crashed the process that read it"
