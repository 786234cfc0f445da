"""Every way of searching against scoring all faces and sorting: ids, scores, ties, to the bit."""

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opqn_app.opqn import lut as lut_scoring
from opqn_app.search import code_index, exact, segment
from opqn_app.search.code_index import CodeIndex
from opqn_app.search.kernels import dispatch as kernels
from opqn_app.search.kernels.numpy_kernel import NumpyKernels
from opqn_app.search.ranking import Ranking

pytestmark = pytest.mark.slow

LIMITS = (0, 1, 2, 7, 100, 10_000, None)


def loops(kind: str) -> kernels.Kernels:
    """NumPy's kernels, those compiled for any processor, and the best for this one."""
    if kind == "numpy":
        return NumpyKernels()
    pytest.importorskip("numba")
    best = kernels.warm_up()
    if kind == "best":
        return best
    from opqn_app.search.kernels.numba_kernel import NumbaKernels

    return NumbaKernels()


@pytest.fixture(params=["numpy", "numba", "best"])
def used(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Search with these kernels, and as if a few hundred faces were many."""
    monkeypatch.setattr(kernels, "_kernels", loops(request.param))
    monkeypatch.setattr(kernels, "warm_up_aside", lambda: None)
    monkeypatch.setattr(exact, "FIRST", 40)
    monkeypatch.setattr(exact, "LISTS_FROM", 0)
    monkeypatch.setattr(exact, "LISTS_PER_SEARCH", 10_000)
    monkeypatch.setattr(exact, "LISTS_OF_SEGMENT_FROM", 1)
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
@pytest.mark.parametrize(
    "m", [3, *(pytest.param(m, marks=pytest.mark.slow) for m in (1, 2, 4, 7, 8, 16, 32))]
)
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


@pytest.mark.usefixtures("used")
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_tables_of_few_values_rank_by_the_definition(data: st.DataObject) -> None:
    """Ties at every cut, limits around them, segments of a few faces."""
    m, k = data.draw(st.sampled_from([1, 2, 3, 4, 9])), data.draw(st.sampled_from([16, 40, 300]))
    n = data.draw(st.integers(1, 900))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    lut = lut_scoring.snap(rng.integers(-1, data.draw(st.integers(1, 4)), (m, k)) / 3)
    codes = gallery("random", rng, n, m, k)
    ids = np.cumsum(rng.integers(1, 9, n))
    index = in_segments(ids, codes, data.draw(st.integers(20, 1000)))
    limit = data.draw(st.integers(0, n + 3))
    min_score = float(rng.choice(lut_scoring.scores(lut, codes)))
    check(index.search(lut, limit=limit), by_definition(lut, ids, codes, limit=limit))
    check(
        index.search(lut, limit=limit, min_score=min_score),
        by_definition(lut, ids, codes, limit=limit, min_score=min_score),
    )


@pytest.mark.usefixtures("used")
@pytest.mark.parametrize("min_score", [np.inf, -np.inf, np.nan])
def test_a_threshold_beyond_all_scores(min_score: float) -> None:
    rng = np.random.default_rng(1)
    codes, ids = gallery("random", rng, 500, 8, 256), np.arange(500)
    lut = tables("peaked", rng, 8, 256)
    index = in_segments(ids, codes, 90)
    found = index.search(lut, limit=20, min_score=min_score)
    assert len(found) == (20 if min_score == -np.inf else 0)


@pytest.mark.parametrize(("peak", "expected"), [(0.02, "read_lists"), (50.0, "scan")])
def test_lists_are_read_where_few_words_count(
    peak: float, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Flat tables make lists slower than reading all codes, so those are scanned."""
    ways: list[str] = []

    class Watched(NumpyKernels):
        def scan(self, *given: Any) -> Any:
            ways.append("scan")
            return super().scan(*given)

        def read_lists(self, *given: Any) -> Any:
            ways.append("read_lists")
            return super().read_lists(*given)

    monkeypatch.setattr(kernels, "_kernels", Watched())
    monkeypatch.setattr(kernels, "warm_up_aside", lambda: None)
    rng = np.random.default_rng(4)
    n = 3 * segment.SIZE
    index = CodeIndex.of_codes("any", np.arange(n), gallery("random", rng, n, 8, 256))
    assert index.bytes_per_face == 16
    lut = lut_scoring.snap(rng.dirichlet(np.full(256, peak), 8))
    index.search(lut, limit=100)
    assert ways[-2:] == [expected] * 2
    assert index.bytes_per_face < (33.0 if expected == "read_lists" else 16.1)


@pytest.mark.usefixtures("used")
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_long_codes_in_segments_of_several_tiles(data: st.DataObject) -> None:
    """A first floor comes from a sample, tables hold anything, and some faces may not be found."""
    m, seed = data.draw(st.sampled_from([5, 8, 32])), data.draw(st.integers(0, 2**32))
    kind = data.draw(st.sampled_from(KINDS))
    n, size = data.draw(st.integers(1, 5000)), data.draw(st.integers(200, 2000))
    rng = np.random.default_rng(seed)
    codes = gallery(data.draw(st.sampled_from(["random", "popular"])), rng, n, m, 256)
    lut, ids = tables(kind, rng, m, 256), np.cumsum(rng.integers(1, 4, n))
    index = in_segments(ids, codes, size)
    few = rng.random(n) < data.draw(st.sampled_from([0.01, 0.4, 0.9]))
    for limit in (1, 100, data.draw(st.integers(2, 600))):
        check(index.search(lut, limit=limit), by_definition(lut, ids, codes, limit=limit))
        check(
            index.search(lut, limit=limit, among=few),
            by_definition(lut, ids[few], codes[few], limit=limit),
        )


def test_a_table_or_mask_that_does_not_fit_is_an_error() -> None:
    codes = np.full((50, 4), 20, np.uint8)
    index = CodeIndex.of_codes("any", np.arange(50), codes)
    lut = np.zeros((4, 256), np.float32)
    with pytest.raises(ValueError, match="names word 20"):
        index.search(lut[:, :16])
    with pytest.raises(ValueError, match="do not fit"):
        index.search(lut[:3])
    with pytest.raises(ValueError, match="float32"):
        index.search(lut.astype(np.float64))
    with pytest.raises(ValueError, match="best -1"):
        index.search(lut, limit=-1)
    with pytest.raises(ValueError, match="mask"):
        index.search(lut, among=np.zeros(3, bool))


def test_a_mask_holds_the_faces_asked_for_whatever_else_is_asked_for() -> None:
    """In any order, twice, as an array or a set, and ids that no face has, before and behind."""
    rng = np.random.default_rng(31)
    ids = np.cumsum(rng.integers(1, 4, 700)) + 50
    index = in_segments(ids, np.zeros((700, 4), np.uint8), 90)
    held = rng.random(700) < 0.3
    gaps = np.setdiff1d(np.arange(ids[-1] + 60), ids)
    wanted = rng.permutation(np.concatenate([ids[held], ids[held][:40], gaps, [-5, 2**62]]))
    for asked in (wanted, wanted.tolist(), set(wanted.tolist())):
        assert np.array_equal(index.mask(asked), held)
    assert np.array_equal(index.mask(ids[-1:]), ids == ids[-1])
    assert not index.mask([]).any()
    assert not index.mask(gaps).any()


def test_a_query_waits_for_the_lists_of_a_few_segments_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first search of a large index scans; the lists are made over the following ones."""
    monkeypatch.setattr(kernels, "_kernels", NumpyKernels())
    monkeypatch.setattr(kernels, "warm_up_aside", lambda: None)
    monkeypatch.setattr(exact, "LISTS_PER_SEARCH", 1)
    rng = np.random.default_rng(4)
    n = 4 * segment.SIZE
    ids, codes = np.arange(n), gallery("random", rng, n, 8, 256)
    index = CodeIndex.of_codes("any", ids, codes)
    lut = tables("peaked", rng, 8, 256)
    held = []
    for _ in range(4):
        check(index.search(lut, limit=50), by_definition(lut, ids, codes, limit=50))
        held.append(index.bytes_per_face)
    assert held[0] < held[1] < held[2] == held[3]


def test_no_lists_are_made_while_better_kernels_are_on_their_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kernels, "_kernels", NumpyKernels())
    monkeypatch.setattr(kernels, "warm_up_aside", lambda: None)
    monkeypatch.setattr(exact, "is_warming", lambda: True)
    rng = np.random.default_rng(4)
    n = 2 * segment.SIZE
    index = CodeIndex.of_codes("any", np.arange(n), gallery("random", rng, n, 8, 256))
    index.search(tables("peaked", rng, 8, 256), limit=50)
    assert index.bytes_per_face == 16


def test_more_faces_reach_the_floor_than_one_call_has_room_for() -> None:
    """Four full segments of equals, better than the first one, are passed in more than one call."""
    codes = np.ones((5 * segment.SIZE + 300, 2), np.uint8)
    codes[: segment.SIZE] = 0
    codes[-1] = 2
    ids = np.arange(3, 3 + len(codes))
    lut = lut_scoring.snap(np.array([[0.1, 0.3, 0.6], [0.2, 0.5, 0.3]]))
    kernels.warm_up()
    check(
        CodeIndex.of_codes("any", ids, codes).search(lut, limit=70_000, threads=1),
        by_definition(lut, ids, codes, limit=70_000),
    )
