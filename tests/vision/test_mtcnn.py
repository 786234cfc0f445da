"""Our MTCNN against facenet-pytorch's, which has the same weights."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from facenet_pytorch import MTCNN
from PIL import Image

from opqn_app.cli.demo import load_answers
from opqn_app.core import paths
from opqn_app.core.depth import FAST
from opqn_app.vision.copies import bounded_copy
from opqn_app.vision.images import open_photo
from opqn_app.vision.mtcnn import Faces, Mtcnn, _nms_of_the_smaller
from tests.orl_scenes import make_scene

BOX_TOLERANCE = 0.05  # pixels of the picture searched
SCORE_TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def ours() -> Mtcnn:
    return Mtcnn(20, torch.device("cpu"))


@pytest.fixture(scope="module")
def theirs() -> MTCNN:
    return MTCNN(keep_all=True, min_face_size=20, device="cpu").eval()


def assert_same(found: Faces, image: Image.Image, theirs: MTCNN) -> None:
    boxes, scores, landmarks = theirs.detect(image, landmarks=True)
    if boxes is None:
        assert len(found.boxes) == 0
        return
    assert len(found.boxes) == len(boxes)
    order = np.argsort(found.boxes[:, 0]), np.argsort(boxes[:, 0].astype(np.float32))
    for mine, other, tolerance in (
        (found.boxes, boxes, BOX_TOLERANCE),
        (found.landmarks, landmarks, BOX_TOLERANCE),
        (found.scores, scores, SCORE_TOLERANCE),
    ):
        expected = other.astype(np.float32)[order[1]]
        np.testing.assert_allclose(mine[order[0]], expected, rtol=0, atol=tolerance)


def pictures() -> Iterator[Image.Image]:
    """Photos of the sample, and composites of even and odd sides, wide, tall and small."""
    sample = paths.resource("sample")
    answers = load_answers(sample)
    for photo in [*sorted(answers.groups)[:5], *sorted(answers.singles)[::25]]:
        yield bounded_copy(open_photo(sample / "photos" / photo).image, FAST.pixels)
    for size in ((801, 600), (640, 481), (333, 257), (1500, 300), (220, 700), (64, 53)):
        yield make_scene(size, heights=(size[1] // 2, size[1] // 3, size[1] // 5)).image


@pytest.mark.slow
def test_same_faces_as_facenet_pytorch(ours: Mtcnn, theirs: MTCNN) -> None:
    n_faces = 0
    for picture in pictures():
        found = ours.search(np.asarray(picture))
        assert_same(found, picture, theirs)
        n_faces += len(found.boxes)
    assert n_faces >= 20


def test_one_band_gives_what_many_do(ours: Mtcnn, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = np.asarray(make_scene((900, 600), heights=(260, 150, 90)).image)
    expected = ours.search(picture)
    monkeypatch.setattr("opqn_app.vision.mtcnn.BAND", FAST.pixels)
    found = ours.search(picture)
    np.testing.assert_allclose(found.boxes, expected.boxes, rtol=0, atol=BOX_TOLERANCE)
    np.testing.assert_allclose(found.landmarks, expected.landmarks, rtol=0, atol=BOX_TOLERANCE)


def test_candidates_outside_the_picture_are_left_out(
    ours: Mtcnn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """facenet-pytorch 2.5.3 raises IndexError for one."""
    picture = np.asarray(make_scene((900, 600), heights=(260, 150, 90)).image)
    expected, proposed = ours.search(picture), ours._proposed
    stray = torch.tensor([[-90.0, -90.0, -50.0, -50.0], [2000.0, 10.0, 2040.0, 50.0]])
    monkeypatch.setattr(ours, "_proposed", lambda table: torch.cat([proposed(table), stray]))
    np.testing.assert_allclose(ours.search(picture).boxes, expected.boxes, rtol=0, atol=1e-3)


def test_a_face_inside_a_better_one_goes() -> None:
    boxes = np.array([[0, 0, 99, 99], [20, 20, 59, 59], [200, 0, 299, 99]], np.float32)
    assert _nms_of_the_smaller(boxes, np.array([0.8, 0.9, 0.7], np.float32), 0.7) == [1, 2]
    assert _nms_of_the_smaller(boxes[:0], np.empty(0, np.float32), 0.7) == []
