"""Figures of one ranking against hand cases and against every order the ties allow."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from tests.trainer.plain_metrics import (
    average_precision,
    expected_average_precision,
    expected_hits,
    precision_at,
    recall_at,
    tie_groups,
)


def groups(scores: list[float], relevant: list[int]):  # type: ignore[no-untyped-def]
    return tie_groups(np.array(scores), np.array(relevant, bool))


def descending(relevant: list[int]):  # type: ignore[no-untyped-def]
    return groups([-i for i in range(len(relevant))], relevant)


@pytest.mark.parametrize(
    ("row", "expected"),
    [([1, 0, 1, 0], 5 / 6), ([0, 1, 1], 7 / 12), ([1, 1, 1], 1.0), ([0, 0, 0, 1], 0.25)],
)
def test_average_precision_by_hand(row: list[int], expected: float) -> None:
    assert average_precision(np.array(row, bool)) == pytest.approx(expected)
    assert expected_average_precision(descending(row)) == pytest.approx(expected)


def test_two_tied_items_of_which_one_is_relevant() -> None:
    """Invariant 13: 3/4 on average (1 if luck is good, 1/2 if it is not)."""
    assert expected_average_precision(groups([2.0, 2.0], [1, 0])) == pytest.approx(3 / 4)


def test_average_precision_of_nothing_relevant_is_refused() -> None:
    with pytest.raises(ValueError, match="relevant"):
        expected_average_precision(groups([2.0, 1.0], [0, 0]))


def orders_of_ties(scores: list[int]) -> list[tuple[int, ...]]:
    """Every ranking that does not put a lower score before a higher one."""
    n = range(len(scores))
    return [p for p in permutations(n) if all(scores[p[i]] >= scores[p[i + 1]] for i in n[:-1])]


@pytest.mark.parametrize("seed", range(30))
def test_expectations_equal_the_mean_over_all_orders(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 8))
    scores = rng.integers(0, int(rng.integers(1, 4)) + 1, n).tolist()
    relevant = rng.integers(0, 2, n)
    relevant[rng.integers(n)] = 1
    rankings = [relevant[list(order)].astype(bool) for order in orders_of_ties(scores)]
    found = groups(scores, relevant.tolist())
    ap = np.mean([average_precision(r) for r in rankings])
    assert expected_average_precision(found) == pytest.approx(ap, abs=1e-12)
    cutoffs = range(1, n + 1)
    hits = np.mean([[r[:t].sum() for t in cutoffs] for r in rankings], axis=0)
    assert expected_hits(found, cutoffs) == pytest.approx(hits, abs=1e-12)
    assert precision_at(found, cutoffs) == pytest.approx(hits / np.arange(1, n + 1))
    assert recall_at(found, cutoffs) == pytest.approx(hits / relevant.sum())


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=1, max_size=40), st.randoms())
@settings(max_examples=60, deadline=None)
def test_the_order_of_the_database_changes_nothing(rows: list[tuple[int, bool]], random) -> None:  # type: ignore[no-untyped-def]
    rows = [*rows, (2, True)]
    shuffled = rows.copy()
    random.shuffle(shuffled)
    first, second = (groups([s for s, _ in r], [int(m) for _, m in r]) for r in (rows, shuffled))
    assert expected_average_precision(first) == expected_average_precision(second)
    assert (precision_at(first, (1, 5)) == precision_at(second, (1, 5))).all()


def test_precision_and_recall_at_the_edges() -> None:
    """Invariant 14."""
    found = groups([5, 4, 3, 2], [1, 1, 0, 0])
    assert precision_at(found, (1, 2)).tolist() == [1.0, 1.0]
    assert precision_at(found, (4, 100)).tolist() == [0.5, 0.5]  # prevalence; T beyond the items
    assert recall_at(found, (4, 100)).tolist() == [1.0, 1.0]


@pytest.mark.parametrize("seed", range(5))
def test_average_precision_agrees_with_scikit_learn_without_ties(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores, relevant = rng.permutation(60).astype(float), rng.random(60) < 0.2
    relevant[0] = True
    ours = expected_average_precision(tie_groups(scores, relevant))
    assert ours == pytest.approx(average_precision_score(relevant, scores), abs=1e-12)
