"""The vocabulary all layers share: arrays, boxes, faces, and what finds them."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Codes = NDArray[Any]  # (n, M) uint8 or uint16: word b_im of face i in book m
Lut = NDArray[np.float32]  # (M, K): score contribution p_m[k] of word k in book m, Eq. 18
Crops = NDArray[np.uint8]  # (n, 112, 112, 3) aligned RGB faces
Floats = NDArray[np.float32]
Ids = NDArray[np.int64]

SAME_FACE = 0.3  # intersection over union from which on two boxes of a photo are one face
SMALL_FACE_PX = 40.0  # below this a face is marked "small"
UNCERTAIN_CONFIDENCE = 0.97  # below this a face is marked "uncertain"
BLURRED_SHARPNESS = 15.0  # below this a face is marked "blurred"; see vision.quality.sharpness


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of the upright photo (EXIF rotation applied, full resolution)."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def area(self) -> float:
        return max(self.width, 0.0) * max(self.height, 0.0)

    def scaled(self, factor: float) -> "Box":
        """The same rectangle in a picture `factor` times as large."""
        return Box(self.left * factor, self.top * factor, self.right * factor, self.bottom * factor)

    def overlap(self, other: "Box") -> float:
        """Intersection over union with `other`, 0 to 1."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        shared = max(width, 0.0) * max(height, 0.0)
        union = self.area + other.area - shared
        return shared / union if union > 0 else 0.0


@dataclass(frozen=True, slots=True)
class FaceQuality:
    """How far a face can be trusted.

    Attributes:
        size_px: shorter side of the box in pixels of the original photo.
        confidence: detector score, 0 to 1.
        sharpness: variance of the Laplacian of the aligned grey crop (0 = flat).
    """

    size_px: float
    confidence: float
    sharpness: float

    @property
    def weaknesses(self) -> tuple[str, ...]:
        """Any of "small", "blurred", "uncertain"; empty for a good face."""
        marks = []
        if self.size_px < SMALL_FACE_PX:
            marks.append("small")
        if self.sharpness < BLURRED_SHARPNESS:
            marks.append("blurred")
        if self.confidence < UNCERTAIN_CONFIDENCE:
            marks.append("uncertain")
        return tuple(marks)


@dataclass(frozen=True, slots=True, eq=False)
class DetectedFace:
    """A face as the detector reports it, in pixels of the picture it was given.

    Attributes:
        landmarks: (5, 2) float32, x and y of: left eye, right eye, nose, left and right mouth
            corner; "left" is left in the picture.
    """

    box: Box
    landmarks: Floats
    confidence: float


class FaceDetector(Protocol):
    """Finds faces in an upright RGB picture, on a copy of at most `pixels` pixels in all."""

    def detect(self, image: Image.Image, pixels: int) -> list[DetectedFace]: ...
