"""Suppression of overlaps against torchvision's and against the definition."""

import numpy as np
import pytest

from opqn_app.core.types import Floats
from opqn_app.vision.suppression import nms, nms_of_the_smaller


def some_boxes(n: int, seed: int) -> tuple[Floats, Floats]:
    """Boxes on a coarse grid with few scores, so that many are equal in one or both."""
    rng = np.random.default_rng(seed)
    corner = rng.integers(0, 30, (n, 2)) * 4
    boxes = np.concatenate([corner, corner + rng.integers(0, 12, (n, 2)) * 4], axis=1)
    return boxes.astype(np.float32), (rng.integers(0, 50, n) / 50).astype(np.float32)


def by_definition(boxes: Floats, scores: Floats, most: float) -> list[int]:
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    kept: list[int] = []
    for row in sorted(range(len(boxes)), key=lambda row: (-scores[row], row)):
        for other in kept:
            wide = min(boxes[row, 2], boxes[other, 2]) - max(boxes[row, 0], boxes[other, 0])
            tall = min(boxes[row, 3], boxes[other, 3]) - max(boxes[row, 1], boxes[other, 1])
            shared = max(wide, np.float32(0)) * max(tall, np.float32(0))
            union = area[row] + area[other] - shared
            if union > 0 and float(shared / union) > most:
                break
        else:
            kept.append(row)
    return kept


@pytest.mark.parametrize("n", [0, 1, 2, 127, 128, 129, 400])
@pytest.mark.parametrize("most", [0.0, 0.5, 0.7])
def test_nms_is_the_greedy_one(n: int, most: float) -> None:
    boxes, scores = some_boxes(n, seed=n)
    assert nms(boxes, scores, most).tolist() == by_definition(boxes, scores, most)


@pytest.mark.parametrize("most", [0.3, 0.5, 0.7])
def test_nms_is_torchvisions_in_the_order_of_ties_too(most: float) -> None:
    torch, torchvision = pytest.importorskip("torch"), pytest.importorskip("torchvision")
    for seed, n in enumerate((1, 50, 300, 2000)):
        boxes, scores = some_boxes(n, seed)
        if seed % 2:  # boxes that lie anywhere
            boxes += np.random.default_rng(seed).random(boxes.shape, np.float32)
        theirs = torchvision.ops.nms(torch.from_numpy(boxes), torch.from_numpy(scores), most)
        assert nms(boxes, scores, most).tolist() == theirs.tolist()


def test_a_face_inside_a_better_one_goes() -> None:
    boxes = np.array([[0, 0, 99, 99], [20, 20, 59, 59], [200, 0, 299, 99]], np.float32)
    assert nms_of_the_smaller(boxes, np.array([0.8, 0.9, 0.7], np.float32), 0.7) == [1, 2]
    assert nms_of_the_smaller(boxes[:0], np.empty(0, np.float32), 0.7) == []
