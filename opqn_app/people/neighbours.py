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
FEWEST = 16  # faces for which it is worth laying the codes out for compiled loops
MANY = 50_000_000  # scores from which it is worth waiting for compiled loops
BLOCK = 1024  # lists that are compared with others at once
NOBODY = -1

Rows = NDArray[np.int32]
Mask = NDArray[np.bool_]


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
        step: what a score of 1 is worth.
    """

    first: Rows
    second: Rows
    scores: NDArray[Any]
    step: float = 1.0

    def __len__(self) -> int:
        return len(self.scores)

    def touching(
        self, faces: Mask, *, but: Mask | None = None, labels: Rows | None = None
    ) -> "Edges":
        """A copy of those with a face of (n,) `faces`, and with none of (n,) `but`.

        Args:
            labels: (n,) groups; pairs of which both faces are in one are left out.
        """
        kept = faces[self.first] | faces[self.second]
        if labels is not None:
            kept &= labels[self.first] != labels[self.second]
        if but is not None:
            kept &= ~(but[self.first] | but[self.second])
        return self.of(kept)

    def of(self, some: Mask) -> "Edges":
        """A copy of some of them."""
        return Edges(self.first[some], self.second[some], self.scores[some], self.step)

    def all_pairs(self) -> "Edges":
        """A copy."""
        return Edges(self.first.copy(), self.second.copy(), self.scores.copy(), self.step)


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """Pairs of n faces, each once, by the face that tells of it: face after face.

    Attributes:
        counts: (n,) uint8, how many pairs each face tells of.
        near: (p,) the other faces.
        scores: (p,) in steps of `step`.
    """

    counts: NDArray[np.uint8]
    near: Rows
    scores: NDArray[Any]
    step: float


@dataclass(frozen=True, slots=True, eq=False)
class Listed:
    """The lists of all n faces, row by row; pairs are made of them when they are asked for.

    Attributes:
        near: (n, k) rows; `NOBODY` after the last.
        scores: (n, k) in steps of `step`.
        within: (n,) groups; pairs of two groups are left out. None for none.
    """

    near: Rows
    scores: NDArray[Any]
    step: float = 1.0
    within: Rows | None = None

    def touching(
        self, faces: Mask, *, but: Mask | None = None, labels: Rows | None = None
    ) -> Edges:
        """Pairs with a face of (n,) `faces`, none of (n,) `but`, each once.

        Args:
            labels: (n,) groups; pairs of which both faces are in one are left out.
        """
        found = []
        for start in range(0, len(self.near), BLOCK):  # a few rows at a time, for the room it takes
            few = slice(start, start + BLOCK)
            hit = faces.take(self.near[few], mode="wrap")
            hit |= faces[few, None]
            if not hit.any():
                continue
            own, place = self._once(start, hit, but, labels)
            others = self.near[own, place]
            scores = self.scores[own, place]
            found.append((np.minimum(own, others), np.maximum(own, others), scores))
        if not found:
            none = np.empty(0, np.int32)
            return Edges(none, none.copy(), none.astype(self.scores.dtype), self.step)
        first, second, scores = (np.concatenate(part) for part in zip(*found, strict=True))
        return Edges(first, second, scores, self.step)

    def all_pairs(self) -> Edges:
        """Every pair, for which the lists are given up."""
        told = self.given_up()
        own = np.repeat(np.arange(len(told.counts), dtype=np.int32), told.counts)
        first, second = np.minimum(own, told.near), np.maximum(own, told.near)
        return Edges(first, second, told.scores, told.step)

    def given_up(self) -> Told:
        """Every pair, written where the lists are: there is never room for both."""
        n = len(self.near)
        for start in range(0, n, BLOCK):
            near = self.near[start : start + BLOCK]
            own, place = self._once(start, near != NOBODY, None, None)
            once = np.zeros(near.shape, np.bool_)
            once[own - start, place] = True
            near[~once] = NOBODY  # that of the lower row stays, so the lists to come are found
        counts = np.empty(n, np.uint8)
        near, scores = self.near.reshape(-1), self.scores.reshape(-1)
        done, length = 0, self.near.shape[1]
        for start in range(0, n, BLOCK):
            few = slice(start * length, (start + BLOCK) * length)
            there = near[few] != NOBODY
            counts[start : start + BLOCK] = there.reshape(-1, length).sum(axis=1)
            kept = slice(done, done + int(np.count_nonzero(there)))
            near[kept], scores[kept] = near[few][there], scores[few][there]
            done = kept.stop
        del near, scores
        self.near.resize(done, refcheck=False)
        self.scores.resize(done, refcheck=False)
        return Told(counts, self.near, self.scores, self.step)

    def _once(
        self, start: int, hit: Mask, but: Mask | None, labels: Rows | None
    ) -> tuple[Rows, NDArray[np.intp]]:
        """Rows and places of those entries from row `start` on that tell of a pair first.

        Args:
            hit: (b, k) the entries that are asked for, if there is somebody.
        """
        own, place = np.nonzero(hit)
        own += start
        others = self.near[own, place]
        asked = others != NOBODY
        if but is not None:
            asked &= ~(but[own] | but[others])
        own, place, others = own[asked], place[asked], others[asked]
        if labels is not None:
            between = np.flatnonzero(labels[others] != labels[own])
            own, place, others = own[between], place[between], others[between]
        if self.within is not None:
            inside = np.flatnonzero(self.within[others] == self.within[own])
            own, place, others = own[inside], place[inside], others[inside]
        once = own < others
        again = np.flatnonzero(~once)
        once[again] = (self.near[others[again]] != own[again, None]).all(axis=1)
        return own[once].astype(np.int32), place[once]


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
    near = np.full((len(codes), N_NEAREST), NOBODY, np.int32)
    scores = np.zeros((len(codes), N_NEAREST), np.float32)
    done = 0
    for few in lists_of(codes, sums, rows):
        near[few.rows], scores[few.rows] = few.near, few.scores
        done += len(few.rows)
        yield done
    return Listed(near, scores).all_pairs()


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
    """Where they can be used here, and are ready or worth waiting for."""
    if codes.dtype != np.uint8 or n_asking < FEWEST:
        return None
    is_worth_waiting = n_asking * len(codes) >= MANY
    if not (kernels.warm_up() if is_worth_waiting else kernels.ready()).has_near:
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
