"""Small pictures of whole photos, and what to show in their place when the disk is away."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QBrush, QImage, QPainter, QPixmap, QTransform

from opqn_app.core.errors import PhotoUnreadable
from opqn_app.store.records import FaceRecord, PhotoRecord
from opqn_app.ui.kit.thumbnails import image_of_photo
from opqn_app.ui.work.face_pictures import face_picture
from opqn_app.ui.work.jobs import read_library

if TYPE_CHECKING:
    from opqn_app.store.library import Library

THUMBNAIL_SIDE = 384  # pixels of the longer side; sharp on tiles of up to 320 px
BATCH = 4  # photos a job: decoding takes tens of milliseconds each


def load_photo_thumbnails(
    library_path: Path, photos: Sequence[PhotoRecord]
) -> dict[PhotoRecord, QImage]:
    """A thumbnail of each photo, or a stand-in made of its faces; runs in the "thumbs" lane."""
    images = {}
    missing = []
    for photo in photos:
        image = _decode(photo)
        if image is None:
            missing.append(photo)
        else:
            images[photo] = image
    if missing:
        images.update(_stand_ins(library_path, missing))
    return images


def is_stand_in(pixmap: QPixmap) -> bool:
    """Whether a thumbnail is drawn from stored faces: only those are see-through."""
    return pixmap.hasAlphaChannel()


def stand_in(photo: PhotoRecord, faces: Sequence[tuple[FaceRecord, QImage]]) -> QImage:
    """The stored crops of `faces` at their places on a see-through picture of the photo's shape."""
    scale = THUMBNAIL_SIDE / max(photo.width, photo.height, 1)
    width, height = max(1, round(photo.width * scale)), max(1, round(photo.height * scale))
    image = QImage(width, height, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.setPen(Qt.PenStyle.NoPen)
    for face, crop in faces:
        _draw_crop(painter, crop, face, scale)
    painter.end()
    return image


def _decode(photo: PhotoRecord) -> QImage | None:
    from opqn_app.vision.apart import open_photo

    try:
        return image_of_photo(open_photo(photo.path, max_side=THUMBNAIL_SIDE), THUMBNAIL_SIDE)
    except PhotoUnreadable:
        return None


def _stand_ins(library_path: Path, photos: Sequence[PhotoRecord]) -> dict[PhotoRecord, QImage]:
    def draw(library: "Library") -> dict[PhotoRecord, QImage]:
        return {photo: stand_in(photo, _with_pictures(library, photo)) for photo in photos}

    return read_library(library_path, draw)


def _with_pictures(library: "Library", photo: PhotoRecord) -> list[tuple[FaceRecord, QImage]]:
    return [(face, face_picture(library, face.id)) for face in library.faces_of(photo.id)]


def _draw_crop(painter: QPainter, crop: QImage, face: FaceRecord, scale: float) -> None:
    if crop.isNull():
        return
    box = face.box.scaled(scale)
    # An aligned crop is square and covers a little more than the detector's box.
    side = 1.1 * max(box.width, box.height)
    place = QRectF(0, 0, side, side)
    place.moveCenter(QRectF(box.left, box.top, box.width, box.height).center())
    brush = QBrush(crop)
    brush.setTransform(
        QTransform.fromTranslate(place.left(), place.top()).scale(
            side / crop.width(), side / crop.height()
        )
    )
    painter.setBrush(brush)
    painter.drawRoundedRect(place, side / 8, side / 8)
