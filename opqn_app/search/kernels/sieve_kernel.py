"""A sieve for processors with wide vectors: 8-bit sums of all faces, exact scores of a few.

Scores are first summed in 8 bits, rounded up, for a tile of 256 faces at a time (`sieve_loops`).
With AVX-512 VBMI that takes no longer than reading the codes from memory, with AVX2 half of what
adding exact scores takes, whatever the shape of the tables. Only faces whose rounded sum reaches
the floor are scored exactly. See `opqn_app.search.strong_words` for the same idea with lists, which
needs tables with few large entries.
"""

import math
from collections.abc import Iterator

import numpy as np

from opqn_app.core.types import Floats, Ids, Lut
from opqn_app.search.kernels.numba_kernel import NumbaKernels, Rows, room
from opqn_app.search.kernels.sieve_loops import (
    IS_FOLDED,
    SAMPLE,
    WORDS,
    fill_steps,
    find_bounds,
    fold,
    sampled_floor,
    sieve_segments,
    sieve_tiles,
)
from opqn_app.search.segment import TILE, Segment, Stretch

MAX_BOOKS = 1024  # float32 can't round a whole step away over so many


class SieveKernels(NumbaKernels):
    """`Kernels` with the sieve."""

    name = "numba, AVX2" if IS_FOLDED else "numba, AVX-512 VBMI"
    has_near = True

    def can_sieve(self, segment: Segment) -> bool:
        return segment.books.dtype == np.uint8 and len(segment.books) <= MAX_BOOKS

    def sieve(
        self, segment: Segment, part: slice, lut: Lut, floor: np.float32
    ) -> tuple[Floats, Rows]:
        steps, plan = np.empty((len(lut), WORDS), np.uint8), np.empty((len(lut), 2), np.int64)
        bounds, shifts = np.empty((2, len(lut)), np.float32), np.empty(len(lut), np.int64)
        find_bounds(lut, bounds)
        if not fill_steps(lut, bounds, floor, steps, shifts):
            return self.scan(segment, part, lut, floor)
        fold(steps, shifts, plan)
        scores, rows, _ = room()
        at = segment.tiles.ctypes.data
        n = sieve_tiles(at, part.start, part.stop, steps, plan, lut, floor, scores, rows)
        return scores[:n], rows[:n]

    def sieve_row(
        self, stretch: Stretch, lut: Lut, floor: np.float32, heap: Floats
    ) -> tuple[Floats, Ids, int]:
        scores, rows, ids = room()
        row, before = stretch.row, heap.copy()
        for start in _starts(stretch, lut, floor, before):
            heap[:] = before
            n, last = sieve_segments(
                row.tiles_at, row.ids_at, row.lengths, stretch.first, stretch.last,
                lut, start, heap, scores, rows, ids,
            )  # fmt: skip
            if heap[0] >= start:
                break
        return scores[:n], ids[:n], last


def _starts(stretch: Stretch, lut: Lut, floor: np.float32, heap: Floats) -> Iterator[np.float32]:
    """Floors to begin with, the next one where too few faces reach the one before.

    The last one is no higher than the best faces of all allow. The one before it is a guess.
    """
    if heap[0] > -np.inf:
        yield floor
        return
    row, first, last = stretch.row, stretch.first, stretch.last
    n_faces = int(row.lengths[first:last].sum())
    for rank in (likely_rank(n_faces, len(heap)), len(heap)):
        sampled = sampled_floor(row.tiles_at, row.lengths, first, last, lut, rank)
        yield max(floor, sampled)
        if sampled <= floor:
            return


def likely_rank(n_faces: int, limit: int) -> int:
    """Rank in a sample whose score is very likely reached by `limit` of all faces.

    In the sample, `share` of the best are expected. Chance hardly adds three deviations to that.
    """
    share = limit * min(1.0, SAMPLE * TILE / n_faces)
    return min(limit, math.ceil(share + 3 * math.sqrt(share) + 2))
