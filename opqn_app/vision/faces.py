"""From a photo to its faces: the one path that indexing and queries share."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from opqn_app.core.depth import FAST
from opqn_app.core.types import Box, Crops, DetectedFace, FaceDetector, FaceQuality, Floats
from opqn_app.vision.align import align_face, is_alignable
from opqn_app.vision.images import Photo
from opqn_app.vision.quality import sharpness


@dataclass(frozen=True, slots=True, eq=False)
class FoundFace:
    """A face in a photo, ready to be encoded.

    Attributes:
        box: in pixels of the original upright photo.
        landmarks: (5, 2), likewise; order as in DetectedFace.
        crop: (112, 112, 3) sRGB, aligned.
    """

    box: Box
    landmarks: Floats
    quality: FaceQuality
    crop: Crops


def find_faces(
    photo: Photo, detector: FaceDetector, *, pixels: int = FAST.pixels
) -> list[FoundFace]:
    """All faces of a photo, largest first, ties from left to right.

    Detections without area or with impossible landmarks are left out.

    Args:
        pixels: of the copy that is searched, at most.
    """
    detected = detector.detect(photo.image, pixels)
    faces = [found_face(photo, seen) for seen in detected if _is_sound(seen, photo.image.size)]
    return sorted(faces, key=lambda face: (-face.box.area, face.box.left, face.box.top))


def wider_crop(photo: Photo, face: FoundFace, margin: int) -> Crops:
    """The crop of a face with `margin` px more on each side: (112 + 2 · margin, …, 3) RGB."""
    if not margin:
        return face.crop
    shrunk = np.array([photo.image.width / photo.width, photo.image.height / photo.height])
    landmarks = (face.landmarks * shrunk).astype(np.float32)
    return _crop(photo, landmarks, margin)


def _is_sound(seen: DetectedFace, picture: tuple[int, int]) -> bool:
    box = seen.box
    is_finite = bool(np.isfinite((box.left, box.top, box.right, box.bottom)).all())
    return is_finite and box.area > 0.0 and is_alignable(seen.landmarks, picture)


def found_face(photo: Photo, seen: DetectedFace) -> FoundFace:
    """A face of a photo, of a detection in pixels of `photo.image` that can be aligned."""
    across, down = photo.width / photo.image.width, photo.height / photo.image.height
    box = Box(
        seen.box.left * across,
        seen.box.top * down,
        seen.box.right * across,
        seen.box.bottom * down,
    )
    crop = _crop(photo, seen.landmarks)
    quality = FaceQuality(
        size_px=min(box.width, box.height),
        confidence=seen.confidence,
        sharpness=sharpness(crop),
    )
    landmarks = (seen.landmarks * (across, down)).astype(np.float32)
    return FoundFace(box, landmarks, quality, crop)


def _crop(photo: Photo, landmarks: Floats, margin: int = 0) -> Crops:
    crop = align_face(photo.image, landmarks, margin=margin)
    if photo.colours is None:
        return crop
    return np.asarray(photo.in_srgb(Image.fromarray(crop)), dtype=np.uint8)
