"""How long a million codes take from SQLite: segments of 65536 against one row a face.

Run: OMP_NUM_THREADS=1 python tests/benchmarks/bench_library_load.py [FACES]
Both schemas hold the same random 8-byte codes; the figures are medians of interleaved warm runs.
"""

import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from opqn_app.opqn import lut as lut_scoring
from opqn_app.search.code_index import CodeIndex
from opqn_app.store import code_store
from opqn_app.store.connection import connect
from opqn_app.store.library import Library
from opqn_app.store.records import ModelInfo

MODEL = ModelInfo("bench", "bench", 8, 256)
RUNS = 7


def make_library(path: Path, codes: np.ndarray) -> None:
    """Real faces rows, so that foreign keys hold; the codes go through CodeStore."""
    Library.open(path, write=True).close()
    db = connect(path, write=True)
    ids = range(1, len(codes) + 1)
    with db.transaction():
        db.run("INSERT INTO roots (path) VALUES ('/photos')")
        db.run(
            "INSERT INTO photos (root_id, rel_path, size, mtime_ns, content_hash, width, height, "
            "sort_time, n_faces) VALUES (1, 'a.jpg', 1, 1, x'00', 1, 1, '', 1)"
        )
        db.run_many(
            "INSERT INTO faces (photo_id, box_left, box_top, box_right, box_bottom, landmarks, "
            "size_px, confidence, sharpness) VALUES (1, 1, 2, 3, 4, zeroblob(40), 60, 0.99, 40)",
            (() for _ in ids),
        )
    for start in range(0, len(codes), code_store.SEGMENT_SIZE):
        part = slice(start, start + code_store.SEGMENT_SIZE)
        with db.transaction():
            code_store.CodeStore(db).add(MODEL, ids[part], codes[part])
    db.close()


def make_rows(path: Path, codes: np.ndarray) -> None:
    raw = sqlite3.connect(path)
    raw.execute("CREATE TABLE codes (face_id INTEGER PRIMARY KEY, code BLOB NOT NULL)")
    raw.executemany(
        "INSERT INTO codes VALUES (?, ?)", ((i + 1, row.tobytes()) for i, row in enumerate(codes))
    )
    raw.commit()
    raw.close()


def load_rows(path: Path) -> tuple[np.ndarray, np.ndarray]:
    raw = sqlite3.connect(path)
    rows = raw.execute("SELECT face_id, code FROM codes ORDER BY face_id").fetchall()
    raw.close()
    ids = np.fromiter((row[0] for row in rows), np.int64, len(rows))
    return ids, np.frombuffer(b"".join(row[1] for row in rows), np.uint8).reshape(-1, 8)


def load_segments(path: Path) -> int:
    with Library.open(path) as library:
        return sum(len(s.face_ids) for s in library.code_segments(MODEL.model_id))


def load_index(path: Path) -> CodeIndex:
    with Library.open(path) as library:
        return CodeIndex.load(library, MODEL.model_id)


def milliseconds(action: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    action()
    return 1e3 * (time.perf_counter() - wall), 1e3 * (time.process_time() - cpu)


def main() -> None:
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 256, (n, 8), np.uint8)
    lut = lut_scoring.snap(rng.dirichlet(np.ones(256) * 0.1, 8))
    with tempfile.TemporaryDirectory() as name:
        segments, rows = Path(name) / "library.sqlite", Path(name) / "rows.sqlite"
        make_library(segments, codes)
        make_rows(rows, codes)
        index = load_index(segments)
        actions: dict[str, Callable[[], object]] = {
            "row per face": lambda: load_rows(rows),
            "segments": lambda: load_segments(segments),
            "segments, as CodeIndex": lambda: load_index(segments),
            "search, best 200": lambda: index.search(lut, limit=200),
        }
        times: dict[str, list[tuple[float, float]]] = {label: [] for label in actions}
        for _ in range(RUNS):
            for label, action in actions.items():
                times[label].append(milliseconds(action))
    print(f"{n:,} faces, M=8 K=256, medians of {RUNS} runs: wall ms, CPU ms")
    medians = {
        label: tuple(map(statistics.median, zip(*runs, strict=True)))
        for label, runs in times.items()
    }
    for label, (wall, cpu) in medians.items():
        print(f"{label:24} {wall:9.1f} {cpu:9.1f}")
    for label in ("segments", "segments, as CodeIndex"):
        ratio = medians["row per face"][1] / medians[label][1]
        print(f"row per face / {label}: {ratio:.1f}x the CPU time")


if __name__ == "__main__":
    main()
