"""The fitted curve against known truth."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opqn_app.opqn.calibration import USUAL_FACES, Calibration
from trainer.evaluate.calibration import NotCalibrated, fit_calibration, reliability
from trainer.recipes.head_curve import FOLLOWING, calibrate, pair_scores


def gaussian_scores(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two unit normals two apart: at even odds the true curve is σ(2x - 2)."""
    rng = np.random.default_rng(seed)
    same = rng.normal(2.0, 1.0, n).astype(np.float32)
    other = rng.normal(0.0, 1.0, 3 * n).astype(np.float32)
    return same, other


def test_recovers_the_true_curve_at_even_odds() -> None:
    same, other = gaussian_scores(40_000, 0)
    fitted = fit_calibration(same, other, match_share=0.5)
    assert fitted.slope == pytest.approx(2.0, rel=0.05)
    assert fitted.intercept == pytest.approx(-2.0, rel=0.05)
    assert fitted.probability(np.array([1.0], np.float32))[0] == pytest.approx(0.5, abs=0.02)


def test_a_rarer_match_shifts_the_curve_by_its_log_odds() -> None:
    same, other = gaussian_scores(40_000, 1)
    even = fit_calibration(same, other, match_share=0.5)
    rare = fit_calibration(same, other, match_share=0.1)
    expected = even.intercept + float(np.log(0.1 / 0.9))
    assert rare.intercept == pytest.approx(expected, abs=0.15)
    assert rare.score_at(0.5) > even.score_at(0.5)


def test_stated_probabilities_are_true_on_new_pairs() -> None:
    fitted = fit_calibration(*gaussian_scores(40_000, 2), match_share=0.3)
    rows = reliability(fitted, *gaussian_scores(40_000, 3), match_share=0.3)
    assert len(rows) == 10
    assert sum(weight for *_, weight in rows) == pytest.approx(1.0)
    for stated, true, _ in rows:
        assert true == pytest.approx(stated, abs=0.04)


def test_a_few_separable_scores_make_no_step() -> None:
    """Three pairs a kind say at most 4 / 5 for sure (Platt's targets); thousands say more."""
    same, other = np.array([[3, 4, 5], [0, 1, 2]], np.float32)
    few = fit_calibration(same, other, match_share=0.5)
    low, middle, high = few.probability(np.array([0.0, 2.5, 5.0], np.float32))
    assert 0.05 < low < 0.3
    assert middle == pytest.approx(0.5, abs=0.01)
    assert 0.7 < high < 0.95
    many = fit_calibration(
        np.linspace(3, 5, 3000, dtype=np.float32),
        np.linspace(0, 2, 3000, dtype=np.float32),
        match_share=0.5,
    )
    assert np.isfinite([many.slope, many.intercept]).all()
    assert many.probability(np.array([2.0, 3.0], np.float32)) == pytest.approx([0, 1], abs=0.02)


@pytest.mark.parametrize(
    ("same", "other", "words"),
    [
        ([2.0, 2.0], [2.0, 2.0, 2.0], "all pairs of pictures have the same score"),
        ([0.0, 1.0], [2.0, 3.0, 4.0], "score no higher than those of two people"),
        ([], [1.0, 2.0], "no two of the compared pictures show one person"),
        ([1.0, 2.0], [], "no two of the compared pictures show two people"),
    ],
)
def test_scores_that_tell_nothing_give_no_curve(
    same: list[float], other: list[float], words: str
) -> None:
    with pytest.raises(NotCalibrated, match=words):
        fit_calibration(np.array(same, np.float32), np.array(other, np.float32))


FOLLOWS = Calibration(slope=20.0, intercept=-10.0, usual=0.1, following=0.5)


@given(
    strangers=st.lists(st.floats(-0.375, 0.375, width=32), max_size=40),
    friends=st.lists(st.floats(0.625, 1.0, width=32), max_size=40),
    chance=st.randoms(),
)
def test_a_curve_moves_by_its_share_of_what_strangers_score(
    strangers: list[float], friends: list[float], chance: object
) -> None:
    """From the definition; faces that are likely the person do not count, nor does the order."""
    scores = [*strangers, *friends]
    chance.shuffle(scores)  # type: ignore[attr-defined]
    curve = FOLLOWS.among(np.array(scores, np.float32))
    median = sorted(strangers)[len(strangers) // 2] if len(strangers) % 2 else None
    if median is None:
        half = len(strangers) // 2
        median = sum(sorted(strangers)[half - 1 : half + 1]) / 2 if strangers else 0.1
    known = len(strangers) / (len(scores) + USUAL_FACES)
    moved = 0.5 + 0.5 * known * (median - 0.1)
    assert curve.score_at(0.5) == pytest.approx(moved, abs=1e-6)
    assert curve.slope == FOLLOWS.slope
    assert curve.among(np.ones(9, np.float32)) == curve  # moved once, not again


def test_a_library_of_one_person_hardly_moves_the_curve() -> None:
    """Her poor photos are all that is not likely her; they must not make her good ones unlikely."""
    chance = np.random.default_rng(0)
    follows = Calibration(slope=20.0, intercept=-8.9, usual=0.0, following=0.5)
    album = chance.normal(0.56, 0.13, 400).astype(np.float32)
    stays, moved = (
        float((c.probability(album) >= 0.5).mean()) for c in (follows, follows.among(album))
    )
    assert stays > 0.8
    assert moved > stays - 0.12
    strangers = chance.normal(0.16, 0.1, 4000).astype(np.float32)
    shift = follows.shift_among(np.concatenate([album[:40], strangers]))
    assert shift == pytest.approx(0.08, abs=0.01)


def test_a_curve_that_stays_is_itself() -> None:
    stays = Calibration(slope=20.0, intercept=-10.0)
    assert stays.among(np.full(500, 0.4, np.float32)) == stays
    assert stays.shift_among(np.full(500, 0.4, np.float32)) == 0


def tables_of(people: np.ndarray, alike: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Codes of one face each and tables (n, n faces' worth of words) with scores of known law."""
    rng = np.random.default_rng(seed)
    n = len(people)
    same = people[:, None] == people
    scores = rng.normal(np.where(same, 0.8, 0.1) + alike, 0.1)
    return scores[:, None].astype(np.float32), np.arange(n, dtype=np.uint16)[:, None]


def test_the_curve_of_a_bundled_model_knows_what_is_usual_and_follows() -> None:
    """A library in which everybody is more alike by 0.2 moves the line by its share of that."""
    people = np.repeat(np.arange(60), 5)
    curve = calibrate(*tables_of(people, 0.0, 0), people)
    assert curve.following == FOLLOWING
    assert curve.usual == pytest.approx(0.1, abs=0.01)
    tables, _ = tables_of(people, 0.2, 1)
    moved = curve.among(np.delete(tables[0, 0], 0))
    known = 295 / (299 + USUAL_FACES)
    assert moved.score_at(0.5) - curve.score_at(0.5) == pytest.approx(0.5 * known * 0.2, abs=0.02)
    plain, shifted = (pair_scores(*tables_of(people, 0.2, 1), people, c) for c in (None, curve))
    assert len(plain[0]) == 60 * 5 * 4
    np.testing.assert_allclose((plain[0] - shifted[0]).mean(), 0.5 * known * 0.2, atol=0.01)
    np.testing.assert_allclose((plain[1] - shifted[1]).mean(), 0.5 * known * 0.2, atol=0.01)
