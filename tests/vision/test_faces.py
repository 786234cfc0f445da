import numpy as np
import pytest
from PIL import Image

from opqn_app.core.types import Box, DetectedFace
from opqn_app.vision.align import TEMPLATE, align_face
from opqn_app.vision.faces import find_faces
from opqn_app.vision.images import Photo
from opqn_app.vision.quality import sharpness


class ListedFaces:
    """A detector that reports what it was given."""

    def __init__(self, *faces: DetectedFace) -> None:
        self.faces = list(faces)

    def detect(self, image: Image.Image, _pixels: int = 0) -> list[DetectedFace]:
        return list(self.faces)


def a_face(left: float, top: float, side: float, confidence: float = 0.99) -> DetectedFace:
    landmarks = (TEMPLATE / 112 * side + (left, top)).astype(np.float32)
    return DetectedFace(Box(left, top, left + side, top + side), landmarks, confidence)


def a_photo(factor: float = 1.0) -> Photo:
    blocks = np.random.default_rng(2).integers(0, 255, (30, 40, 3), np.uint8)
    image = Image.fromarray(blocks).resize((400, 300))
    return Photo(image, round(400 * factor), round(300 * factor), None)


def test_no_faces_give_an_empty_list() -> None:
    assert find_faces(a_photo(), ListedFaces()) == []


def test_largest_comes_first_and_ties_go_from_left_to_right() -> None:
    faces = [a_face(200, 10, 50), a_face(20, 10, 50), a_face(100, 100, 90), a_face(110, 10, 50)]
    found = find_faces(a_photo(), ListedFaces(*faces))
    assert [face.box.left for face in found] == [100, 20, 110, 200]


def test_boxes_and_landmarks_are_in_pixels_of_the_original() -> None:
    seen = a_face(20, 30, 80)
    (face,) = find_faces(a_photo(factor=5.0), ListedFaces(seen))
    assert face.box == Box(100, 150, 500, 550)
    np.testing.assert_allclose(face.landmarks, seen.landmarks * 5, rtol=1e-6)
    assert face.landmarks.dtype == np.float32
    assert face.quality.size_px == 400


def test_rounding_of_the_bounded_copy_does_not_shift_boxes() -> None:
    """20,000×100 shrinks to 2048×10: a little less across than down."""
    photo = Photo(Image.new("RGB", (2048, 10)), 20_000, 100, None)
    (face,) = find_faces(photo, ListedFaces(a_face(2040, 0, 8)))
    assert face.box.right == pytest.approx(20_000)
    assert face.box.bottom == pytest.approx(80)


def test_crop_is_taken_from_the_copy_at_hand() -> None:
    photo, seen = a_photo(factor=5.0), a_face(50, 40, 150, confidence=0.95)
    (face,) = find_faces(photo, ListedFaces(seen))
    np.testing.assert_array_equal(face.crop, align_face(photo.image, seen.landmarks))
    assert face.quality.sharpness == sharpness(face.crop)
    assert face.quality.confidence == 0.95


def broken(**changes: object) -> DetectedFace:
    good = a_face(10, 10, 60)
    parts = {"box": good.box, "landmarks": good.landmarks, "confidence": 0.99} | changes
    return DetectedFace(**parts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "face",
    [
        broken(box=Box(10, 10, 10, 60)),
        broken(box=Box(60, 60, 10, 10)),
        broken(box=Box(float("nan"), 0, 10, 10)),
        broken(box=Box(0, 0, float("inf"), 10)),
        broken(landmarks=np.full((5, 2), 30, np.float32)),
        broken(landmarks=np.full((5, 2), np.nan, np.float32)),
    ],
)
def test_degenerate_faces_are_left_out(face: DetectedFace) -> None:
    found = find_faces(a_photo(), ListedFaces(face, a_face(100, 100, 50)))
    assert [one.box.left for one in found] == [100]


def test_face_partly_outside_the_photo_is_kept() -> None:
    (face,) = find_faces(a_photo(), ListedFaces(a_face(-30, -20, 90)))
    assert face.box.left == -30
    assert face.crop.shape == (112, 112, 3)
