"""Pictures for grids: decoded off the GUI thread, newest request first, the recent ones kept."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject
from PySide6.QtGui import QImage, QPixmap

from opqn_app.core.types import Box
from opqn_app.ui.work.face_pictures import face_pictures
from opqn_app.ui.work.jobs import read_library
from opqn_app.ui.work.lane_cache import LaneCache
from opqn_app.ui.work.tasks import LANES, TaskRunner

if TYPE_CHECKING:
    from opqn_app.vision.images import Photo

FACE_SURROUNDINGS = 1.5  # a face is shown with half its size around it
BATCH = 24  # pictures a job: quick to change course when the user scrolls on


class ThumbnailCache(LaneCache[QPixmap]):
    """Pixmaps by key; a null pixmap means there is no picture.

    Args:
        load: keys → QImages, run in the lane; a key that is left out has no picture.
        capacity: pixmaps to keep.
        batch: pictures a job; few where decoding is slow.
    """

    def __init__(
        self,
        runner: TaskRunner,
        load: Callable[[Sequence[Any]], Mapping[Any, QImage]],
        *,
        capacity: int = 1500,
        batch: int = BATCH,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(
            runner,
            "thumbs",
            load,
            _pixmap_of,
            capacity=capacity,
            batch=batch,
            jobs=LANES["thumbs"],
            parent=parent,
        )

    def pixmap(self, key: Hashable) -> QPixmap | None:
        """The picture, or None and a `ready` later."""
        return self.get(key)


def load_face_crops(library_path: Path, face_ids: Sequence[int]) -> dict[int, QImage]:
    """The pictures of faces; runs in the "thumbs" lane."""
    images = read_library(library_path, partial(face_pictures, face_ids=face_ids))
    return {i: image for i, image in images.items() if not image.isNull()}


def image_of_array(pixels: NDArray[np.uint8]) -> QImage:
    """A QImage with its own copy of (height, width, 3) RGB pixels."""
    rgb = np.ascontiguousarray(pixels)
    height, width, _ = rgb.shape
    return QImage(rgb.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def image_of_photo(photo: "Photo", max_side: int) -> QImage:
    """A QImage of a photo in sRGB, at most `max_side` pixels on its longer side."""
    small = photo.image
    if max(small.size) > max_side:
        small = small.copy()
        small.thumbnail((max_side, max_side))
    return image_of_array(np.asarray(photo.in_srgb(small), dtype=np.uint8))


def image_of_face(photo: "Photo", box: Box, side: int) -> QImage:
    """A square around a face of `photo`, `side` pixels wide, sharper than its aligned crop.

    Args:
        box: in pixels of the original photo.
    """
    shown = box.scaled(photo.image.width / photo.width)
    reach = min(max(shown.width, shown.height) * FACE_SURROUNDINGS, *photo.image.size) / 2
    x = min(max((shown.left + shown.right) / 2, reach), photo.image.width - reach)
    y = min(max((shown.top + shown.bottom) / 2, reach), photo.image.height - reach)
    square = photo.image.resize((side, side), box=(x - reach, y - reach, x + reach, y + reach))
    return image_of_array(np.asarray(photo.in_srgb(square), dtype=np.uint8))


def _pixmap_of(image: QImage | None) -> QPixmap:
    return QPixmap() if image is None else QPixmap.fromImage(image)
