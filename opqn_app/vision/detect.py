"""Finds faces with MTCNN; the only module that knows facenet-pytorch."""

import threading
from typing import Any

import numpy as np
from PIL import Image

from opqn_app.types import Box, DetectedFace

MAX_SIDE = 1024  # of the copy that is searched
MIN_FACE = 24  # pixels of that copy
MIN_CONFIDENCE = 0.90


class MtcnnDetector:
    """The FaceDetector of the app: MTCNN (Zhang et al., 2016) with facenet-pytorch's weights."""

    def __init__(self, device: Any = "cpu") -> None:
        import torch
        from facenet_pytorch import MTCNN

        self._lock = threading.Lock()
        self._network = MTCNN(
            keep_all=True, min_face_size=MIN_FACE, device=torch.device(device)
        ).eval()

    def detect(self, image: Image.Image) -> list[DetectedFace]:
        """Faces of an upright RGB picture, in its own pixels."""
        factor = min(1.0, MAX_SIDE / max(image.size))
        size = max(1, round(image.width * factor)), max(1, round(image.height * factor))
        if min(size) < MIN_FACE:
            return []  # facenet-pytorch would fail on an empty pyramid
        copy = image.resize(size, Image.Resampling.BILINEAR) if factor < 1.0 else image
        with self._lock:
            boxes, scores, points = self._network.detect(copy, landmarks=True)
        if boxes is None:
            return []
        across, down = image.width / size[0], image.height / size[1]
        found = []
        for box, score, five in zip(boxes, scores, points, strict=True):
            if score >= MIN_CONFIDENCE:
                left, top, right, bottom = (float(v) for v in box)
                found.append(
                    DetectedFace(
                        box=Box(left * across, top * down, right * across, bottom * down),
                        landmarks=(np.asarray(five) * (across, down)).astype(np.float32),
                        confidence=float(score),
                    )
                )
        return found
