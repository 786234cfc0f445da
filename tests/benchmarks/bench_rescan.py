"""A second run over a folder in which nothing has changed.

Run: OMP_NUM_THREADS=1 python -m tests.benchmarks.bench_rescan [--files 20000] [--profile]
The last line is one JSON object; the goal is 2 s of wall time for 20,000 files.
"""

import argparse
import cProfile
import json
import pstats
import statistics
import tempfile
import time
from pathlib import Path

from opqn_app.engine import load_engine
from opqn_app.index.indexing import index_folder
from opqn_app.store.library import Library
from opqn_app.store.records import ModelInfo, NewPhoto

PER_FOLDER = 200
RUNS = 5


def make_library(library: Path, folder: Path, n: int, model: ModelInfo) -> None:
    """`n` small files, and rows that say that they were read; no picture is decoded."""
    photos = []
    for i in range(n):
        path = folder / f"{i // PER_FOLDER:03}" / f"IMG_{i:06}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"%d" % i)
        found = path.stat()
        name = path.relative_to(folder).as_posix()
        digest = i.to_bytes(20, "little")
        photos.append(
            NewPhoto(name, found.st_size, found.st_mtime_ns, digest, 4032, 3024, None, ())
        )
    with Library.open(library, write=True) as opened:
        root_id = opened.add_root(folder).id
        opened.writer.use_model(model)
        opened.writer.save_batch(root_id, model, photos)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--profile", action="store_true")
    arguments = parser.parse_args()
    engine = load_engine("bundled-64", "cpu", is_lazy=True)
    walls, cpus = [], []
    with tempfile.TemporaryDirectory() as name:
        folder, library = Path(name).resolve() / "photos", Path(name) / "library.sqlite"
        make_library(library, folder, arguments.files, ModelInfo.of(engine.encoder))

        def run() -> None:
            for _ in index_folder(library, folder, engine):
                pass

        for _ in range(RUNS):
            wall, cpu = time.perf_counter(), time.process_time()
            run()
            walls.append(time.perf_counter() - wall)
            cpus.append(time.process_time() - cpu)
        if arguments.profile:
            profile = cProfile.Profile()
            profile.runcall(run)
            pstats.Stats(profile).sort_stats("cumulative").print_stats(25)
    result = {
        "files": arguments.files,
        "wall_s": round(statistics.median(walls), 3),
        "best_wall_s": round(min(walls), 3),
        "cpu_s": round(statistics.median(cpus), 3),
    }
    print(f"{arguments.files:,} unchanged files: {result['wall_s']} s, CPU {result['cpu_s']} s")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
