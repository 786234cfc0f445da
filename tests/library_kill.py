"""Index in a process of its own and kill it: library_kill.py LIBRARY FOLDER SEED N [thorough].

Each of N trials indexes FOLDER into LIBRARY-i in a forked child and sends it SIGKILL after a random
part of the time a whole run takes. Prints how many photos each trial had stored.
"""

import os
import random
import signal
import sqlite3
import sys
import time
from pathlib import Path

from opqn_app.index.indexing import index_folder
from opqn_app.store import code_store
from tests.library_fakes import layered_engine

SEGMENT_SIZE = 32
BATCH_SIZE = 3


def index(library: Path, folder: Path, *, thorough: bool = False) -> None:
    code_store.SEGMENT_SIZE = SEGMENT_SIZE
    engine = layered_engine()
    list(index_folder(library, folder, engine, batch_size=BATCH_SIZE, thorough=thorough))


def timed(library: Path, folder: Path, *, thorough: bool) -> float:
    start = time.monotonic()
    child = _start(library, folder, thorough=thorough)
    os.waitpid(child, 0)
    return time.monotonic() - start


def _start(library: Path, folder: Path, *, thorough: bool) -> int:
    child = os.fork()
    if child == 0:
        index(library, folder, thorough=thorough)
        os._exit(0)
    return child


def kill_at(library: Path, folder: Path, delay: float, *, thorough: bool) -> int:
    child = _start(library, folder, thorough=thorough)
    time.sleep(delay)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return _stored(library)


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
    whole = timed(library.with_name("timed.sqlite"), folder, thorough=thorough)
    for i in range(trials):
        target = library.with_name(f"{library.name}-{i}")
        # One moment from each 1/N of a run, so that every phase gets its share.
        stored = kill_at(target, folder, whole * (i + rng.random()) / trials, thorough=thorough)
        sys.stdout.write(f"{stored}\n")


if __name__ == "__main__":
    main()
