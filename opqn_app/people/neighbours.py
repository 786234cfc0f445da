"""The nearest faces of each face: exactly those, by the score of two vectors of length 1."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.types import Codes, Floats, Lut
from opqn_app.opqn import lut
from opqn_app.opqn.links import LEAST_SCORE, N_NEAREST
from opqn_app.people.word_sums import WordSums, scaled
from opqn_app.search.kernels import dispatch as kernels

if TYPE_CHECKING:
    from opqn_app.search.kernels.near_loops import ByLength

AT_ONCE = 64  # faces whose tables are made together
MANY = 50_000_000  # scores from which it is worth waiting for compiled loops
BLOCK = 1024  # lists that are compared with others at once
NOBODY = -1

Rows = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Lists:
    """What is near to k faces, nearest first, of equal scores the lower row.

    Attributes:
        rows: (k,) the faces.
        near: (k, N_NEAREST) rows; `NOBODY` after the last.
        scores: (k, N_NEAREST) of at least `LEAST_SCORE`; 0 after the last.
    """

    rows: Rows
    near: Rows
    scores: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """Listed pairs of faces, by their rows: (e,) each, `first` < `second`, each pair once.

    Attributes:
        scores: products of the faces' vectors, both of length 1.
    """

    first: Rows
    second: Rows
    scores: Floats

    def __len__(self) -> int:
        return len(self.scores)

    @classmethod
    def of_lists(
        cls, rows: Rows, near: Rows, scores: NDArray[Any], *, step: float = 1.0
    ) -> "Edges":
        """Each pair once, also where both faces list each other; arguments as in `Lists`.

        Args:
            step: what a score of 1 is worth.
        """
        highest = int(max(rows.max(initial=0), near.max(initial=0)))
        place = np.full(highest + 1, NOBODY, np.int32)
        place[rows] = np.arange(len(rows), dtype=np.int32)
        found = []
        for start in range(0, len(rows), BLOCK):  # a few rows at a time, for the room it takes
            few = slice(start, start + BLOCK)
            own, others = rows[few, None], near[few]
            at = place[others]
            is_listed_back = (near[at] == own[..., None]).any(axis=-1) & (at != NOBODY)
            kept = (others != NOBODY) & ((own < others) | ~is_listed_back)
            own, others = np.broadcast_to(own, kept.shape)[kept], others[kept]
            worth = scores[few][kept] * np.float32(step)
            found.append((np.minimum(own, others), np.maximum(own, others), worth))
        none = np.empty(0, np.int32)
        parts = zip(*found, (none, none, none.astype(np.float32)), strict=True)
        return cls(*(np.concatenate(part) for part in parts))


def nearest_faces(
    codes: Codes, sums: WordSums, *, asking: NDArray[np.intp] | None = None
) -> Generator[int, None, Edges]:
    """List the `N_NEAREST` nearest faces of each with a score of at least `LEAST_SCORE`.

    Args:
        codes: (n, M).
        asking: rows of the faces whose neighbours are listed; by default all of them.

    Yields:
        How many faces have asked, now and then.

    Returns:
        Each pair once, also where both faces list each other.
    """
    rows = np.arange(len(codes)) if asking is None else asking
    lists, done = [], 0
    for few in lists_of(codes, sums, rows):
        lists.append(few)
        done += len(few.rows)
        yield done
    return Edges.of_lists(
        np.concatenate([np.empty(0, np.int32), *(few.rows for few in lists)]),
        np.concatenate([np.empty((0, N_NEAREST), np.int32), *(few.near for few in lists)]),
        np.concatenate([np.empty((0, N_NEAREST), np.float32), *(few.scores for few in lists)]),
    )


def lists_of(codes: Codes, sums: WordSums, asking: NDArray[np.intp]) -> Iterator[Lists]:
    """The lists of some faces, `AT_ONCE` at a time, in their order.

    Args:
        codes: (n, M) of all faces.
        asking: (k,) rows.
    """
    lengths = sums.lengths(codes)
    compiled = _compiled(codes, lengths, len(asking))
    books = None if compiled else np.ascontiguousarray(codes.T)
    for start in range(0, len(asking), AT_ONCE):
        rows = asking[start : start + AT_ONCE].astype(np.int32)
        tables = sums.tables(scaled(sums.sums(codes[rows])))
        if compiled:
            yield Lists(rows, *compiled.near(tables, rows, N_NEAREST, LEAST_SCORE))
            continue
        assert books is not None
        near = np.full((len(rows), N_NEAREST), NOBODY, np.int32)
        scores = np.zeros((len(rows), N_NEAREST), np.float32)
        for i, table in enumerate(tables):
            found, of_found = _nearest(books, table, lengths, int(rows[i]))
            near[i, : len(found)], scores[i, : len(found)] = found, of_found
        yield Lists(rows, near, scores)


def _compiled(codes: Codes, lengths: Floats, n_asking: int) -> "ByLength | None":
    """Where that is worth waiting for the compiler, and it can be used here."""
    if n_asking * len(codes) < MANY or codes.dtype != np.uint8 or not kernels.warm_up().has_near:
        return None
    from opqn_app.search.kernels.near_loops import ByLength

    return ByLength(codes, lengths)


def _nearest(books: Codes, table: Lut, lengths: Floats, row: int) -> tuple[Rows, Floats]:
    scores = lut.scores(table, books.T) / lengths
    scores[row] = 0.0
    near = np.flatnonzero(scores >= LEAST_SCORE)
    if len(near) > N_NEAREST:
        last = np.partition(scores[near], -N_NEAREST)[-N_NEAREST]
        near = near[scores[near] >= last]
    near = near[np.lexsort((near, -scores[near]))[:N_NEAREST]]
    return near.astype(np.int32), scores[near].astype(np.float32)
