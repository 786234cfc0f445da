"""Exact search against faiss IndexPQ and against scoring all faces with NumPy, in one run.

    OMP_NUM_THREADS=1 python -m tests.benchmarks.bench_search [--n 1e6 ...] [--synthetic] [--json]

Codes and tables are those of the bundled model where `runs/bundled-head` holds embeddings (the
recipe leaves them there): 105,000 real codes; further faces take half of their words from one real
face and half from another. Else, and with --synthetic, they are drawn: people of unequal numbers of
photos, eight likely words a book for each person.

Each figure is the median process CPU time of one thread over interleaved runs. Every ranking is
compared with brute force, ids and scores.
"""

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from opqn_app import paths
from opqn_app.opqn import lut as lut_scoring
from opqn_app.search import kernels
from opqn_app.search.code_index import CodeIndex
from opqn_app.search.kernels_numpy import NumpyKernels

K_BEST = 100
QUERIES = 10
EMBEDDINGS = Path(__file__).resolve().parents[2] / "runs" / "bundled-head"
PARTS = ("train", "val", "lfw")
MODEL = paths.resource("models/bundled-64")


@dataclass(frozen=True, slots=True)
class Result:
    """One size of gallery; times in ms of CPU a query, ratios are peer over ours."""

    n: int
    codes: str
    loops: str
    ms: float
    ms_faiss: float
    ms_brute_force: float
    ms_portable: float
    ms_numpy: float
    ms_batch: float
    ms_filtered: float
    ratio_faiss: float
    ratio_brute_force: float
    bytes_per_face: float
    first_query_wall_ms: float
    warm_up_s: float
    exact: bool


