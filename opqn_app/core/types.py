"""The vocabulary all layers share: arrays, boxes, faces, and the two protocols ML hides behind."""

from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Codes = NDArray[Any]  # (n, M) uint8 or uint16: word b_im of face i in book m
Lut = NDArray[np.float32]  # (M, K): score contribution p_m[k] of word k in book m, Eq. 18
Crops = NDArray[np.uint8]  # (n, 112, 112, 3) aligned RGB faces
Floats = NDArray[np.float32]
Ids = NDArray[np.int64]

SMALL_FACE_PX = 40.0  # below this a face is marked "small"
UNCERTAIN_CONFIDENCE = 0.97  # below this a face is marked "uncertain"
USUAL_FACES = 50  # as many faces as the usual median of strangers counts for in a library
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


@dataclass(frozen=True, slots=True)
class Calibration:
    """Raw score → probability that two faces are the same person.

    A logistic curve fitted on validation identities: σ(slope · score + intercept). The prior is in
    the intercept: how common the person is in a library is assumed when the curve is fitted, for
    the bundled models `trainer.evaluate.calibration.MATCH_SHARE` of its faces.

    Strangers are more alike in one library than in another, as in portraits of one studio. A curve
    that follows moves with how high a query scores among strangers, see `among`.

    Attributes:
        usual: the median score of strangers where the curve was fitted; says nothing of a curve
            that stays.
        following: the curve moves, up or down, by this share, 0 to 1, of the difference between
            the median of this library's strangers and `usual`; 0 for a curve that stays.
    """

    slope: float
    intercept: float
    usual: float = 0.0
    following: float = 0.0

    def among(self, scores: Floats) -> "Calibration":
        """The curve for one query in one library; the order of the faces stays what it is.

        Strangers are taken to be the faces that are not likely the person by the curve as it was
        fitted. Where they are a small share of the library, poor photos of the person may be most
        of them: the curve moves by no more than their share. Few faces in all tell little too.

        Args:
            scores: (n,) of the library's faces with the query, or of a fair sample of them.
        """
        shift = self.shift_among(scores)
        return replace(self, intercept=self.intercept - self.slope * shift, following=0.0)

    def shift_among(self, scores: Floats) -> float:
        """How much higher, or lower, a score must be for the same probability; see `among`."""
        if not self.following:
            return 0.0
        strangers = scores[scores < self.score_at(0.5)]
        if not len(strangers):
            return 0.0
        known = len(strangers) / (len(scores) + USUAL_FACES)
        return self.following * known * (float(np.median(strangers)) - self.usual)

    def probability(self, scores: Floats) -> Floats:
        """Probabilities of `scores`, same shape, 0 to 1, never decreasing."""
        x = self.slope * np.asarray(scores, dtype=np.float64) + self.intercept
        return (1.0 / (1.0 + np.exp(-np.clip(x, -60.0, 60.0)))).astype(np.float32)

    def score_at(self, probability: float) -> float:
        """The raw score at which the curve reaches `probability` (0 < probability < 1)."""
        return (float(np.log(probability / (1.0 - probability))) - self.intercept) / self.slope


class FaceDetector(Protocol):
    """Finds faces in an upright RGB picture, on a copy of at most `pixels` pixels in all."""

    def detect(self, image: Image.Image, pixels: int) -> list[DetectedFace]: ...


class FaceEncoder(Protocol):
    """Turns aligned crops into codes (gallery side) and look-up tables (query side)."""

    @property
    def model_id(self) -> str: ...  # fingerprint of weights, config and preprocessing
    @property
    def name(self) -> str: ...  # for people, e.g. "bundled-64"
    @property
    def n_books(self) -> int: ...  # M
    @property
    def n_words(self) -> int: ...  # K
    @property
    def calibration(self) -> Calibration | None: ...  # None: the model has none
    def encode(self, crops: Crops) -> Codes: ...  # (n, 112, 112, 3) → (n, M)
    def luts(self, crops: Crops) -> Floats: ...  # (n, 112, 112, 3) → (n, M, K)
