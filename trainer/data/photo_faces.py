"""The face of a labelled photo: found, chosen and cut out once for evaluation and `prepare`."""

from dataclasses import dataclass

from opqn_app.core.errors import NoFaceFound, OpqnError
from opqn_app.core.types import Crops, FaceDetector
from opqn_app.vision.align import CROP_SIZE
from opqn_app.vision.apart import read_photo
from opqn_app.vision.faces import find_faces, wider_crop


@dataclass(frozen=True, slots=True)
class FaceWish:
    """Which face of a photo, and how much around it.

    Attributes:
        several: of a photo with several faces take the "largest", or "skip" the photo.
        min_side: px of the photo; a face whose box has a shorter side counts as none.
        side: px of the crop; its middle 112 × 112 is the app's.
    """

    several: str = "largest"
    min_side: int = 0
    side: int = CROP_SIZE


class FaceRefused(OpqnError):
    """A photo whose faces are not as wished.

    Args:
        kind: "too_small" or "several_faces".
        reason: a plain clause.
    """

    def __init__(self, name: str, kind: str, reason: str) -> None:
        super().__init__(f"{name} is left out: {reason}.")
        self.kind = kind
        self.reason = reason


def face_of(
    data: bytes, name: str, detector: FaceDetector, wish: FaceWish, partly: dict[str, str]
) -> Crops:
    """The aligned crop (side, side, 3) of the face that stands for a photo.

    Args:
        data: content of a photo file.
        name: for messages; its suffix tells RAW photos apart.
        partly: gets what is missing of the photo, under its name.

    Raises:
        PhotoUnreadable, NoFaceFound, FaceRefused: there is none.
    """
    photo = read_photo(data, name)
    if photo.fault is not None:
        partly[name] = photo.fault
    faces = find_faces(photo, detector)
    if not faces:
        raise NoFaceFound(name)
    large = [face for face in faces if face.quality.size_px >= wish.min_side]
    if not large:
        size = max(face.quality.size_px for face in faces)
        raise FaceRefused(name, "too_small", f"the face is {size:.0f} px, below {wish.min_side}")
    if len(large) > 1 and wish.several == "skip":
        raise FaceRefused(name, "several_faces", f"it shows {len(large)} faces")
    return wider_crop(photo, large[0], (wish.side - CROP_SIZE) // 2)
