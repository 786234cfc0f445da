"""Ways to rank, and what they do to relatives and to people who are not there."""

from dataclasses import replace

import numpy as np
import pytest

from opqn_app.opqn import lut
from opqn_app.opqn.calibration import Calibration
from tests.trainer.plain_metrics import expected_average_precision, precision_at, tie_groups
from trainer.evaluate.leave_one_out import leave_one_out
from trainer.evaluate.tables_and_codes import TablesAndCodes
from trainer.recipes.people_figures import absent, relatives, stated_and_true
from trainer.recipes.rankings import BestOf, Reranked, two_photos

PEOPLE = np.repeat(np.arange(12), 4)


def faces(seed: int = 0, n_books: int = 3, noise: float = 1.0) -> TablesAndCodes:
    """Tables that favour the words of each person, with noise; codes are their best words."""
    chance = np.random.default_rng(seed)
    centres = 2.0 * chance.standard_normal((12, n_books, 16))
    raw = centres[PEOPLE] + noise * chance.standard_normal((len(PEOPLE), n_books, 16))
    p = np.exp(raw) / np.exp(raw).sum(-1, keepdims=True)
    return TablesAndCodes(lut.snap(p), raw.argmax(-1).astype(np.uint8))


def matrix(found: TablesAndCodes) -> np.ndarray:
    return found.scorer().scores(0, len(PEOPLE))


def test_figures_are_those_of_the_plain_statement() -> None:
    found = faces()
    scores = matrix(found)
    ours = leave_one_out(found.scorer(), PEOPLE)
    groups = [
        tie_groups(np.delete(scores[q], q), np.delete(PEOPLE[q] == PEOPLE, q)) for q in range(48)
    ]
    rank1, p_at_5 = np.mean([precision_at(g, (1, 5)) for g in groups], axis=0)
    assert (ours.rank1, ours.p_at_5) == pytest.approx((rank1, p_at_5))
    assert ours.mean_ap == pytest.approx(np.mean([expected_average_precision(g) for g in groups]))
    assert 0.3 < ours.rank1 < 1.0


def test_some_queries_rank_all_but_themselves() -> None:
    found, rows = faces(), np.array([3, 17, 40])
    some = leave_one_out(
        TablesAndCodes(found.tables[rows], found.codes).scorer(), PEOPLE, rows=rows
    )
    scores = matrix(found)
    scores[rows, rows] = -np.inf
    right = [PEOPLE[scores[row].argmax()] == PEOPLE[row] for row in rows]
    assert (some.queries, some.gallery) == (3, 47)
    assert some.rank1 == pytest.approx(np.mean(right))


def test_a_better_code_improves_the_head_of_the_ranking() -> None:
    short, long = faces(noise=2.0), faces(noise=0.3, n_books=8)
    both = leave_one_out(Reranked(short.scorer(), long.scorer()), PEOPLE)
    assert leave_one_out(short.scorer(), PEOPLE).rank1 < 0.9
    assert both.rank1 == leave_one_out(long.scorer(), PEOPLE).rank1  # all 47 fit on the shortlist


def test_the_rest_of_a_reranking_stays_in_its_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainer.recipes.rankings.SHORTLIST", 5)
    short, long = faces(1), faces(2)
    first, then = matrix(short)[0], matrix(long)[0]
    scores = Reranked(short.scorer(), long.scorer()).scores(0, 1)[0]
    order = np.argsort(-scores, kind="stable")
    assert 0 not in order[:47]
    assert (np.diff(then[order[:5]]) <= 0).all()
    assert (np.diff(first[order[5:47]]) <= 0).all()
    assert first[order[:5]].min() >= first[order[5:47]].max()


def test_two_photos_ask_better_than_one_and_neither_is_searched() -> None:
    found = two_photos(faces(noise=2.5), PEOPLE)
    assert found.queries == len(PEOPLE)
    assert found.two[1] > found.one[1]
    pairs = np.repeat(np.arange(24), 2)  # a partner, and nobody else to find
    assert two_photos(faces(), pairs).queries == 0


def test_the_best_of_two_tables_is_what_the_app_ranks_by() -> None:
    first, second = faces(0), faces(1)
    both = BestOf([first.scorer(), TablesAndCodes(second.tables, first.codes).scorer()])
    low, high = both.score_range
    found = both.scores(3, 6)
    for query, row in enumerate(found, start=3):
        for face, score in enumerate(row):
            alone = [
                sum(float(t[query, m, word]) for m, word in enumerate(first.codes[face]))
                for t in (first.tables, second.tables)
            ]
            assert score == max(alone)
            assert low <= score <= high
    queries, gallery = np.array([3, 5]), np.array([0, 47])
    assert np.array_equal(both.pair_scores(queries, gallery), found[[0, 2], [0, 47]])


