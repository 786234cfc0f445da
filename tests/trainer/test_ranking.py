"""Rankings in blocks against the figures of one row at a time, and against other libraries."""

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score
from torchmetrics.retrieval import RetrievalMAP, RetrievalPrecision, RetrievalRecall

from tests.trainer.given_scores import GivenScores
from tests.trainer.plain_metrics import (
    expected_average_precision,
    precision_at,
    recall_at,
    tie_groups,
)
from trainer.evaluate.ranking import Ranking, finished, rank, rank_cutoffs


def ranked(*args: Any, **kwargs: Any) -> Ranking:
    return finished(rank(*args, **kwargs))


CUTOFFS = (1, 2, 5, 99)


def by_rows(
    scores: np.ndarray, query: np.ndarray, gallery: np.ndarray, *, own: bool
) -> dict[str, Any]:
    """The same from `plain_metrics`, a row at a time."""
    ap, precision, recall, rows = [], [], [], []
    for q in range(len(scores)):
        keep = np.arange(len(gallery)) != q if own else np.ones(len(gallery), bool)
        relevant = gallery[keep] == query[q]
        if relevant.any():
            groups = tie_groups(scores[q][keep], relevant)
            ap.append(expected_average_precision(groups))
            precision.append(precision_at(groups, CUTOFFS))
            recall.append(recall_at(groups, CUTOFFS))
            rows.append(q)
    return {
        "ap": ap,
        "precision": np.mean(precision, 0),
        "recall": np.mean(recall, 0),
        "rows": rows,
    }


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_blocks_equal_rows(seed: int, own: bool) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(6, 40))
    n_queries = n if own else 11
    scores = rng.integers(0, int(rng.integers(1, 20)) + 1, (n_queries, n))
    gallery = rng.integers(0, 5, n)
    gallery[:2] = 0
    query = gallery if own else rng.integers(0, 7, n_queries)  # 5 and 6 have no match
    query[0] = 0
    mine = np.arange(n) if own else None
    result = ranked(GivenScores(scores), query, gallery, own=mine, cutoffs=CUTOFFS, block=4)
    slow = by_rows(scores, query, gallery, own=own)
    assert result.rows.tolist() == slow["rows"]
    assert result.ap == pytest.approx(np.array(slow["ap"]), abs=1e-11)
    assert result.precision == pytest.approx(slow["precision"], abs=1e-12)
    assert result.recall == pytest.approx(slow["recall"], abs=1e-12)
    assert result.rank1 == pytest.approx(slow["precision"][0])
    assert result.skipped == n_queries - len(slow["rows"])
    assert result.gallery == n - own


def test_the_span_of_ties_is_that_of_the_best_and_the_worst_order() -> None:
    """Invariant 13: two tied items, one relevant: 1/2, 3/4 and 1."""
    result = ranked(GivenScores(np.array([[3.0, 3.0]])), np.array(["a"]), np.array(["b", "a"]))
    assert result.ap_span == (0.5, 1.0)
    assert result.mean_ap == 0.75
    assert result.rank1 == 0.5


def test_shuffling_the_database_changes_no_figure() -> None:
    rng = np.random.default_rng(7)
    scores, query, gallery = rng.integers(0, 6, (9, 50)), rng.integers(0, 4, 9), None
    gallery = rng.integers(0, 4, 50)
    order = rng.permutation(50)
    one = ranked(GivenScores(scores), query, gallery, cutoffs=CUTOFFS)
    two = ranked(GivenScores(scores[:, order]), query, gallery[order], cutoffs=CUTOFFS)
    assert np.array_equal(one.ap, two.ap)
    assert np.array_equal(one.precision, two.precision)
    assert one.ap_span == two.ap_span
    assert np.array_equal(one.pairs.same, two.pairs.same)


def test_queries_without_a_match_are_counted_and_never_nan() -> None:
    result = ranked(GivenScores(np.ones((3, 4))), np.array([7, 8, 9]), np.arange(4))
    assert (result.skipped, len(result.rows)) == (3, 0)
    assert result.mean_ap is None
    assert result.rank1 is None
    assert result.precision_at(5) is None
    assert np.isfinite(result.precision).all()


def test_an_empty_gallery_matches_nothing() -> None:
    scores = GivenScores(np.ones((2, 1)))
    scores.n_gallery = 0
    scores._scores = scores._scores[:, :0]
    result = ranked(scores, np.array([1, 2]), np.empty(0, np.int64))
    assert (result.skipped, result.gallery) == (2, 0)


def test_a_perfect_ranking_is_perfect_and_whole_rankings_find_everything() -> None:
    """Invariant 14."""
    people = np.repeat(np.arange(5), 4)
    scores = (people[:, None] == people) + np.random.default_rng(0).random((20, 20)) / 2
    result = ranked(GivenScores(scores), people, people, cutoffs=(1, 4, 20))
    assert result.mean_ap == pytest.approx(1.0)
    assert result.precision == pytest.approx([1.0, 1.0, 4 / 20])
    assert result.recall == pytest.approx([1 / 4, 1.0, 1.0])


@pytest.fixture(scope="module")
def untied() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(11)
    query, gallery = rng.integers(0, 6, 15), rng.integers(0, 5, 80)
    scores = (1 + np.stack([rng.permutation(80) for _ in range(15)])) / 81  # above 0: torchmetrics
    # counts items of score 0 as not found
    return scores, query, gallery


def test_agrees_with_torchmetrics(untied: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    """Without ties, and leaving queries without a match out, the definitions coincide."""
    scores, query, gallery = untied
    result = ranked(GivenScores(scores), query, gallery, cutoffs=(1, 10))
    flat = torch.from_numpy(scores.astype(np.float32)).flatten()
    target = torch.from_numpy(query[:, None] == gallery).flatten()
    index = torch.arange(15).repeat_interleave(80)
    theirs = {
        "map": RetrievalMAP(empty_target_action="skip"),
        "p10": RetrievalPrecision(empty_target_action="skip", top_k=10),
        "r10": RetrievalRecall(empty_target_action="skip", top_k=10),
    }
    found = {name: float(metric(flat, target, indexes=index)) for name, metric in theirs.items()}
    assert result.mean_ap == pytest.approx(found["map"], abs=1e-6)
    assert result.precision[1] == pytest.approx(found["p10"], abs=1e-6)
    assert result.recall[1] == pytest.approx(found["r10"], abs=1e-6)


def test_agrees_with_scikit_learn(untied: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    scores, query, gallery = untied
    result = ranked(GivenScores(scores), query, gallery)
    theirs = [average_precision_score(gallery == query[q], scores[q]) for q in result.rows]
    assert result.ap == pytest.approx(theirs, abs=1e-12)


def test_cutoffs_reach_from_the_first_to_the_last() -> None:
    assert rank_cutoffs(1).tolist() == [1]
    cutoffs = rank_cutoffs(5445, (5, 30))
    assert cutoffs[0] == 1
    assert cutoffs[-1] == 5445
    assert {5, 30} <= set(cutoffs.tolist())
    assert len(cutoffs) < 60
