"""Scores of many queries at once.

The code scorer gives the same bits as `opqn_app.opqn.lut.scores`, which the app ranks by: tables
are snapped, so their sums are exact in any order. What is measured is what ships.
"""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.types import Codes, Floats

Scores = NDArray[np.floating[Any]]
SUMMED_AT_ONCE = 1 << 17  # scores; they stay in the cache while the books are added


class Scorer(Protocol):
    """Queries against a gallery. Several threads may share one."""

    @property
    def n_queries(self) -> int: ...
    @property
    def n_gallery(self) -> int: ...
    @property
    def score_range(self) -> tuple[float, float]: ...  # no score lies outside
    def scores(self, start: int, stop: int) -> Scores: ...  # (b, n_gallery), a new array
    def pair_scores(self, queries: NDArray[np.intp], gallery: NDArray[np.intp]) -> Floats: ...


class TableSource(Protocol):
    """Where a code scorer gets its queries' tables: an array, or features that make them."""

    def __len__(self) -> int: ...
    def tables(self, rows: NDArray[np.intp]) -> Floats: ...  # (n, M, K) float32, snapped


class StoredTables:
    """Tables that lie in memory: (q, M, K) float32, snapped."""

    def __init__(self, tables: Floats) -> None:
        self._tables = tables

    def __len__(self) -> int:
        return len(self._tables)

    def tables(self, rows: NDArray[np.intp]) -> Floats:
        return self._tables[rows]


class CodeScorer:
    """Tables against codes (Eq. 18).

    Args:
        source: the queries.
        codes: (n, M) uint8 or uint16, every value below K.
    """

    def __init__(self, source: TableSource, codes: Codes) -> None:
        self._source = source
        self._words = np.ascontiguousarray(codes.T)  # (M, n)
        self._range: tuple[float, float] | None = None

    @property
    def n_queries(self) -> int:
        return len(self._source)

    @property
    def n_gallery(self) -> int:
        return int(self._words.shape[1])

    @property
    def score_range(self) -> tuple[float, float]:
        """The least and the greatest sum any code could have with any of the tables."""
        if self._range is None:
            low, high = np.inf, -np.inf
            for start in range(0, self.n_queries, 4096):
                tables = self._source.tables(np.arange(start, min(start + 4096, self.n_queries)))
                low = min(low, float(tables.min(2).sum(1, dtype=np.float64).min()))
                high = max(high, float(tables.max(2).sum(1, dtype=np.float64).max()))
            self._range = (low, high)
        return self._range

    def scores(self, start: int, stop: int) -> Floats:
        """Σ_m table[q, m, code[i, m]] for queries `start` to `stop`: (b, n) float32."""
        return self.scores_of(np.arange(start, stop))

    def scores_of(self, queries: NDArray[np.intp]) -> Floats:
        """The same for these queries (b,)."""
        return score_block(self._source.tables(queries), self._words)

    def pair_scores(self, queries: NDArray[np.intp], gallery: NDArray[np.intp]) -> Floats:
        """(p,) score of query `queries[i]` with gallery entry `gallery[i]`."""
        books = np.arange(len(self._words))[:, None]
        parts = []
        for start in range(0, len(queries), 1024):
            tables = self._source.tables(queries[start : start + 1024])
            rows = np.arange(len(tables))
            entries = tables[rows, books, self._words[:, gallery[start : start + 1024]]]  # (M, b)
            parts.append(entries.sum(0, dtype=np.float32))
        return np.concatenate(parts) if parts else np.empty(0, np.float32)


def score_block(tables: Floats, words: Codes) -> Floats:
    """Σ_m tables[q, m, words[m, i]]: (q, M, K) float32, (M, n) whole numbers → (q, n) float32."""
    n_books, n = words.shape
    scores = np.empty((len(tables), n), np.float32)
    size = max(256, SUMMED_AT_ONCE // max(len(tables), 1))
    for start in range(0, n, size):
        places = words[:, start : start + size].astype(np.intp)
        # All places are inside; "clip" spares looking for one that is not.
        total = tables[:, 0].take(places[0], axis=1, mode="clip")
        for book in range(1, n_books):
            total += tables[:, book].take(places[book], axis=1, mode="clip")
        scores[:, start : start + size] = total
    return scores


class CosineScorer:
    """Float features against float features: the ceiling a code is measured against.

    Args:
        queries: (q, D); gallery: (n, D); any length of the vectors, none of length zero.
    """

    score_range = (-1.001, 1.001)

    def __init__(self, queries: Floats, gallery: Floats) -> None:
        self._queries = _unit(queries)
        self._gallery = _unit(gallery)

    @property
    def n_queries(self) -> int:
        return len(self._queries)

    @property
    def n_gallery(self) -> int:
        return len(self._gallery)

    def scores(self, start: int, stop: int) -> Floats:
        """Cosines of queries `start` to `stop`: (b, n) float32."""
        return self._queries[start:stop] @ self._gallery.T

    def pair_scores(self, queries: NDArray[np.intp], gallery: NDArray[np.intp]) -> Floats:
        """(p,) cosine of query `queries[i]` with gallery entry `gallery[i]`."""
        parts = [
            np.einsum("pd,pd->p", self._queries[q], self._gallery[g])
            for q, g in zip(_chunks(queries), _chunks(gallery), strict=True)
        ]
        return np.concatenate(parts) if parts else np.empty(0, np.float32)


def _chunks(rows: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    return [rows[start : start + 4096] for start in range(0, len(rows), 4096)]


def _unit(x: Floats) -> Floats:
    length = np.linalg.norm(x, axis=1, keepdims=True)
    unit: Floats = (x / np.maximum(length, 1e-12)).astype(np.float32)
    return unit
