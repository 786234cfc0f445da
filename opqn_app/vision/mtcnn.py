"""MTCNN (Zhang et al., SPL 2016) with facenet-pytorch's weights and steps, several times faster."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from opqn_app.core.types import Floats
from opqn_app.vision.area_means import AreaTable, Edges
from opqn_app.vision.mtcnn_networks import PlaceNet, ProposalNet, RefineNet, nms

CELL = 12  # pixels of a level that a proposal covers
STRIDE = 2
FACTOR = 0.709  # from level to level
BAND = 32768  # pixels of half a level that are searched at once, so that they stay cached
THRESHOLDS = (0.6, 0.7, 0.7)  # of the three networks' scores


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """What `Mtcnn.search` found: (n, 4) left, top, right, bottom; (n,) scores; (n, 5, 2)."""

    boxes: Floats
    scores: Floats
    landmarks: Floats


def _none() -> Faces:
    return Faces(*(np.empty(shape, np.float32) for shape in ((0, 4), 0, (0, 5, 2))))


class Mtcnn:
    """Proposes at every scale, refines, then places the landmarks.

    Same steps, weights, thresholds and rounding as facenet-pytorch 2.5.3, whose boxes it gives
    within 0.05 px (tests/vision/test_mtcnn.py). It is faster since pictures are shrunk from a
    table of sums instead of anew for each scale and candidate, proposals come from one wide
    strided convolution before the pooling, and all candidates are cut at once.

    Args:
        min_face: smallest side of a face looked for, in pixels.
    """

    def __init__(self, min_face: int, device: torch.device) -> None:
        self._device = device
        self._finest = CELL / min_face
        self._propose = _Proposals(ProposalNet().to(device).requires_grad_(False))
        self._refine = _prepared(RefineNet(), device)
        self._place = _prepared(PlaceNet(), device)

    @torch.inference_mode()
    def search(self, pixels: NDArray[np.uint8]) -> Faces:
        """Faces of an RGB picture (h, w, 3) with at least `min_face` pixels each way."""
        table = AreaTable(pixels)
        boxes = self._proposed(table)
        boxes, cuts = self._cut(table, _square(boxes), 24)
        if not len(boxes):
            return _none()
        shifts, scores = _batched(self._refine, cuts)
        boxes, (scores, shifts) = _confident(boxes, THRESHOLDS[1], scores[:, 1], shifts)
        kept = nms(boxes, scores, 0.7)
        boxes = _square(_shifted(boxes[kept], shifts[kept]))
        boxes, cuts = self._cut(table, boxes, 48)
        if not len(boxes):
            return _none()
        shifts, points, scores = _batched(self._place, cuts)
        boxes, (scores, shifts, points) = _confident(
            boxes, THRESHOLDS[2], scores[:, 1], shifts, points
        )
        size = boxes[:, 2:] - boxes[:, :2] + 1
        landmarks = points.view(-1, 2, 5).mT * size[:, None] + boxes[:, None, :2] - 1
        found = [part.cpu().numpy() for part in (_shifted(boxes, shifts), scores, landmarks)]
        best = _nms_of_the_smaller(found[0], found[1], 0.7)
        return Faces(*(part[best] for part in found))

    def _proposed(self, table: AreaTable) -> Tensor:
        """(n, 4) boxes in which there may be a face."""
        boxes, scores = [], []
        for scale in _scales(self._finest, min(table.height, table.width)):
            cells, certain, shifts = self._level(table, scale)
            corner = (STRIDE * cells + 1) / scale
            around = torch.cat([corner.floor(), ((STRIDE * cells + CELL) / scale).floor()], 1)
            kept = nms(around, certain, 0.5)
            boxes.append(torch.cat([around, shifts], 1)[kept])
            scores.append(certain[kept])
        found = torch.cat(boxes)
        found = found[nms(found[:, :4], torch.cat(scores), 0.7)]
        size = (found[:, 2:4] - found[:, :2]).repeat(1, 2)
        return found[:, :4] + found[:, 4:] * size

    def _level(self, table: AreaTable, scale: float) -> tuple[Tensor, Tensor, Tensor]:
        """Cells, scores and shifts that P-Net proposes at one scale, band by band."""
        height, width = int(table.height * scale + 1), int(table.width * scale + 1)
        n_rows = (height - 2 + 1) // 2 - 4  # of cells
        step = max(BAND // width, 8)
        parts = []
        for first in range(0, n_rows, step):
            needed = slice(STRIDE * first, STRIDE * (first + step - 1) + CELL)
            level = table.shrunk(height, width, needed)
            cells, scores, shifts = self._propose(self._on_device(level[None]))
            cells[:, 1] += first
            parts.append((cells, scores, shifts))
        cells, scores, shifts = (torch.cat(part) for part in zip(*parts, strict=True))
        return cells, scores, shifts

    def _cut(self, table: AreaTable, boxes: Tensor, size: int) -> tuple[Tensor, Tensor]:
        """The boxes that reach into the picture, and (n, 3, size, size) what they show of it."""
        # As facenet-pytorch has it: pixels count from 1, and a box includes its last one.
        inside: Edges = boxes.trunc().cpu().numpy().astype(np.int64)
        inside[:, :2] = np.maximum(inside[:, :2], 1) - 1
        inside[:, 2] = np.minimum(inside[:, 2], table.width)
        inside[:, 3] = np.minimum(inside[:, 3], table.height)
        has_pixels = (inside[:, 2:] > inside[:, :2]).all(axis=1)
        cuts = table.cut(inside[has_pixels], size)
        return boxes[torch.from_numpy(has_pixels).to(boxes.device)], self._on_device(cuts)

    def _on_device(self, pixels: Floats) -> Tensor:
        """(n, h, w, 3) values 0 to 255 → (n, 3, h, w) as the networks take them."""
        x = torch.from_numpy(pixels).to(self._device).permute(0, 3, 1, 2)
        return x.sub_(127.5).mul_(0.0078125)


class _Proposals:
    """P-Net, of which only cells above the threshold get a shift.

    Its first convolution runs for the four pixels of a pooled cell at once, as 40 channels with a
    4×4 kernel at stride 2: the maximum of four groups of channels then is the pooling.
    """

    def __init__(self, net: Any) -> None:
        self._net = net.to(memory_format=torch.channels_last)
        first = net.conv1.weight  # (10, 3, 3, 3)
        wide = first.new_zeros(4, *first.shape[:2], 4, 4)
        for group, (down, right) in enumerate([(0, 0), (0, 1), (1, 0), (1, 1)]):
            wide[group, :, :, down : down + 3, right : right + 3] = first
        self._weight = wide.flatten(0, 1).contiguous(memory_format=torch.channels_last)
        self._bias, self._slopes = net.conv1.bias.repeat(4), net.prelu1.weight.repeat(4)
        # Softmax of two: the odds are those of the difference.
        self._score = net.conv4_1.weight[1, :, 0, 0] - net.conv4_1.weight[0, :, 0, 0]
        self._score_bias = net.conv4_1.bias[1] - net.conv4_1.bias[0]
        self._shift = net.conv4_2.weight[:, :, 0, 0].T

    def __call__(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(1, 3, h, w) → cells (n, 2) x, y; scores (n,); shifts (n, 4)."""
        odd_rows, odd_columns = x.shape[2] % 2, x.shape[3] % 2
        if odd_rows or odd_columns:
            x = F.pad(x, (0, odd_columns, 0, odd_rows))
        y = F.prelu(F.conv2d(x, self._weight, self._bias, stride=2), self._slopes)
        if odd_rows:  # below the last row, and beyond the last column, there is nothing to pool
            y[:, 20:, -1] = -math.inf
        if odd_columns:
            y[:, 10:20, :, -1] = y[:, 30:, :, -1] = -math.inf
        y = torch.maximum(y[:, :20], y[:, 20:])
        y = torch.maximum(y[:, :10], y[:, 10:])
        y = self._net.prelu2(self._net.conv2(y))
        y = self._net.prelu3(self._net.conv3(y))[0].permute(1, 2, 0)  # (h, w, 32)
        odds = y @ self._score + self._score_bias
        cells = (odds >= math.log(THRESHOLDS[0] / (1.0 - THRESHOLDS[0]))).nonzero()
        down, right = cells.unbind(1)
        shifts = y[down, right] @ self._shift + self._net.conv4_2.bias
        return cells.flip(1).float(), odds[down, right].sigmoid(), shifts


