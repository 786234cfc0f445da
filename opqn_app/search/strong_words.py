"""The words of a query's table that can lift a face among the best, and a bound for all others.

The table is split by a value v. Words above v are strong. A face gets a weight for each strong word
it holds: w[m, c] = p_m[c] - rest_m. Here rest_m is the largest entry of book m that is not strong.
So a face scores at most base + Σ w, where base = Σ_m rest_m. Faces whose bound lies below the k-th
best score need not be looked at. That is exact whatever v is. A good v leaves few strong words and
a low base.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.types import Lut

BASE_SHARE = 0.5  # of the way from the mean score to the k-th best: measured
MAX_LISTS_PER_BOOK = 0.1  # share of the words; with more, reading all codes is faster
ACCUMULATOR_MAX = 255
MAX_BOOKS = 64  # each may round up by one step
SLACK = 1 - 1e-9  # more than all rounding of float64 in a bound, less than a step of any table


@dataclass(frozen=True, slots=True, eq=False)
class StrongWords:
    """Words whose lists are read.

    Attributes:
        books, words: (t,) int64: the i-th is word words[i] of book books[i].
        weights: (t,) uint8, rounded up; those of one face never sum to more than 255.
        base: what a face without any of them scores at most.
        scale: steps of `weights` per unit of score.
    """

    books: NDArray[np.int64]
    words: NDArray[np.int64]
    weights: NDArray[np.uint8]
    base: float
    scale: float

    def threshold(self, floor: np.float32) -> int:
        """The sum of weights below which a face scores less than `floor`; may exceed 255."""
        return math.ceil((float(floor) - self.base) * self.scale * SLACK)


def pick_strong_words(lut: Lut, floor: np.float32) -> StrongWords | None:
    """The strong words for faces of at least `floor`; None where reading all codes is faster.

    Their number is doubled until base lies halfway between the mean of the table and the
    floor. Where tables are flat that takes too many words.
    """
    table = lut.astype(np.float64)
    mean = float(table.mean(axis=1).sum())
    goal = mean + BASE_SHARE * (float(floor) - mean) if floor > mean else -np.inf
    falling = np.sort(table, axis=None)[::-1]
    n_strong = table.shape[0]
    while n_strong <= MAX_LISTS_PER_BOOK * table.size:
        is_strong = table > falling[n_strong]
        rests = np.where(is_strong, table.min(axis=1, keepdims=True), table).max(axis=1)
        if rests.sum() <= goal:
            return _weighed(table, is_strong, rests)
        n_strong *= 2
    return None


def _weighed(
    table: NDArray[np.float64], is_strong: NDArray[np.bool_], rests: NDArray[np.float64]
) -> StrongWords | None:
    gains = np.where(is_strong, table - rests[:, None], 0.0)
    largest = float(gains.max(axis=1).sum())
    if not largest > 0 or len(table) > MAX_BOOKS:
        return None
    scale = (ACCUMULATOR_MAX - len(table)) / largest
    books, words = map(np.ascontiguousarray, np.nonzero(gains))  # columns of one array
    weights = np.ceil(gains[books, words] * scale).astype(np.uint8)
    return StrongWords(books, words, weights, float(rests.sum()), scale)
