"""Figures by which two models are compared on one library: rankings of named faces, partitions."""

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.types import Floats

BLOCK = 256  # faces that ask at once
RESAMPLES = 2000
EXACT_UP_TO = 12  # people whose signs are flipped in every way; of more, by lot

Doubles = NDArray[np.float64]
Labels = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Rankings:
    """How n named faces that ask rank all the others.

    Attributes:
        asked: (n,) rows of the faces that ask: those with another face of their person.
        is_nearest: (n,) whether the nearest face is of the same person.
        precision: (n,) average precision: 1 where all faces of the person come first.
    """

    asked: NDArray[np.intp]
    is_nearest: NDArray[np.bool_]
    precision: Doubles


def rank_named(units: Floats, people: Labels) -> Generator[int, None, Rankings]:
    """Let each face rank all others; of equal scores, strangers come first.

    Args:
        units: (n, D) vectors of length 1.
        people: (n,) who each is.

    Yields:
        How many faces have asked.
    """
    _, place, counts = np.unique(people, return_inverse=True, return_counts=True)
    asked = np.flatnonzero(counts[place] > 1)
    nearest, precision = np.zeros(len(asked), np.bool_), np.zeros(len(asked))
    for start in range(0, len(asked), BLOCK):
        rows = asked[start : start + BLOCK]
        scores = np.round(units[rows] @ units.T, 6)  # equal codes, equal scores
        for i, row in enumerate(rows.tolist(), start):
            same = people == people[row]
            order = np.lexsort((same, -scores[i - start]))
            hits = same[order[order != row]]
            places = np.flatnonzero(hits)
            nearest[i] = hits[0]
            precision[i] = float(np.mean(np.arange(1, len(places) + 1) / (places + 1)))
        yield min(start + BLOCK, len(asked))
    return Rankings(asked, nearest, precision)


def means_by(values: Doubles, people: Labels) -> Doubles:
    """The mean of each person, in the order of their numbers."""
    _, place, counts = np.unique(people, return_inverse=True, return_counts=True)
    found: Doubles = np.bincount(place, values) / counts
    return found


def chance_of(differences: Doubles) -> float:
    """How often differences of which each may as well be the other way round are as far from 0.

    The sign-flip test over people, two-sided: all ways for a few, else many by lot, always the
    same ones.

    Args:
        differences: (n,) one a person.
    """
    some = differences[np.abs(differences) > 1e-12]
    n = len(some)
    if not n:
        return 1.0
    found = abs(some.sum()) - 1e-9
    if n <= EXACT_UP_TO:
        ways = np.arange(2**n)[:, None] >> np.arange(n) & 1
        return float(np.mean(np.abs((2 * ways - 1) @ some) >= found))
    draws = np.random.default_rng(0)
    as_far = 0
    for _ in range(RESAMPLES):
        as_far += abs(float(draws.choice((-1.0, 1.0), n) @ some)) >= found
    return (as_far + 1) / (RESAMPLES + 1)


def interval_of(differences: Doubles) -> tuple[float, float]:
    """Where the mean of the differences lies with 95 %: the bootstrap over people, always alike.

    Args:
        differences: (n,) one a person; (0, 0) for none.
    """
    n = len(differences)
    if not n:
        return 0.0, 0.0
    draws = np.random.default_rng(0)
    means = [float(differences[draws.integers(n, size=n)].mean()) for _ in range(RESAMPLES)]
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)


def shared_company(old: Labels, new: Labels) -> Doubles:
    """(n,) of each face, how much its two groups have in common: the shared part of their union.

    Args:
        old, new: (n,) group of each face by either model.

    Returns:
        0 to 1; 1 where both groups hold the same faces.
    """
    _, mine, sizes = np.unique(old, return_inverse=True, return_counts=True)
    _, other, other_sizes = np.unique(new, return_inverse=True, return_counts=True)
    pairs = mine.astype(np.int64) * (other.max(initial=0) + 1) + other
    _, both, shared = np.unique(pairs, return_inverse=True, return_counts=True)
    common = shared[both].astype(np.float64)
    found: Doubles = common / (sizes[mine] + other_sizes[other] - common)
    return found
