"""A query of several tables: a face scores the best of them, in one index and in shards."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from opqn_app.opqn import lut as lut_scoring
from opqn_app.search.code_index import CodeIndex
from opqn_app.search.segment import Segment
from opqn_app.search.shards import Shard, ShardedIndex


def ranked_by_loops(
    ids: np.ndarray, codes: np.ndarray, tables: np.ndarray
) -> list[tuple[int, float]]:
    """Score descending, equal scores by face id ascending."""
    found = []
    for face_id, code in zip(ids.tolist(), codes.tolist(), strict=True):
        sums = [sum(float(table[m, word]) for m, word in enumerate(code)) for table in tables]
        found.append((face_id, max(sums)))
    return sorted(found, key=lambda item: (-item[1], item[0]))


@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 200),
    n_tables=st.integers(1, 5),
    n_words=st.sampled_from([2, 16]),
    limit=st.sampled_from([0, 1, 7, 100, None]),
    floor=st.sampled_from([None, 0.4, 5.0]),
)
@settings(max_examples=80, deadline=None)
def test_ranking_is_that_of_the_best_score(
    seed: int, n: int, n_tables: int, n_words: int, limit: int | None, floor: float | None
) -> None:
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, n_words, (n, 3)).astype(np.uint8)
    ids = np.cumsum(rng.integers(1, 5, n))
    tables = lut_scoring.snap(rng.dirichlet(np.ones(n_words), (n_tables, 3)))
    index = CodeIndex.of_codes("any", ids, codes)
    expected = ranked_by_loops(ids, codes, tables)
    wanted = [item for item in expected if floor is None or item[1] >= np.float32(floor)]
    found = index.search(tables, limit=limit, min_score=floor)
    assert list(zip(found.face_ids.tolist(), found.scores.tolist(), strict=True)) == wanted[:limit]

    some = ids[rng.random(n) < 0.5]
    kept = [item for item in expected if item[0] in set(some.tolist())][:limit]
    assert index.search(tables, limit=limit, among=some).face_ids.tolist() == [k[0] for k in kept]

    shares = index.contributions(tables, ids)
    scores = dict(expected)
    assert shares.sum(axis=1, dtype=np.float64).tolist() == [scores[i] for i in ids.tolist()]


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 300), limit=st.sampled_from([0, 3, 50]))
@settings(max_examples=30, deadline=None)
def test_shards_rank_as_one_index(seed: int, n: int, limit: int) -> None:
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 4, (n, 3)).astype(np.uint8)
    ids = np.cumsum(rng.integers(1, 5, n))
    tables = lut_scoring.snap(rng.dirichlet(np.ones(4), (3, 3)))
    segments = [Segment(ids[i : i + 16], codes[i : i + 16]) for i in range(0, n, 16)]
    shards = [Shard("any", segments[0::2]), Shard("any", segments[1::2])]
    sharded = ShardedIndex(
        lambda method, *arguments: [getattr(shard, method)(*arguments) for shard in shards]
    )
    whole = CodeIndex.of_codes("any", ids, codes).search(tables, limit=limit)
    found = sharded.search(tables, limit)
    assert np.array_equal(found.face_ids, whole.face_ids)
    assert np.array_equal(found.scores, whole.scores)


def test_an_empty_index_finds_nobody() -> None:
    index = CodeIndex.of_codes("any", np.empty(0, np.int64), np.empty((0, 3), np.uint8))
    tables = lut_scoring.snap(np.ones((2, 3, 4)))
    assert len(index.search(tables)) == len(index.search(tables, limit=5)) == 0