def real_codes() -> tuple[np.ndarray, np.ndarray]:
    """Codes (n, 8) of all stored embeddings, and tables of people of the LFW part."""
    import torch

    from opqn_app.opqn.checkpoint import load_model

    model = load_model(MODEL).model.eval()
    codes = []
    with torch.inference_mode():
        for name in PARTS:
            stored = np.load(EMBEDDINGS / f"{name}.npz")
            for view in (stored["plain"], stored["mirrored"]):
                for part in torch.from_numpy(view).split(2048):
                    x = model.backbone.from_embedding(part)
                    codes.append(model.quantizer.codes(x).numpy().astype(np.uint8))
        chosen = torch.from_numpy(stored["plain"][:: len(stored["plain"]) // QUERIES][:QUERIES])
        tables = model.quantizer.tables(model.backbone.from_embedding(chosen)).numpy()
    return np.concatenate(codes), tables


def crossed(codes: np.ndarray, n: int) -> np.ndarray:
    """`codes` and, beyond them, faces with half of their words from each of two."""
    rng = np.random.default_rng(0)
    parents = codes[rng.integers(len(codes), size=(2, max(0, n - len(codes))))]
    first = rng.random(parents.shape[1:]).argsort(axis=1) < codes.shape[1] // 2
    every = np.concatenate([codes, np.where(first, parents[0], parents[1])])
    return every[rng.permutation(len(every))[:n]]


def synthetic(n: int, peak: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    """Codes (n, 8) of n / 15 people and tables whose largest entry is about `peak`."""
    rng = np.random.default_rng(0)
    people, books = max(1, n // 15), np.arange(8)
    popularity = rng.gamma(0.5, 1, (8, 256)) + 1e-3
    likely = np.stack([rng.choice(256, (people, 8), p=p / p.sum()) for p in popularity], axis=1)
    share = (1 - peak) ** np.arange(8)
    share /= share.sum()
    size = 1 / np.sqrt(np.arange(1, people + 1))
    who = rng.choice(people, n, p=size / size.sum())
    picked = np.searchsorted(np.cumsum(share)[:-1], rng.random((n, 8)))
    codes = likely[who[:, None], books, picked].astype(np.uint8)
    tables = 0.02 * rng.dirichlet(np.ones(256), (QUERIES, 8))
    for table, person in zip(tables, rng.choice(people, QUERIES), strict=True):
        np.add.at(table, (books[:, None], likely[person]), 0.98 * share)
    return codes, tables


def faiss_index(codes: np.ndarray) -> Any:
    """IndexPQ whose centroids are unit vectors, so that its scores are the same sums."""
    index = faiss.IndexPQ(8 * 256, 8, 8, faiss.METRIC_INNER_PRODUCT)
    faiss.copy_array_to_vector(np.tile(np.eye(256, dtype=np.float32), (8, 1)).ravel(),
                               index.pq.centroids)  # fmt: skip
    faiss.copy_array_to_vector(codes.ravel(), index.codes)
    index.is_trained, index.ntotal = True, len(codes)
    return index


def cpu_medians(
    actions: dict[str, Callable[[np.ndarray], object]], luts: Sequence[np.ndarray], runs: int
) -> dict[str, float]:
    """ms of each action; the actions take turns on each query."""
    times: dict[str, list[float]] = {name: [] for name in actions}
    for lut in [luts[0], *list(luts) * runs]:
        for name, action in actions.items():
            start = time.process_time()
            action(lut)
            times[name].append(1e3 * (time.process_time() - start))
    return {name: statistics.median(taken[1:]) for name, taken in times.items()}


def measure(n: int, codes: np.ndarray, tables: np.ndarray, label: str, runs: int) -> Result:
    luts = list(lut_scoring.snap(tables))
    ids = np.arange(1, n + 1)
    index = CodeIndex.of_codes("bench", ids, codes)
    start = time.perf_counter()
    index.search(luts[0], limit=K_BEST)
    first_query = 1e3 * (time.perf_counter() - start)
    start = time.perf_counter()
    best = kernels.warm_up()
    warm_up_s = time.perf_counter() - start

    by_book, peer = np.asfortranarray(codes), faiss_index(codes)

    def brute_force(lut: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        scores = lut_scoring.scores(lut, by_book)
        order = lut_scoring.top_k(scores, K_BEST)
        return ids[order], scores[order]

    is_exact = all(same(index.search(lut, limit=K_BEST), brute_force(lut)) for lut in luts)
    tenth = index.mask(ids[::10])
    actions: dict[str, Callable[[np.ndarray], object]] = {
        "faiss": lambda lut: peer.search(lut.reshape(1, -1), K_BEST),
        "ours": lambda lut: index.search(lut, limit=K_BEST, threads=1),
        "brute force": brute_force,
        "filtered": lambda lut: index.search(lut, limit=K_BEST, among=tenth, threads=1),
    }
    for name, loops in other_loops(best).items():
        actions[name] = search_with(loops, index, best)
    ms = cpu_medians(actions, luts, runs)
    start = time.process_time()
    index.search_many(luts * 4, K_BEST, threads=1)
    batch = 1e3 * (time.process_time() - start) / (4 * len(luts))
    return Result(
        n=n,
        codes=label,
        loops=best.name,
        ms=ms["ours"],
        ms_faiss=ms["faiss"],
        ms_brute_force=ms["brute force"],
        ms_portable=ms.get("portable", ms["ours"]),
        ms_numpy=ms["numpy"],
        ms_batch=batch,
        ms_filtered=ms["filtered"],
        ratio_faiss=ms["faiss"] / ms["ours"],
        ratio_brute_force=ms["brute force"] / ms["ours"],
        bytes_per_face=index.bytes_per_face,
        first_query_wall_ms=first_query,
        warm_up_s=warm_up_s,
        exact=is_exact,
    )


def other_loops(best: kernels.Kernels) -> dict[str, kernels.Kernels]:
    """NumPy's, and the compiled ones that run on any processor."""
    found: dict[str, kernels.Kernels] = {"numpy": NumpyKernels()}
    if best.name != "numpy":
        from opqn_app.search.kernels_numba import NumbaKernels

        found["portable"] = NumbaKernels()
    return found


def search_with(
    loops: kernels.Kernels, index: CodeIndex, best: kernels.Kernels
) -> Callable[[np.ndarray], object]:
    def search(lut: np.ndarray) -> object:
        kernels._kernels = loops
        try:
            return index.search(lut, limit=K_BEST, threads=1)
        finally:
            kernels._kernels = best

    return search


def same(ranking: Any, expected: tuple[np.ndarray, np.ndarray]) -> bool:
    return np.array_equal(ranking.face_ids, expected[0]) and np.array_equal(
        ranking.scores, expected[1]
    )


def machine() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = {line.split(":")[1].strip() for line in lines if line.startswith("model name")}
    return f"{'/'.join(names) or platform.processor()}, {len(lines) and platform.system()}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=float, nargs="+", default=[1e5, 1e6], help="faces")
    parser.add_argument("--synthetic", action="store_true", help="draw codes and tables")
    parser.add_argument("--runs", type=int, default=3, help="of each query")
    parser.add_argument("--json", action="store_true", help="end with one JSON object, the last n")
    arguments = parser.parse_args()
    faiss.omp_set_num_threads(1)
    has_real = MODEL.is_dir() and all((EMBEDDINGS / f"{name}.npz").is_file() for name in PARTS)
    is_real = not arguments.synthetic and has_real
    real = real_codes() if is_real else None
    print(f"{machine()}; M=8 K=256, best {K_BEST}, one thread, CPU ms a query")
    for n in map(int, arguments.n):
        codes, tables = (crossed(real[0], n), real[1]) if real else synthetic(n)
        label = "bundled-64" if real else "synthetic"
        result = measure(n, codes, tables, label, arguments.runs)
        print(
            f"{n:,} faces, {label} codes, {result.loops}: {result.ms:.2f} ms; faiss IndexPQ "
            f"{result.ms_faiss:.2f} ({result.ratio_faiss:.1f}x), NumPy take "
            f"{result.ms_brute_force:.2f} ({result.ratio_brute_force:.1f}x); any processor "
            f"{result.ms_portable:.2f}, without numba {result.ms_numpy:.2f}; batch of 40 "
            f"{result.ms_batch:.2f}, one face in ten {result.ms_filtered:.2f}; "
            f"{result.bytes_per_face:.0f} bytes a face; first query "
            f"{result.first_query_wall_ms:.0f} ms wall; exact: {result.exact}",
            flush=True,
        )
    if arguments.json:
        print(json.dumps(asdict(result)))


if __name__ == "__main__":
    main()
