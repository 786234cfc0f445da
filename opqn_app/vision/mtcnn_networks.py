"""MTCNN's first network on a picture of any size, in tiles of a fixed size."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from opqn_app.core.onnx_network import Network
from opqn_app.core.types import Floats
from opqn_app.vision.area_means import AreaTable

CELL = 12  # pixels of a level that a proposal covers
STRIDE = 2
# Sides that a tile may have, each about a tenth longer than the one before. All are odd: a tile's
# last row of pooled cells then has one row of pixels less than the others, as the last row of a
# level of odd height has. Few shapes are compiled, and little is searched twice or in vain.
SIDES = (
    *(13, 15, 17, 19, 21, 23, 25, 27, 31, 35, 39, 43, 47, 51, 57, 63, 69, 75, 83, 91, 99),
    *(109, 119, 131, 145, 159, 175, 193, 213, 235, 259, 285, 313),
)
TALLEST, WIDEST = 159, 313  # so that what a tile takes stays cached
SIDE_COST = 4  # what starting a tile costs, in pixels of its side
BAND = 65536  # pixels of a level that are shrunk at once, so that they stay cached


@dataclass(frozen=True, slots=True)
class Window:
    """Where a tile lies along one side of a level.

    Attributes:
        start: of the tile, in pixels of the level; even. Below 0 where the level is smaller.
        first: cell of the level that is read from this tile first.
        end: after the last such cell.
    """

    start: int
    first: int
    end: int


@dataclass(frozen=True, slots=True, eq=False)
class Proposals:
    """(n, 2) cells x, y of a level; (n,) scores from 0 to 1; (n, 4) shifts of their boxes."""

    cells: Floats
    scores: Floats
    shifts: Floats


class ProposalNet:
    """P-Net: which cells of a level may show a face.

    Args:
        file: ONNX of (1, 3, h, w) pixels → (1, 5, rows, columns) log odds and shifts.
        threshold: least score.
    """

    def __init__(self, file: Path, threshold: float) -> None:
        self._least = math.log(threshold / (1.0 - threshold))
        self._network = Network(file)

    def __call__(self, table: AreaTable, height: int, width: int) -> Proposals:
        """Proposals in the picture shrunk to `height` × `width`, from top to bottom."""
        tall, wide = best_side(height, TALLEST), best_side(width, WIDEST)
        tile = np.empty((1, 3, tall, wide), np.float32)
        across = windows(width, wide)
        parts = []
        for band in _bands(windows(height, tall), width):
            top = max(0, band[0].start)
            bottom = min(height, band[-1].start + tall)
            level = table.shrunk(height, width, slice(top, bottom))
            for down in band:
                for along in across:
                    _fill(tile[0], level, down.start - top, along.start)
                    parts.append(self._read(self._network.run(tile)[0], down, along))
        cells, odds, shifts = (np.concatenate(part) for part in zip(*parts, strict=True))
        order = np.lexsort((cells[:, 0], cells[:, 1]))
        return Proposals(cells[order], sigmoid(odds[order]), shifts[order])

    def _read(self, output: Floats, down: Window, along: Window) -> tuple[Floats, Floats, Floats]:
        """Cells, log odds and shifts of a tile."""
        row, column = down.start // STRIDE, along.start // STRIDE
        rows = slice(down.first - row, down.end - row)
        columns = slice(along.first - column, along.end - column)
        valid = output[:, rows, columns]
        y, x = np.nonzero(valid[0] >= self._least)
        cells = np.stack([x + along.first, y + down.first], axis=1).astype(np.float32)
        found = valid[:, y, x].T
        return cells, found[:, 0], found[:, 1:]


@lru_cache(maxsize=1024)
def best_side(length: int, most: int) -> int:
    """Of the tiles that cover `length` with the fewest pixels in all."""
    return min(
        (side for side in SIDES if side <= most),
        key=lambda side: len(_starts(length, side)) * (side + SIDE_COST),
    )


def windows(length: int, tile: int) -> list[Window]:
    """Tiles that cover all cells of `length` pixels, which are at least 12.

    The last one ends where the level does. If `length` is even it ends a pixel later, since its
    start must be even; the cells that the additional pixel belongs to are not read.
    """
    starts = _starts(length, tile)
    edges = [*(max(0, start // STRIDE) for start in starts), n_pooled(length) - 4]
    return [Window(start, edges[i], edges[i + 1]) for i, start in enumerate(starts)]


def _starts(length: int, tile: int) -> list[int]:
    """Where windows start."""
    last = length - tile + (length - tile) % STRIDE
    step = STRIDE * (n_pooled(tile) - 4 - 1)  # inside a level a tile's last cell lacks pixels
    return [*range(0, last, step), last]


def n_pooled(length: int) -> int:
    """Rows after the first convolution and pooling of a level of `length` rows."""
    return (length - 2 + 1) // 2


def sigmoid(odds: Floats) -> Floats:
    """Log odds → probability."""
    with np.errstate(over="ignore"):  # exp of a large number is infinite, the probability 0
        return np.float32(1.0) / (np.float32(1.0) + np.exp(-odds))


def _bands(rows: list[Window], width: int) -> Iterator[list[Window]]:
    """Neighbours that are shrunk at once."""
    step = STRIDE * max((row.end - row.first for row in rows), default=1)
    at_once = max(1, BAND // (step * width))
    for start in range(0, len(rows), at_once):
        yield rows[start : start + at_once]


def _fill(tile: Floats, level: Floats, top: int, left: int) -> None:
    """Copy what the tile (3, h, w) shows of `level`; black where it reaches beyond."""
    (_, tall, wide), (_, height, width) = tile.shape, level.shape
    y, x = max(0, top), max(0, left)
    part = level[:, y : min(height, top + tall), x : min(width, left + wide)]
    _, rows, columns = part.shape
    if rows < tall or columns < wide:
        tile.fill(0.0)
    tile[:, y - top : y - top + rows, x - left : x - left + columns] = part
