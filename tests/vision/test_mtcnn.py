"""Our MTCNN against facenet-pytorch's, which has the same weights, and against stored faces."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from opqn_app.cli.demo import load_answers
from opqn_app.core import paths
from opqn_app.core.depth import FAST
from opqn_app.vision.copies import bounded_copy
from opqn_app.vision.images import open_photo
from opqn_app.vision.mtcnn import Faces, Mtcnn
from opqn_app.vision.mtcnn_networks import TALLEST, best_side, windows
from tests.orl_scenes import make_scene

STORED = Path(__file__).parent.parent / "data" / "mtcnn_faces.json"  # of build ddc7dbf, with torch
BOX_TOLERANCE = 0.05  # pixels of the picture searched
SCORE_TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def ours() -> Mtcnn:
    return Mtcnn(20)


def assert_same(found: Faces, boxes: Any, scores: Any, landmarks: Any) -> None:
    """The same faces from left to right, whatever their order."""
    assert len(found.boxes) == len(boxes)
    mine = np.argsort(found.boxes[:, 0])
    other = np.argsort(np.array([box[0] for box in boxes], np.float32))
    for ours, expected, tolerance in (
        (found.boxes, boxes, BOX_TOLERANCE),
        (found.landmarks, landmarks, BOX_TOLERANCE),
        (found.scores, scores, SCORE_TOLERANCE),
    ):
        wanted = np.asarray(expected, np.float32)[other] if len(boxes) else ours
        np.testing.assert_allclose(ours[mine], wanted, rtol=0, atol=tolerance)


def pictures() -> Iterator[Image.Image]:
    """Photos of the sample, and composites of even and odd sides, wide, tall and small."""
    sample = paths.resource("sample")
    answers = load_answers(sample)
    for photo in [*sorted(answers.groups)[:5], *sorted(answers.singles)[::25]]:
        yield bounded_copy(open_photo(sample / "photos" / photo).image, FAST.pixels)
    for size in ((801, 600), (640, 481), (333, 257), (1500, 300), (220, 700), (64, 53)):
        yield make_scene(size, heights=(size[1] // 2, size[1] // 3, size[1] // 5)).image


@pytest.mark.slow
def test_same_faces_as_facenet_pytorch(ours: Mtcnn) -> None:
    """Its boxes where it is installed, which only training needs."""
    package = pytest.importorskip("facenet_pytorch")
    theirs = package.MTCNN(keep_all=True, min_face_size=20, device="cpu").eval()
    for picture in pictures():
        boxes, scores, landmarks = theirs.detect(picture, landmarks=True)
        found = ours.search(np.asarray(picture))
        if boxes is None:
            boxes = scores = landmarks = []
        assert_same(found, boxes, scores, landmarks)


def test_same_faces_as_before_torch_was_left(ours: Mtcnn) -> None:
    stored = json.loads(STORED.read_text())
    n_faces = 0
    for picture, known in zip(pictures(), stored, strict=True):
        assert list(picture.size) == known["size"]
        found = ours.search(np.asarray(picture))
        assert_same(found, known["boxes"], known["scores"], known["landmarks"])
        n_faces += len(found.boxes)
    assert n_faces == 52


@pytest.mark.parametrize("length", [*range(12, 60), 461, 462, 615, 616, 1843, 2000])
def test_tiles_cover_every_cell_once(length: int) -> None:
    tile = best_side(length, TALLEST)
    found = windows(length, tile)
    n_cells = math.ceil((length - 2) / 2) - 4
    cells = [cell for window in found for cell in range(window.first, window.end)]
    assert cells == list(range(n_cells))
    for window in found:
        assert window.start % 2 == 0
        # A cell's pixels are in the tile, but for the row that the level itself lacks.
        assert 2 * window.first >= window.start
        last_pixel = min(2 * (window.end - 1) + 11, length - 1)
        assert last_pixel < window.start + tile


def test_one_band_gives_what_many_do(ours: Mtcnn, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = np.asarray(make_scene((900, 600), heights=(260, 150, 90)).image)
    expected = ours.search(picture)
    monkeypatch.setattr("opqn_app.vision.mtcnn_networks.BAND", FAST.pixels)
    found = ours.search(picture)
    np.testing.assert_allclose(found.boxes, expected.boxes, rtol=0, atol=BOX_TOLERANCE)
    np.testing.assert_allclose(found.landmarks, expected.landmarks, rtol=0, atol=BOX_TOLERANCE)


def test_candidates_outside_the_picture_are_left_out(
    ours: Mtcnn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """facenet-pytorch 2.5.3 raises IndexError for one."""
    picture = np.asarray(make_scene((900, 600), heights=(260, 150, 90)).image)
    expected, proposed = ours.search(picture), ours._proposed
    stray = np.array([[-90, -90, -50, -50], [2000, 10, 2040, 50]], np.float32)
    monkeypatch.setattr(ours, "_proposed", lambda table: np.concatenate([proposed(table), stray]))
    np.testing.assert_allclose(ours.search(picture).boxes, expected.boxes, rtol=0, atol=1e-3)
