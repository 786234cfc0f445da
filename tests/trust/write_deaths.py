"""Runs work in a fork that gets SIGKILL at its n-th write, by `die_at_write.c`."""

import ctypes
import mmap
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

SOURCE = Path(__file__).with_name("die_at_write.c")
Tell = Callable[[int], object]  # how much is safely done
CAN = sys.platform == "linux" and shutil.which("cc") is not None


def preloaded(folder: Path) -> dict[str, str]:
    """The environment of a process in which this works; `folder` gets the compiled counter."""
    counter = folder / "die_at_write.so"
    words = ["cc", "-O1", "-shared", "-fPIC", "-o", str(counter), str(SOURCE), "-ldl"]
    subprocess.run(words, check=True)
    return {**os.environ, "LD_PRELOAD": str(counter)}


def run_dying(work: Callable[[Tell], object], at: int) -> tuple[bool, int, int]:
    """Run `work` in a fork that is killed at its `at`-th write; 0 for a run to its end.

    Returns:
        Whether it was killed, how much it told of, how many writes it made (if it was not killed).

    Raises:
        RuntimeError: it ended by itself, but not well.
    """
    shared = mmap.mmap(-1, 16)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            counter = ctypes.CDLL(None)
            counter.die_at_write(ctypes.c_long(at))
            work(lambda done: shared.__setitem__(slice(0, 8), struct.pack("q", done)))
            counter.writes_done.restype = ctypes.c_long
            shared[8:16] = struct.pack("q", counter.writes_done())
            status = 0
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    told, writes = struct.unpack("qq", shared[:])
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise RuntimeError("the work failed by itself")
    return os.WIFSIGNALED(status), told, writes
