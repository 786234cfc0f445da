"""A code as a vector again: the words it names, put together and scaled to length 1."""

import weakref
from typing import Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.types import Codes, Floats
from opqn_app.opqn import lut
from opqn_app.opqn.config import OpqnConfig
from opqn_app.opqn.links import Links

SHORTEST = np.float32(1e-12)
BLOCK = 512  # faces put together at once: their sums stay in the cache


@runtime_checkable
class WordEncoder(Protocol):
    """What grouping has to know of a FaceEncoder; those of the engine tell it."""

    @property
    def model_id(self) -> str: ...
    @property
    def config(self) -> OpqnConfig: ...
    @property
    def links(self) -> Links | None: ...  # None: the model groups nothing
    @property
    def words(self) -> Floats: ...  # (M, d, K)


class WordSums:
    """The vectors of codes of one model, and the tables by which such a vector asks an index.

    Args:
        words: (M, d, K): of each book, column k for its word k.
        is_joint: the words of a code are added (d = D); else they lie side by side (M · d = D).
    """

    def __init__(self, words: Floats, *, is_joint: bool) -> None:
        self._words = _in_rows(words)
        self._is_joint = is_joint
        self._measured: tuple[Codes, Floats] | None = None

    @classmethod
    def of(cls, encoder: WordEncoder) -> Self:
        """Those of an encoder of the engine."""
        return cls(encoder.words, is_joint=encoder.config.joint_words)

    @property
    def dim(self) -> int:
        """D."""
        n_books, _, sub_dim = self._words.shape
        return int(sub_dim if self._is_joint else n_books * sub_dim)

    def sums(self, codes: Codes) -> Floats:
        """(n, M) codes → (n, D) float32, as long as they come."""
        out = np.empty((len(codes), self.dim), np.float32)
        for start in range(0, len(codes), BLOCK):
            few = codes[start : start + BLOCK].astype(np.intp)
            part = out[start : start + BLOCK]
            if not self._is_joint:
                books = np.arange(len(self._words))
                part[...] = self._words[books, few].reshape(len(few), -1)
                continue
            part[...] = self._words[0].take(few[:, 0], 0)
            for words, column in zip(self._words[1:], few.T[1:], strict=True):
                part += words.take(column, 0)
        return out

    def units(self, codes: Codes) -> Floats:
        """(n, M) codes → (n, D) float32 of length 1."""
        sums = self.sums(codes)
        return _shortened(sums, _lengths(sums))

    def units_of(self, codes: Codes, rows: NDArray[np.integer]) -> Floats:
        """Those of (r,) rows of codes: the same, in less time where `lengths` measured them."""
        if self._measured is None or self._measured[0] is not codes:
            return self.units(codes[rows])
        return _shortened(self.sums(codes[rows]), self._measured[1][rows, None])

    def lengths(self, codes: Codes) -> Floats:
        """(n,) how long the sums are; those of the codes that were asked for last are kept."""
        if self._measured is None or self._measured[0] is not codes:
            out = np.empty(len(codes), np.float32)
            for start in range(0, len(codes), BLOCK):
                few = slice(start, start + BLOCK)
                out[few] = _lengths(self.sums(codes[few]))[:, 0]
            self._measured = codes, out
        return self._measured[1]

    def total(self, codes: Codes, lengths: Floats) -> Floats:
        """(D,) the sum of the units of many codes, (n, M), by how often each word comes.

        Args:
            lengths: (n,) of the codes.
        """
        n_words = self._words.shape[1]
        weights = 1 / np.maximum(lengths, SHORTEST)
        counts = [np.bincount(column, weights, n_words) for column in codes.T]
        pieces = np.stack(counts).astype(np.float32)[:, None] @ self._words
        found: Floats = pieces.sum(axis=(0, 1)) if self._is_joint else pieces.reshape(-1)
        return found

    def tables(self, vectors: Floats) -> Floats:
        """(n, D) → (n, M, K): tables whose scores are the products with sums of words, snapped."""
        n_books, n_words, sub_dim = self._words.shape
        if self._is_joint:
            flat = vectors @ self._words.reshape(-1, sub_dim).T
            return lut.snap(flat.reshape(-1, n_books, n_words))
        pieces = vectors.reshape(-1, n_books, sub_dim)
        return lut.snap(np.einsum("nmd,mkd->nmk", pieces, self._words))


def scaled(vectors: Floats) -> Floats:
    """Vectors along the last axis, scaled to length 1; zeros stay."""
    found: Floats = np.divide(vectors, np.maximum(_lengths(vectors), SHORTEST))
    return found


def _shortened(vectors: Floats, lengths: Floats) -> Floats:
    """The same of vectors, (n, D), whose lengths, (n, 1), are known, in their place."""
    np.divide(vectors, np.maximum(lengths, SHORTEST), out=vectors)
    return vectors


def _lengths(vectors: Floats) -> Floats:
    """(…, 1) of vectors along the last axis."""
    squares: Floats = np.square(vectors).sum(axis=-1, keepdims=True)
    return np.sqrt(squares)


_kept: "tuple[weakref.ref[Floats], Floats] | None" = None


def _in_rows(words: Floats) -> Floats:
    """(M, d, K) → (M, K, d); kept of those that were asked for last: 2 MB at 64 bits, 8 at 256."""
    global _kept
    kept = _kept
    if kept is None or kept[0]() is not words:
        kept = _kept = weakref.ref(words), np.ascontiguousarray(words.transpose(0, 2, 1))
    return kept[1]
