"""How likely two groups of faces show one person, learned for each model from its codes."""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.errors import ModelIncompatible

LEAST_SCORE = 0.28  # pairs of faces below it are not listed
N_NEAREST = 16  # faces listed with each face
MOST_COUNTED = 16  # faces of a group that count for its size
LIKELY = 0.5  # probability from which groups are joined, where a model does not say

JOINS_FROM = "joins_from"

Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class PairEvidence:
    """What is known of n pairs of groups, (n,) each.

    A face is the sum of its code's words, scaled to length 1; a score is the product of two faces.

    Attributes:
        mean: mean score of a face of one group with a face of the other.
        likeness: `mean` over the geometric mean of the same within each group: the cosine of the
            groups' centres.
        best: the best score of a listed pair.
        first_size, second_size: faces of the groups.
    """

    mean: Doubles
    likeness: Doubles
    best: Doubles
    first_size: Doubles
    second_size: Doubles


@dataclass(frozen=True, slots=True)
class Links:
    """Weights of a logistic curve over the evidence, and how likely is enough.

    With l = log2(min(size, 16)) of each group:
    p = σ(bias + likeness·c + mean·m + best·x + sizes·(l_a + l_b) + likeness_sizes·c·(l_a + l_b)
    + unlike_sizes·|l_a − l_b|).

    Attributes:
        joins_from: probability from which two groups are joined, between 0 and 1.
    """

    bias: float
    likeness: float
    mean: float
    best: float
    sizes: float
    likeness_sizes: float
    unlike_sizes: float
    joins_from: float = LIKELY

    @property
    def suggests_from(self) -> float:
        """Probability from which a group is suggested to a person.

        What is joined without a question is never more doubtful than what is asked about.
        """
        return min(self.joins_from, LIKELY)

    def probability(self, pairs: PairEvidence) -> Doubles:
        """(n,) from 0 to 1."""
        weights = [value for name, value in asdict(self).items() if name != JOINS_FROM]
        odds = features(pairs) @ np.array(weights)
        found: Doubles = 1.0 / (1.0 + np.exp(-np.clip(odds, -60.0, 60.0)))
        return found


def features(pairs: PairEvidence) -> Doubles:
    """(n, 7) of what each weight is for, in the order of `Links`."""
    first, second = (
        np.log2(np.minimum(size, MOST_COUNTED)) for size in (pairs.first_size, pairs.second_size)
    )
    sizes = first + second
    columns = (
        np.ones_like(pairs.mean),
        pairs.likeness,
        pairs.mean,
        pairs.best,
        sizes,
        pairs.likeness * sizes,
        np.abs(first - second),
    )
    return np.stack(columns, axis=1)


def links_from_dict(values: Any, source: Any) -> Links | None:
    """The `links` entry of a model's config file; None where the model has none.

    Older ones do not say from which probability groups are joined: `LIKELY`.

    Raises:
        ModelIncompatible: it is no set of weights.
    """
    if values is None:
        return None
    names = Links.__dataclass_fields__.keys()
    if not isinstance(values, dict) or values.keys() | {JOINS_FROM} != names:
        raise ModelIncompatible(source, f"its links need the entries {', '.join(names)}")
    if not all(isinstance(v, int | float) and math.isfinite(v) for v in values.values()):
        raise ModelIncompatible(source, "a weight of its links is no number")
    if not 0 < values.get(JOINS_FROM, LIKELY) < 1:
        raise ModelIncompatible(source, f"{JOINS_FROM} of its links is not between 0 and 1")
    return Links(**{name: float(value) for name, value in values.items()})
