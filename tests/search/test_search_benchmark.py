"""What the benchmark of the search compares with, and that it would notice a wrong ranking."""

from pathlib import Path

import numpy as np
import pytest

from opqn_app.opqn import lut as lut_scoring
from opqn_app.search.code_index import CodeIndex, Ranking
from opqn_app.search.kernels import dispatch as kernels
from opqn_app.search.kernels.numpy_kernel import NumpyKernels
from tests.benchmarks import bench_search
from tests.benchmarks.search_data import QUERIES, load_data

N = 3_000


@pytest.mark.parametrize("n", [20, 100, 700])
def test_brute_force_in_chunks_is_one_sort(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few values, so that scores are equal at the cut and on both sides of a chunk's end."""
    monkeypatch.setattr(bench_search, "CHUNK", 64)
    rng = np.random.default_rng(n)
    lut = lut_scoring.snap(rng.integers(0, 3, (4, 16)) / 4)
    codes, ids = rng.integers(0, 16, (n, 4), np.uint8), np.cumsum(rng.integers(1, 4, n))
    scores = lut_scoring.scores(lut, codes)
    order = np.argsort(-scores, kind="stable")[: bench_search.K_BEST]
    assert len(set(scores[order].tolist())) < len(order)
    found = bench_search.by_definition(lut, ids, codes)
    assert np.array_equal(found[0], ids[order])
    assert np.array_equal(found[1], scores[order])


@pytest.fixture
def _numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is compiled."""
    monkeypatch.setattr(kernels, "_kernels", NumpyKernels())
    monkeypatch.setattr(kernels, "warm_up", kernels.ready)


@pytest.mark.usefixtures("_numpy")
@pytest.mark.parametrize(
    "which",
    [
        (),
        ("sql",),
        *(pytest.param(w, marks=pytest.mark.slow) for w in (("hnsw",), bench_search.SLOW_PEERS)),
    ],
)
def test_only_the_peers_asked_for_are_measured(which: tuple[str, ...]) -> None:
    data = load_data(synthetic=True)
    found = bench_search.measure(N, data, 1, queries=2, which=which)
    assert found.exact
    assert (found.n, found.batch) == (N, 8)
    assert (found.ms_sql is not None) == ("sql" in which)
    assert (found.ms_hnsw is not None) == ("hnsw" in which) == (found.recall_hnsw is not None)


@pytest.mark.usefixtures("_numpy")
def test_a_wrong_ranking_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last of a hundred faces, and only where one face in ten is searched."""
    right = CodeIndex.search

    def wrong(index: CodeIndex, lut: np.ndarray, **options: object) -> Ranking:
        ranking = right(index, lut, **options)  # type: ignore[arg-type]
        if options.get("among") is None:
            return ranking
        return Ranking(np.append(ranking.face_ids[:-1], N + 1), ranking.scores)

    monkeypatch.setattr(CodeIndex, "search", wrong)
    data = load_data(synthetic=True)
    assert not bench_search.measure(N, data, 1, queries=1, which=()).exact


def test_crossed_codes_are_called_so(tmp_path: Path) -> None:
    data = load_data(synthetic=True, embeddings=tmp_path)
    assert data.described(10**8) == "drawn"
    crossing = type(data)("real", np.zeros((300, 8), np.uint8), None, data.embeddings, data.queries)
    assert crossing.described(300) == "real"
    assert crossing.described(1_000) == "real: 300, and 700 crossed from them"
    assert len(data.queries) == QUERIES
