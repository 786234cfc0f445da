"""Looks again where no face is surely seen: at the photo turned, and with a border around it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from opqn_app.core.depth import FAST
from opqn_app.core.types import Box, DetectedFace, FaceDetector, Floats
from opqn_app.vision.copies import bounded_copy, reduced
from opqn_app.vision.suppression import without_doubles

GREY = (127, 127, 127)  # of the border
OVERLAP = 0.3  # intersection over union from which on two boxes are one face
_TURNS = (None, *(Image.Transpose[name] for name in ("ROTATE_90", "ROTATE_180", "ROTATE_270")))


class PreparedDetector(FaceDetector, Protocol):
    """A FaceDetector whose networks can be read before they are used."""

    def prepare(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Look:
    """One way to look at a photo again.

    Attributes:
        turns: quarter turns against the clock, 0 to 3.
        border: that is put around it, as a share of its longer side.
        pixels: of the small copy, border included, that tells whether this look is the right one.
    """

    turns: int
    border: float
    pixels: int


# A scan may lie on any side; a profile picture may show less of a head than detectors want to see,
# and then the head fills it.
LOOKS = (
    *(Look(turns, 0.0, 400 * 300) for turns in (1, 2, 3)),
    *(Look(turns, 0.5, 192 * 192) for turns in (0, 1, 2, 3)),
)
NEAR = 1024  # pixels of the longer side, at least, of what all the small copies are made of
SMALLEST = 0.04  # of the photo's longer side; smaller faces are no evidence, too many are false


class TurningDetector:
    """A FaceDetector that also finds the faces of photos stored on their side, and of tight ones.

    A photo is first searched as it is. A detector is surer of a face that is upright than of one
    on its side, so a sure face means that the photo lies right, and nothing more is done. Else
    all `LOOKS` are tried on small copies, and the photo is searched the way that shows the most
    evidence. This counts only if it bears out what the small copy showed, and shows more than the
    photo as it is: each look at a photo without people is one more chance to be wrong.

    Faces come back in the photo's own frame. Safe to share between threads if the detector is.

    Args:
        detector: that is asked, also known as `asked`.
        sure: confidence from which on a face counts as surely seen.
        least: confidence from which on a face counts as evidence.
    """

    def __init__(self, detector: PreparedDetector, *, sure: float, least: float) -> None:
        self.asked = detector
        self._sure = sure
        self._least = least

    def prepare(self) -> None:
        """Read the networks now instead of when they are first used."""
        self.asked.prepare()

    def detect(self, image: Image.Image, pixels: int = FAST.pixels) -> list[DetectedFace]:
        """Faces of an RGB picture of any size, in its own pixels, in no stated order.

        Of a face on its side the landmarks are still in order as seen upright.
        """
        found = self.asked.detect(image, pixels)
        if any(face.confidence >= self._sure for face in found):
            return found
        near = reduced(image, NEAR)
        glimpses = [self._evidence(self._search(near, look, look.pixels), near) for look in LOOKS]
        best = max(range(len(LOOKS)), key=glimpses.__getitem__)
        if not glimpses[best]:
            return found
        again = self._search(image, LOOKS[best], pixels)
        if self._evidence(again, image) <= self._evidence(found, image):
            return found
        return without_doubles([*again, *found], OVERLAP)

    def _evidence(self, faces: Sequence[DetectedFace], image: Image.Image) -> float:
        """The logarithm of the odds that all that count are faces; 0 if none does."""
        smallest = SMALLEST * max(image.size)
        odds = 0.0
        for face in faces:
            if face.confidence >= self._least and face.box.height >= smallest:
                sure = min(face.confidence, 0.9999)
                odds += math.log(sure / (1.0 - sure))
        return odds

    def _search(self, image: Image.Image, look: Look, pixels: int) -> list[DetectedFace]:
        """Faces in pixels of `image`; `pixels` are those of the copy, border included."""
        longer, shorter = max(image.size), min(image.size)
        around = 2 * look.border * longer
        share = longer * shorter / ((longer + around) * (shorter + around))
        copy = bounded_copy(image, max(1, int(pixels * share)), gap=2.0)
        rim = round(look.border * max(copy.size))
        scale = np.array([image.width / copy.width, image.height / copy.height])
        seen = self.asked.detect(_turned(_framed(copy, rim), look.turns), pixels)
        size = copy.width + 2 * rim, copy.height + 2 * rim
        return [_moved(face, look.turns, size, rim, scale) for face in seen]


def _framed(copy: Image.Image, rim: int) -> Image.Image:
    if not rim:
        return copy
    framed = Image.new("RGB", (copy.width + 2 * rim, copy.height + 2 * rim), GREY)
    framed.paste(copy, (rim, rim))
    return framed


def _turned(copy: Image.Image, turns: int) -> Image.Image:
    method = _TURNS[turns]
    return copy if method is None else copy.transpose(method)


def _moved(
    face: DetectedFace, turns: int, size: tuple[int, int], rim: int, scale: NDArray[np.float64]
) -> DetectedFace:
    """A face of the turned copy, in the photo; `size` is that of the copy before it was turned."""
    box = face.box
    corners = np.array([(box.left, box.top), (box.right, box.bottom)])
    ends = (_turned_back(corners, turns, size) - rim) * scale
    landmarks: Floats = ((_turned_back(face.landmarks, turns, size) - rim) * scale).astype(
        np.float32
    )
    (left, top), (right, bottom) = ends.min(axis=0).tolist(), ends.max(axis=0).tolist()
    return DetectedFace(Box(left, top, right, bottom), landmarks, face.confidence)


def _turned_back(
    points: NDArray[np.floating], turns: int, size: tuple[int, int]
) -> NDArray[np.float64]:
    """(n, 2) x, y of a picture after `turns`, as they were before, when it had `size`."""
    x, y = points.astype(np.float64).T
    width, height = size
    back = ((x, y), (width - y, x), (width - x, height - y), (y, height - x))
    return np.column_stack(back[turns])
