"""What rankings do to relatives and to people who are not there, from a matrix of all scores."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.types import Floats
from opqn_app.opqn.calibration import Calibration
from trainer.evaluate.calibration import reliability

LIKELY = 0.5  # probability from which the app says that a face is likely the person
PAIRS = 400_000  # different-person pairs drawn for the reliability table
FAR = 1e-3

People = NDArray[Any]


@dataclass(frozen=True, slots=True)
class RelativesFigures:
    """How often relatives are taken for the person.

    Attributes:
        wrong: wrong rank-1 answers, of `queries`.
        are_relatives: how many of them show somebody of the same family.
        by_chance: share of relatives among the faces of other people, mean over the same queries.
        far: share of pairs of relatives accepted at the threshold that accepts `FAR` of all pairs
            of two people.
        far_others: of pairs of two people who are not relatives.
    """

    queries: int
    wrong: int
    are_relatives: int
    by_chance: float
    far: float
    far_others: float


@dataclass(frozen=True, slots=True)
class AbsentFigures:
    """Whether a person who is not in the library is said not to be.

    Attributes:
        told: share of queries without a match of whom no face is called likely.
        told_no_family: the same where the library holds none of the person's family either.
        wrongly_told: share of queries with a match of whom no face is called likely.
        likely_is_wrong: share of queries with a match whose best face is likely and another person.
    """

    told: float
    told_no_family: float
    wrongly_told: float
    likely_is_wrong: float
    queries: int


@dataclass(frozen=True, slots=True)
class ReliabilityTable:
    """Probabilities held against the truth.

    Attributes:
        bins: (mean stated, share truly one person, share of all pairs), ascending.
    """

    bins: tuple[tuple[float, float, float], ...]


def relatives(scores: Floats, people: People, family: People) -> RelativesFigures:
    """Figures over the queries that have a match; all pairs count for the threshold.

    Args:
        scores: (n, n) row = query.
        people: (n,) names.
        family: (n,) "" for none.
    """
    same, kin = _pairs(people, family)
    other = ~same
    strangers = scores[other]
    cut = len(strangers) - 1 - int(FAR * len(strangers))
    accepted = scores > np.partition(strangers, cut)[cut]  # pairs of equal score: all or none
    asks = same.sum(1) > 1
    ranked = scores.copy()
    np.fill_diagonal(ranked, -np.inf)
    best = ranked.argmax(1)
    rows = np.flatnonzero(asks & ~same[np.arange(len(people)), best])
    share = kin[rows].sum(1) / other[rows].sum(1)
    apart = other & ~kin
    return RelativesFigures(
        queries=int(asks.sum()),
        wrong=len(rows),
        are_relatives=int(kin[rows, best[rows]].sum()),
        by_chance=float(share.mean()) if len(rows) else 0.0,
        far=float(accepted[kin].mean()) if kin.any() else 0.0,
        far_others=float(accepted[apart].mean()),
    )


def absent(
    scores: Floats, people: People, family: People, calibration: Calibration
) -> AbsentFigures:
    """Each face asks a library of all the others, and one without the person's own faces.

    Args:
        scores: (n, n) row = query.
    """
    same, kin = _pairs(people, family)
    likely = calibration.probability(_as_usual(scores, calibration)) >= LIKELY
    not_self = ~np.eye(len(people), dtype=bool)
    asks = same.sum(1) > 1
    ranked = np.where(not_self, scores, -np.inf)
    best = ranked.argmax(1)
    places = np.arange(len(people))
    is_likely = likely[places, best]
    is_wrong = ~same[places, best]
    return AbsentFigures(
        told=float(1 - (likely & ~same).any(1).mean()),
        told_no_family=float(1 - (likely & ~same & ~kin).any(1).mean()),
        wrongly_told=float(1 - is_likely[asks].mean()),
        likely_is_wrong=float((is_likely & is_wrong)[asks].mean()),
        queries=int(asks.sum()),
    )


def stated_and_true(scores: Floats, people: People, calibration: Calibration) -> ReliabilityTable:
    """The reliability table: all pairs of one person, a seeded draw of the others."""
    same, _ = _pairs(people, people)
    scores = _as_usual(scores, calibration)
    other = scores[~same]
    chance = np.random.default_rng(0)
    drawn = other[chance.integers(0, len(other), PAIRS)]
    np.fill_diagonal(same, False)
    return ReliabilityTable(tuple(reliability(calibration, scores[same], drawn)))


def _as_usual(scores: Floats, calibration: Calibration) -> Floats:
    """(n, n) scores, each row less the calibration's shift for that query among all other faces.

    The shift is always taken with the person's own faces in the library. Without them it would be
    nearly the same: they are few, and most of them score too high to count as strangers.
    """
    shifts = [calibration.shift_among(np.delete(row, i)) for i, row in enumerate(scores)]
    return scores - np.array(shifts, np.float32)[:, None]


def _pairs(people: People, family: People) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(n, n) which pairs show one person, and which two people of one family."""
    _, person = np.unique(people, return_inverse=True)
    _, group = np.unique(family, return_inverse=True)
    same = person[:, None] == person
    kin = (group[:, None] == group) & (family != "") & ~same
    return same, kin
