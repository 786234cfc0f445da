"""Decide in a process of its own and kill it: people_kill.py LIBRARY SEED N.

In each of N trials a forked child names faces, undoes and redoes, and tells of each decision once
it is made. It gets SIGKILL after a random number of them. Prints how many it had told of.
"""

import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path

from opqn_app.people import gestures
from opqn_app.people.kinds import Kind
from opqn_app.people.ledger import Ledger
from opqn_app.store.library import Library
from tests.people_world import World

N_DECISIONS = 300
N_PHOTOS = 8


def script() -> list[str]:
    """The kinds of the rows that a whole run writes."""
    turns = (Kind.NAMED, Kind.NAMED, Kind.UNDONE, Kind.REDONE)
    return [turns[number % 4] for number in range(N_DECISIONS)]


def decide(path: Path, told: int) -> None:
    """Write the rows of `script`, and a byte to the file descriptor `told` after each."""
    with Library.open_to_decide(path) as library:
        ledger = Ledger(library)
        for number, kind in enumerate(script()):
            if kind == Kind.NAMED:
                pair = [1 + number % 3, 4 + number % 3]
                gestures.name_faces(ledger, pair, f"Person {number}")
            else:
                outcome = ledger.undo() if kind == Kind.UNDONE else ledger.redo()
                assert outcome is not None
            os.write(told, b".")


def kill_after(path: Path, n_decisions: int, delay: float) -> int:
    """Kill a run `delay` seconds after its nth decision; returns how many it told of."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        decide(path, writing)
        os._exit(0)
    os.close(writing)
    said = 0
    while said < n_decisions and os.read(reading, 1):
        said += 1
    time.sleep(delay)
    os.kill(child, signal.SIGKILL)
    while os.read(reading, 1):
        said += 1
    os.waitpid(child, 0)
    os.close(reading)
    return said


def main() -> None:
    library, seed, trials = Path(sys.argv[1]), *map(int, sys.argv[2:4])
    rng = random.Random(seed)
    with Library.open(library, write=True) as new:
        world = World(new)
        for content in range(N_PHOTOS):
            world.add_photo(content, [0, 1, 2])
    for i in range(trials):
        target = library.with_name(f"{library.name}-{i}")
        shutil.copy(library, target)
        said = kill_after(target, rng.randrange(N_DECISIONS * 3 // 4), rng.random() * 0.004)
        sys.stdout.write(f"{said}\n")


if __name__ == "__main__":
    main()
