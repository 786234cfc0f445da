"""The figures of one ranking as they are defined, a row at a time: for comparison.

`trainer.evaluate.ranking` says what they mean and whose they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Counts = NDArray[np.int64]
Marks = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class TieGroups:
    """Runs of equal scores of a ranking, best first.

    Attributes:
        sizes: (g,) items in each.
        relevant: (g,) relevant items in each.
    """

    sizes: Counts
    relevant: Counts

    @property
    def before(self) -> Counts:
        """(g,) items ranked above each group."""
        return np.cumsum(self.sizes) - self.sizes

    @property
    def found(self) -> Counts:
        """(g,) relevant items ranked above each group."""
        return np.cumsum(self.relevant) - self.relevant


def tie_groups(scores: NDArray[Any], relevant: Marks) -> TieGroups:
    """The runs of equal scores of one query, in whatever order the items come.

    Args:
        scores: (n,) higher is more alike.
        relevant: (n,) whether an item shows the same person.
    """
    _, group = np.unique(-np.asarray(scores), return_inverse=True)
    sizes = np.bincount(group)
    hits = np.bincount(group[np.asarray(relevant, bool)], minlength=len(sizes))
    return TieGroups(sizes.astype(np.int64), hits.astype(np.int64))


def expected_average_precision(groups: TieGroups) -> float:
    """Average precision over the full ranking, ties in random order.

    In a group of s items, c of them relevant, behind B items with R relevant ones, the item in
    place i (1 to s) is relevant with probability c/s; the i - 1 items before it in the group then
    hold (i - 1)(c - 1)/(s - 1) relevant ones on average. So the group adds
    Σ_i (c/s) · (R + 1 + (i - 1)(c - 1)/(s - 1)) / (B + i), all divided by the relevant items.

    Raises:
        ValueError: nothing is relevant, so there is no precision to average.
    """
    total = int(groups.relevant.sum())
    if not total:
        raise ValueError("average precision needs at least one relevant item")
    before, found = groups.before, groups.found
    out = 0.0
    for g in np.flatnonzero(groups.relevant):
        size, hits = int(groups.sizes[g]), int(groups.relevant[g])
        place = np.arange(1, size + 1)
        share = (hits - 1) / (size - 1) if size > 1 else 0.0
        precision = (found[g] + 1 + (place - 1) * share) / (before[g] + place)
        out += hits / size * float(precision.sum())
    return out / total


def expected_hits(groups: TieGroups, cutoffs: Sequence[int]) -> Doubles:
    """Relevant items among the best T, ties in random order, for each T of `cutoffs`.

    Of the group that T cuts, (T - B)/s of the relevant items are expected above the cut.

    Returns:
        (len(cutoffs),) float64; a T beyond the items counts them all.
    """
    inside = np.asarray(cutoffs, np.int64)[:, None] - groups.before  # (t, g)
    taken = np.clip(inside / groups.sizes, 0.0, 1.0)
    hits: Doubles = taken @ groups.relevant.astype(np.float64)
    return hits


def precision_at(groups: TieGroups, cutoffs: Sequence[int]) -> Doubles:
    """Share of relevant items among the best T; a T beyond the items means all of them."""
    shown = np.clip(np.asarray(cutoffs, np.float64), 1, groups.sizes.sum())
    precision: Doubles = expected_hits(groups, cutoffs) / shown
    return precision


def recall_at(groups: TieGroups, cutoffs: Sequence[int]) -> Doubles:
    """Share of the relevant items that are among the best T; there must be one."""
    recall: Doubles = expected_hits(groups, cutoffs) / int(groups.relevant.sum())
    return recall


def average_precision(ranked: Marks) -> float:
    """Mean over the relevant items of (relevant so far ÷ rank); `ranked` holds at least one."""
    ranks = np.flatnonzero(ranked) + 1
    return float((np.arange(1, len(ranks) + 1) / ranks).mean())