def planted_scores() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Six people of two photos; 0 and 1 are relatives and look it, 5 looks like nobody."""
    people = np.repeat(np.arange(6), 2)
    family = np.array(["a", "a", "a", "a", *[""] * 8])
    scores = np.full((12, 12), 0.1, np.float32)
    scores[people[:, None] == people] = 0.8
    scores[0, 2] = 0.9  # a photo of 0 finds her brother first
    scores[10, 11] = scores[11, 10] = 0.2
    return scores, people, family


def test_relatives_are_counted_among_the_wrong_answers() -> None:
    scores, people, family = planted_scores()
    found = relatives(scores, people, family)
    assert (found.queries, found.wrong, found.are_relatives) == (12, 1, 1)
    assert found.by_chance == pytest.approx(2 / 10)
    assert found.far == 0.0  # 1e-3 of 120 pairs is none: the threshold is above all of them
    assert found.far_others == 0.0


def test_far_counts_pairs_above_the_threshold() -> None:
    chance = np.random.default_rng(0)
    people, family = np.arange(100), np.array([f"f{i // 2}" for i in range(100)])
    scores = chance.random((100, 100)).astype(np.float32)
    kin = (np.arange(100)[:, None] // 2 == np.arange(100) // 2) & ~np.eye(100, dtype=bool)
    scores[kin] += 0.99
    found = relatives(scores, people, family)
    accepted = (found.far * 100 + found.far_others * 9800) / 9900
    assert accepted == pytest.approx(1e-3, abs=1.1e-4)
    assert found.far > 20 * found.far_others


def test_who_is_not_there_and_who_is() -> None:
    scores, people, family = planted_scores()
    found = absent(scores, people, family, Calibration(slope=100.0, intercept=-50.0))  # at 0.5
    assert found.told == pytest.approx(11 / 12)  # one photo is told of her brother
    assert found.told_no_family == 1.0
    assert found.wrongly_told == pytest.approx(2 / 12)
    assert found.likely_is_wrong == pytest.approx(1 / 12)


def test_a_curve_that_follows_moves_with_each_query_as_in_the_app() -> None:
    chance = np.random.default_rng(1)
    people = np.repeat(np.arange(40), 4)
    family = np.full(len(people), "")
    same = people[:, None] == people
    alike = np.where(np.arange(len(people)) % 2, 0.42, 0.0)[:, None]  # half of them ask like that
    scores = (chance.normal(0, 0.05, same.shape) + 0.8 * same + alike).astype(np.float32)
    follows = Calibration(slope=100.0, intercept=-50.0, usual=0.0, following=0.9)
    likely = [
        follows.among(np.delete(row, i)).probability(row) >= 0.5 for i, row in enumerate(scores)
    ]
    expected = np.mean([not (row & ~own).any() for row, own in zip(likely, same, strict=True)])
    found = absent(scores, people, family, follows)
    assert found.told == pytest.approx(expected)
    stays = absent(scores, people, family, replace(follows, following=0.0))
    assert found.told > stays.told + 0.2
    moved = [follows.shift_among(np.delete(row, i)) for i, row in enumerate(scores)]
    shifted = scores - np.array(moved, np.float32)[:, None]
    plain = stated_and_true(shifted, people, replace(follows, following=0.0))
    assert stated_and_true(scores, people, follows) == plain


def test_the_reliability_of_a_good_calibration_lies_on_the_diagonal() -> None:
    chance = np.random.default_rng(0)
    people = np.repeat(np.arange(150), 8)
    same = people[:, None] == people
    scores = (chance.normal(0, 1, same.shape) + 3 * same).astype(np.float32)
    # two normal distributions 3 apart, 1 % same: the log odds are 3 s - 4.5 - log 99
    good = stated_and_true(scores, people, Calibration(3.0, -4.5 - float(np.log(99)))).bins
    bold = stated_and_true(scores, people, Calibration(3.0, -4.5)).bins
    assert len(good) == 10
    assert all(abs(said - true) < 0.1 for said, true, _ in good)
    assert max(said - true for said, true, _ in bold) > 0.4
    assert sum(share for _, _, share in good) == pytest.approx(1.0)
