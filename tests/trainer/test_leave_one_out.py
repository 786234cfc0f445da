"""Every face asks all others: against a slow version, and with more than itself left out."""

import numpy as np
import pytest

from tests.trainer.given_scores import GivenScores
from trainer.evaluate.leave_one_out import FARS, leave_one_out, leaving_out


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
    report = leave_one_out(GivenScores(scores), np.array(people))
    rank1, mean_ap, p_at_5, queries = slow_leave_one_out(scores, people)
    assert (report.rank1, report.mean_ap, report.p_at_5) == pytest.approx((rank1, mean_ap, p_at_5))
    assert report.queries == queries
    assert report.queries + report.skipped == report.gallery + 1 == 41
    assert report.skipped >= 1


def test_leave_one_out_of_people_with_one_photo_each_is_refused() -> None:
    with pytest.raises(ValueError, match="two photos"):
        leave_one_out(GivenScores(np.zeros((3, 3))), np.arange(3))


def test_far_is_never_exceeded() -> None:
    rng = np.random.default_rng(1)
    people = np.repeat(np.arange(30), 4)
    scores = rng.normal(size=(120, 120)).astype(np.float32) + (people[:, None] == people)
    report = leave_one_out(GivenScores(scores), people)
    stranger = scores[people[:, None] != people]
    friend = scores[(people[:, None] == people) & ~np.eye(120, dtype=bool)]
    assert report.tar is not None
    for far, tar in zip(FARS, report.tar, strict=True):
        threshold = np.sort(stranger)[-int(far * len(stranger))]
        exact = float((friend >= threshold).mean())
        assert tar == pytest.approx(exact, abs=0.01)


def test_a_query_may_leave_out_more_photos_of_its_person() -> None:
    """As if they were not in the gallery at all."""
    rng = np.random.default_rng(3)
    people = np.repeat(np.arange(6), 5)
    scores = rng.integers(0, 9, (30, 30)).astype(np.float32) + 2 * (people[:, None] == people)
    second = np.arange(30) // 5 * 5 + (np.arange(30) + 2) % 5
    left_out = np.stack([np.arange(30), second], axis=1)
    found = leaving_out(GivenScores(scores), people, left_out)
    wanted = []
    for query, pair in enumerate(left_out):
        keep = np.ones(30, bool)
        keep[pair[1]] = False
        place = int(np.flatnonzero(np.flatnonzero(keep) == query)[0])
        row = GivenScores(scores[query : query + 1, keep])
        wanted.append(leave_one_out(row, people[keep], rows=np.array([place])))
    assert found.mean_ap == pytest.approx(np.mean([one.mean_ap for one in wanted]))
    assert found.rank1 == pytest.approx(np.mean([one.rank1 for one in wanted]))
    assert found.p_at_5 == pytest.approx(np.mean([one.p_at_5 for one in wanted]))
    assert (found.queries, found.gallery) == (30, 28)
