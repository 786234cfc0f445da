"""Keeps the best of boxes that overlap."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.types import DetectedFace, Floats

Rows = NDArray[np.intp]

_AT_ONCE = 128  # boxes compared with all that are worse; bounds the memory


def nms(boxes: Floats, scores: Floats, most: float) -> Rows:
    """Rows kept, best first: a box that overlaps a better kept one goes.

    It is torchvision.ops.nms, to the rounding; of equal scores the first is the better one.

    Args:
        boxes: (n, 4) left, top, right, bottom, float32.
        scores: (n,).
        most: intersection over union that may remain.
    """
    order = np.argsort(-scores, kind="stable")
    sides = np.ascontiguousarray(boxes[order].T)  # (4, n)
    area = (sides[2] - sides[0]) * (sides[3] - sides[1])
    kept: list[Rows] = []
    while len(order):
        n = min(_AT_ONCE, len(order))
        goes = _overlap(sides[:, :n], area[:n], sides, area) > np.float64(most)
        best = _kept(goes[:, :n])
        kept.append(order[best])
        stays = np.flatnonzero(~goes[best, n:].any(axis=0)) + n
        order, sides, area = order[stays], sides[:, stays], area[stays]
    return np.concatenate(kept) if kept else np.empty(0, np.intp)


def nms_of_the_smaller(boxes: Floats, scores: Floats, most: float) -> list[int]:
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


def without_doubles(faces: Iterable[DetectedFace], most: float) -> list[DetectedFace]:
    """Without those that overlap an earlier one that stays by more than `most`, in order."""
    kept: list[DetectedFace] = []
    for face in faces:
        if all(face.box.overlap(other.box) <= most for other in kept):
            kept.append(face)
    return kept


def _overlap(some: Floats, some_area: Floats, sides: Floats, area: Floats) -> Floats:
    """(m, n) intersection over union; sides are (4, m) and (4, n)."""
    first = some[:, :, None]
    width: Floats = np.minimum(first[2], sides[2])
    width -= np.maximum(first[0], sides[0])
    np.maximum(width, 0, out=width)
    shared: Floats = np.minimum(first[3], sides[3])
    shared -= np.maximum(first[1], sides[1])
    np.maximum(shared, 0, out=shared)
    shared *= width
    union = some_area[:, None] + area
    union -= shared
    with np.errstate(invalid="ignore", divide="ignore"):  # boxes without area
        shared /= union
    return shared


def _kept(goes: NDArray[np.bool_]) -> Rows:
    """Rows, best first, that no kept row before them ends; `goes` is (n, n)."""
    ended = np.zeros(len(goes), np.bool_)
    kept = []
    for row, others in enumerate(goes):
        if not ended[row]:
            kept.append(row)
            ended |= others
    return np.array(kept, np.intp)
