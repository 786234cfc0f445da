"""Same person or not: figures over pairs, from histograms that hold any number of pairs.

A threshold accepts all pairs that score at least that much. Pairs of equal score are accepted
together, so these figures know no order and no ties. Thresholds lie on the edges of 2^20 equal bins
between the least and the greatest possible score.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.types import Floats

BINS = 1 << 20
COUNTED_AT_ONCE = 1 << 16  # scores; they stay in the cache
Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """What a threshold accepts.

    Attributes:
        precision: share of the accepted pairs that show one person.
        threshold: least score that is accepted.
        recall: share of the same-person pairs that are accepted.
        far: share of the different-person pairs that are accepted.
    """

    precision: float
    threshold: float
    recall: float
    far: float


@dataclass(frozen=True, slots=True, eq=False)
class ThresholdCurve:
    """Pairs accepted at falling thresholds; entry i of each array belongs together."""

    threshold: Doubles
    precision: Doubles
    recall: Doubles
    far: Doubles


class PairHistogram:
    """Scores of same-person and of different-person pairs, counted in bins."""

    def __init__(self, low: float, high: float, *, bins: int = BINS) -> None:
        self.low = low
        self.step = max(high - low, 1e-12) / bins
        self.same = np.zeros(bins, np.int64)  # same-person pairs, scores ascending
        self.other = np.zeros(bins, np.int64)  # different-person pairs

    @classmethod
    def of_scores(cls, scores: Floats, is_same: NDArray[np.bool_]) -> Self:
        """The histogram of a list of pairs."""
        low, high = (float(f(scores, initial=0.0)) for f in (np.min, np.max))
        found = cls(low, high)
        found.add(found.count(scores), found.count(scores[is_same]))
        return found

    def count(self, scores: NDArray[np.floating[Any]]) -> NDArray[np.int64]:
        """(bins,) how many of the finite `scores`, of any shape, lie in each bin."""
        low, step = scores.dtype.type(self.low), scores.dtype.type(self.step)
        bins = np.empty(scores.shape, np.intp)
        for row, places in zip(np.atleast_2d(scores), np.atleast_2d(bins), strict=True):
            for start in range(0, len(row), COUNTED_AT_ONCE):
                part = row[start : start + COUNTED_AT_ONCE] - low
                part /= step
                # The decimals are cut off, as everything is above 0 by then.
                places[start : start + COUNTED_AT_ONCE] = part.clip(0, len(self.same) - 1, out=part)
        return np.bincount(bins.ravel(), minlength=len(self.same))

    def add(self, every: NDArray[np.int64], same: NDArray[np.int64]) -> None:
        """Add pairs that were counted.

        Args:
            every: counts of their scores, see `count`.
            same: counts of those of them that show one person.
        """
        self.same += same
        self.other += every
        self.other -= same

    def tar_at_far(self, far: float) -> tuple[float, float]:
        """True-accept rate and threshold of the lowest threshold whose FAR is at most `far`."""
        accepted_same, accepted_other = self._accepted()
        allowed = np.flatnonzero(accepted_other <= far * self.other.sum())
        if not len(allowed) or not accepted_same[0]:
            return 0.0, self.low + self.step * len(self.same)
        return float(accepted_same[allowed[0]] / accepted_same[0]), self._edge(int(allowed[0]))

    def area_under_roc(self) -> float | None:
        """Chance that a same-person pair outscores another pair, ties counting half."""
        same, other = self.same.astype(np.float64), self.other.astype(np.float64)
        if not same.sum() or not other.sum():
            return None
        below = np.cumsum(other) - other
        return float((same * (below + other / 2)).sum() / (same.sum() * other.sum()))

    def equal_error_rate(self) -> float | None:
        """Where as many strangers are accepted as friends are refused, nearest bin."""
        accepted_same, accepted_other = self._accepted()
        if not accepted_same[0] or not accepted_other[0]:
            return None
        refused = 1.0 - accepted_same / accepted_same[0]
        accepted = accepted_other / accepted_other[0]
        best = int(np.abs(refused - accepted).argmin())
        return float((refused[best] + accepted[best]) / 2)

    def curve(self, points: int = 400) -> ThresholdCurve:
        """Precision and recall at about `points` thresholds, evenly spread over the recall."""
        accepted_same, accepted_other = self._accepted()
        total_same, total_other = max(accepted_same[0], 1), max(accepted_other[0], 1)
        wanted = np.linspace(total_same, 1, points)
        rising = np.unique(np.searchsorted(-accepted_same, -wanted, side="right") - 1)
        chosen = rising[accepted_same[rising] + accepted_other[rising] > 0][::-1]
        same, other = accepted_same[chosen], accepted_other[chosen]
        return ThresholdCurve(
            threshold=np.asarray(self.low + self.step * chosen, np.float64),
            precision=same / (same + other),
            recall=same / total_same,
            far=other / total_other,
        )

    def operating_point(self, precision: float) -> OperatingPoint | None:
        """The lowest threshold whose accepted pairs are that pure; None if there is none."""
        accepted_same, accepted_other = self._accepted()
        accepted = accepted_same + accepted_other
        pure = np.flatnonzero((accepted_same >= precision * accepted) & (accepted_same > 0))
        if not len(pure):
            return None
        at = int(pure[0])
        return OperatingPoint(
            precision=float(accepted_same[at] / accepted[at]),
            threshold=self._edge(at),
            recall=float(accepted_same[at] / accepted_same[0]),
            far=float(accepted_other[at] / max(accepted_other[0], 1)),
        )

    def _accepted(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Pairs at or above the lower edge of each bin."""
        return np.cumsum(self.same[::-1])[::-1], np.cumsum(self.other[::-1])[::-1]

    def _edge(self, index: int) -> float:
        return self.low + self.step * index


def accuracy_in_folds(
    scores: Floats, is_same: NDArray[np.bool_], fold: NDArray[np.int64]
) -> tuple[float, float]:
    """LFW's figure: accuracy on each fold with the threshold that suits the other folds best.

    Args:
        scores, is_same, fold: (p,) of each pair; at least two folds.

    Returns:
        Mean and standard deviation (n - 1) over the folds.
    """
    accuracies = []
    for held in np.unique(fold):
        chosen = best_threshold(scores[fold != held], is_same[fold != held])
        accuracies.append(float(((scores >= chosen) == is_same)[fold == held].mean()))
    return float(np.mean(accuracies)), float(np.std(accuracies, ddof=1))


def best_threshold(scores: Floats, is_same: NDArray[np.bool_]) -> float:
    """The threshold with the most right answers, in the middle between two scores."""
    order = np.argsort(-scores, kind="stable")
    ranked, same = scores[order].astype(np.float64), is_same[order]
    right = np.concatenate([[0], np.cumsum(np.where(same, 1, -1))])  # accept the best i pairs
    may_cut = np.concatenate([[True], ranked[1:] < ranked[:-1], [True]])  # never inside a tie
    best = int(np.where(may_cut, right, -len(right)).argmax())
    above = ranked[best - 1] if best else ranked[0] + 1.0
    below = ranked[best] if best < len(ranked) else ranked[-1] - 1.0
    return float((above + below) / 2)
