"""The faces nearest to each of many by scaled scores, in one compiled call.

A score is divided by a length of the face that is found. Faces lie in the order of their lengths,
so those that are sieved together have nearly the same one, and the sieve passes little over.

What is kept of this file compiled holds loops of `sieve_loops`; raise VERSION when they change.
"""

from typing import Any

import numpy as np
from numba import types
from numba.np.numpy_support import carray
from numpy.typing import NDArray

from opqn_app.core.types import Codes, Floats, Ids
from opqn_app.search.kernels.numba_kernel import compiled
from opqn_app.search.kernels.sieve_loops import (
    WORDS,
    fill_steps,
    find_bounds,
    fold,
    pointer,
    score_of,
    sieve_tiles,
)
from opqn_app.search.segment import TILE

VERSION = 1
STEP = 32 * TILE  # faces after which the floor may rise
BELOW = 1 - 1e-6  # more than one product and one quotient are rounded by
NOBODY = -1

_INT = types.int64
_ROWS, _LENGTHS = (types.Array(kind, 1, "C", readonly=True) for kind in (_INT, types.float32))
_TABLES = types.Array(types.float32, 3, "C", readonly=True)
_NEAR, _SCORES = types.Array(types.int32, 2, "C"), types.Array(types.float32, 2, "C")


class ByLength:
    """Codes (n, M) of 8 bits, laid out for `near`.

    Args:
        lengths: (n,) positive.
    """

    def __init__(self, codes: Codes, lengths: Floats) -> None:
        order = np.argsort(lengths, kind="stable")
        self._rows, self._lengths = order.astype(np.int64), lengths[order]
        n, n_books = codes.shape
        self._tiles = np.zeros((-(-n // TILE), n_books, TILE), np.uint8)
        for t, tile in enumerate(self._tiles):
            few = codes[order[t * TILE : (t + 1) * TILE]]
            tile[:, : len(few)] = few.T

    def near(
        self, tables: Floats, own: NDArray[np.integer], n_near: int, least: float
    ) -> tuple[NDArray[np.int32], Floats]:
        """The `n_near` nearest faces for each of q tables, equal scores by the lower row.

        Args:
            tables: (q, M, K), snapped.
            own: (q,) a row that is passed over.
            least: score below which faces are left out.

        Returns:
            (q, n_near) rows, `NOBODY` after the last, and their scores, 0 after the last.
        """
        near = np.full((len(tables), n_near), NOBODY, np.int32)
        scores = np.zeros((len(tables), n_near), np.float32)
        find_near(
            self._tiles.ctypes.data, self._rows, self._lengths, tables, own.astype(np.int64),
            np.float32(least), near, scores,
        )  # fmt: skip
        return near, scores


_insert_types: Any = _INT(
    types.Array(types.int32, 1, "C"), types.Array(types.float32, 1, "C"), _INT, _INT, types.float32
)


@compiled([_insert_types])
def insert(near: NDArray[np.int32], scores: Floats, count: int, row: int, score: np.float32) -> int:
    """Put a face into a list of `count`, the best first; returns how many there are then."""
    place = min(count, len(near))
    while place > 0 and (
        scores[place - 1] < score or (scores[place - 1] == score and near[place - 1] > row)
    ):
        place -= 1
    if place == len(near):
        return count
    for i in range(min(count, len(near) - 1), place, -1):
        near[i], scores[i] = near[i - 1], scores[i - 1]
    near[place], scores[place] = row, score
    return min(count + 1, len(near))


@compiled([types.void(_INT, _ROWS, _LENGTHS, _TABLES, _ROWS, types.float32, _NEAR, _SCORES)])
def find_near(
    tiles_at: int, rows: Ids, lengths: Floats, tables: Floats, own: Ids, least: np.float32,
    near: NDArray[np.int32], scores: Floats,
) -> None:  # fmt: skip
    """See `ByLength.near`; `near` and `scores` are written."""
    n_books, n = tables.shape[1], len(rows)
    bounds, steps = np.empty((2, n_books), np.float32), np.empty((n_books, WORDS), np.uint8)
    shifts, plan = np.empty(n_books, np.int64), np.empty((n_books, 2), np.int64)
    some, places = np.empty(STEP, np.float32), np.empty(STEP, np.int32)
    for q in range(len(tables)):
        lut, count, last = tables[q], 0, least
        find_bounds(lut, bounds)
        is_cut, refill, way_to = False, 0, np.float32(-np.inf)
        for start in range(0, n, STEP):
            stop = min(n, start + STEP)
            floor = np.float32(last * lengths[start] * np.float32(BELOW))
            if start >= refill and floor > way_to:
                is_cut = fill_steps(lut, bounds, floor, steps, shifts)
                if is_cut:
                    fold(steps, shifts, plan)
                way_to, refill = floor, start + start // 2 + STEP
            if is_cut:
                found = sieve_tiles(tiles_at, start, stop, steps, plan, lut, floor, some, places)
            else:
                found = 0
                for place in range(start, stop):
                    at = tiles_at + place // TILE * n_books * TILE
                    words = carray(pointer(at), (n_books, TILE), np.uint8)
                    some[found] = score_of(lut, words, place % TILE)
                    places[found] = place
                    found += 1
            for i in range(found):
                row, score = rows[places[i]], some[i] / lengths[places[i]]
                if score < last or row == own[q]:
                    continue
                count = insert(near[q], scores[q], count, row, score)
                if count == near.shape[1]:
                    last = max(last, scores[q, count - 1])
