"""Exact search against what people use today, in one run.

    OMP_NUM_THREADS=1 python -m tests.benchmarks.bench_search [--n 1e6 ...] [--bytes 32] [--avx2]
                                                              [--synthetic] [--json]

Peers: faiss IndexPQ over the same codes; NumPy taking all scores; and up to `--peers` faces, where
`--which` names them, a SQL join of the codes with the query's table, and float32 vectors of 512
dimensions, flat and, up to `--graph` faces, as a graph (faiss IndexFlatIP, IndexHNSWFlat).

Codes and tables are those of a bundled model. With 8 bytes they are of real faces where
`--embeddings` holds them (the recipe `trainer.recipes.bundled_head` leaves them in
`runs/bundled-head`), else of points between the faces of the sample. With 16 and 32 bytes, which
are joint words, they are of faces drawn with the mean and covariance of the sample's. More faces
than there are, so nearly all from a million on, are crossed: each takes half of its words from one
of them and half from another; the output says how many. With --synthetic codes of 8 bytes are
drawn: people of unequal numbers of photos, eight likely words a book for each person.

Each figure is the median process CPU time of one thread over interleaved runs. Every ranking of
ours, of each way of searching that is timed, is compared with brute force, ids and scores; brute
force is written from the definition (see `by_definition`) and uses nothing of the search.

faiss gets one thread and picks the widest vectors of the processor by itself. With --avx2
everything is measured once more in a process of its own, where numba compiles for a processor with
AVX2 and nothing wider, and faiss is told the same (FAISS_SIMD_LEVEL).

Memory: 63 bytes a face, 6.3 GB at 1e8, and for the vectors of peers 6 kB a face.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import faiss
import llvmlite.binding as llvm
import numpy as np

from opqn_app.opqn import lut as lut_scoring
from opqn_app.search.code_index import CodeIndex, Ranking
from opqn_app.search.kernels import dispatch as kernels
from opqn_app.search.kernels.numpy_kernel import NumpyKernels
from tests.benchmarks import search_peers
from tests.benchmarks.search_data import EMBEDDINGS, MODELS, Data, load_data

K_BEST = 100
SLOW_QUERIES = 3  # of peers that take long
SLOW_PEERS = ("sql", "flat", "hnsw")
CHUNK = 2**20  # faces that brute force scores at a time

Action = Callable[[np.ndarray], object]
Search = Callable[[np.ndarray], Ranking]


@dataclass(frozen=True, slots=True)
class Result:
    """One size of gallery; times in ms of CPU a query, None if not measured.

    Attributes:
        codes: what they are made of.
        bytes_per_code: books of a code, one byte each.
        ms_portable, ms_numpy: ours compiled for any processor, and without numba.
        ratio_faiss, ratio_brute_force: peer over ours.
        ms_wall: ours on the clock, with as many threads as it chooses.
        batch: queries searched together for `ms_batch`.
        recall_hnsw: share of the best 100 of the flat search that the graph finds.
        exact: every ranking of ours is that of brute force.
    """

    n: int
    bytes_per_code: int
    codes: str
    loops: str
    ms: float
    ms_wall: float
    ms_faiss: float
    ms_brute_force: float
    ms_portable: float
    ms_numpy: float
    ms_batch: float
    batch: int
    ms_filtered: float
    ms_sql: float | None
    ms_flat: float | None
    ms_hnsw: float | None
    recall_hnsw: float | None
    build_hnsw_s: float | None
    ratio_faiss: float
    ratio_brute_force: float
    bytes_per_face: float
    first_query_wall_ms: float
    warm_up_s: float
    exact: bool


def cpu_medians(
    actions: dict[str, Action], queries: Sequence[np.ndarray], runs: int
) -> dict[str, float]:
    """ms of each action; the actions take turns on each query, the first turn does not count."""
    times: dict[str, list[float]] = {name: [] for name in actions}
    for query in [queries[0], *list(queries) * runs]:
        for name, action in actions.items():
            start = time.process_time()
            action(query)
            times[name].append(1e3 * (time.process_time() - start))
    return {name: statistics.median(taken[1:]) for name, taken in times.items()}


def measure(n: int, data: Data, runs: int, *, queries: int, which: Sequence[str]) -> Result:
    """Args: which: of SLOW_PEERS."""
    codes, tables = data.gallery(n)
    luts = list(lut_scoring.snap(tables))[:queries]
    ids = np.arange(1, n + 1)
    index = CodeIndex.of_codes("bench", ids, codes)
    start = time.perf_counter()
    index.search(luts[0], limit=K_BEST)
    first_query = 1e3 * (time.perf_counter() - start)
    start = time.perf_counter()
    best = kernels.warm_up()
    warm_up_s = time.perf_counter() - start
    ms, is_exact = same_codes(index, ids, codes, luts, runs, best)
    slow = slow_peers(n, codes, luts, data, which)
    return Result(
        n=n,
        bytes_per_code=codes.shape[1],
        codes=data.described(n),
        loops=best.name,
        ms=ms["ours"],
        ms_wall=ms["wall"],
        ms_faiss=ms["faiss"],
        ms_brute_force=ms["brute force"],
        ms_portable=ms.get("portable", ms["ours"]),
        ms_numpy=ms["numpy"],
        ms_batch=ms["batch"],
        batch=4 * len(luts),
        ms_filtered=ms["filtered"],
        ms_sql=slow.get("sql"),
        ms_flat=slow.get("flat"),
        ms_hnsw=slow.get("hnsw"),
        recall_hnsw=slow.get("recall"),
        build_hnsw_s=slow.get("build"),
        ratio_faiss=ms["faiss"] / ms["ours"],
        ratio_brute_force=ms["brute force"] / ms["ours"],
        bytes_per_face=index.bytes_per_face,
        first_query_wall_ms=first_query,
        warm_up_s=warm_up_s,
        exact=is_exact,
    )


def same_codes(
    index: CodeIndex,
    ids: np.ndarray,
    codes: np.ndarray,
    luts: Sequence[np.ndarray],
    runs: int,
    best: kernels.Kernels,
) -> tuple[dict[str, float], bool]:
    """ms of ours and of peers over the same codes, and whether ours is brute force's ranking."""
    by_book, peer = np.asfortranarray(codes), search_peers.pq_index(codes)

    def brute_force(lut: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        scores = lut_scoring.scores(lut, by_book)
        order = lut_scoring.top_k(scores, K_BEST)
        return ids[order], scores[order]

    tenth = index.mask(ids[::10])
    ours: dict[str, Search] = {"ours": lambda lut: index.search(lut, limit=K_BEST, threads=1)}
    for name, loops in other_loops(best).items():
        ours[name] = search_with(loops, index, best)

    def filtered(lut: np.ndarray) -> Ranking:
        return index.search(lut, limit=K_BEST, among=tenth, threads=1)

    actions: dict[str, Action] = {
        "faiss": lambda lut: peer.search(lut.reshape(1, -1), K_BEST),
        "ours": ours["ours"],
        "brute force": brute_force,
        "filtered": filtered,
    }
    actions |= ours
    ms = cpu_medians(actions, luts, runs)
    walls, exact = [], []
    for _ in range(runs):
        for lut in luts:
            start = time.perf_counter()
            index.search(lut, limit=K_BEST)
            walls.append(1e3 * (time.perf_counter() - start))
    start = time.process_time()
    together = index.search_many(list(luts) * 4, K_BEST, threads=1)
    ms |= {
        "batch": 1e3 * (time.process_time() - start) / len(together),
        "wall": statistics.median(walls),
    }
    for i, lut in enumerate(luts):
        found = [index.search(lut, limit=K_BEST), *(search(lut) for search in ours.values())]
        expected = by_definition(lut, ids, by_book)
        exact += [same(ranking, expected) for ranking in found + together[i :: len(luts)]]
        exact.append(same(filtered(lut), by_definition(lut, ids[::10], by_book[::10])))
    return ms, all(exact)


def by_definition(
    lut: np.ndarray, ids: np.ndarray, codes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The best ids and scores: float32 sums book after book, a chunk of faces at a time.

    Faces below the K_BEST-th best so far are left out before sorting; equal ones are not.
    """
    best_ids, best = ids[:0], np.empty(0, np.float32)
    floor = np.float32(-np.inf)
    for start in range(0, len(codes), CHUNK):
        words = codes[start : start + CHUNK]
        scores = lut[0][words[:, 0]]
        for m in range(1, len(lut)):
            scores += lut[m][words[:, m]]
        rows = np.flatnonzero(scores >= floor)
        best_ids = np.concatenate([best_ids, ids[start + rows]])
        best = np.concatenate([best, scores[rows]])
        order = np.lexsort((best_ids, -best))[:K_BEST]
        best_ids, best = best_ids[order], best[order]
        if len(best) == K_BEST:
            floor = best[-1]
    return best_ids, best


def slow_peers(
    n: int, codes: np.ndarray, luts: Sequence[np.ndarray], data: Data, which: Sequence[str]
) -> dict[str, float]:
    """ms of those named of the SQL join, the flat search and the graph."""
    found: dict[str, float] = {}
    if "sql" in which:
        join = search_peers.sql_join(codes, K_BEST)
        found |= cpu_medians({"sql": join}, luts[:SLOW_QUERIES], 1)
        del join
    if not {"flat", "hnsw"} & set(which):
        return found
    vectors = data.vectors(n)
    searches: dict[str, search_peers.Search] = {"flat": search_peers.flat(vectors, K_BEST)}
    if "hnsw" in which:
        start = time.process_time()
        searches["hnsw"] = search_peers.hnsw(vectors, K_BEST)
        found["build"] = time.process_time() - start
        hits = [
            len(np.intersect1d(searches["hnsw"](query), searches["flat"](query)))
            for query in data.queries
        ]
        found["recall"] = statistics.mean(hits) / K_BEST
    return found | cpu_medians(dict(searches), list(data.queries), 1)


def other_loops(best: kernels.Kernels) -> dict[str, kernels.Kernels]:
    """NumPy's, and the compiled ones that run on any processor."""
    found: dict[str, kernels.Kernels] = {"numpy": NumpyKernels()}
    if best.name != "numpy":
        from opqn_app.search.kernels.numba_kernel import NumbaKernels

        found["portable"] = NumbaKernels()
    return found


def search_with(loops: kernels.Kernels, index: CodeIndex, best: kernels.Kernels) -> Search:
    def search(lut: np.ndarray) -> Ranking:
        kernels._kernels = loops
        try:
            return index.search(lut, limit=K_BEST, threads=1)
        finally:
            kernels._kernels = best

    return search


def same(ranking: Ranking, expected: tuple[np.ndarray, np.ndarray]) -> bool:
    return np.array_equal(ranking.face_ids, expected[0]) and np.array_equal(
        ranking.scores, expected[1]
    )


def machine() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return f"{len(names)} × {'/'.join(sorted(set(names))) or platform.processor()}"


def in_words(result: Result) -> str:
    text = (
        f"{result.n:,} faces of {result.bytes_per_code} bytes, {result.loops}: {result.ms:.2f} ms "
        f"({result.ms_wall:.2f} wall, threads as it chooses); faiss IndexPQ "
        f"{result.ms_faiss:.2f} ({result.ratio_faiss:.1f}x), NumPy take "
        f"{result.ms_brute_force:.2f} ({result.ratio_brute_force:.1f}x); any processor "
        f"{result.ms_portable:.2f}, without numba {result.ms_numpy:.2f}; batch of "
        f"{result.batch} {result.ms_batch:.2f}, one face in ten {result.ms_filtered:.2f}; "
        f"{result.bytes_per_face:.0f} bytes a face; first query "
        f"{result.first_query_wall_ms:.0f} ms wall; exact: {result.exact}"
    )
    text += f"\n  codes: {result.codes}"
    if result.ms_sql is not None:
        text += f"\n  SQL join {result.ms_sql:.0f} ({result.ms_sql / result.ms:.0f}x)"
    if result.ms_flat is not None:
        text += f"\n  float32 flat {result.ms_flat:.1f} ({result.ms_flat / result.ms:.0f}x)"
    if result.ms_hnsw is not None:
        text += (
            f"; HNSW {result.ms_hnsw:.2f} ({result.ms_hnsw / result.ms:.1f}x), recall "
            f"{result.recall_hnsw:.2f}, built in {result.build_hnsw_s:.0f} s"
        )
    return text


def avx2_only() -> dict[str, str]:
    """Environment in which numba and faiss see a processor with AVX2 and nothing wider."""
    features = llvm.get_host_cpu_features()
    wider = ("avx512", "avx10", "amx", "evex", "gfni", "vaes", "vpclmul")
    signs = (
        ("+" if is_there and not name.startswith(wider) else "-") + name
        for name, is_there in features.items()
    )
    return {
        "NUMBA_CPU_NAME": "haswell",
        "NUMBA_CPU_FEATURES": ",".join(signs),
        "FAISS_SIMD_LEVEL": "AVX2",
    }


def again_with_avx2(arguments: Sequence[str]) -> dict[str, object]:
    """What this program finds, run with these arguments where there is only AVX2."""
    kept = [argument for argument in arguments if argument not in ("--avx2", "--json")]
    command = [sys.executable, "-m", "tests.benchmarks.bench_search", *kept, "--json"]
    done = subprocess.run(
        command, env=os.environ | avx2_only(), stdout=subprocess.PIPE, text=True, check=True
    )
    *lines, last = done.stdout.splitlines()
    print(*lines, sep="\n", flush=True)
    found: dict[str, object] = json.loads(last)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=float, nargs="+", default=[1e5, 1e6], help="faces")
    model = parser.add_mutually_exclusive_group()
    model.add_argument("--bytes", type=int, choices=MODELS, default=8, help="of a code")
    model.add_argument("--model", choices=MODELS.values(), help="the same by the model's name")
    parser.add_argument("--avx2", action="store_true", help="and again without wider vectors")
    parser.add_argument("--synthetic", action="store_true", help="draw codes and tables")
    parser.add_argument("--embeddings", type=Path, default=EMBEDDINGS, help="of real faces")
    parser.add_argument("--queries", type=int, default=10, help="10 at most")
    parser.add_argument("--runs", type=int, default=3, help="of each query")
    parser.add_argument("--peers", type=float, default=1e6, help="faces at most, see above")
    parser.add_argument(
        "--which", nargs="+", choices=SLOW_PEERS, default=SLOW_PEERS, help="of these peers"
    )
    parser.add_argument("--graph", type=float, default=1e5, help="hnsw: faces at most")
    parser.add_argument("--json", action="store_true", help="end with one JSON object, the last n")
    arguments = parser.parse_args()
    faiss.omp_set_num_threads(1)
    data = load_data(
        synthetic=arguments.synthetic,
        embeddings=arguments.embeddings,
        model=arguments.model or MODELS[arguments.bytes],
    )
    print(f"{machine()}; 256 words a book, best {K_BEST}, one thread, CPU ms a query")
    for n in map(int, arguments.n):
        graph = min(arguments.peers, arguments.graph)
        largest = {"sql": arguments.peers, "flat": arguments.peers, "hnsw": graph}
        which = [name for name in arguments.which if n <= largest[name]]
        result = measure(n, data, arguments.runs, queries=arguments.queries, which=which)
        print(in_words(result), flush=True)
    found = asdict(result)
    if arguments.avx2:
        found["avx2"] = again_with_avx2(sys.argv[1:])
    if arguments.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