def _scales(finest: float, side: int) -> list[float]:
    """Of the levels: from where the smallest face covers a cell to where the picture does."""
    scales, reach = [finest], side * finest * FACTOR
    while reach >= CELL:
        scales.append(scales[-1] * FACTOR)
        reach *= FACTOR
    return scales


def _prepared(net: nn.Module, device: torch.device) -> Any:
    return net.to(device).requires_grad_(False).to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def _batched(net: Any, cuts: Tensor) -> tuple[Tensor, ...]:
    """Outputs of `net` over batches of bounded memory."""
    parts = [net(cuts[start : start + 256]) for start in range(0, len(cuts), 256)]
    return tuple(torch.cat(out) for out in zip(*parts, strict=True))


def _confident(
    boxes: Tensor, threshold: float, scores: Tensor, *more: Tensor
) -> tuple[Tensor, tuple[Tensor, ...]]:
    passes = scores > threshold
    return boxes[passes], tuple(part[passes] for part in (scores, *more))


def _shifted(boxes: Tensor, shifts: Tensor) -> Tensor:
    size = boxes[:, 2:] - boxes[:, :2] + 1
    return boxes + shifts * size.repeat(1, 2)


def _square(boxes: Tensor) -> Tensor:
    """Widened about the centre to the longer side."""
    size = boxes[:, 2:] - boxes[:, :2]
    side = size.amax(1, keepdim=True)
    corner = boxes[:, :2] + size * 0.5 - side * 0.5
    return torch.cat([corner, corner + side], 1)


def _nms_of_the_smaller(boxes: Floats, scores: Floats, most: float) -> list[int]:
    """Rows kept, best first: a box of which a better one covers more than `most` goes, or that
    covers as much of a better one. Sizes count the last pixel, as facenet-pytorch's do."""
    area = (boxes[:, 2:] - boxes[:, :2] + 1).prod(axis=1)
    kept: list[int] = []
    for row in np.argsort(scores)[::-1].tolist():
        corner = np.maximum(boxes[kept, :2], boxes[row, :2])
        shared = np.maximum(np.minimum(boxes[kept, 2:], boxes[row, 2:]) - corner + 1, 0).prod(
            axis=1
        )
        if (shared <= most * np.minimum(area[kept], area[row])).all():
            kept.append(row)
    return kept
