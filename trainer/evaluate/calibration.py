"""Raw score → probability: a logistic curve fitted to the pairs of validation people."""

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.errors import OpqnError
from opqn_app.core.types import Floats
from opqn_app.opqn.calibration import Calibration

# Share of a library's faces that show the person asked for. The percentages the app shows are right
# for such a library; where the person is rarer they are too high, where more common too low.
MATCH_SHARE = 0.01


class NotCalibrated(OpqnError):
    """Scores that tell nothing about who is who; `reason` is a plain clause."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The model has no calibration: {reason}.")


def fit_calibration(
    same: Floats, other: Floats, *, match_share: float = MATCH_SHARE, iterations: int = 50
) -> Calibration:
    """Weighted logistic regression on the score, by Newton's method.

    With n pairs of a kind the curve aims at (n + 1) / (n + 2) for same and 1 / (n + 2) for other
    ones, as Platt (1999) does: few pairs that happen to be apart do not make a step of the curve.

    Args:
        same: (n,) scores of pairs of one person.
        other: (m,) scores of pairs of two people.
        match_share: weight of all `same` pairs together, 0 to 1; `other` weighs the rest.

    Raises:
        NotCalibrated: one kind of pairs is lacking, all scores are equal, or a higher score does
            not mean a likelier match.
    """
    if not len(same) or not len(other):
        kind = "one person" if not len(same) else "two people"
        raise NotCalibrated(f"no two of the compared pictures show {kind}")
    scores = np.concatenate([same, other]).astype(np.float64)
    centre, spread = float(scores.mean()), float(scores.std())
    if spread <= 1e-9 * max(1.0, abs(centre)):
        raise NotCalibrated("all pairs of pictures have the same score")
    x = np.stack([(scores - centre) / spread, np.ones_like(scores)])  # (2, n + m)
    truth, weight = _weighted_truth(len(same), len(other), match_share)
    target = np.where(truth == 1, (len(same) + 1) / (len(same) + 2), 1 / (len(other) + 2))
    beta = np.array([1.0, float(np.log(match_share / (1 - match_share)))])
    for _ in range(iterations):
        p = 1 / (1 + np.exp(-np.clip(beta @ x, -60, 60)))
        gradient = x @ (weight * (p - target))
        hessian = (x * (weight * p * (1 - p))) @ x.T + 1e-12 * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        beta -= step * min(1.0, 5.0 / float(np.abs(step).max() + 1e-12))
    slope = beta[0] / spread
    if not slope > 0:
        raise NotCalibrated("pictures of one person score no higher than those of two people")
    return Calibration(slope=float(slope), intercept=float(beta[1] - slope * centre))


def reliability(
    calibration: Calibration, same: Floats, other: Floats, *, match_share: float = MATCH_SHARE
) -> list[tuple[float, float, float]]:
    """Ten equal bins of stated probability: (mean stated, share truly same, weight of the bin)."""
    stated = np.concatenate([calibration.probability(same), calibration.probability(other)])
    truth, weight = _weighted_truth(len(same), len(other), match_share)
    bins = np.minimum((stated * 10).astype(int), 9)
    rows = []
    for number in range(10):
        inside = bins == number
        total = float(weight[inside].sum())
        if total > 0:
            rows.append(
                (
                    float((weight * stated)[inside].sum() / total),
                    float((weight * truth)[inside].sum() / total),
                    total,
                )
            )
    return rows


def _weighted_truth(
    n_same: int, n_other: int, match_share: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What each pair is (1 same, 0 other) and what it weighs; the weights sum to 1."""
    truth = np.concatenate([np.ones(n_same), np.zeros(n_other)])
    return truth, np.where(truth == 1, match_share / n_same, (1 - match_share) / n_other)
