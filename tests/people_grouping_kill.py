"""Group a library in a process of its own and kill it: people_grouping_kill.py LIBRARY SEED N.

Each of N children gets SIGKILL soon after a random number of blocks of lists, or of steps of the
groups; the next one goes on with the same library. Prints how many blocks each told of and which
faces have lists after it was killed, then the groups that the last run made, which nobody killed,
and those of a copy that was grouped in one go.
"""

import json
import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path

from opqn_app.people import guessing, neighbours
from opqn_app.people.guessing import update_groups
from opqn_app.store.library import Library
from tests.people.grouping_fakes import codes_of_people, result_of
from tests.people.guess_world import GroupingEncoder, GuessWorld

N_FACES = 320
BLOCK = 4  # faces whose lists are stored together
LONGEST_S = 0.004  # from a block to the kill


def kill_after(path: Path, n_steps: int, delay: float) -> int:
    """Kill a run `delay` seconds after its nth step; returns how many blocks it told of."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        with Library.open_to_decide(path) as library:
            done = 0
            for step in update_groups(library, GroupingEncoder()):
                is_block = step.stage == "lists" and step.done > done
                done = step.done
                os.write(writing, b"b" if is_block else b".")
        os._exit(0)
    os.close(writing)
    told = b""
    while len(told) < n_steps and (more := os.read(reading, 1)):
        told += more
    time.sleep(delay)
    os.kill(child, signal.SIGKILL)
    while more := os.read(reading, 64):
        told += more
    os.waitpid(child, 0)
    os.close(reading)
    return told.count(b"b")


def held(path: Path) -> tuple[int, list[list[int]]]:
    """How many faces have lists, and the groups."""
    with Library.open(path) as library, library.snapshot():
        stored = library.group_table.guesses(GroupingEncoder().model_id)
    groups: dict[int, list[int]] = {}
    for face, group in zip(stored.face_ids.tolist(), stored.groups.tolist(), strict=True):
        groups.setdefault(group, []).append(face)
    return len(stored.face_ids), sorted(groups.values())


def main() -> None:
    path, seed, trials = Path(sys.argv[1]), *map(int, sys.argv[2:4])
    rng = random.Random(seed)
    guessing.BLOCK = neighbours.AT_ONCE = BLOCK
    with Library.open(path, write=True) as library:
        world = GuessWorld(library, GroupingEncoder())
        for code in codes_of_people(25, N_FACES, 1):
            world.add_photo([code])
    whole = path.with_name("whole.sqlite")
    shutil.copy(path, whole)
    with Library.open_to_decide(whole) as library:
        result_of(update_groups(library, GroupingEncoder()))
    done = []
    for _ in range(trials):
        told = kill_after(path, rng.randrange(1, 6), rng.random() * LONGEST_S)
        done.append({"told": told, "listed": held(path)[0]})
    with Library.open_to_decide(path) as library:
        result_of(update_groups(library, GroupingEncoder()))
    sys.stdout.write(json.dumps([done, held(path), held(whole)]))


if __name__ == "__main__":
    main()
