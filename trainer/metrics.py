"""Retrieval and verification figures, from the scores the app itself would rank by."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opqn_app.types import Floats

SCORE_BINS = 1 << 16  # resolution of the verification thresholds


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
    """Rank all other photos by each photo; ties go to the smaller index, as in the app.

    Args:
        score_row: index of a query → scores (n,) of the whole set, higher is more alike.
        people: (n,) identity of each photo.
        score_range: least and greatest possible score, for the verification thresholds.
        fars: false-accept rates to report.
    """
    _, labels, counts = np.unique(people, return_inverse=True, return_counts=True)
    n = len(labels)
    low, high = score_range
    same_hist = np.zeros(SCORE_BINS, np.int64)
    other_hist = np.zeros(SCORE_BINS, np.int64)
    first = ap = at5 = 0.0
    queries = 0
    for query in range(n):
        scores = score_row(query)
        others = np.delete(np.arange(n), query)
        relevant = labels[others] == labels[query]
        bins = (scores[others] - low) * ((SCORE_BINS - 1) / (high - low))
        bins = np.clip(bins, 0, SCORE_BINS - 1).astype(np.int64)
        same_hist += np.bincount(bins[relevant], minlength=SCORE_BINS)
        other_hist += np.bincount(bins[~relevant], minlength=SCORE_BINS)
        if counts[labels[query]] < 2:
            continue
        queries += 1
        ranked = relevant[np.argsort(-scores[others], kind="stable")]
        first += ranked[0]
        at5 += ranked[:5].mean()
        ap += average_precision(ranked)
    return LeaveOneOut(
        rank1=float(first / queries),
        mean_ap=ap / queries,
        p_at_5=float(at5 / queries),
        tar_at_far={far: tar_at_far(same_hist, other_hist, far) for far in fars},
        queries=queries,
        skipped=n - queries,
        gallery=n,
    )


def average_precision(ranked: NDArray[np.bool_]) -> float:
    """Mean over the relevant items of (relevant so far ÷ rank); `ranked` holds at least one."""
    ranks = np.flatnonzero(ranked) + 1
    return float((np.arange(1, len(ranks) + 1) / ranks).mean())


def tar_at_far(same: NDArray[np.int64], other: NDArray[np.int64], far: float) -> float:
    """True-accept rate at the lowest threshold whose false-accept rate is at most `far`.

    Args:
        same: histogram of same-person scores, ascending.
        other: histogram of different-person scores, the same bins.
        far: share of different-person pairs that may be accepted, 0 to 1.
    """
    accepted_other = np.cumsum(other[::-1])[::-1]  # pairs at or above each bin
    accepted_same = np.cumsum(same[::-1])[::-1]
    allowed = np.flatnonzero(accepted_other <= far * other.sum())
    return float(accepted_same[allowed[0]] / same.sum()) if len(allowed) else 0.0
