"""Damaged photos, libraries and models by the thousand: read or refused, never anything else.

    python -m tests.trust.fuzz --photos 10000 --libraries 1000 --models 300 --seed 1 --state DIR

Photos go through the process that decodes them in the app, so a crash or a hang is counted and the
next one goes on. Its memory is VmHWM of that process. Libraries are opened and read whole, models
are loaded, in a process of the same kind. Stopped, a run goes on from what --state holds.
"""

import argparse
import json
import random
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

import psutil

from opqn_app.core import paths
from opqn_app.core.apart import Died, Pool
from opqn_app.core.errors import OpqnError, PhotoUnreadable
from opqn_app.core.progress import finished
from opqn_app.index.indexing import index_folder
from opqn_app.opqn.load import load_encoder
from opqn_app.search.code_index import CodeIndex
from opqn_app.store.library import Library
from opqn_app.vision import decoders, images, reasons
from tests.library_fakes import fake_engine
from tests.odd_files import corners, encoded
from tests.vision.test_damaged_files import damaged, good_files

Case = tuple[str, Callable[..., None], tuple[object, ...]]
Done = dict[str, dict[str, float]]
LONGEST_S = 60.0
MOST_MB = 1024
_UNFORESEEN = reasons.unforeseen(KeyError()).split("(")[0]
KINDS = ("photos", "libraries", "models")


@cache
def photos() -> dict[str, bytes]:
    """One of each kind, JPEG XL with the others."""
    import pillow_jxl  # noqa: F401 (registers itself)

    return {**good_files(), "one.jxl": encoded(corners(), "JXL")}


def decode(data: bytes, name: str) -> None:
    """In the process apart: decode, and drop the picture."""
    images.read_photo(data, name, hashed=True)


def read_library(path: Path) -> None:
    """In the process apart: all that a search and the pages of the window ask."""
    with Library.open(path) as library:
        library.status()
        for photo in library.photos(limit=100):
            for face in library.faces_of(photo.id):
                library.crop(face.id)
        library.decision_table.decisions()
        CodeIndex.load(library, "fake-1")


def read_model(folder: Path) -> None:
    """In the process apart."""
    load_encoder(str(folder))


def good_library(room: Path) -> bytes:
    album = room / "album"
    album.mkdir()
    for i in range(8):
        (album / f"{i}.jpg").write_bytes(encoded(corners((96, 64 + i)), "JPEG"))
    finished(index_folder(room / "good.sqlite", album, fake_engine(n_faces=2)))
    return (room / "good.sqlite").read_bytes()


def damaged_model(source: Path, target: Path, rng: random.Random) -> None:
    """A copy with one file damaged; the weights are as they were, or cut off."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
    files = sorted(
        path for path in target.rglob("*") if path.suffix in (".json", ".onnx", ".safetensors")
    )
    hit = rng.choice(files)
    hit.write_bytes(damaged(hit.read_bytes(), rng))


def cases(
    kind: str, start: int, stop: int, seed: int, room: Path
) -> Iterator[tuple[str, Callable[..., None], tuple[object, ...]]]:
    """Name, function and arguments of each; those of one number are always the same."""
    library = good_library(room) if kind == "libraries" else b""
    good = list(photos().items())
    for number in range(start, stop):
        rng = random.Random(f"{kind} {seed} {number}")
        if kind == "photos":
            name, data = good[number % len(good)]
            yield name, decode, (damaged(data, rng), name)
        elif kind == "libraries":
            path = room / "library.sqlite"
            for beside in room.glob("library.sqlite*"):
                beside.unlink()
            path.write_bytes(damaged(library, rng))
            yield "library", read_library, (path,)
        else:
            damaged_model(paths.resource(f"models/{paths.DEFAULT_MODEL}"), room / "model", rng)
            yield "model", read_model, (room / "model",)


def outcome(pool: Pool, function: Callable[..., None], arguments: tuple[object, ...]) -> str:
    try:
        pool.call(function, *arguments)
    except PhotoUnreadable as error:
        is_foreseen = not error.reason.startswith(_UNFORESEEN)
        return "refused" if is_foreseen else f"BUG {error.reason}"
    except Died as death:
        return f"DIED {death}"
    except OpqnError:
        return "refused"
    except RuntimeError as error:
        last = str(error).strip().splitlines()[-1]
        where = re.findall(r'File "[^"]*/([^/"]+)", line (\d+)', str(error))[-1]
        return f"BUG {last[:60]} in {where}"
    return "read"


def peak_mb() -> int:
    """VmHWM of the children, in MB; it is counted anew for each process."""
    found = [0]
    for process in psutil.Process().children():
        try:
            text = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
        except OSError:
            continue
        found += [int(kb) // 1024 for kb in re.findall(r"VmHWM:\s+(\d+)", text)]
    return max(found)


def run(kind: str, n: int, seed: int, done: Done, save: Callable[[], None]) -> None:
    """The rest of one kind; `done` gets its counts."""
    said = done.setdefault(kind, {"n": 0, "peak_mb": 0})
    pool = Pool(decoders.prepare, longest_s=LONGEST_S)
    with tempfile.TemporaryDirectory(prefix="opqn-fuzz-") as room:
        for name, function, arguments in cases(kind, int(said["n"]), n, seed, Path(room)):
            what = outcome(pool, function, arguments)
            if what[0] in "BD":
                sys.stderr.write(f"{kind} {int(said['n'])} ({name}): {what}\n")
            said[what] = said.get(what, 0) + 1
            said["n"] += 1
            if said["n"] % 50 == 0:
                said["peak_mb"] = max(said["peak_mb"], peak_mb())
                save()
    said["peak_mb"] = max(said["peak_mb"], peak_mb())
    save()
    pool.close()


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    for kind, n in zip(KINDS, (10_000, 1000, 100), strict=True):
        parser.add_argument(f"--{kind}", type=int, default=n)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--state", type=Path, help="folder that holds how far a run came")
    asked = parser.parse_args(words)
    file = None if asked.state is None else asked.state / f"fuzz-{asked.seed}.json"
    done: Done = {}
    if file is not None and file.exists():
        done = json.loads(file.read_text(encoding="utf-8"))

    def save() -> None:
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(done), encoding="utf-8")

    began = time.monotonic()
    for kind in KINDS:
        run(kind, getattr(asked, kind), asked.seed, done, save)
    is_good = True
    for kind, said in done.items():
        counts = Counter({what: int(n) for what, n in said.items() if what not in ("n", "peak_mb")})
        is_good &= set(counts) <= {"read", "refused"} and said["peak_mb"] < MOST_MB
        told = ", ".join(f"{what}: {n:,}" for what, n in counts.most_common())
        sys.stdout.write(f"{kind}: {int(said['n']):,}; {told}; peak {said['peak_mb']:.0f} MB\n")
    sys.stdout.write(f"{time.monotonic() - began:.0f} s\n")
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
