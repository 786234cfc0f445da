"""Decide in a process of its own and kill it: people_kill.py LIBRARY SEED N.

In each of N trials a forked child names faces, undoes, redoes, draws boxes and forgets people, and
tells of each step once it is made. It gets SIGKILL at a random time of one of them, as long as that
step took in a whole run. Prints what the library holds after each step of that run, and what each
trial has left.
"""

import json
import os
import random
import shutil
import signal
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from opqn_app.core.types import Box
from opqn_app.people import gestures
from opqn_app.people.drawing import draw_box
from opqn_app.people.forgetting import forget_person
from opqn_app.people.ledger import Ledger
from opqn_app.people.people import people_of
from opqn_app.store.library import Library
from tests.library_fakes import fake_engine
from tests.people_world import HEIGHT, WIDTH, World

STEPS = ("name", "undo", "redo", "draw", "name drawn", "forget")
N_ROUNDS = 20
N_STEPS = N_ROUNDS * len(STEPS)
N_PHOTOS = 8
SIDE = 30  # pixels of a drawn box


def decide(path: Path, tell: Callable[[], object]) -> None:
    """Make all steps, telling of each."""
    engine = fake_engine(n_faces=0)
    with Library.open(path, write=True) as library:
        ledger = Ledger(library)
        (photo,) = library.photo_table.of_ids([1])
        for number in range(N_ROUNDS):
            gestures.name_faces(
                ledger, [1 + number % 3, 4 + number % 3], f"Person {number}", is_new=True
            )
            tell()
            assert ledger.undo() is not None
            tell()
            assert ledger.redo() is not None
            tell()
            left, top = 20 + 40 * (number % 14), 240 + 40 * (number // 14)
            face = draw_box(ledger, photo, Box(left, top, left + SIDE, top + SIDE), engine)
            tell()
            drawn = gestures.name_faces(ledger, [face], "Drawn")
            tell()
            forget_person(ledger, drawn.rows[0].id, with_faces=True)
            tell()


def held(path: Path) -> dict[str, Any]:
    """What a library holds: rows without their time and uid, and the ids of all faces."""
    with Library.open(path) as library:
        rows = [
            [row.id, row.gesture, row.kind, row.person, row.name, row.target, len(row.faces)]
            for row in library.decision_table.decisions()
        ]
        return {"rows": rows, "faces": [face.id for face in library.decision_table.placed_faces()]}


def is_whole(path: Path) -> bool:
    """Whether every face has its crop and code, is counted, and the rows can be read."""
    with Library.open(path) as library:
        table = library.decision_table
        faces = [face.id for face in table.placed_faces()]
        return (
            Ledger(library).people() == people_of(table.decisions(), table.placed_faces())
            and library.face_table.crops(faces).keys() == set(faces)
            and sum(photo.n_faces for photo in library.photos()) == len(faces)
        )


def kill_after(path: Path, n_steps: int, delay: float) -> int:
    """Kill a run `delay` seconds after its nth step; returns how many it told of."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        decide(path, lambda: os.write(writing, b"."))
        os._exit(0)
    os.close(writing)
    told = 0
    while told < n_steps and os.read(reading, 1):
        told += 1
    time.sleep(delay)
    os.kill(child, signal.SIGKILL)
    while os.read(reading, 1):
        told += 1
    os.waitpid(child, 0)
    os.close(reading)
    return told


def main() -> None:
    library, seed, trials = Path(sys.argv[1]), *map(int, sys.argv[2:4])
    rng = random.Random(seed)
    with Library.open(library, write=True) as new:
        world = World(new)
        for content in range(N_PHOTOS):
            world.add_photo(content, [0, 1, 2])
        (photo,) = new.photo_table.of_ids([1])
        photo.path.parent.mkdir(parents=True)
        noise = np.random.default_rng(1).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
        Image.fromarray(noise).save(photo.path, "PNG")
    whole = library.with_name("whole.sqlite")
    shutil.copy(library, whole)
    states, ends = [held(whole)], [time.perf_counter()]
    spent: list[float] = []

    def look() -> None:
        spent.append(time.perf_counter() - ends[-1])
        states.append(held(whole))
        ends.append(time.perf_counter())

    decide(whole, look)
    usual = [statistics.median(spent[kind :: len(STEPS)]) for kind in range(len(STEPS))]
    done = []
    for i in range(trials):
        target = library.with_name(f"{library.name}-{i}")
        shutil.copy(library, target)
        step = len(STEPS) * rng.randrange(1, N_ROUNDS - 1) + i % len(STEPS)
        told = kill_after(target, step, rng.random() * usual[i % len(STEPS)])
        done.append({"told": told, "left": held(target), "is_whole": is_whole(target)})
    sys.stdout.write(json.dumps([states, done]))


if __name__ == "__main__":
    main()
