"""MtcnnDetector with its real network on composed photos."""

import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from opqn_app.core.types import Box, DetectedFace
from opqn_app.vision.detect import MtcnnDetector
from opqn_app.vision.faces import find_faces
from opqn_app.vision.images import read_photo
from tests.odd_files import encoded, exif_bytes, turned
from tests.orl_scenes import Scene, make_scene


def holds(portrait: Box, face: Box) -> bool:
    """Whether a found face is the one of that portrait, which it fills for the most part."""
    x, y = (face.left + face.right) / 2, (face.top + face.bottom) / 2
    inside = portrait.left < x < portrait.right and portrait.top < y < portrait.bottom
    return inside and 0.35 * portrait.height < face.height < 1.15 * portrait.height


def assert_one_each(portraits: Sequence[Box], faces: Sequence[Box]) -> None:
    assert len(faces) == len(portraits)
    assert all(any(holds(portrait, face) for face in faces) for portrait in portraits)


def numbers(faces: Sequence[DetectedFace]) -> list[list[float]]:
    return sorted([f.box.left, f.box.top, f.box.right, f.box.bottom, f.confidence] for f in faces)


def test_all_faces_are_found_where_they_are(detector: MtcnnDetector, scene: Scene) -> None:
    assert_one_each(scene.boxes, [face.box for face in detector.detect(scene.image)])


def test_faces_of_a_large_photo_are_found_in_its_own_pixels(detector: MtcnnDetector) -> None:
    large = make_scene((3000, 2000), heights=(900, 400, 160))
    assert_one_each(large.boxes, [face.box for face in detector.detect(large.image)])


def test_landmarks_are_ordered_and_lie_inside(detector: MtcnnDetector, scene: Scene) -> None:
    """Left is left in the picture, so a mirrored picture keeps the order too."""
    for image in (scene.image, ImageOps.mirror(scene.image)):
        for face in detector.detect(image):
            left_eye, right_eye, nose, left_mouth, right_mouth = face.landmarks
            assert left_eye[0] < nose[0] < right_eye[0]
            assert left_mouth[0] < right_mouth[0]
            assert max(left_eye[1], right_eye[1]) < nose[1] < min(left_mouth[1], right_mouth[1])
            assert face.box.left < left_eye[0] < right_eye[0] < face.box.right
            assert face.landmarks.dtype == np.float32


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["JPEG", "HEIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_turned_photos_give_the_same_boxes_and_upright_crops(
    detector: MtcnnDetector, kind: str, orientation: int
) -> None:
    scene = make_scene((1300, 900), heights=(500, 220))
    upright = read_photo(encoded(scene.image, "PNG"), "a.png", max_side=1000)
    data = encoded(turned(scene.image, orientation), kind, exif=exif_bytes(orientation), quality=92)
    photo = read_photo(data, "a", max_side=1000)
    found, expected = find_faces(photo, detector), find_faces(upright, detector)
    assert (photo.width, photo.height) == (1300, 900)
    assert_one_each(scene.boxes, [face.box for face in found])
    for one, other in zip(found, expected, strict=True):
        assert one.box.overlap(other.box) > 0.9
        np.testing.assert_allclose(one.landmarks, other.landmarks, atol=one.box.width * 0.04)
        difference = one.crop.astype(np.float32) - other.crop.astype(np.float32)
        assert np.abs(difference).mean() < 12  # upside down or mirrored it is over 40


@pytest.mark.parametrize(
    "size", [(1, 1), (1, 500), (15, 2000), (19, 19), (20, 20), (21, 64), (4000, 3), (2000, 25)]
)
def test_pictures_of_any_shape_without_faces_give_none(
    detector: MtcnnDetector, size: tuple[int, int]
) -> None:
    assert detector.detect(Image.new("RGB", size, (120, 110, 100))) == []


def test_noise_has_no_confident_faces(detector: MtcnnDetector) -> None:
    values = np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8)
    assert detector.detect(Image.fromarray(values)) == []


def test_same_picture_gives_the_same_faces(detector: MtcnnDetector, scene: Scene) -> None:
    first = numbers(detector.detect(scene.image))
    assert first == numbers(detector.detect(scene.image))
    assert first == numbers(MtcnnDetector().detect(scene.image))


def test_one_detector_serves_several_threads(detector: MtcnnDetector, scene: Scene) -> None:
    expected = numbers(detector.detect(scene.image))
    results: list[list[list[float]]] = []

    def search() -> None:
        results.append(numbers(detector.detect(scene.image)))

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [expected] * 3


SEARCH_MANY_SIZES = """
import psutil
from tests.orl_scenes import make_scene
from opqn_app.vision.detect import MtcnnDetector

detector, process = MtcnnDetector(), psutil.Process()
scene = make_scene((900, 700), heights=(200, 150, 90)).image
for step in range(80):
    detector.detect(scene.crop((0, 0, 500 + step * 37 % 400, 400 + step * 53 % 300)))
    if step == 20:
        before = process.memory_info().rss
print((process.memory_info().rss - before) // 1_000_000)
"""


@pytest.mark.slow
def test_memory_stays_bounded_over_photos_of_many_sizes() -> None:
    """Tiles have few shapes, so after some sizes of photos little is left to be compiled."""
    tests = Path(__file__).parent.parent
    done = subprocess.run(
        [sys.executable, "-c", SEARCH_MANY_SIZES],
        cwd=tests.parent,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(tests), str(tests.parent)])},
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
    )
    assert int(done.stdout) < 150
