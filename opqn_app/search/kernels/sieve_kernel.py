"""A sieve for processors with wide vectors: 8-bit sums of all faces, exact scores of a few.

Scores are first summed in 8 bits, rounded up, for a tile of 256 faces at a time (`sieve_loops`).
With AVX-512 VBMI that takes no longer than reading the codes from memory, with AVX2 half of what
adding exact scores takes, whatever the shape of the tables. Only faces whose rounded sum reaches
the floor are scored exactly. See `opqn_app.search.strong_words` for the same idea with lists, which
needs tables with few large entries.
"""

import numpy as np

from opqn_app.core.types import Floats, Ids, Lut
from opqn_app.search.kernels.numba_kernel import NumbaKernels, Rows, room
from opqn_app.search.kernels.sieve_loops import (
    IS_FOLDED,
    WORDS,
    fill_steps,
    find_grounds,
    fold,
    sieve_segments,
    sieve_tiles,
)
from opqn_app.search.segment import Segment, Stretch

MAX_BOOKS = 1024  # float32 can't round a whole step away over so many


class SieveKernels(NumbaKernels):
    """`Kernels` with the sieve."""

    name = "numba, AVX2" if IS_FOLDED else "numba, AVX-512 VBMI"

    def can_sieve(self, segment: Segment) -> bool:
        return segment.books.dtype == np.uint8 and len(segment.books) <= MAX_BOOKS

    def sieve(
        self, segment: Segment, part: slice, lut: Lut, floor: np.float32
    ) -> tuple[Floats, Rows]:
        steps = np.empty((len(lut), WORDS), np.uint8)
        grounds = np.empty(len(lut), np.float32)
        find_grounds(lut, grounds)
        if not fill_steps(lut, grounds, floor, steps):
            return self.scan(segment, part, lut, floor)
        fold(steps)
        scores, rows, _ = room()
        at = segment.tiles.ctypes.data
        n = sieve_tiles(at, part.start, part.stop, steps, lut, floor, scores, rows)
        return scores[:n], rows[:n]

    def sieve_row(
        self, stretch: Stretch, lut: Lut, floor: np.float32, heap: Floats
    ) -> tuple[Floats, Ids, int]:
        scores, rows, ids = room()
        row = stretch.row
        n, last = sieve_segments(
            row.tiles_at, row.ids_at, row.lengths, stretch.first, stretch.last,
            lut, floor, heap, scores, rows, ids,
        )  # fmt: skip
        return scores[:n], ids[:n], last
