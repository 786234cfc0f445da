"""Every code of one model in memory, searched exactly: a ranking is the ranking, not most of it."""

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.types import Codes, Floats, Ids, Lut
from opqn_app.opqn import lut as lut_scoring
from opqn_app.search import best_of_tables, exact
from opqn_app.search.cells import MAX_BOOKS, Cells
from opqn_app.search.kernels import dispatch as kernels
from opqn_app.search.loading import Loaded, load, of_codes
from opqn_app.search.ranking import Best, Ranking
from opqn_app.search.segment import Row, Segment
from opqn_app.store.library import Library

__all__ = ["CodeIndex", "Mask", "Ranking"]

SAMPLE = 4096  # faces that tell how a query scores in a library
LARGE = 100_000  # faces from which cells, lists and compiled loops are worth making

Mask = NDArray[np.bool_]  # (N,) which faces of an index may be found; see CodeIndex.mask


class CodeIndex:
    """Codes and face ids of one model; never changed after it is made, so threads may share it."""

    def __init__(self, model_id: str, loaded: Loaded, cells: Cells | None = None) -> None:
        """Args: cells: those of an earlier index, taken over if they are of the same segments."""
        self.model_id = model_id
        self._loaded = loaded
        self._segments = loaded.segments
        self._cells = cells if cells and cells.segments == loaded.sealed else None
        self._row: Row | None = None
        self._starts = np.cumsum([0, *map(len, self._segments)])
        self._n_words = max((segment.n_words for segment in self._segments), default=0)

    @classmethod
    def load(cls, library: Library, model_id: str) -> "CodeIndex":
        """Read all live codes of a model; empty if the library has none."""
        return cls(model_id, load(library, model_id))

    @classmethod
    def of_codes(cls, model_id: str, face_ids: Ids, codes: Codes) -> "CodeIndex":
        """An index of codes (N, M) without a library; face_ids (N,) ascending."""
        return cls(model_id, of_codes(face_ids, codes))

    def refreshed(self, library: Library) -> "CodeIndex":
        """The index of the library as it is now; `self` if nothing has changed.

        Only what is new is read; the rest is shared. This index stays as it is, so searches that
        use it go on.
        """
        loaded = load(library, self.model_id, self._loaded)
        return self if loaded is self._loaded else CodeIndex(self.model_id, loaded, self._cells)

    def __len__(self) -> int:
        return int(self._starts[-1])

    @property
    def revision(self) -> int:
        """Of the library when it was loaded."""
        return self._loaded.revision

    @property
    def bytes_per_face(self) -> float:
        """Memory held a face: ids, codes, and what searches have made so far to be fast."""
        cells = self._cells.nbytes if self._cells else 0
        return (sum(segment.nbytes for segment in self._segments) + cells) / max(len(self), 1)

    def search(
        self,
        lut: Lut,
        *,
        limit: int | None = None,
        min_score: float | None = None,
        among: Mask | Ids | Collection[int] | None = None,
        threads: int | None = None,
    ) -> Ranking:
        """Rank faces against a query's table.

        Args:
            lut: (M, K), snapped; or (Q, M, K) of a query of several photos, snapped each, of which
                a face scores the best.
            limit: at most so many faces; None for all.
            min_score: leave faces below it out.
            among: rank these faces only: their ids, or a `mask` where it serves many queries.
            threads: how many share the work; chosen by the number of faces if None.

        Raises:
            ValueError: the table does not fit the codes, or the limit is negative.
        """
        best = Best(self._checked_limit(limit), -np.inf if min_score is None else min_score)
        if not len(self):
            return best.ranking()
        if lut.ndim == 3:
            return self._search_best(lut, best, among, threads)
        table = self._checked(lut)
        masks = None if among is None else self._split(self._as_mask(among))
        segments: Sequence[Segment] = self._segments
        loops = self._kernels()
        if self._suits_cells(loops) and best.limit < len(self):
            self._search_cells(table, best, masks)
            n_sealed = len(self._loaded.sealed)
            segments, masks = segments[n_sealed:], masks and masks[n_sealed:]
        row = self._row_for(loops) if segments is self._segments else None
        return exact.search(loops, segments, table, best, row=row, masks=masks, threads=threads)

    def search_many(
        self, luts: Sequence[Lut] | Floats, limit: int, *, threads: int | None = None
    ) -> list[Ranking]:
        """`search` for each table with one limit, faster than one after the other.

        Args:
            luts: (Q, M, K), snapped each.
        """
        limit = self._checked_limit(limit)
        if not len(self):
            return [Best(limit).ranking() for _ in luts]
        loops = self._kernels()
        if self._suits_cells(loops):
            return [self.search(lut, limit=limit) for lut in luts]
        tables = [self._checked(lut) for lut in luts]
        return exact.search_many(
            loops, self._segments, tables, limit, row=self._row_for(loops), threads=threads
        )

    def mask(self, face_ids: Ids | Collection[int]) -> Mask:
        """(N,) True for these faces; make it once for a filter that stays."""
        if not isinstance(face_ids, np.ndarray):
            face_ids = np.fromiter(face_ids, np.int64, len(face_ids))
        wanted = np.sort(face_ids.astype(np.int64, copy=False))
        parts = [segment.holding(wanted) for segment in self._segments]
        return np.concatenate([np.zeros(0, np.bool_), *parts])

    def prepare(self) -> None:
        """Do now what the first search would do or wait for; call it off the path of a query."""
        if len(self) <= LARGE:
            return
        compiled = kernels.warm_up()
        if self._suits_cells(compiled):
            self._made_cells()
        elif self._row_for(compiled) is None and exact.uses_lists(compiled, self._segments):
            for segment in self._segments:
                _ = segment.postings

    def contributions(self, lut: Lut, face_ids: Ids) -> Floats:
        """(n, M): what each word of a face's code adds to its score.

        Args:
            lut: (M, K) or (Q, M, K), as for `search`.

        Raises:
            KeyError: a face that is not in the index.
        """
        if lut.ndim == 3:
            every = np.stack([self.contributions(table, face_ids) for table in lut])
            best: Floats = every[best_of_tables.winners(every), np.arange(every.shape[1])]
            return best
        wanted = np.asarray(face_ids, dtype=np.int64)
        shares = np.empty((len(wanted), len(lut)), np.float32)
        missing = np.ones(len(wanted), np.bool_)
        for segment in self._segments:
            places = np.minimum(np.searchsorted(segment.face_ids, wanted), len(segment) - 1)
            here = np.flatnonzero(segment.face_ids[places] == wanted)
            if len(here):
                shares[here] = lut_scoring.contributions(lut, segment.codes[places[here]])
                missing[here] = False
        if missing.any():
            raise KeyError("a face is not in the index")
        return shares

    def sampled_scores(self, lut: Lut, limit: int = SAMPLE) -> Floats:
        """Scores of at most `limit` faces, evenly spaced in the index and the same each time."""
        n = min(limit, len(self))
        if not n:
            return np.empty(0, np.float32)
        places = np.arange(n) * len(self) // n
        table, parts = self._checked(lut), []
        for segment, start in zip(self._segments, self._starts[:-1], strict=True):
            first, last = np.searchsorted(places, [start, start + len(segment)])
            if last > first:
                rows = places[first:last] - start
                parts.append(lut_scoring.scores(table, segment.codes[rows]))
        return np.concatenate(parts)

    def _search_best(
        self,
        tables: Floats,
        best: Best,
        among: Mask | Ids | Collection[int] | None,
        threads: int | None,
    ) -> Ranking:
        """`search` for several tables."""
        if len(tables) == 1 or among is not None or best.limit < len(self):
            allowed = None if among is None else self._as_mask(among)

            def alone(table: Lut, floor: float) -> Ranking:
                least = max(floor, float(best.floor))
                return self.search(
                    table, limit=best.limit, min_score=least, among=allowed, threads=threads
                )

            return best_of_tables.merged(alone, tables, best.limit)
        checked = np.stack([self._checked(table) for table in tables])
        return best_of_tables.all_ranked(self._kernels(), self._segments, checked, best)

    def _search_cells(self, table: Lut, best: Best, masks: list[Mask] | None) -> None:
        n_sealed = len(self._loaded.sealed)
        allowed = None if masks is None else np.concatenate(masks[:n_sealed])
        self._made_cells().search(table, best, allowed)

    def _suits_cells(self, loops: kernels.Kernels) -> bool:
        sealed = self._loaded.sealed
        if sum(map(len, sealed)) <= LARGE:
            return False
        n_books = len(sealed[0].books)
        # Where tables are flat the third book leaves most cells standing: 2.2 ms for a million
        # faces of the bundled model's first three books, the sieve 0.4 ms.
        is_best = n_books < MAX_BOOKS or not loops.can_sieve(sealed[0])
        return is_best and Cells.suit(n_books, self._n_words)

    def _made_cells(self) -> Cells:
        if self._cells is None:
            self._cells = Cells(self._loaded.sealed)
        return self._cells

    def _row_for(self, loops: kernels.Kernels) -> Row | None:
        """The row of all segments, where they are many and can be sieved."""
        if len(self._segments) < 2 or not loops.can_sieve(self._segments[0]):
            return None
        if self._row is None:
            self._row = Row(self._segments)
        return self._row

    def _kernels(self) -> kernels.Kernels:
        if len(self) > LARGE:
            kernels.warm_up_aside()
        return kernels.ready()

    def _as_mask(self, among: Mask | Ids | Collection[int]) -> Mask:
        mask = np.asarray(among) if isinstance(among, np.ndarray) else self.mask(among)
        if mask.dtype != np.bool_:
            return self.mask(mask)
        if mask.shape != (len(self),):
            raise ValueError(f"a mask of {mask.shape} is not of these {len(self)} faces")
        return mask.astype(np.bool_, copy=False)

    def _split(self, mask: Mask) -> list[Mask]:
        return np.split(mask, self._starts[1:-1])

    def _checked_limit(self, limit: int | None) -> int:
        if limit is not None and limit < 0:
            raise ValueError(f"can't take the best {limit}")
        return len(self) if limit is None else min(limit, len(self))

    def _checked(self, lut: Lut) -> Lut:
        lut_scoring.contributions(lut, self._segments[0].codes[:1])  # raises for a wrong shape
        if lut.shape[1] < self._n_words:
            raise ValueError(
                f"a code names word {self._n_words - 1} of a book of {lut.shape[1]} words"
            )
        return np.ascontiguousarray(lut)
