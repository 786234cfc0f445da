"""Watched folders: what watching costs while nothing happens, and whether much is taken in right.

Run: python -m tests.benchmarks.bench_watch [--files 50000] [--idle 60] [--copied 10000]
First a library of many files is watched while nothing happens. Then photos are copied in, renamed,
moved out and in again in a folder, and taken away with their disk. After each step the library has
to become what a first run over the folder gives. The last line is one JSON object.
"""

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from opqn_app.index.indexing import index_folder
from opqn_app.index.looking import look_at
from opqn_app.store.library import Library
from opqn_app.store.records import ModelInfo
from tests.benchmarks.bench_rescan import make_library
from tests.index.photo_disk import run_to_end
from tests.index.watch_room import LiveRoom
from tests.library_fakes import fake_engine

PER_FOLDER = 200
PATIENCE_S = 900


def measure_idle(base: Path, n_files: int, idle_s: int) -> dict[str, float]:
    """Seconds to begin, of one look, and of the processor while nothing happens."""
    folder, library = base / "many", base / "many.sqlite"
    make_library(library, folder, n_files, ModelInfo.of(fake_engine().encoder))
    began, cpu = time.perf_counter(), time.process_time()
    found = look_at(library, folder, folder)
    assert found is not None
    assert not found.differs
    look_s, look_cpu = time.perf_counter() - began, time.process_time() - cpu
    with LiveRoom(library, fake_engine, folder) as room:
        began = time.perf_counter()
        room.wait_for(lambda: room.watcher.ways().get(folder) == "events", PATIENCE_S)
        started_s = time.perf_counter() - began
        time.sleep(2 + 3 * look_s)  # the first look
        before = time.process_time()
        time.sleep(idle_s)
        idle_cpu = time.process_time() - before
        assert room.runs == []
    return {
        "files": n_files,
        "watching_after_s": round(started_s, 2),
        "look_s": round(look_s, 2),
        "look_cpu_s": round(look_cpu, 2),
        "idle_s": idle_s,
        "idle_cpu_ms": round(1000 * idle_cpu, 1),
        "idle_cpu_percent": round(100 * idle_cpu / idle_s, 4),
    }


class Steps:
    """What is done to a watched folder, and how it is taken in."""

    def __init__(self, base: Path, n: int) -> None:
        self.base, self.n = base, n
        self.folder, self.source = base / "photos", base / "source"
        self.folder.mkdir()
        for i in range(n):
            path = self.source / f"{i // PER_FOLDER:03}" / f"IMG_{i:05}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            pixels = np.random.default_rng(i).integers(0, 255, (12, 16, 3), np.uint8)
            Image.fromarray(pixels).save(path)
        (self.folder / "first.png").write_bytes(
            (self.source / "000" / "IMG_00000.png").read_bytes()
        )
        self.library = base / "watched.sqlite"
        run_to_end(index_folder(self.library, self.folder, fake_engine()))
        self.found: list[dict[str, object]] = []
        self._n_fresh = 0

    def run(self) -> list[dict[str, object]]:
        with LiveRoom(self.library, fake_engine, self.folder) as self.room:
            self.room.wait_for(lambda: bool(self.room.watcher.ways()))
            self._step("copied in", self._copy)
            ids = self._face_ids()
            self._step("renamed", self._rename)
            self._step("folder moved out and in", self._move)
            self._step("disk unplugged and back", self._unplug)
            assert self._face_ids() == ids, "faces have lost their ids"
        return self.found

    def _step(self, name: str, act: Callable[[], None]) -> None:
        n_runs, began = len(self.room.runs), time.perf_counter()
        act()
        acted_s = time.perf_counter() - began
        wanted = self._fresh()
        while told_by(self.library) != wanted:
            assert time.perf_counter() - began < PATIENCE_S, f"{name}: it never became so"
            time.sleep(1)
        self.found.append(
            {
                "step": name,
                "photos": len(wanted) - 1,
                "acted_s": round(acted_s, 1),
                "runs": len(self.room.runs) - n_runs,
                "done_after_s": round(max(0.0, self.room.ended_at - began), 1),
            }
        )
        print(self.found[-1], flush=True)

    def _copy(self) -> None:
        shutil.copytree(self.source, self.folder / "copied")

    def _rename(self) -> None:
        for path in sorted((self.folder / "copied").rglob("*.png")):
            path.rename(path.with_name(f"renamed_{path.name}"))

    def _move(self) -> None:
        outside = self.base / "outside"
        (self.folder / "copied").rename(outside)
        time.sleep(10)
        outside.rename(self.folder / "moved")

    def _unplug(self) -> None:
        self.folder.rename(self.base / "unplugged")
        self.folder.mkdir()
        time.sleep(40)
        self.folder.rmdir()
        (self.base / "unplugged").rename(self.folder)

    def _fresh(self) -> dict[str, object]:
        self._n_fresh += 1
        path = self.base / f"fresh{self._n_fresh}.sqlite"
        run_to_end(index_folder(path, self.folder, fake_engine()))
        return told_by(path)

    def _face_ids(self) -> list[int]:
        with Library.open(self.library) as library:
            photos = library.photos(limit=10**6)
            return sorted(face.id for photo in photos for face in library.faces_of(photo.id))


def told_by(path: Path) -> dict[str, object]:
    """What a library says of each photo, without ids; and of problems."""
    with Library.open(path) as library, library.snapshot():
        photos = library.photos(limit=10**6)
        told: dict[str, object] = {
            photo.rel_path: (
                photo.size,
                [(face.box, face.quality) for face in library.faces_of(photo.id)],
            )
            for photo in photos
        }
        told["failures"] = sorted((str(f.path), f.reason) for f in library.failures())
        return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=50_000)
    parser.add_argument("--idle", type=int, default=60)
    parser.add_argument("--copied", type=int, default=10_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        base = Path(name).resolve()
        idle = measure_idle(base, arguments.files, arguments.idle)
        print(idle, flush=True)
        steps = Steps(base, arguments.copied).run()
    print(json.dumps({"idle": idle, "steps": steps}))


if __name__ == "__main__":
    main()
