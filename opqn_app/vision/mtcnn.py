"""MTCNN (Zhang et al., SPL 2016) with facenet-pytorch's weights and steps, many times faster."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from opqn_app.core import paths
from opqn_app.core.onnx_network import Network
from opqn_app.core.types import Floats
from opqn_app.vision.area_means import AreaTable, Edges
from opqn_app.vision.mtcnn_networks import CELL, STRIDE, ProposalNet, sigmoid
from opqn_app.vision.suppression import nms, nms_of_the_smaller

FACTOR = 0.709  # from level to level
THRESHOLDS = (0.6, 0.7, 0.7)  # of the three networks' scores
OVERLAP_OF_LEVEL, OVERLAP = 0.5, 0.7  # that may remain on one level, and after each step


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """What `Mtcnn.search` found: (n, 4) left, top, right, bottom; (n,) scores; (n, 5, 2)."""

    boxes: Floats
    scores: Floats
    landmarks: Floats


class Mtcnn:
    """Proposes at every scale, refines, then places the landmarks.

    Same steps, weights, thresholds and rounding as facenet-pytorch 2.5.3, whose boxes it gives
    within 0.05 px (tests/vision/test_mtcnn.py). It is faster since pictures are shrunk from a
    table of sums instead of anew for each scale and candidate, all candidates are cut at once, and
    the networks are compiled for this processor.

    Args:
        min_face: smallest side of a face looked for, in pixels.
    """

    def __init__(self, min_face: int) -> None:
        self._finest = CELL / min_face
        self._propose = ProposalNet(_file("propose"), THRESHOLDS[0])
        self._refine = Network(_file("refine"))
        self._place = Network(_file("place"))

    def search(self, pixels: NDArray[np.uint8]) -> Faces:
        """Faces of an RGB picture (h, w, 3) with at least `min_face` pixels each way."""
        table = AreaTable(pixels)
        boxes, cuts = _cut(table, _square(self._proposed(table)), 24)
        if not len(boxes):
            return _none()
        boxes, scores, out = _confident(boxes, self._refine.run_all(cuts), THRESHOLDS[1])
        kept = nms(boxes, scores, OVERLAP)
        boxes, cuts = _cut(table, _square(_shifted(boxes[kept], out[kept, 1:5])), 48)
        if not len(boxes):
            return _none()
        boxes, scores, out = _confident(boxes, self._place.run_all(cuts), THRESHOLDS[2])
        size = boxes[:, 2:] - boxes[:, :2] + 1
        points = out[:, 5:].reshape(-1, 2, 5).transpose(0, 2, 1)
        landmarks = points * size[:, None] + boxes[:, None, :2] - 1
        boxes = _shifted(boxes, out[:, 1:5])
        best = nms_of_the_smaller(boxes, scores, OVERLAP)
        return Faces(boxes[best], scores[best], landmarks[best])

    def _proposed(self, table: AreaTable) -> Floats:
        """(n, 4) boxes in which there may be a face."""
        boxes, scores, shifts = [], [], []
        for scale in _scales(self._finest, min(table.height, table.width)):
            height, width = int(table.height * scale + 1), int(table.width * scale + 1)
            found = self._propose(table, height, width)
            corner = STRIDE * found.cells
            ends = [(corner + 1) / np.float32(scale), (corner + CELL) / np.float32(scale)]
            around = np.floor(np.concatenate(ends, axis=1))
            kept = nms(around, found.scores, OVERLAP_OF_LEVEL)
            boxes.append(around[kept])
            scores.append(found.scores[kept])
            shifts.append(found.shifts[kept])
        around = np.concatenate(boxes)
        kept = nms(around, np.concatenate(scores), OVERLAP)
        around = around[kept]
        size = np.tile(around[:, 2:] - around[:, :2], 2)
        shifted: Floats = around + np.concatenate(shifts)[kept] * size
        return shifted


def _file(step: str) -> Path:
    return paths.resource(f"detectors/mtcnn_{step}.onnx")


def _none() -> Faces:
    return Faces(*(np.empty(shape, np.float32) for shape in ((0, 4), 0, (0, 5, 2))))


def _scales(finest: float, side: int) -> list[float]:
    """Of the levels: from where the smallest face covers a cell to where the picture does."""
    scales, reach = [finest], side * finest * FACTOR
    while reach >= CELL:
        scales.append(scales[-1] * FACTOR)
        reach *= FACTOR
    return scales


def _cut(table: AreaTable, boxes: Floats, size: int) -> tuple[Floats, Floats]:
    """The boxes that reach into the picture, and (n, 3, size, size) what they show of it."""
    # As facenet-pytorch has it: pixels count from 1, and a box includes its last one.
    inside: Edges = boxes.astype(np.int64)
    inside[:, :2] = np.maximum(inside[:, :2], 1) - 1
    inside[:, 2] = np.minimum(inside[:, 2], table.width)
    inside[:, 3] = np.minimum(inside[:, 3], table.height)
    has_pixels = (inside[:, 2:] > inside[:, :2]).all(axis=1)
    return boxes[has_pixels], table.cut(inside[has_pixels], size)


def _confident(boxes: Floats, out: Floats, least: float) -> tuple[Floats, Floats, Floats]:
    """Boxes, scores and outputs of those whose score is above `least`."""
    scores = sigmoid(out[:, 0])
    passes = scores > np.float32(least)
    return boxes[passes], scores[passes], out[passes]


def _shifted(boxes: Floats, shifts: Floats) -> Floats:
    size = boxes[:, 2:] - boxes[:, :2] + 1
    return boxes + shifts * np.tile(size, 2)


def _square(boxes: Floats) -> Floats:
    """Widened about the centre to the longer side."""
    size = boxes[:, 2:] - boxes[:, :2]
    side = size.max(axis=1, keepdims=True)
    corner = boxes[:, :2] + size * np.float32(0.5) - side * np.float32(0.5)
    return np.concatenate([corner, corner + side], axis=1)
