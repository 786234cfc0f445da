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
    """Weights of a logistic curve over the evidence.

    With l = log2(min(size, 16)) of each group:
    p = σ(bias + likeness·c + mean·m + best·x + sizes·(l_a + l_b) + likeness_sizes·c·(l_a + l_b)
    + unlike_sizes·|l_a − l_b|).
    """

    bias: float
    likeness: float
    mean: float
    best: float
    sizes: float
    likeness_sizes: float
    unlike_sizes: float

    def probability(self, pairs: PairEvidence) -> Doubles:
        """(n,) from 0 to 1."""
        odds = features(pairs) @ np.array(list(asdict(self).values()))
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

    Raises:
        ModelIncompatible: it is no set of weights.
    """
    if values is None:
        return None
    names = Links.__dataclass_fields__.keys()
    if not isinstance(values, dict) or values.keys() != names:
        raise ModelIncompatible(source, f"its links need the entries {', '.join(names)}")
    if not all(isinstance(v, int | float) and math.isfinite(v) for v in values.values()):
        raise ModelIncompatible(source, "a weight of its links is no number")
    return Links(**{name: float(values[name]) for name in names})
