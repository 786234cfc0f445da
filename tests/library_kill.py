"""Index in a process of its own and kill it: library_kill.py LIBRARY FOLDER SEED N [thorough].

A whole run tells how many steps of progress there are. Then each of N trials indexes FOLDER into
LIBRARY-i in a forked child, which kills itself with SIGKILL: every other one right at a step, so
that each phase is met however busy the machine is, and the others a random while after one, in the
middle of whatever is going on. Prints how many photos each trial had stored.
"""

import os
import random
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from opqn_app.index.indexing import IndexProgress, index_folder
from opqn_app.store import code_store
from tests.library_fakes import layered_engine

SEGMENT_SIZE = 32
BATCH_SIZE = 3


def index(library: Path, folder: Path, *, thorough: bool = False) -> int:
    """A whole run; how many steps it took."""
    return len(list(_steps(library, folder, thorough=thorough)))


def _steps(library: Path, folder: Path, *, thorough: bool) -> Iterator[IndexProgress]:
    """Each time photos were stored; while the folder is listed, progress depends on the clock."""
    code_store.SEGMENT_SIZE = SEGMENT_SIZE
    engine = layered_engine()
    run = index_folder(library, folder, engine, batch_size=BATCH_SIZE, thorough=thorough)
    return (progress for progress in run if progress.phase != "scanning")


def kill_after(library: Path, folder: Path, step: int, delay: float, *, thorough: bool) -> int:
    """Kill a run `delay` seconds after so many steps; the photos it had stored, -1: no library."""
    child = os.fork()
    if child == 0:
        for done, _ in enumerate(chain([None], _steps(library, folder, thorough=thorough))):
            if done == step:
                _kill_in(delay)
        os._exit(0)
    os.waitpid(child, 0)
    return _stored(library)


def _kill_in(delay: float) -> None:
    if not delay:
        os.kill(os.getpid(), signal.SIGKILL)
    later = threading.Timer(delay, os.kill, (os.getpid(), signal.SIGKILL))
    later.start()


def _stored(library: Path) -> int:
    if not library.exists():
        return -1
    raw = sqlite3.connect(library)
    try:
        tables = raw.execute("SELECT name FROM sqlite_master WHERE name = 'photos'").fetchall()
        return raw.execute("SELECT COUNT(*) FROM photos").fetchone()[0] if tables else -1
    finally:
        raw.close()


def main() -> None:
    library, folder, seed, trials = Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:5])
    rng, thorough = random.Random(seed), sys.argv[5:] == ["thorough"]
    start = time.monotonic()
    steps = index(library.with_name("whole.sqlite"), folder, thorough=thorough)
    pace = (time.monotonic() - start) / steps
    for i in range(trials):
        target = library.with_name(f"{library.name}-{i}")
        delay = 0.0 if i % 2 else pace * rng.uniform(0.01, 1.0)
        stored = kill_after(target, folder, steps * i // trials, delay, thorough=thorough)
        sys.stdout.write(f"{stored}\n")


if __name__ == "__main__":
    main()
