"""Processes that end when the program that started them does, however it ends.

Linux does it: the kernel kills them, whatever they do. Everywhere a thread waits for the parent's
end of a pipe, which the system closes with the parent; it has to wait for its turn to run.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable

VARIABLE = "OPQN_ENDS_WITH_PARENT"  # holds the id of the process that started this one
_PR_SET_PDEATHSIG = 1


def end_with(parent_pid: int, wait: Callable[[], object]) -> None:
    """End at once when the parent has ended.

    The kernel counts the thread that started this process as the parent. So a thread that starts
    helpers has to live as long as they do.

    Args:
        wait: returns when the parent has ended.
    """
    threading.Thread(target=_end_after, args=(wait,), daemon=True).start()
    if sys.platform.startswith("linux"):
        import ctypes  # only those that are started so need it

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent_pid:  # it has ended before
            os._exit(1)


def environment_of_child() -> tuple[str, str]:
    """A variable that lets our program, started as a child with a pipe as stdin, end with us."""
    return VARIABLE, str(os.getpid())


def begin_child() -> None:
    """End with the parent, if it has asked for that; nothing else may read stdin then."""
    parent = os.environ.pop(VARIABLE, "")  # not for our own children
    if parent.isdecimal() and parent.isascii():
        end_with(int(parent), _wait_for_end_of_stdin)


def _end_after(wait: Callable[[], object]) -> None:
    wait()
    os._exit(1)


def _wait_for_end_of_stdin() -> None:
    try:
        while os.read(0, 1 << 12):
            pass
    except OSError:  # no stdin at all
        threading.Event().wait()
