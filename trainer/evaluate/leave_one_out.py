"""Leave-one-out: every face asks all others; the figures that the recipes choose and report by."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.evaluate.ranking import Rows, finished, rank
from trainer.evaluate.scoring import Scorer

FARS = (1e-3, 1e-4)


@dataclass(frozen=True, slots=True)
class LeaveOneOut:
    """Means over the queries that have a match.

    Attributes:
        rank1: share of queries whose best hit is the same person.
        mean_ap: mean average precision over the full ranking.
        p_at_5: mean share of the same person among the best 5.
        tar: true-accept rates at `FARS` over all pairs; None where scores are no single scale.
        queries: queries that have a match.
        gallery: faces that each query ranks.
        skipped: queries without a match.
    """

    rank1: float
    mean_ap: float
    p_at_5: float
    tar: tuple[float, float] | None
    queries: int
    gallery: int
    skipped: int = 0


def leave_one_out(
    scorer: Scorer, people: NDArray[Any], *, rows: NDArray[np.intp] | None = None
) -> LeaveOneOut:
    """Rank all others by each face.

    Args:
        scorer: its query i is the face `rows[i]` of the gallery, which it does not rank.
        people: (n,) of the gallery.
        rows: (q,) of the queries; by default all faces ask.

    Raises:
        ValueError: nobody who asks has two photos.
    """
    own = np.arange(len(people)) if rows is None else rows
    return leaving_out(scorer, people, own[:, None])


def leaving_out(scorer: Scorer, people: NDArray[Any], left_out: Rows) -> LeaveOneOut:
    """The same where each query leaves out more than itself.

    Args:
        left_out: (q, e) rows of the gallery that a query does not rank: itself first, then others
            of the same person.

    Raises:
        ValueError: no query has a match among the others.
    """
    asking = people[left_out[:, 0]]
    found = finished(rank(scorer, asking, people, own=left_out, cutoffs=(1, 5)))
    at_5 = found.precision_at(5)
    if found.rank1 is None or found.mean_ap is None or at_5 is None:
        raise ValueError("nobody has two photos, so no query has a match")
    low, high = (found.pairs.tar_at_far(far)[0] for far in FARS)
    return LeaveOneOut(
        rank1=found.rank1,
        mean_ap=found.mean_ap,
        p_at_5=at_5,
        tar=(low, high),
        queries=len(found.rows),
        gallery=found.gallery,
        skipped=found.skipped,
    )
