"""Finds faces with YuNet through OpenCV, at the scales it was trained for."""

import threading
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from opqn_app.core import paths
from opqn_app.core.depth import FAST
from opqn_app.core.types import Box, DetectedFace, Floats
from opqn_app.vision.copies import bounded_copy
from opqn_app.vision.suppression import without_doubles

MODEL = "detectors/face_detection_yunet_2023mar.onnx"
LARGE_SIDE = 320  # longest side of the second copy, for faces that fill much of the photo
MIN_SIDE = 16  # of a copy
MIN_CONFIDENCE = 0.70
# See vision.turned_faces. Upside-down portraits reach 0.91, upright ones begin at 0.92. 359 photos
# without people show nothing above 0.81 on the small copies.
SURE, EVIDENT = 0.92, 0.85
OVERLAP = 0.3  # a face with more intersection over union with a surer one is the same


class YunetDetector:
    """A FaceDetector: YuNet (Wu et al., Machine Intelligence Research 2023), model of March 2023.

    It was trained on faces of 10 to 300 px, so a photo is searched twice: a copy of the
    pixels asked for, and one of 320 px for the largest.

    Safe to share between threads (one searches at a time).
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def prepare(self) -> None:
        """Read the network now instead of when it is first used."""
        with self._lock:
            _ = self._network

    @cached_property
    def _network(self) -> Any:
        import cv2

        # OpenCV 5 else warns at each start that it takes no target.
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)
        cv2.setNumThreads(1)  # other photos are searched on the other cores
        return cv2.FaceDetectorYN.create(
            str(paths.resource(MODEL)), "", (320, 320), MIN_CONFIDENCE, OVERLAP
        )

    def detect(self, image: Image.Image, pixels: int = FAST.pixels) -> list[DetectedFace]:
        """Faces of an upright RGB picture of any size, in its own pixels, surest first."""
        copy = bounded_copy(image, pixels)
        found = [self._search(image, copy)]
        if max(copy.size) > 2 * LARGE_SIDE:
            factor = LARGE_SIDE / max(copy.size)
            size = max(1, int(copy.width * factor)), max(1, int(copy.height * factor))
            small = copy.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
            found.append(self._search(image, small))
        faces = [_detected(row) for row in np.concatenate(found)]
        return without_doubles(sorted(faces, key=lambda face: -face.confidence), OVERLAP)

    def _search(self, image: Image.Image, copy: Image.Image) -> Floats:
        """(n, 15): box corner and size, five landmarks, score; in pixels of `image`."""
        if min(copy.size) < MIN_SIDE:
            return np.empty((0, 15), np.float32)
        pixels: NDArray[np.uint8] = np.ascontiguousarray(np.asarray(copy)[..., ::-1])  # BGR
        with self._lock:
            self._network.setInputSize(copy.size)
            faces = self._network.detect(pixels)[1]
        if faces is None:
            return np.empty((0, 15), np.float32)
        across, down = image.width / copy.width, image.height / copy.height
        scaled: Floats = (faces * ([across, down] * 7 + [1.0])).astype(np.float32)
        return scaled


def _detected(row: Floats) -> DetectedFace:
    left, top, width, height = row[:4].tolist()
    # YuNet begins with the person's right eye, which lies left in the picture.
    return DetectedFace(
        box=Box(left, top, left + width, top + height),
        landmarks=row[4:14].reshape(5, 2).copy(),
        confidence=float(row[14]),
    )
