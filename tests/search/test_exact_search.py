"""Every way of searching against scoring all faces and sorting: ids, scores, ties, to the bit."""

import numpy as np
import pytest

from opqn_app.opqn import lut as lut_scoring
from opqn_app.search import code_index, exact, kernels, segment
from opqn_app.search.code_index import CodeIndex
from opqn_app.search.kernels_numpy import NumpyKernels
from opqn_app.search.ranking import Ranking

LIMITS = (0, 1, 2, 7, 100, 10_000, None)


def available() -> list[kernels.Kernels]:
    """NumPy's kernels, the compiled ones, and those for the processor at hand."""
    found: list[kernels.Kernels] = [NumpyKernels()]
    best = kernels.warm_up()
    if best.name != "numpy":
        from opqn_app.search.kernels_numba import NumbaKernels

        found.append(NumbaKernels())
    if best.name not in [k.name for k in found]:
        found.append(best)
    return found


@pytest.fixture(params=available(), ids=lambda k: k.name)
def used(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Search with these kernels, and as if a few hundred faces were many."""
    monkeypatch.setattr(kernels, "_kernels", request.param)
    monkeypatch.setattr(kernels, "_is_warming", True)
    monkeypatch.setattr(exact, "FIRST", 40)
    monkeypatch.setattr(exact, "SIFT_FROM", 0)
    monkeypatch.setattr(exact, "SIFT_SEGMENT_FROM", 1)
    monkeypatch.setattr(code_index, "LARGE", 0)


def by_definition(
    lut: np.ndarray,
    ids: np.ndarray,
    codes: np.ndarray,
    *,
    limit: int | None = None,
    min_score: float = -np.inf,
) -> tuple[np.ndarray, np.ndarray]:
    """Sums in float64 from the formula, sorted by score descending, then id ascending."""
    books = np.arange(codes.shape[1])
    scores = lut.astype(np.float64)[books, codes].sum(axis=1)
    kept = np.flatnonzero(scores >= np.float32(min_score))
    order = kept[np.lexsort((ids[kept], -scores[kept]))][:limit]
    return ids[order], scores[order]


def check(ranking: Ranking, expected: tuple[np.ndarray, np.ndarray]) -> None:
    assert ranking.face_ids.dtype == np.int64
    assert ranking.scores.dtype == np.float32
    assert np.array_equal(ranking.face_ids, expected[0])
    assert np.array_equal(ranking.scores.astype(np.float64), expected[1])


def in_segments(ids: np.ndarray, codes: np.ndarray, size: int) -> CodeIndex:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segment, "SIZE", size)
        patch.setattr("opqn_app.search.loading.SIZE", size)
        return CodeIndex.of_codes("any", ids, codes)


def tables(kind: str, rng: np.random.Generator, m: int, k: int) -> np.ndarray:
    """Query tables from one large entry a book to none that stands out, and negative ones."""
    raw = {
        "peaked": lambda: rng.dirichlet(np.full(k, 0.02), m),
        "soft": lambda: rng.dirichlet(np.full(k, 0.5), m),
        "nearly flat": lambda: rng.dirichlet(np.full(k, 50.0), m),
        "flat": lambda: np.full((m, k), 1 / k),
        "linear": lambda: rng.normal(0, 0.2, (m, k)),
        "all negative": lambda: -rng.random((m, k)) - 1,
        "zero": lambda: np.zeros((m, k)),
        "few values": lambda: rng.integers(0, 3, (m, k)) / 4,
        "one book counts": lambda: np.where(np.arange(m)[:, None] == 0, rng.random((m, k)), 0.0),
        "huge and tiny": lambda: rng.random((m, k)) * 10.0 ** rng.integers(-6, 4, (m, 1)),
    }
    return lut_scoring.snap(raw[kind]())


KINDS = (
    "peaked", "soft", "nearly flat", "flat", "linear",
    "all negative", "zero", "few values", "one book counts", "huge and tiny",
)  # fmt: skip


def gallery(kind: str, rng: np.random.Generator, n: int, m: int, k: int) -> np.ndarray:
    """Codes from independent words to one code for all."""
    dtype = np.uint8 if k <= 256 else np.uint16
    if kind == "equal":
        return np.tile(rng.integers(0, k, m), (n, 1)).astype(dtype)
    if kind == "duplicates":
        return rng.integers(0, k, (max(1, n // 20), m))[rng.integers(0, max(1, n // 20), n)].astype(
            dtype
        )
    if kind == "popular":
        return (rng.zipf(1.5, (n, m)) % k).astype(dtype)
    return rng.integers(0, k, (n, m)).astype(dtype)


@pytest.mark.usefixtures("used")
@pytest.mark.parametrize("codes_kind", ["random", "popular", "duplicates", "equal"])
@pytest.mark.parametrize("m", [1, 2, 3, 4, 7, 8, 16, 32])
def test_every_way_equals_the_definition(m: int, codes_kind: str) -> None:
    """For all kinds of tables, limits beyond the faces there are, thresholds, filters, threads."""
    rng = np.random.default_rng([m, len(codes_kind)])
    for kind in KINDS:
        k = int(rng.choice([2, 16, 64, 256, 300, 512]))
        n = int(rng.integers(1, 2500))
        codes = gallery(codes_kind, rng, n, m, k)
        ids = np.cumsum(rng.integers(1, 4, n))
        index = in_segments(ids, codes, int(rng.integers(30, 1200)))
        lut = tables(kind, rng, m, k)
        wanted = ids[rng.random(n) < rng.choice([0.02, 0.5])]
        few = np.isin(ids, wanted)
        middle = float(by_definition(lut, ids, codes)[1][n // 10])
        for limit in LIMITS:
            check(index.search(lut, limit=limit), by_definition(lut, ids, codes, limit=limit))
            check(
                index.search(lut, limit=limit, min_score=middle),
                by_definition(lut, ids, codes, limit=limit, min_score=middle),
            )
            check(
                index.search(lut, limit=limit, among=wanted),
                by_definition(lut, ids[few], codes[few], limit=limit),
            )
        check(index.search(lut, limit=9, threads=3), by_definition(lut, ids, codes, limit=9))
        check(index.search(lut, among=few), by_definition(lut, ids[few], codes[few]))
        luts = [lut, *(tables(other, rng, m, k) for other in KINDS[:3])]
        for table, ranking in zip(luts, index.search_many(luts, 12, threads=2), strict=True):
            check(ranking, by_definition(table, ids, codes, limit=12))
