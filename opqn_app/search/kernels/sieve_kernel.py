"""A sieve for processors with wide vectors: 8-bit sums of all faces, exact scores of a few.

Scores are first summed in 8 bits, rounded up, for a tile of 256 faces at a time (`sieve_loops`).
With AVX-512 VBMI that takes no longer than reading the codes from memory, with AVX2 half of what
adding exact scores takes, whatever the shape of the tables. Only faces whose rounded sum reaches
the floor are scored exactly. See `opqn_app.search.strong_words` for the same idea with lists, which
needs tables with few large entries.
"""

import math

import numpy as np

from opqn_app.core.types import Floats, Ids, Lut
from opqn_app.search.kernels.numba_kernel import NumbaKernels, Rows, room
from opqn_app.search.kernels.sieve_loops import (
    IS_FOLDED,
    SAMPLE,
    WORDS,
    fill_steps,
    find_grounds,
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

    def can_sieve(self, segment: Segment) -> bool:
        return segment.books.dtype == np.uint8 and len(segment.books) <= MAX_BOOKS

    def sieve(
        self, segment: Segment, part: slice, lut: Lut, floor: np.float32
    ) -> tuple[Floats, Rows]:
        steps, plan = np.empty((len(lut), WORDS), np.uint8), np.empty((len(lut), 2), np.int64)
        shifts = np.empty(len(lut), np.int64)
        grounds, peaks = np.empty(len(lut), np.float32), np.empty(len(lut), np.float32)
        find_grounds(lut, grounds, peaks)
        if not fill_steps(lut, grounds, peaks, floor, steps, shifts):
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
        row, first, last = stretch.row, stretch.first, stretch.last
        before, limit = heap.copy(), len(heap)
        ranks = [0]  # the floor is good
        if before[0] == -np.inf:
            ranks = [likely_rank(int(row.lengths[first:last].sum()), limit), limit]
        for rank in ranks:
            heap[:], start = before, floor
            if rank:
                sample = sampled_floor(row.tiles_at, row.lengths, first, last, lut, rank)
                start = max(floor, sample)
            n, end = sieve_segments(
                row.tiles_at, row.ids_at, row.lengths, first, last,
                lut, start, heap, scores, rows, ids,
            )  # fmt: skip
            if rank == limit or start == floor or heap[0] >= start:
                break
        return scores[:n], ids[:n], end


def likely_rank(n_faces: int, limit: int) -> int:
    """Rank in a sample whose score most likely `limit` of all faces reach.

    As many more than the sample's share of the best are counted as chance hardly takes away.
    """
    share = limit * min(1.0, SAMPLE * TILE / n_faces)
    return min(limit, math.ceil(share + 3 * math.sqrt(share) + 3))
