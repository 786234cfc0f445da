"""YuNet behind the same protocol, on composed photos."""

import numpy as np
import pytest
from PIL import Image, ImageOps

from opqn_app.core.errors import SettingsError
from opqn_app.core.types import Box
from opqn_app.vision.detect import MtcnnDetector, make_detector
from tests.orl_scenes import Scene, make_scene

pytest.importorskip("cv2", reason="the extra 'yunet' is not installed")

from opqn_app.vision.yunet import YunetDetector


@pytest.fixture(scope="module")
def yunet() -> YunetDetector:
    return YunetDetector()


def inside(portrait: Box, face: Box) -> bool:
    x, y = (face.left + face.right) / 2, (face.top + face.bottom) / 2
    return portrait.left < x < portrait.right and portrait.top < y < portrait.bottom


def test_each_face_is_found_once(yunet: YunetDetector, scene: Scene) -> None:
    found = yunet.detect(scene.image)
    assert len(found) == len(scene.boxes)
    for portrait in scene.boxes:
        assert sum(inside(portrait, face.box) for face in found) == 1


def test_faces_that_fill_the_photo_and_small_ones_are_found(yunet: YunetDetector) -> None:
    """A face of 900 px in the searched copy is three times what YuNet was trained on."""
    large = make_scene((1800, 1500), heights=(1450, 120))
    found = yunet.detect(large.image)
    assert [sum(inside(portrait, face.box) for face in found) for portrait in large.boxes] == [1, 1]


def test_landmarks_are_those_of_mtcnn_in_the_same_order(
    yunet: YunetDetector, detector: MtcnnDetector, scene: Scene
) -> None:
    """YuNet names the person's right eye first, which is left in the picture; mirrored too."""
    for image in (scene.image, ImageOps.mirror(scene.image)):
        for face in yunet.detect(image):
            left_eye, right_eye, nose, left_mouth, right_mouth = face.landmarks
            assert left_eye[0] < nose[0] < right_eye[0]
            assert left_mouth[0] < right_mouth[0]
            assert max(left_eye[1], right_eye[1]) < nose[1] < min(left_mouth[1], right_mouth[1])
            assert face.landmarks.dtype == np.float32
            other = max(detector.detect(image), key=lambda seen: seen.box.overlap(face.box))
            apart = np.linalg.norm(face.landmarks - other.landmarks, axis=1).mean()
            assert apart < 0.15 * np.linalg.norm(right_eye - left_eye)


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (15, 2000), (20, 20), (4000, 3), (33, 64)])
def test_pictures_without_faces_give_none(yunet: YunetDetector, size: tuple[int, int]) -> None:
    assert yunet.detect(Image.new("RGB", size, (120, 110, 100))) == []


def test_same_picture_gives_the_same_faces(yunet: YunetDetector, scene: Scene) -> None:
    yunet.detect(make_scene((500, 700), heights=(200,)).image)
    once, again = yunet.detect(scene.image), YunetDetector().detect(scene.image)
    assert [face.box for face in once] == [face.box for face in again]


def test_the_setting_names_the_detector() -> None:
    assert isinstance(make_detector("yunet").asked, YunetDetector)
    assert isinstance(make_detector("mtcnn").asked, MtcnnDetector)
    with pytest.raises(SettingsError, match="one of mtcnn, yunet"):
        make_detector("dlib")


def test_a_missing_opencv_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opqn_app.vision.detect.is_installed", lambda package: False)
    with pytest.raises(SettingsError, match="needs OpenCV"):
        make_detector("yunet")
