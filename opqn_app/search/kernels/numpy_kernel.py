"""The inner loops of a search in NumPy: always there, ready at once."""

import numpy as np

from opqn_app.core.types import Floats, Ids, Lut
from opqn_app.opqn import lut as lut_scoring
from opqn_app.search.segment import Segment, Stretch
from opqn_app.search.strong_words import StrongWords


class NumpyKernels:
    """`Kernels` without a compiler."""

    name = "numpy"
    has_near = False

    def can_sieve(self, segment: Segment) -> bool:
        return False

    def scan(
        self, segment: Segment, part: slice, lut: Lut, floor: np.float32
    ) -> tuple[Floats, Ids]:
        scores = lut_scoring.scores(lut, segment.codes[part])
        rows = np.flatnonzero(scores >= floor)
        return scores[rows], rows + part.start

    def sieve(
        self, segment: Segment, part: slice, lut: Lut, floor: np.float32
    ) -> tuple[Floats, Ids]:
        return self.scan(segment, part, lut, floor)

    def sieve_row(
        self, stretch: Stretch, lut: Lut, floor: np.float32, heap: Floats
    ) -> tuple[Floats, Ids, int]:
        return np.empty(0, np.float32), np.empty(0, np.int64), stretch.first

    def read_lists(
        self, segment: Segment, strong: StrongWords, lut: Lut, floor: np.float32
    ) -> tuple[Floats, Ids]:
        sums = _weight_sums(segment, strong)
        rows = np.flatnonzero(sums >= max(strong.threshold(floor), 0))
        scores = lut_scoring.scores(lut, segment.books[:, rows].T)
        kept = scores >= floor
        return scores[kept], rows[kept]


def _weight_sums(segment: Segment, strong: StrongWords) -> np.ndarray:
    """(n,) uint8: what the strong words of each face sum to."""
    sums = np.zeros(len(segment), np.uint8)
    positions, starts = segment.postings.positions, segment.postings.starts
    known = strong.words < starts.shape[1] - 1
    books, words, weights = strong.books[known], strong.words[known], strong.weights[known]
    firsts, lasts = starts[books, words], starts[books, words + 1]
    for m, first, last, weight in zip(
        books.tolist(), firsts.tolist(), lasts.tolist(), weights, strict=True
    ):
        # A face is in a list once, so += through the index adds once to each.
        sums[positions[m, first:last]] += weight
    return sums
