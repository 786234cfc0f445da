"""Figures over pairs against direct counts and scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, precision_recall_curve, roc_auc_score

from trainer.evaluate.verification import PairHistogram, accuracy_in_folds, best_threshold


@pytest.fixture(scope="module")
def pairs() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    is_same = rng.random(4000) < 0.3
    scores = (rng.normal(size=4000) + 1.5 * is_same).round(2)  # with ties
    return scores.astype(np.float32), is_same


def test_tar_at_far_is_that_of_the_lowest_allowed_threshold(
    pairs: tuple[np.ndarray, np.ndarray],
) -> None:
    scores, is_same = pairs
    histogram = PairHistogram.of_scores(scores, is_same)
    for far in (0.3, 0.1, 0.01, 0.001):
        rate, threshold = histogram.tar_at_far(far)
        allowed = [t for t in np.unique(scores) if (scores[~is_same] >= t).mean() <= far]
        assert rate == pytest.approx((scores[is_same] >= min(allowed)).mean())
        assert (scores[~is_same] >= threshold).mean() <= far


def test_area_under_roc_agrees_with_scikit_learn(pairs: tuple[np.ndarray, np.ndarray]) -> None:
    scores, is_same = pairs
    ours = PairHistogram.of_scores(scores, is_same).area_under_roc()
    assert ours == pytest.approx(roc_auc_score(is_same, scores), abs=1e-9)


def test_curve_lies_on_scikit_learns(pairs: tuple[np.ndarray, np.ndarray]) -> None:
    scores, is_same = pairs
    curve = PairHistogram.of_scores(scores, is_same).curve()
    precision, recall, _ = precision_recall_curve(is_same, scores)
    theirs = {round(float(r), 9): float(p) for p, r in zip(precision, recall, strict=True)}
    for p, r in zip(curve.precision, curve.recall, strict=True):
        if r > 0:
            assert p == pytest.approx(theirs[round(float(r), 9)], abs=1e-9)
    assert (np.diff(curve.threshold) < 0).all()
    assert curve.recall[-1] == 1.0


def test_equal_error_rate_by_hand() -> None:
    scores = np.array([4, 3, 2, 1, 4, 1, 1, 0], np.float32)
    is_same = np.array([1, 1, 1, 1, 0, 0, 0, 0], bool)
    assert PairHistogram.of_scores(scores, is_same).equal_error_rate() == pytest.approx(0.25)


def test_operating_point_is_as_pure_as_asked(pairs: tuple[np.ndarray, np.ndarray]) -> None:
    scores, is_same = pairs
    point = PairHistogram.of_scores(scores, is_same).operating_point(0.9)
    assert point is not None
    accepted = scores >= point.threshold
    assert point.precision == pytest.approx(is_same[accepted].mean())
    assert point.precision >= 0.9
    assert point.recall == pytest.approx(accepted[is_same].mean())
    lower = scores >= np.unique(scores[scores < point.threshold]).max()
    assert is_same[lower].mean() < 0.9


def test_no_pairs_give_no_figures() -> None:
    histogram = PairHistogram(0.0, 1.0, bins=16)
    one, none = np.array([0.5], np.float32), np.empty(0, np.float32)
    histogram.add(histogram.count(one), histogram.count(none))
    assert histogram.tar_at_far(0.1)[0] == 0.0
    assert histogram.area_under_roc() is None
    assert histogram.equal_error_rate() is None
    assert histogram.operating_point(0.9) is None
    assert histogram.other.sum() == 1


def test_best_threshold_never_cuts_a_tie() -> None:
    scores, is_same = np.array([2, 2, 2, 1], np.float32), np.array([1, 1, 0, 0], bool)
    threshold = best_threshold(scores, is_same)
    assert 1 < threshold < 2
    assert best_threshold(np.array([1.0, 2.0], np.float32), np.zeros(2, bool)) > 2
    assert best_threshold(np.array([1.0, 2.0], np.float32), np.ones(2, bool)) < 1


def test_accuracy_in_folds_against_a_loop() -> None:
    rng = np.random.default_rng(3)
    is_same = rng.random(60) < 0.5
    scores = (rng.normal(size=60) + 2 * is_same).astype(np.float32)
    fold = np.repeat(np.arange(3), 20)
    expected = []
    for held in range(3):
        others, mine = fold != held, fold == held
        cuts = np.concatenate([scores, [scores.max() + 1]])
        right = [((scores >= c) == is_same)[others].mean() for c in cuts]
        chosen = best_threshold(scores[others], is_same[others])
        answers = scores >= chosen
        assert (answers == is_same)[others].mean() == pytest.approx(max(right))
        expected.append(accuracy_score(is_same[mine], answers[mine]))
    mean, spread = accuracy_in_folds(scores, is_same, fold)
    assert mean == pytest.approx(np.mean(expected))
    assert spread == pytest.approx(np.std(expected, ddof=1))
