"""Retrieval figures against hand cases and a slow version."""

import numpy as np
import pytest

from trainer.metrics import average_precision, leave_one_out, tar_at_far


@pytest.mark.parametrize(
    ("row", "expected"),
    [([1, 0, 1, 0], 5 / 6), ([0, 1, 1], 7 / 12), ([1, 1, 1], 1.0), ([0, 0, 0, 1], 0.25)],
)
def test_average_precision_by_hand(row: list[int], expected: float) -> None:
    assert average_precision(np.array(row, bool)) == pytest.approx(expected)


def slow_leave_one_out(scores: np.ndarray, people: list[str]) -> tuple[float, float, float, int]:
    firsts, aps, fives = [], [], []
    for q, person in enumerate(people):
        order = sorted((i for i in range(len(people)) if i != q), key=lambda i: (-scores[q, i], i))
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
    scores = rng.integers(0, 12, (41, 41)).astype(np.float32)  # many ties
    report = leave_one_out(lambda i: scores[i], np.array(people), score_range=(0.0, 11.0))
    rank1, mean_ap, p_at_5, queries = slow_leave_one_out(scores, people)
    assert (report.rank1, report.mean_ap, report.p_at_5) == pytest.approx((rank1, mean_ap, p_at_5))
    assert report.queries == queries
    assert report.queries + report.skipped == report.gallery == 41
    assert report.skipped >= 1


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
