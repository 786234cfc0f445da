"""Finds faces with MTCNN in photos of any size."""

import threading
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from opqn_app.core.depth import FAST
from opqn_app.core.errors import SettingsError
from opqn_app.core.extras import how_to_install, is_installed
from opqn_app.core.types import Box, DetectedFace, Floats
from opqn_app.vision.copies import bounded_copy
from opqn_app.vision.mtcnn import Mtcnn
from opqn_app.vision.turned_faces import TurningDetector

MIN_FACE = 20  # pixels of the copy that is searched
MIN_CONFIDENCE = 0.90
# See vision.turned_faces. Portraits on their side reach 0.97, upright ones begin at 0.99. Of 359
# photos without people three show a face above 0.98 on the small copies; none is borne out.
SURE, EVIDENT = 0.98, 0.98


class MtcnnDetector:
    """The FaceDetector of the app: MTCNN (Zhang et al. 2016) with facenet-pytorch's weights.

    It searches a copy for faces from 20 px up: 2 % of the photo's width on the 1024×768 pixels of
    the fast pass. Measured on 25 scenes of 2048×1365 with 8 faces each, recall of patches 60 and 50
    px high in the scene: 640 px wide 0.64 and 0.16; 1024 px wide 1.00 and 1.00; 2048 px wide
    no better in three times the time. A minimum of 32 px instead of 20 saves a third and loses
    three quarters of the smallest. What is found with less than 0.90 confidence is mostly no face.

    Safe to share between threads (one searches at a time); the same picture gives the same
    faces.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()

    @cached_property
    def _network(self) -> Mtcnn:
        return Mtcnn(MIN_FACE)

    def prepare(self) -> None:
        """Read and compile the networks now instead of when they are first used."""
        with self._lock:
            _ = self._network

    def detect(self, image: Image.Image, pixels: int = FAST.pixels) -> list[DetectedFace]:
        """Faces of an upright RGB picture of any size, in its own pixels, in no stated order."""
        copy = bounded_copy(image, pixels)
        if min(copy.size) < MIN_FACE:
            return []
        scale = np.array([image.width / copy.width, image.height / copy.height])
        with self._lock:
            found = self._network.search(np.asarray(copy))
        faces = zip(found.boxes, found.scores.tolist(), found.landmarks, strict=True)
        return [_detected(*face, scale) for face in faces if face[1] >= MIN_CONFIDENCE]


def make_detector(name: str) -> TurningDetector:
    """The detector that the setting `name` asks for; its network is unread.

    It finds the faces of photos that lie on their side, too.

    Raises:
        SettingsError: there is none of that name, or it is not installed.
    """
    if name == "mtcnn":
        return TurningDetector(MtcnnDetector(), sure=SURE, least=EVIDENT)
    if name != "yunet":
        raise SettingsError("detector", f"'{name}' is not one of mtcnn, yunet")
    if not is_installed("cv2"):
        raise SettingsError("detector", f"yunet needs OpenCV: {how_to_install('yunet')}")
    from opqn_app.vision import yunet

    return TurningDetector(yunet.YunetDetector(), sure=yunet.SURE, least=yunet.EVIDENT)


def _detected(
    box: Floats, score: float, landmarks: Floats, scale: NDArray[np.float64]
) -> DetectedFace:
    left, top, right, bottom = (box.reshape(2, 2) * scale).ravel().tolist()
    return DetectedFace(
        box=Box(left, top, right, bottom),
        landmarks=(landmarks * scale).astype(np.float32),
        confidence=score,
    )
