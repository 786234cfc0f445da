"""Search random codes in actors of a local Ray cluster and in one process: FOLDER N SHARDS.

Writes one JSON object: n, shards, exact, ms (median wall time a query, sharded) and ms_one.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from opqn_app.opqn import lut as lut_scoring
from opqn_app.search.code_index import CodeIndex
from opqn_app.search.kernels import dispatch as kernels
from opqn_app.search.shards import Shard, on_cluster

BEST, QUERIES = 100, 10


@dataclass(frozen=True, slots=True)
class Part:
    """Makes one shard of codes that lie in a file."""

    path: Path
    n_shards: int

    def __call__(self, number: int) -> Shard:
        codes = np.load(self.path, mmap_mode="r")
        first, last = (len(codes) * i // self.n_shards for i in (number, number + 1))
        return Shard.of_codes("any", np.arange(first, last), np.array(codes[first:last]))


def measure(codes: np.ndarray, luts: np.ndarray, folder: Path, n_shards: int) -> dict[str, Any]:
    np.save(folder / "codes.npy", codes)
    one = CodeIndex.of_codes("any", np.arange(len(codes)), codes)
    kernels.warm_up()
    one.prepare()
    expected, ms_one = timed(lambda lut: one.search(lut, limit=BEST, threads=1), luts)
    make = Part(folder / "codes.npy", n_shards)
    with on_cluster(f"local:{n_shards}", make, n_shards) as sharded:
        n = len(sharded)
        found, ms = timed(lambda lut: sharded.search(lut, BEST), luts)
    is_exact = all(
        np.array_equal(a.face_ids, b.face_ids) and np.array_equal(a.scores, b.scores)
        for a, b in zip(found, expected, strict=True)
    )
    return {"n": n, "shards": n_shards, "exact": is_exact, "ms": ms, "ms_one": ms_one}


def timed(search: Callable[[np.ndarray], Any], luts: np.ndarray) -> tuple[list[Any], float]:
    search(luts[0])
    found, times = [], []
    for lut in luts:
        start = time.perf_counter()
        found.append(search(lut))
        times.append(1e3 * (time.perf_counter() - start))
    return found, statistics.median(times)


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, 256, (int(sys.argv[2]), 8), np.uint8)
    tables = lut_scoring.snap(rng.dirichlet(np.full(256, 5.0), (QUERIES, 8)))
    sys.stdout.write(json.dumps(measure(drawn, tables, Path(sys.argv[1]), int(sys.argv[3]))) + "\n")
