"""A stored face as it is shown: see-through where its crop reaches beyond the photo.

A crop goes on beyond the photo with edge pixels, since a model needs a whole square. People would
see a smear that no photo has.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtGui import QImage

if TYPE_CHECKING:
    from opqn_app.core.types import Floats
    from opqn_app.store.library import Library
    from opqn_app.store.records import PlacedCrop


def face_pictures(library: "Library", face_ids: Sequence[int]) -> dict[int, QImage]:
    """Of each face, null where it has no crop; runs in a lane."""
    return {i: face_picture(library, i) for i in face_ids}


def face_picture(library: "Library", face_id: int) -> QImage:
    """Of one face, null where it has no crop."""
    crop = library.placed_crop(face_id)
    return QImage() if crop is None else picture_of(crop)


def picture_of(crop: "PlacedCrop") -> QImage:
    """What of a crop is photo, on nothing; null where it can't be decoded."""
    from opqn_app.vision.align import share_inside

    image = QImage.fromData(crop.webp)
    inside = share_inside(crop.landmarks, crop.photo_size)
    if not image.isNull() and inside.min() < 1.0:
        image.setAlphaChannel(_grey(inside))
    return image


def _grey(shares: "Floats") -> QImage:
    pixels = np.ascontiguousarray(np.rint(255 * shares), dtype=np.uint8)
    height, width = pixels.shape
    return QImage(pixels.data, width, height, width, QImage.Format.Format_Grayscale8).copy()
