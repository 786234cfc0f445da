"""Exact search over segments: the first faces set a floor, the rest is passed over beneath it.

The `limit`-th best score of the faces seen so far is the floor. No face below it can be among the
best, and it only rises. Each part of the index is searched in the cheapest way that finds every
face of at least the floor. So the result is that of scoring all faces, to the bit, ties included.

    sieve   8-bit sums of all faces, exact scores of those that reach the floor (AVX-512 VBMI, AVX2)
    lists   sums over the faces that hold one of the few strong words, exact scores of those that
            reach the floor
    scan    exact scores of all faces: small indexes, flat tables, large limits

Segments that can be sieved are gone through in one call. It guesses its first floor from a sample,
and goes through them again from a lower one if too few faces reach the guess.
Otherwise faces are taken in pieces, and the first piece sets the floor.
"""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.types import Floats, Lut
from opqn_app.opqn import lut as lut_scoring
from opqn_app.search.kernels.dispatch import Kernels, is_warming
from opqn_app.search.ranking import Best, Ranking
from opqn_app.search.segment import Row, Segment, Stretch
from opqn_app.search.strong_words import StrongWords, pick_strong_words

FEW = 16  # up to 1 in so many faces, picking them out is faster than going through all
GROWTH = 3  # times what is behind: faces searched before the floor rises again
FIRST = 2048  # faces scored to get a first floor
LISTS_FROM = 100_000  # faces in all from which lists are worth making
LISTS_OF_SEGMENT_FROM = 16_384  # faces in a segment from which its lists are worth making
LISTS_PER_SEARCH = 8  # segments whose lists one query waits for, some 2 ms each; it scans others
PICK_AGAIN = 4  # times as many faces behind: the floor has risen enough for fewer strong words
THREADS_FROM = 20_000_000  # faces from which threads share a query; below, they gained nothing
MAX_THREADS = 8
TOGETHER = 4  # segments a batch of queries goes through together: they stay in the cache
LONGEST = 64  # segments in a stretch, which is one call

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Rows of a segment, and which of all its rows may be found; None for all."""

    segment: Segment
    rows: slice
    allowed: NDArray[np.bool_] | None

    def __len__(self) -> int:
        return int(self.rows.stop - self.rows.start)


class Search:
    """One query on its way through the pieces of an index."""

    def __init__(self, kernels: Kernels, lut: Lut, best: Best, *, uses_lists: bool) -> None:
        self.best = best
        self._kernels = kernels
        self._lut = lut
        self._uses_lists = uses_lists
        self._strong: StrongWords | None = None
        self._pick_at = 0
        self._lists_left = LISTS_PER_SEARCH
        self._behind = 0
        self._is_crowded = False  # so many faces reach the floor that scoring all is faster

    def visit(self, part: Piece | Stretch) -> None:
        """Offer the faces of a part of the index that may be among the best."""
        if isinstance(part, Piece):
            self._visit_piece(part)
        else:
            self._visit_stretch(part)

    def _visit_stretch(self, stretch: Stretch) -> None:
        best, done = self.best, stretch.first
        if best.floor < np.inf and not self._is_crowded:
            heap = best.heap()
            scores, ids, done = self._kernels.sieve_row(stretch, self._lut, best.floor, heap)
            best.offer(ids.copy(), scores)
            best.floor = max(best.floor, heap[0])
            self._behind += int(stretch.row.lengths[stretch.first : done].sum())
        for i in range(done, stretch.last):
            segment = stretch.row.segments[i]
            self._visit_piece(Piece(segment, slice(0, len(segment)), None))

    def _visit_piece(self, piece: Piece) -> None:
        had_floor = bool(self.best.floor > -np.inf)
        scores, rows = self._faces(piece)
        self._is_crowded = had_floor and len(rows) * FEW > len(piece)
        if piece.allowed is not None:
            is_allowed = piece.allowed[rows]
            scores, rows = scores[is_allowed], rows[is_allowed]
        is_whole = len(rows) == len(piece)
        self.best.offer(piece.segment.face_ids[piece.rows if is_whole else rows], scores)
        self._behind += len(piece)

    def beside(self) -> "Search":
        """The same search for another thread, from the floor reached so far."""
        best = Best(self.best.limit, self.best.floor)
        other = Search(self._kernels, self._lut, best, uses_lists=self._uses_lists)
        other._behind = self._behind
        return other

    def _faces(self, piece: Piece) -> tuple[Floats, NDArray[Any]]:
        kernels, segment, floor = self._kernels, piece.segment, self.best.floor
        if piece.allowed is not None:
            rows = np.flatnonzero(piece.allowed[piece.rows]) + piece.rows.start
            if len(rows) * FEW < len(piece):
                scores = lut_scoring.scores(self._lut, segment.books[:, rows].T)
                kept = scores >= floor
                return scores[kept], rows[kept]
        if -np.inf < floor < np.inf and not self._is_crowded:
            if kernels.can_sieve(segment):
                return kernels.sieve(segment, piece.rows, self._lut, floor)
            if self._uses_lists and len(piece) == len(segment) >= LISTS_OF_SEGMENT_FROM:
                strong = self._strong_words_for(floor)
                if strong is not None and self._has_lists(segment):
                    return kernels.read_lists(segment, strong, self._lut, floor)
        return kernels.scan(segment, piece.rows, self._lut, floor)

    def _has_lists(self, segment: Segment) -> bool:
        if segment.has_postings:
            return True
        self._lists_left -= 1
        return self._lists_left >= 0 and not is_warming()

    def _strong_words_for(self, floor: np.float32) -> StrongWords | None:
        if self._behind >= self._pick_at:
            self._strong = pick_strong_words(self._lut, floor)
            self._pick_at = PICK_AGAIN * self._behind
        return self._strong


def uses_lists(kernels: Kernels, segments: Sequence[Segment]) -> bool:
    """True if searches of these segments read the lists of strong words."""
    return sum(map(len, segments)) > LISTS_FROM and not kernels.can_sieve(segments[0])


def search(
    kernels: Kernels,
    segments: Sequence[Segment],
    lut: Lut,
    best: Best,
    *,
    row: Row | None = None,
    masks: Sequence[Mask] | None = None,
    threads: int | None = None,
) -> Ranking:
    """The best faces of all segments.

    Args:
        row: of the segments, where the kernels can sieve them.
        masks: of each segment, which faces may be found; None for all.
        threads: how many share the work; by default one for small indexes.
    """
    if best.limit == 0:
        return best.ranking()
    n_faces = sum(map(len, segments))
    query = Search(kernels, lut, best, uses_lists=uses_lists(kernels, segments))
    n_threads = threads or (_n_threads() if n_faces >= THREADS_FROM else 1)
    longest = min(LONGEST, max(1, len(segments) // (4 * n_threads)))
    parts = iter(_parts(segments, masks, row, LONGEST if n_threads == 1 else longest))
    for part in islice(parts, None if n_threads == 1 else _N_GROWING):
        query.visit(part)
    if n_threads > 1:
        _share(query, list(parts), n_threads)
    return best.ranking()


def search_many(
    kernels: Kernels,
    segments: Sequence[Segment],
    luts: Sequence[Lut],
    limit: int,
    *,
    row: Row | None = None,
    threads: int | None = None,
) -> list[Ranking]:
    """`search` of many queries, which go through a few segments at a time while they are cached."""
    has_lists = uses_lists(kernels, segments)
    queries = [Search(kernels, lut, Best(limit), uses_lists=has_lists) for lut in luts]
    parts = list(_parts(segments, None, row, TOGETHER))
    size = TOGETHER if row is None else 1
    steps = [parts[i : i + size] for i in range(0, len(parts), size)]

    def run(some: Sequence[Search]) -> None:
        for step in steps:
            for query in some:
                for part in step:
                    query.visit(part)

    n_threads = max(1, min(threads or _n_threads(), len(queries)))
    shares = [queries[i::n_threads] for i in range(n_threads)]
    with ThreadPoolExecutor(n_threads) as pool:
        list(pool.map(run, shares))
    return [query.best.ranking() for query in queries]


_N_GROWING = 6  # pieces shorter than a segment, at least where the first segment is full


def _parts(
    segments: Sequence[Segment], masks: Sequence[Mask] | None, row: Row | None, longest: int
) -> Iterator[Piece | Stretch]:
    """The index cut up: stretches where there is a row, else pieces.

    Args:
        longest: segments in a stretch, at most.
    """
    if row is None or masks is not None:
        yield from _pieces(segments, masks)
        return
    for first in range(0, len(segments), longest):
        yield Stretch(row, first, min(len(segments), first + longest))


def _pieces(segments: Sequence[Segment], masks: Sequence[Mask] | None) -> Iterator[Piece]:
    """Pieces that grow with what is behind them, so that none is long while the floor is poor."""
    behind = 0
    for i, segment in enumerate(segments):
        start = 0
        while start < len(segment):
            stop = min(len(segment), start + max(FIRST, GROWTH * behind))
            yield Piece(segment, slice(start, stop), None if masks is None else masks[i])
            behind += stop - start
            start = stop


def _share(query: Search, parts: list[Piece | Stretch], n_threads: int) -> None:
    others = [query.beside() for _ in range(n_threads)]

    def run(i: int) -> None:
        for part in parts[i::n_threads]:
            others[i].visit(part)

    with ThreadPoolExecutor(n_threads) as pool:
        list(pool.map(run, range(n_threads)))
    for other in others:
        query.best.merge(other.best)


def _n_threads() -> int:
    return min(MAX_THREADS, os.cpu_count() or 1)
