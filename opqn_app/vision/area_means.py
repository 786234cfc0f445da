"""Means over rectangles of a picture, however many and however large, from one table of sums."""

import itertools

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.types import Floats

Edges = NDArray[np.int64]

_BITS = 21  # of 64 for each colour; a rectangle may hold 2^21 / 255 = 8224 pixels
_MASK = np.uint32((1 << _BITS) - 1)
_ROWS = 32  # of the table or a copy that are made at once, so that they stay cached
_AT_ONCE = 128  # rectangles of `cut` in one pass; bounds its memory


class AreaTable:
    """Sums over everything above and left of each pixel (Crow, SIGGRAPH 1984).

    The three colours share one 64-bit number, so one subtraction serves all. The table overflows,
    but differences of unsigned numbers don't mind: what a rectangle sums to is exact up to 8224
    pixels.

    Args:
        pixels: (h, w, 3) uint8.
    """

    def __init__(self, pixels: NDArray[np.uint8]) -> None:
        self.height, self.width = pixels.shape[:2]
        table = np.empty((self.height + 1, self.width + 1), np.uint64)
        table[0] = 0
        table[:, 0] = 0
        for start in range(0, self.height, _ROWS):
            few = pixels[start : start + _ROWS]
            packed = few[..., 2].astype(np.uint64)
            for colour in (1, 0):
                packed <<= np.uint64(_BITS)
                packed |= few[..., colour].astype(np.uint64)
            np.cumsum(packed, axis=1, out=table[start + 1 : start + 1 + _ROWS, 1:])
            for above, row in itertools.pairwise(table[start : start + 1 + _ROWS]):
                row += above
        self._table = table

    def shrunk(self, height: int, width: int, rows: slice = slice(None)) -> Floats:
        """Means, 0 to 255: (3, `rows` of height, width) of the picture at that size.

        It is torch's interpolate(mode="area"): no weights, parts may share pixels.
        """
        top, bottom = (edge[rows] for edge in _edges(height, np.int64(self.height)))
        left, right = _edges(width, np.int64(self.width))
        down, along = _shares(top, bottom), _shares(left, right)
        means = np.empty((3, len(top), width), np.float32)
        for start in range(0, len(top), _ROWS):
            few = slice(start, start + _ROWS)
            across = self._table.take(bottom[few], 0)
            across -= self._table.take(top[few], 0)
            sums = across.take(right, 1)
            sums -= across.take(left, 1)
            some = means[:, few]
            _spread(sums, some)
            some *= np.multiply.outer(down[few], along)
        return means

    def cut(self, boxes: Edges, size: int) -> Floats:
        """(n, 3, size, size): each part of the picture shrunk, or widened, in the same way.

        Args:
            boxes: (n, 4) left, top, right, bottom inside the picture, with at least one pixel.
        """
        means = np.empty((len(boxes), 3, size, size), np.float32)
        for start in range(0, len(boxes), _AT_ONCE):
            few = boxes[start : start + _AT_ONCE, :, None]
            left, right = (few[:, 0] + edge for edge in _edges(size, few[:, 2] - few[:, 0]))
            top, bottom = (few[:, 1] + edge for edge in _edges(size, few[:, 3] - few[:, 1]))
            sums = self._at(bottom, right) - self._at(top, right)
            sums -= self._at(bottom, left) - self._at(top, left)
            some = means[start : start + _AT_ONCE]
            _spread(sums, some.swapaxes(0, 1))
            shares = _shares(top, bottom)[:, :, None] * _shares(left, right)[:, None, :]
            some *= shares[:, None]
        return means

    def _at(self, rows: Edges, columns: Edges) -> NDArray[np.uint64]:
        places = rows[:, :, None] * (self.width + 1) + columns[:, None, :]
        sums: NDArray[np.uint64] = self._table.ravel().take(places)
        return sums


def _edges(parts: int, length: Edges | np.int64) -> tuple[Edges, Edges]:
    """Where each of `parts` equal parts of `length` begins and ends, in whole pixels outwards."""
    steps = np.arange(parts)
    return steps * length // parts, -(-(steps + 1) * length // parts)


def _shares(start: Edges, end: Edges) -> Floats:
    return np.float32(1.0) / (end - start).astype(np.float32)


def _spread(sums: NDArray[np.uint64], out: Floats) -> None:
    """(…) sums of three colours → (3, …) floats; `sums` is used up."""
    low = np.empty(sums.shape, np.uint32)
    for number, colour in enumerate(out):
        if number:
            sums >>= np.uint64(_BITS)
        low[...] = sums
        low &= _MASK
        # Numbers of 32 bits with a sign become floats in half the time of those without.
        colour[...] = low.view(np.int32)
