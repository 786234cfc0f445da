"""Import in a process of its own and kill it: import_kill.py LIBRARY SEED N.

In each of N trials a forked child takes in names of three photos, with many boxes to be drawn, and
tells of each step. It gets SIGKILL soon after a random number of them. Then the import is made
again. Prints what the library holds before and after a whole import, and what each trial has left
and what came of it in the end.
"""

import json
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from opqn_app.core.progress import finished
from opqn_app.exchange.coming.matching import plan_import
from opqn_app.exchange.coming.taking_in import take_in
from opqn_app.exchange.records import PhotoNames
from opqn_app.people.ledger import Ledger
from opqn_app.people.people import people_of
from opqn_app.store.library import Library
from tests.exchange.imports import SOURCE, at, elsewhere, said
from tests.library_fakes import fake_engine
from tests.people_world import HEIGHT, WIDTH, World

N_PHOTOS = 3
N_BOXES = 6  # to be drawn on each
N_STEPS = 2 + N_PHOTOS * N_BOXES  # planned, decided, and each box drawn
LONGEST_S = 0.02  # from a step to the kill


def coming(ledger: Ledger) -> list[PhotoNames]:
    return [
        said(
            ledger,
            photo,
            at(0, "Ann", content=photo - 1),
            at(1, "Ben", content=photo - 1),
            *(elsewhere(number, f"Person {number}") for number in range(N_BOXES)),
            people=["Cid"],
        )
        for photo in range(1, N_PHOTOS + 1)
    ]


def take(path: Path, tell: Callable[[], object]) -> None:
    """Make the import, telling of each step."""
    with Library.open(path, write=True) as library:
        ledger = Ledger(library)
        plan = finished(plan_import(ledger, coming(ledger), SOURCE))
        tell()
        for _ in take_in(ledger, plan, fake_engine(n_faces=0)):
            tell()


def held(path: Path) -> dict[str, Any]:
    """What a library holds: its decisions, and who its faces are."""
    with Library.open(path) as library:
        ledger, table = Ledger(library), library.decision_table
        rows = [[row.kind, row.name, len(row.faces)] for row in table.decisions()]
        placed = table.placed_faces()
        is_whole = ledger.people() == people_of(table.decisions(), placed)
        is_whole &= library.face_table.crops([f.id for f in placed]).keys() == {
            f.id for f in placed
        }
        is_whole &= sum(photo.n_faces for photo in library.photos()) == len(placed)
        names = {person.name: len(person.faces) for person in ledger.persons()}
        waiting = len(ledger.missing_boxes())
        return {"rows": rows, "names": names, "waiting": waiting, "is_whole": is_whole}


def kill_after(path: Path, n_steps: int, delay: float) -> int:
    """Kill an import `delay` seconds after its nth step; returns how many it told of."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        take(path, lambda: os.write(writing, b"."))
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
        for photo in new.photos():
            photo.path.parent.mkdir(parents=True)
            noise = np.random.default_rng(photo.id).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
            Image.fromarray(noise).save(photo.path, "PNG")
    before = held(library)
    whole = library.with_name("whole.sqlite")
    shutil.copy(library, whole)
    take(whole, lambda: None)
    done = []
    for i in range(trials):
        target = library.with_name(f"{library.name}-{i}")
        shutil.copy(library, target)
        told = kill_after(target, i * N_STEPS // trials, rng.random() * LONGEST_S)
        left = held(target)
        take(target, lambda: None)
        done.append({"told": told, "left": left, "then": held(target)})
    sys.stdout.write(json.dumps([before, held(whole), done]))


if __name__ == "__main__":
    main()
