"""Figures of one ranking against hand cases and against every order the ties allow."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from trainer.evaluate.metrics import (
    average_precision,
    expected_average_precision,
    expected_hits,
    leave_one_out,
    precision_at,
    recall_at,
    tar_at_far,
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


def slow_leave_one_out(scores: np.ndarray, people: list[str]) -> tuple[float, float, float, int]:
    """From the definition; without ties."""
    firsts, aps, fives = [], [], []
    for q, person in enumerate(people):
        order = sorted((i for i in range(len(people)) if i != q), key=lambda i: -scores[q, i])
        relevant = [people[i] == person for i in order]
        if not any(relevant):
            continue
        hits, total = 0, 0.0
        for rank, is_relevant in enumerate(relevant, start=1):
            if is_relevant:
                hits += 1
                total += hits / rank
        firsts.append(relevant[0])
        aps.append(total / hits)
        fives.append(sum(relevant[:5]) / 5)
    return float(np.mean(firsts)), float(np.mean(aps)), float(np.mean(fives)), len(aps)


@pytest.mark.parametrize("seed", range(5))
def test_leave_one_out_equals_the_slow_version(seed: int) -> None:
    rng = np.random.default_rng(seed)
    people = [f"p{k}" for k in rng.integers(0, 9, 40)] + ["alone"]
    scores = rng.permutation(41 * 41).reshape(41, 41).astype(np.float32)
    bounds = (0.0, 41.0 * 41)
    report = leave_one_out(lambda i: scores[i], np.array(people), score_range=bounds)
    rank1, mean_ap, p_at_5, queries = slow_leave_one_out(scores, people)
    assert (report.rank1, report.mean_ap, report.p_at_5) == pytest.approx((rank1, mean_ap, p_at_5))
    assert report.queries == queries
    assert report.queries + report.skipped == report.gallery == 41
    assert report.skipped >= 1


def test_leave_one_out_of_people_with_one_photo_each_is_refused() -> None:
    with pytest.raises(ValueError, match="two photos"):
        leave_one_out(lambda _: np.zeros(3, np.float32), np.arange(3), score_range=(0.0, 1.0))


def test_tar_at_far_by_hand() -> None:
    """Bins 0 to 3; at most half of the 4 strangers may pass, so the threshold is bin 2."""
    same, other = np.array([1, 1, 1, 5]), np.array([1, 1, 1, 1])
    assert tar_at_far(same, other, 0.5) == pytest.approx(6 / 8)
    assert tar_at_far(same, other, 0.25) == pytest.approx(5 / 8)
    assert tar_at_far(same, other, 0.0) == 0.0


def test_far_is_never_exceeded() -> None:
    rng = np.random.default_rng(1)
    people = np.repeat(np.arange(30), 4)
    scores = rng.normal(size=(120, 120)).astype(np.float32) + (people[:, None] == people)
    report = leave_one_out(lambda i: scores[i], people, score_range=(-6.0, 7.0), fars=(0.01,))
    stranger = scores[people[:, None] != people]
    friend = scores[(people[:, None] == people) & ~np.eye(120, dtype=bool)]
    threshold = np.sort(stranger)[-int(0.01 * len(stranger))]
    exact = float((friend >= threshold).mean())
    assert report.tar_at_far[0.01] == pytest.approx(exact, abs=0.01)
