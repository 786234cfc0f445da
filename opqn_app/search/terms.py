"""The few words that can lift a face among the best, and what all others add at most.

A query's table is split by a value v: words above v are terms. A face gains weight w[m, c] =
p_m[c] - tail_m for each term it holds, where tail_m is the largest entry of book m that is no
term. So its score is at most base + Σ w, base = Σ_m tail_m, and faces with base + Σ w below the
k-th best score need not be looked at. Exact, whatever v is; a good v has few terms and a low base.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.types import Lut

BASE_SHARE = 0.5  # of the way from the mean score to the k-th best: measured, see docs/decisions.md
MAX_LISTS_PER_BOOK = 0.1  # share of the words; with more, reading all codes is faster
ACCUMULATOR_MAX = 255
MAX_BOOKS = 64  # each may round up by one step
SLACK = 1 - 1e-9  # more than all rounding of float64 in a bound, less than a step of any table


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """Words whose lists are read.

    Attributes:
        books, words: (t,) int64: term i is word words[i] of book books[i].
        weights: (t,) uint8, rounded up; those of one face never sum to more than 255.
        base: what a face without any term scores at most.
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


def pick_terms(lut: Lut, floor: np.float32) -> Terms | None:
    """The terms for faces of at least `floor`; None where reading all codes is faster.

    The number of terms is doubled until base lies halfway between the mean of the table and the
    floor. Where tables are flat that takes too many words.
    """
    table = lut.astype(np.float64)
    mean = float(table.mean(axis=1).sum())
    goal = mean + BASE_SHARE * (float(floor) - mean) if floor > mean else -np.inf
    falling = np.sort(table, axis=None)[::-1]
    n_terms = table.shape[0]
    while n_terms <= MAX_LISTS_PER_BOOK * table.size:
        is_term = table > falling[n_terms]
        tails = np.where(is_term, table.min(axis=1, keepdims=True), table).max(axis=1)
        if tails.sum() <= goal:
            return _weighed(table, is_term, tails)
        n_terms *= 2
    return None


def _weighed(
    table: NDArray[np.float64], is_term: NDArray[np.bool_], tails: NDArray[np.float64]
) -> Terms | None:
    gains = np.where(is_term, table - tails[:, None], 0.0)
    largest = float(gains.max(axis=1).sum())
    if not largest > 0 or len(table) > MAX_BOOKS:
        return None
    scale = (ACCUMULATOR_MAX - len(table)) / largest
    books, words = map(np.ascontiguousarray, np.nonzero(gains))  # columns of one array
    weights = np.ceil(gains[books, words] * scale).astype(np.uint8)
    return Terms(books, words, weights, float(tails.sum()), scale)
