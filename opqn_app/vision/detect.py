"""Finds faces with MTCNN; the only module that knows facenet-pytorch."""

import math
import os
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from opqn_app.types import Box, DetectedFace, Floats

if TYPE_CHECKING:
    import torch

COPY_PIXELS = 1024 * 768  # of the copy that is searched
MIN_FACE = 20  # pixels of that copy
MIN_CONFIDENCE = 0.90


class MtcnnDetector:
    """The FaceDetector of the app: MTCNN (Zhang et al. 2016) with facenet-pytorch's weights.

    It searches a copy of at most 1024×768 pixels for faces from 20 px up, which is 2 % of the
    photo's width. Measured on one thread of a 2-core machine, 25 scenes of 2048×1365 with 8
    faces each, recall of patches 60 and 50 px high in the scene: 640 px wide 0.64 and 0.16 in
    0.08 s; 1024 px wide 1.00 and 1.00 in 0.14 s; 2048 px wide no better in 0.43 s. A minimum
    of 32 px instead of 20 saves 0.04 s and loses three quarters of the smallest. What is found
    with less than 0.90 confidence is mostly no face.

    Safe to share between threads (one searches at a time); the same picture gives the same
    faces.
    """

    def __init__(self, device: "torch.device | str" = "cpu") -> None:
        # oneDNN keeps a compiled kernel for each picture size and scale: 400 MB more after 300
        # photos of different sizes. Making kernels anew costs 10 % of an encoder's batch and
        # nothing measurable here. It is read at a process's first convolution.
        os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "0")
        import torch
        from facenet_pytorch import MTCNN

        self._lock = threading.Lock()
        self._network: Any = MTCNN(
            keep_all=True, min_face_size=MIN_FACE, device=torch.device(device)
        ).eval()

    def detect(self, image: Image.Image) -> list[DetectedFace]:
        """Faces of an upright RGB picture of any size, in its own pixels, in no stated order."""
        copy = _bounded_copy(image)
        if min(copy.size) < MIN_FACE:
            return []  # facenet-pytorch fails on an empty pyramid of scales
        scale = np.array([image.width / copy.width, image.height / copy.height])
        try:
            faces = self._search(copy)
        except IndexError:
            # facenet-pytorch skips a candidate wholly outside the picture, but not its box, and
            # then can't match the two. With a flat border around, none reaches outside.
            border = max(copy.size)
            faces = self._search(ImageOps.expand(copy, border), border)
        return [_detected(*face, scale) for face in faces if face[1] >= MIN_CONFIDENCE]

    def _search(self, copy: Image.Image, border: int = 0) -> list[tuple[Floats, float, Floats]]:
        with self._lock:
            boxes, scores, landmarks = self._network.detect(copy, landmarks=True)
        if boxes is None:
            return []
        return [
            (np.asarray(box, np.float32) - border, float(score), np.asarray(five) - border)
            for box, score, five in zip(boxes, scores, landmarks, strict=True)
        ]


def _bounded_copy(image: Image.Image) -> Image.Image:
    factor = math.sqrt(COPY_PIXELS / (image.width * image.height))
    if factor >= 1.0:
        return image
    size = max(1, int(image.width * factor)), max(1, int(image.height * factor))
    return image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)


def _detected(
    box: Floats, score: float, landmarks: Floats, scale: NDArray[np.float64]
) -> DetectedFace:
    left, top, right, bottom = (box.reshape(2, 2) * scale).ravel().tolist()
    return DetectedFace(
        box=Box(left, top, right, bottom),
        landmarks=(landmarks * scale).astype(np.float32),
        confidence=score,
    )
