"""A run of faces that never changes, so that indexes made one after the other can share it."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.types import Codes, Ids

SIZE = 65536  # faces at most: positions inside a segment fit 16 bits
TILE = 256  # faces whose codes lie together for the sieve


@dataclass(frozen=True, slots=True, eq=False)
class Postings:
    """Which faces of a segment hold a word: lists of positions, ascending.

    Attributes:
        positions: (M, n) uint16; the lists of a book, word after word.
        starts: (M, W + 1) int32; list (m, c) is positions[m, starts[m, c] : starts[m, c + 1]].
    """

    positions: NDArray[np.uint16]
    starts: NDArray[np.int32]

    @property
    def nbytes(self) -> int:
        return self.positions.nbytes + self.starts.nbytes


class Segment:
    """Up to 65536 faces, ids ascending.

    Attributes:
        face_ids: (n,) int64.
        books: (M, n) uint8 or uint16, C-contiguous: the words of each book in one run, which is
            the order in which every way of scoring reads them.
        n_words: one more than the largest word.
    """

    def __init__(self, face_ids: Ids, codes: Codes) -> None:
        """Args: codes: (n, M), any strides; copied unless its transpose is contiguous."""
        assert 0 < len(face_ids) == len(codes) <= SIZE, "one code a face, up to 65536"
        self.face_ids = np.ascontiguousarray(face_ids, dtype=np.int64)
        self.books: NDArray[Any] = np.ascontiguousarray(codes.T)
        self.n_words = int(self.books.max()) + 1
        self.face_ids.flags.writeable = False
        self.books.flags.writeable = False

    def __len__(self) -> int:
        return len(self.face_ids)

    @property
    def codes(self) -> Codes:
        """(n, M) view of `books`."""
        return self.books.T

    def holding(self, wanted: Ids) -> NDArray[np.bool_]:
        """(n,) True for the faces that are among these ids, ascending."""
        ids = self.face_ids
        first, last = np.searchsorted(wanted, [ids[0], ids[-1] + 1])
        here = wanted[first:last]
        rows = np.searchsorted(ids, here)
        held = np.zeros(len(ids), np.bool_)
        held[rows[ids[rows] == here]] = True
        return held

    @cached_property
    def postings(self) -> Postings:
        """Made when first asked for: 2 ms. Two threads may both make it; they make the same."""
        n_words = max(self.n_words, 256)
        positions = np.empty(self.books.shape, np.uint16)
        starts = np.zeros((len(self.books), n_words + 1), np.int32)
        for m, words in enumerate(self.books):
            positions[m] = np.argsort(words, kind="stable")
            np.cumsum(np.bincount(words, minlength=n_words), out=starts[m, 1:])
        positions.flags.writeable = False
        starts.flags.writeable = False
        return Postings(positions, starts)

    @property
    def has_postings(self) -> bool:
        """True if `postings` have been made."""
        return "postings" in self.__dict__

    @cached_property
    def tiles(self) -> NDArray[np.uint8]:
        """(⌈n / 256⌉, M, 256) uint8: a copy of the codes, laid out for the sieve.

        The sieve works on 256 faces at a time. Their codes lie together here, book after book.
        Reading them is one run through memory, which takes 0.6 of the time of reading the rows of
        `books` side by side. The last tile is filled up with zeros. A copy is made when it is
        first asked for, which takes 0.2 ms for 8 books.
        """
        tiles = np.empty(self._shape_of_tiles, np.uint8)
        self._write_tiles(tiles)
        return tiles

    def lay_tiles(self, place: NDArray[np.uint8]) -> None:
        """Make `tiles` in memory that the caller has, of `tiles_size` bytes."""
        tiles = place.reshape(self._shape_of_tiles)
        self._write_tiles(tiles)
        self.__dict__["tiles"] = tiles

    @property
    def has_tiles(self) -> bool:
        """True if `tiles` have been made."""
        return "tiles" in self.__dict__

    @property
    def tiles_size(self) -> int:
        """Bytes of `tiles`."""
        return math.prod(self._shape_of_tiles)

    @property
    def _shape_of_tiles(self) -> tuple[int, int, int]:
        n_books, n = self.books.shape
        return -(-n // TILE), n_books, TILE

    def _write_tiles(self, tiles: NDArray[np.uint8]) -> None:
        n_books, n = self.books.shape
        full = n // TILE
        tiles[:full] = self.books[:, : full * TILE].reshape(n_books, full, TILE).swapaxes(0, 1)
        if n % TILE:
            tiles[full] = 0
            tiles[full, :, : n % TILE] = self.books[:, full * TILE :]
        tiles.flags.writeable = False

    @property
    def nbytes(self) -> int:
        """Bytes held now, with the postings and tiles that have been made."""
        lists = self.postings.nbytes if self.has_postings else 0
        tiles = self.tiles_size if self.has_tiles else 0
        return self.face_ids.nbytes + self.books.nbytes + lists + tiles


class Row:
    """Several segments, in the form that compiled code takes: the addresses of their arrays.

    So one call can search many segments.

    Attributes:
        segments: those whose arrays the addresses point to. They are held, so no array goes away.
        tiles: of the segments. They are held too: another thread may give a segment new ones.
        tiles_at, ids_at, lengths: (S,) int64: addresses of `tiles` and `face_ids`, and faces.
    """

    def __init__(self, segments: Sequence[Segment]) -> None:
        self.segments = tuple(segments)
        _lay_together([segment for segment in segments if not segment.has_tiles])
        self.tiles = tuple(segment.tiles for segment in segments)
        self.tiles_at = np.array([tiles.ctypes.data for tiles in self.tiles], np.int64)
        self.ids_at = np.array([segment.face_ids.ctypes.data for segment in segments], np.int64)
        self.lengths = np.array([len(segment) for segment in segments], np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """Segments `first` to `last` of a row."""

    row: Row
    first: int
    last: int


def _lay_together(segments: Sequence[Segment]) -> None:
    """Make the tiles of these segments in one piece of memory.

    NumPy asks for large pages for a large array, and with them the processor looks fewer addresses
    up: the sieve takes 0.9 of the time.
    """
    ends = np.cumsum([0, *(segment.tiles_size for segment in segments)])
    memory = np.empty(ends[-1], np.uint8)
    for segment, start, stop in zip(segments, ends[:-1], ends[1:], strict=True):
        segment.lay_tiles(memory[start:stop])


def cut(face_ids: Ids, codes: Codes) -> Iterator[Segment]:
    """Segments of a row of faces, ids ascending; only the last may be short."""
    for start in range(0, len(face_ids), SIZE):
        part = slice(start, start + SIZE)
        yield Segment(face_ids[part], codes[part])
