"""How long an answer takes among many: bench_decisions.py [--faces 100000] [--people 5000].

Prints milliseconds of processor time for each kind of gesture, in a library that holds so many
faces, all of them named, beside the time that deriving everything from the start takes.
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from opqn_app.core.types import Box, FaceQuality
from opqn_app.people import gestures
from opqn_app.people.kinds import Kind
from opqn_app.people.ledger import Ledger
from opqn_app.people.people import people_of
from opqn_app.store.decision_records import NewDecision
from opqn_app.store.library import Library
from opqn_app.store.records import ModelInfo, NewFace, NewPhoto

A_PHOTO = 4  # faces
ANSWERS = 200


def make_library(path: Path, n_faces: int) -> None:
    model = ModelInfo("model", "model", 8, 256)
    quality = FaceQuality(50, 0.99, 50)
    landmarks, code = np.zeros((5, 2), np.float32), np.zeros(8, np.uint8)
    faces = tuple(
        NewFace(Box(150 * i, 10, 150 * i + 100, 110), landmarks, quality, b"", code)
        for i in range(A_PHOTO)
    )
    photos = [
        NewPhoto(f"{i}.jpg", 1, 1, i.to_bytes(20, "little"), 640, 480, None, faces)
        for i in range(n_faces // A_PHOTO)
    ]
    with Library.open(path, write=True) as library:
        root_id = library.add_root(path.parent / "photos").id
        for start in range(0, len(photos), 1000):
            library.writer.save_batch(root_id, model, photos[start : start + 1000])


def name_everybody(ledger: Ledger, n_faces: int, n_people: int) -> list[list[int]]:
    """Each face of a photo is of another quarter of the people."""
    people: list[list[int]] = [[] for _ in range(n_people)]
    for face in range(n_faces):
        quarter, photo = face % A_PHOTO, face // A_PHOTO
        people[A_PHOTO * (photo % (n_people // A_PHOTO)) + quarter].append(face + 1)
    for i, faces in enumerate(people):
        row = NewDecision(Kind.NAMED, ledger.keys(faces), name=f"Person {i}")
        ledger.decide(partial(list, [row]))
    return people


def timed(action: Callable[[], object]) -> float:
    start = time.process_time()
    action()
    return 1000 * (time.process_time() - start)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--faces", type=int, default=100_000)
    parser.add_argument("--people", type=int, default=5_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "library.sqlite"
        make_library(path, arguments.faces)
        with Library.open_to_decide(path) as library:
            ledger = Ledger(library)
            everybody = name_everybody(ledger, arguments.faces, arguments.people)
            ids = sorted(ledger.state.facts)
            measure(library, ledger, ids, everybody)


def choose(ledger: Ledger, person: int) -> None:
    found = ledger.person(person)
    if found is not None and found.faces:
        gestures.choose_picture(ledger, person, found.faces[0])


def measure(library: Library, ledger: Ledger, ids: list[int], everybody: list[list[int]]) -> None:
    rng = random.Random(1)
    table = library.decision_table
    whole = timed(lambda: people_of(table.decisions(), table.placed_faces()))
    opening = timed(lambda: Ledger(library))
    times: dict[str, list[float]] = {}

    def answer(kind: str, action: Callable[..., object], *words: object) -> None:
        times.setdefault(kind, []).append(timed(partial(action, *words)))

    for i in range(ANSWERS):
        who = rng.randrange(len(ids))
        faces = rng.sample(everybody[who], 3)
        answer("not", gestures.reject, ledger, faces, ids[who])
        answer("is", gestures.confirm, ledger, faces, ids[who])
        answer("split", gestures.split, ledger, ids[who], faces, f"Split {i}")
        answer("undo", ledger.undo)
        answer("redo", ledger.redo)
        answer("name", gestures.name_faces, ledger, faces, f"New {i}")
        answer("merge", gestures.merge, ledger, ids[who], max(ledger.state.facts))
        answer("hide", gestures.hide, ledger, ids[who])
        answer("rename", gestures.rename, ledger, ids[who], f"Other {i}")
        answer("picture", choose, ledger, ids[who])
        answer("people", ledger.persons)
        answer("why", ledger.why, faces[0])
    sys.stdout.write(f"everything from the start: {whole:.0f} ms; opening: {opening:.0f} ms\n")
    for kind, each in times.items():
        middle, worst = np.percentile(each, [50, 99])
        sys.stdout.write(f"{kind:7s} median {middle:6.2f} ms   99 % below {worst:6.2f} ms\n")
    assert ledger.people() == people_of(table.decisions(), table.placed_faces())


if __name__ == "__main__":
    main()
