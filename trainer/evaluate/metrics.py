"""Retrieval figures of one ranking, fair to ties: the mean over all orders among equals.

Equal scores have no order of their own, so a figure that reads one off the sort, or off the order
of the database, is luck. Every figure here is the expected value when each run of equal scores is
in random order, after McSherry and Najork, "Computing information retrieval performance measures
efficiently in the presence of tied scores", ECIR 2008. Without ties it is the usual figure.

These functions take one row at a time and are the plain statement of the definitions;
`trainer.evaluate.ranking` computes the same in blocks, and the tests hold the two against each
other.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.types import Floats

SCORE_BINS = 1 << 16  # resolution of the verification thresholds of `leave_one_out`

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


def tar_at_far(same: Counts, other: Counts, far: float) -> float:
    """True-accept rate at the lowest threshold whose false-accept rate is at most `far`.

    Pairs of one bin are accepted together or not at all, so ties need no order.

    Args:
        same: histogram of same-person scores, ascending.
        other: histogram of different-person scores, the same bins.
        far: share of different-person pairs that may be accepted, 0 to 1.
    """
    accepted_other = np.cumsum(other[::-1])[::-1]  # pairs at or above each bin
    accepted_same = np.cumsum(same[::-1])[::-1]
    allowed = np.flatnonzero(accepted_other <= far * other.sum())
    return float(accepted_same[allowed[0]] / same.sum()) if len(allowed) else 0.0


@dataclass(frozen=True, slots=True)
class LeaveOneOut:
    """Every photo queries all others; means over the queries that have a match.

    Attributes:
        rank1: share of queries whose best hit is the same person.
        mean_ap: mean average precision over the full ranking.
        p_at_5: mean share of the same person among the best 5.
        tar_at_far: false-accept rate → share of same-person pairs accepted, over all pairs.
        queries: queries that have a match.
        skipped: queries without one.
        gallery: photos in the set.
    """

    rank1: float
    mean_ap: float
    p_at_5: float
    tar_at_far: dict[float, float]
    queries: int
    skipped: int
    gallery: int


def leave_one_out(
    score_row: Callable[[int], Floats],
    people: NDArray[Any],
    *,
    score_range: tuple[float, float],
    fars: tuple[float, ...] = (1e-3, 1e-4),
) -> LeaveOneOut:
    """Rank all other photos by each photo, one row at a time; for recipes and small sets.

    Args:
        score_row: index of a query → scores (n,) of the whole set, higher is more alike.
        people: (n,) identity of each photo.
        score_range: least and greatest possible score, for the verification thresholds.
        fars: false-accept rates to report.

    Raises:
        ValueError: nobody has two photos.
    """
    _, labels, counts = np.unique(people, return_inverse=True, return_counts=True)
    n = len(labels)
    if counts.max(initial=0) < 2:
        raise ValueError("nobody has two photos, so no query has a match")
    low, high = score_range
    same_hist, other_hist = np.zeros(SCORE_BINS, np.int64), np.zeros(SCORE_BINS, np.int64)
    first = ap = at5 = 0.0
    queries = 0
    for query in range(n):
        scores = np.delete(score_row(query), query)
        relevant = np.delete(labels == labels[query], query)
        bins = (scores - low) * ((SCORE_BINS - 1) / (high - low))
        bins = np.clip(bins, 0, SCORE_BINS - 1).astype(np.int64)
        same_hist += np.bincount(bins[relevant], minlength=SCORE_BINS)
        other_hist += np.bincount(bins[~relevant], minlength=SCORE_BINS)
        if counts[labels[query]] < 2:
            continue
        queries += 1
        groups = tie_groups(scores, relevant)
        best, best5 = precision_at(groups, (1, 5))
        first, at5 = first + best, at5 + best5
        ap += expected_average_precision(groups)
    return LeaveOneOut(
        rank1=float(first / queries),
        mean_ap=ap / queries,
        p_at_5=float(at5 / queries),
        tar_at_far={far: tar_at_far(same_hist, other_hist, far) for far in fars},
        queries=queries,
        skipped=n - queries,
        gallery=n,
    )
