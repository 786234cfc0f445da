"""Faces sorted by their first two words: for codes of up to three books, where that says most.

Faces that share both words are a cell. A cell's bound is p_0 + p_1 + the largest p_2 (p_1 and p_2
are missing for fewer books). The cells of highest bound are scored until there are enough faces
for a floor; then every cell of at least the floor is. With more books the rest of the table bounds
so little that nearly every cell is read; see `exact` for those.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.types import Lut
from opqn_app.opqn import lut as lut_scoring
from opqn_app.search.ranking import Best
from opqn_app.search.segment import Segment

MAX_BOOKS = 3
MAX_CELLS = 2**20
HEAD_WORDS = 32  # best words of each book among whose cells the first floor is looked for


class Cells:
    """The cells of some segments; faces keep their order inside a cell."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self.segments = tuple(segments)
        books = np.concatenate([segment.books for segment in segments], axis=1)
        cell, self._shape = _cells_of(books)
        rows = np.argsort(cell, kind="stable")
        self._rows = rows.astype(np.uint32)
        self._books = np.ascontiguousarray(books[:, rows])
        self._face_ids = np.concatenate([segment.face_ids for segment in segments])[rows]
        counts = np.bincount(cell, minlength=self._shape[0] * self._shape[1])
        self._starts = np.concatenate([[0], np.cumsum(counts)])

    @staticmethod
    def suit(n_books: int, n_words: int) -> bool:
        """True if cells are the way to search such codes."""
        return n_books == 1 or (n_books <= MAX_BOOKS and n_words**2 <= MAX_CELLS)

    @property
    def nbytes(self) -> int:
        """Bytes held beyond those of the segments."""
        arrays = (self._rows, self._books, self._face_ids, self._starts)
        return sum(array.nbytes for array in arrays)

    def search(self, lut: Lut, best: Best, allowed: NDArray[np.bool_] | None = None) -> None:
        """Offer all faces that may be among the best.

        Args:
            allowed: (N,) which faces may be found, in the order of the segments.
        """
        bounds = self._bounds(lut)
        trial = Best(best.limit, best.floor)
        self._offer(self._head(bounds, best.limit), lut, trial, allowed)
        trial.settle()
        best.floor = max(best.floor, trial.floor)
        self._offer(np.flatnonzero(bounds.ravel() >= float(best.floor)), lut, best, allowed)

    def _bounds(self, lut: Lut) -> NDArray[np.float64]:
        """What the faces of each cell score at most: exact for two books, as all sums are."""
        table = lut.astype(np.float64)
        second = table[1] if len(table) > 1 else np.zeros(1)
        rest = table[2:].max(axis=1).sum()
        first = table[0, : self._shape[0]]
        bounds: NDArray[np.float64] = np.add.outer(first, second[: self._shape[1]] + rest)
        return bounds

    def _head(self, bounds: NDArray[np.float64], limit: int) -> NDArray[np.int64]:
        """Cells of high bound with at least `limit` faces, where the best words have so many."""
        words = [np.argsort(-bounds.max(axis=axis))[:HEAD_WORDS] for axis in (1, 0)]
        cells: NDArray[np.int64] = (words[0][:, None] * bounds.shape[1] + words[1]).ravel()
        cells = cells[np.argsort(-bounds.ravel()[cells])]
        behind = np.cumsum(self._starts[cells + 1] - self._starts[cells])
        return cells[: int(np.searchsorted(behind, limit)) + 1]

    def _offer(
        self, cells: NDArray[np.int64], lut: Lut, best: Best, allowed: NDArray[np.bool_] | None
    ) -> None:
        places = _runs(self._starts[cells], self._starts[cells + 1])
        if allowed is not None:
            places = places[allowed[self._rows[places]]]
        scores = lut_scoring.scores(lut, self._books[:, places].T)
        kept = scores >= best.floor
        best.offer(self._face_ids[places[kept]], scores[kept])


def _cells_of(books: NDArray[Any]) -> tuple[NDArray[Any], tuple[int, int]]:
    """(N,) cell of each face, and how many words there are in the first and second book."""
    shape = int(books[0].max()) + 1, int(books[1].max()) + 1 if len(books) > 1 else 1
    # Sorting 16-bit numbers takes a tenth of the time of others.
    cell = books[0].astype(np.uint16 if shape[0] * shape[1] <= 65536 else np.int64) * shape[1]
    return (cell + books[1] if len(books) > 1 else cell), shape


def _runs(starts: NDArray[np.int64], stops: NDArray[np.int64]) -> NDArray[np.int64]:
    """start, start + 1 … stop - 1 of each run, behind each other."""
    lengths = stops - starts
    ends = np.cumsum(lengths)
    shift: NDArray[np.int64] = np.repeat(starts - (ends - lengths), lengths)
    shift += np.arange(len(shift))
    return shift
