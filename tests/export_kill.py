"""Export in a process of its own and kill it: export_kill.py FOLDER SEED N.

In each of N trials a forked child copies photos with names beside them, writes names beside the
originals and makes a zip, and tells of each step. It gets SIGKILL soon after a random number of
them. Then all is done again to its end, and undone. Prints for each trial at which step it was
killed and what was wrong.
"""

import json
import os
import random
import shutil
import signal
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from opqn_app.core.progress import finished
from opqn_app.core.types import Box
from opqn_app.exchange.going.copying import ROOM, copy_photos
from opqn_app.exchange.going.placing import Layout
from opqn_app.exchange.going.selection import GoingPhoto
from opqn_app.exchange.going.sidecar_journal import Journal, can_undo, undo_last
from opqn_app.exchange.going.sidecar_writing import write_sidecars
from opqn_app.exchange.going.zipping import zip_photos
from tests.exchange.going_photos import going, tree, write_photo
from tests.exchange.sidecar_styles import Foreign, Style

N_PHOTOS = 12
LONGEST_S = 0.005  # from a step to the kill
TAIL = 3 << 20  # bytes behind each picture, so that copying takes a while


def make_album(folder: Path) -> list[GoingPhoto]:
    """Photos of two people; every third has a sidecar of another program."""
    album = []
    for number in range(N_PHOTOS):
        path = write_photo(folder / str(number % 2) / f"{number // 2}.png", seed=number)
        with path.open("ab") as file:
            file.write(os.urandom(TAIL))
        if number % 3 == 0:
            path.with_name(f"{path.name}.xmp").write_bytes(Foreign(Style()).file())
        faces = [("Ann", Box(8, 6, 24, 24)), ("Ben", Box(48, 6, 64, 24))][: 1 + number % 2]
        album.append(going(path, faces, number=number + 1))
    return album


def export(album: list[GoingPhoto], out: Path, kept: Path, tell: Callable[[], object]) -> None:
    """All of it, telling of each step."""
    out.mkdir(exist_ok=True)
    for _ in copy_photos(album, out / "copies", layout=Layout.PEOPLE, names=True):
        tell()
    for _ in write_sidecars(album, journal=Journal(kept)):
        tell()
    for _ in zip_photos(album, out / "all.zip"):
        tell()


def main(folder: Path, seed: int, trials: int) -> None:
    photos, out, kept = folder / "photos", folder / "out", folder / "kept"
    album = make_album(photos)
    before = tree(photos)
    steps: list[None] = []
    export(album, out, kept, lambda: steps.append(None))
    whole = {name: each[0] for name, each in tree(out / "copies").items()}
    named = tree(photos, times=False)
    finished(undo_last(kept))
    assert tree(photos) == before
    rng = random.Random(seed)
    results = []
    for _ in range(trials):
        shutil.rmtree(out)
        at = rng.randrange(len(steps))
        _killed(lambda tell: export(album, out, kept, tell), at, rng.uniform(0, LONGEST_S))
        wrong = _wrong(out, photos, whole, named, before)
        export(album, out, kept, lambda: None)
        after = {name: each[0] for name, each in tree(out / "copies").items()}
        wrong += [] if after == whole else ["it did not go on to the same end"]
        wrong += [] if tree(photos, times=False) == named else ["names are not all written"]
        while can_undo(kept):
            finished(undo_last(kept))
        wrong += [] if tree(photos) == before else ["it was not undone"]
        results.append({"at": at, "wrong": wrong})
    sys.stdout.write(json.dumps({"steps": len(steps), "trials": results}))


def _wrong(
    out: Path,
    photos: Path,
    whole: dict[str, str],
    named: dict[str, tuple[str, int]],
    before: dict[str, tuple[str, int]],
) -> list[str]:
    """What a kill has left that nobody should find."""
    found = []
    for name, (digest, _) in tree(out / "copies").items() if (out / "copies").exists() else ():
        if not name.startswith(ROOM) and whole.get(name) != digest:
            found.append(f"half a file: {name}")
    for name, each in tree(photos).items():
        is_known = each == before.get(name) or each[0] == named.get(name, ("", 0))[0]
        if not is_known and not name.endswith(".tmp"):  # which no program takes for a sidecar
            found.append(f"neither before nor after: {name}")
        if name.endswith(".png") and each != before[name]:
            found.append(f"an original has changed: {name}")
    if (out / "all.zip").exists() and not zipfile.is_zipfile(out / "all.zip"):
        found.append("half a zip")
    return found


def _killed(work: Callable[[Callable[[], object]], None], at: int, wait_s: float) -> None:
    """Run `work` in a child and kill it so long after step `at`."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        work(lambda: os.write(writing, b"."))
        os._exit(0)
    os.close(writing)
    told = 0
    while told <= at and (data := os.read(reading, 1)):
        told += len(data)
    time.sleep(wait_s)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(reading)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
