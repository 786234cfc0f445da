"""The curve of a bundled model, from score to probability: it follows the library that is asked."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.types import Codes, Floats
from opqn_app.opqn import lut
from opqn_app.opqn.calibration import Calibration
from trainer.evaluate.calibration import fit_calibration

FOLLOWING = 0.5  # chosen on the collections of the tuning half, see docs/pages/log/models.md
PAIRS = 400_000  # different-person pairs drawn for the calibration


def calibrate(tables: Floats, codes: Codes, people: NDArray[Any]) -> Calibration:
    """Fit the curve to faces that all ask each other, and note the usual score of strangers.

    A first curve, which does not follow the library, tells who is a stranger. The final curve
    follows it. Both give a probability of one half at scores within 0.002 of each other.

    Args:
        tables: (n, M, K); codes: (n, M); people: (n,) names.
    """
    rows = list(_of_others(tables, codes))
    plain = fit_calibration(*_pairs(rows, people))
    line = plain.score_at(0.5)
    strangers = (row[row < line] for row in rows)
    medians = [float(np.median(row)) for row in strangers if len(row)]
    if not medians:
        return plain
    follows = replace(plain, usual=float(np.mean(medians)), following=FOLLOWING)
    fitted = fit_calibration(*_pairs(rows, people, follows))
    return replace(follows, slope=fitted.slope, intercept=fitted.intercept)


def pair_scores(
    tables: Floats, codes: Codes, people: NDArray[Any], curve: Calibration | None = None
) -> tuple[Floats, Floats]:
    """Scores of all same-person pairs, and of a seeded draw of different-person pairs.

    Args:
        curve: scores are given less its shift for the query, so that its probabilities are those
            that the query's faces get.
    """
    return _pairs(_of_others(tables, codes), people, curve)


def _pairs(
    rows: Iterable[Floats], people: NDArray[Any], curve: Calibration | None = None
) -> tuple[Floats, Floats]:
    """`pair_scores` of what `_of_others` gave."""
    _, labels = np.unique(people, return_inverse=True)
    chance = np.random.default_rng(0)
    same, other = [], []
    per_query = PAIRS // len(labels) + 1
    for query, scores in enumerate(rows):
        friends = np.delete(labels == labels[query], query)
        strangers = scores[~friends]
        shift = np.float32(0 if curve is None else curve.shift_among(scores))
        same.append(scores[friends] - shift)
        drawn = chance.choice(strangers, min(per_query, len(strangers)), replace=False)
        other.append(drawn - shift)
    return np.concatenate(same), np.concatenate(other)


def _of_others(tables: Floats, codes: Codes) -> Iterator[Floats]:
    """Of each query its scores with all faces but itself: n times (n - 1,)."""
    by_book = np.asfortranarray(codes)
    for query, table in enumerate(tables):
        yield np.delete(lut.scores(table, by_book), query)
