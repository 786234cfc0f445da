"""The index against a slow search written from the definition: ids, scores and ties."""

import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opqn_app.opqn import lut as lut_scoring
from opqn_app.search import loading, segment
from opqn_app.search.code_index import CodeIndex, Ranking
from opqn_app.store import code_store
from opqn_app.store.library import Library
from tests.library_fakes import StoredLibrary, store_codes


def slow_search(
    lut: np.ndarray, ids: np.ndarray, codes: np.ndarray, min_score: float | None = None
) -> list[tuple[int, float]]:
    """Σ_m p_m[b_im] in float64, sorted by score descending, then face id ascending."""
    found = []
    for face_id, code in zip(ids.tolist(), codes.tolist(), strict=True):
        score = sum(float(lut[m, word]) for m, word in enumerate(code))
        if min_score is None or score >= float(np.float32(min_score)):
            found.append((face_id, score))
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))


def pairs(ranking: Ranking) -> list[tuple[int, float]]:
    return list(zip(ranking.face_ids.tolist(), ranking.scores.astype(float).tolist(), strict=True))


SHAPES = np.random.default_rng(20).integers(
    [1, 2, 0, 16], [17, 700, 400, 129], size=(20, 4)
)  # M, K, N, segment size


@pytest.mark.parametrize("row", range(20))
def test_search_equals_the_definition_for_random_shapes(
    row: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With duplicates (few distinct codes), deleted faces, limits beyond N, and thresholds."""
    n_books, n_words, n, segment_size = map(int, SHAPES[row])
    n_words = n_words if row % 2 else min(n_words, 256)
    monkeypatch.setattr(code_store, "SEGMENT_SIZE", segment_size)
    rng = np.random.default_rng(row)
    pool = rng.integers(0, n_words, (max(1, n // 3), n_books))
    codes = pool[rng.integers(0, len(pool), n)] if n else pool[:0]
    stored = store_codes(tmp_path / "library.sqlite", codes, n_words, faces_per_photo=3)
    gone = stored.delete_photos(rng.random(len(stored.photo_ids)) < 0.2)
    lut = lut_scoring.snap(rng.dirichlet(np.ones(n_words) * 0.05, n_books))
    with Library.open(stored.path) as library:
        index = CodeIndex.load(library, stored.model.model_id)
    keep = ~np.isin(stored.face_ids, gone)
    ids, live = stored.face_ids[keep], codes[keep]
    assert len(index) == len(ids)
    expected = slow_search(lut, ids, live)
    assert pairs(index.search(lut)) == expected
    for limit in (0, 1, 7, len(ids), len(ids) + 5):
        assert pairs(index.search(lut, limit=limit)) == expected[:limit]
    for score in [expected[len(expected) // 2][1], expected[0][1]] if expected else [0.5]:
        above = slow_search(lut, ids, live, score)
        assert pairs(index.search(lut, min_score=score)) == above
        assert pairs(index.search(lut, min_score=score, limit=3)) == above[:3]


def test_the_random_shapes_cover_both_code_types() -> None:
    words = [min(int(k), 256) if row % 2 == 0 else int(k) for row, (_, k, *_) in enumerate(SHAPES)]
    assert min(words) <= 256 < max(words)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_ranking_is_the_definition_for_any_codes(data: st.DataObject) -> None:
    """Small tables with few values force ties at every cut."""
    n_books, n_words = data.draw(st.integers(1, 4)), data.draw(st.integers(2, 5))
    n = data.draw(st.integers(1, 30))
    values = st.integers(0, 3)
    lut = np.array(
        data.draw(st.lists(values, min_size=n_books * n_words, max_size=n_books * n_words))
    ).reshape(n_books, n_words)
    words = st.integers(0, n_words - 1)
    codes = np.array(data.draw(st.lists(words, min_size=n * n_books, max_size=n * n_books)))
    codes = codes.reshape(n, n_books).astype(np.uint8)
    ids = np.cumsum(data.draw(st.lists(st.integers(1, 5), min_size=n, max_size=n)))
    limit = data.draw(st.one_of(st.none(), st.integers(0, n + 2)))
    table = lut_scoring.snap(lut / 4)
    index = CodeIndex.of_codes("any", ids.astype(np.int64), codes)
    assert pairs(index.search(table, limit=limit)) == slow_search(table, ids, codes)[:limit]


def test_contributions_of_each_face_sum_to_its_score(stored: StoredLibrary) -> None:
    lut = lut_scoring.snap(np.random.default_rng(5).dirichlet(np.ones(16), 8))
    with Library.open(stored.path) as library:
        index = CodeIndex.load(library, stored.model.model_id)
    ranking = index.search(lut, limit=10)
    shares = index.contributions(lut, ranking.face_ids)
    assert shares.shape == (10, 8)
    assert np.array_equal(shares.sum(axis=1), ranking.scores)


def test_contributions_of_an_unknown_face_are_an_error(stored: StoredLibrary) -> None:
    with Library.open(stored.path) as library:
        index = CodeIndex.load(library, stored.model.model_id)
    lut = np.zeros((8, 16), np.float32)
    with pytest.raises(KeyError):
        index.contributions(lut, np.array([10_000]))


def test_a_library_without_codes_of_the_model_is_an_empty_index(stored: StoredLibrary) -> None:
    with Library.open(stored.path) as library:
        index = CodeIndex.load(library, "another model")
    assert len(index) == 0
    assert len(index.search(np.zeros((8, 16), np.float32), limit=5)) == 0


def test_the_revision_tells_whether_the_library_has_changed(stored: StoredLibrary) -> None:
    with Library.open(stored.path) as library:
        index = CodeIndex.load(library, stored.model.model_id)
        assert index.revision == library.revision
        stored.delete_photos(np.arange(len(stored.photo_ids)) == 0)
        assert index.revision != library.revision
        assert len(CodeIndex.load(library, stored.model.model_id)) == len(index) - 3


def test_threads_share_one_index(stored: StoredLibrary) -> None:
    with Library.open(stored.path) as library:
        index = CodeIndex.load(library, stored.model.model_id)
    luts = lut_scoring.snap(np.random.default_rng(1).dirichlet(np.ones(16), (8, 8)))
    expected = [pairs(index.search(lut)) for lut in luts]
    found: list[list[list[tuple[int, float]]]] = [[] for _ in range(4)]

    def search(slot: int) -> None:
        found[slot] = [pairs(index.search(lut)) for lut in luts]

    threads = [threading.Thread(target=search, args=(slot,)) for slot in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 4


@pytest.mark.parametrize(("n", "limit"), [(0, 7), (5, 7), (70, 7), (333, 100), (333, 333)])
def test_a_sample_of_scores_is_spread_evenly_over_the_segments(
    n: int, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (segment, loading):
        monkeypatch.setattr(module, "SIZE", 64)
    rng = np.random.default_rng(n)
    codes = rng.integers(0, 16, (n, 4)).astype(np.uint8)
    index = CodeIndex.of_codes("model", np.arange(n) + 1, codes)
    lut = lut_scoring.snap(rng.dirichlet(np.ones(16), 4))
    found = index.sampled_scores(lut, limit)
    places = [i * n // min(limit, n) for i in range(min(limit, n))]
    expected = [sum(float(lut[m, w]) for m, w in enumerate(codes[i].tolist())) for i in places]
    assert found.tolist() == expected
    assert max(np.diff(places), default=0) <= -(-n // max(1, min(limit, n)))
