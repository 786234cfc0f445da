"""Faces of the library as records, and their crops: never one SELECT for a single face of many."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.types import Box, FaceQuality, Floats, Ids
from opqn_app.store import checksums
from opqn_app.store.connection import Connection, chunks, marks
from opqn_app.store.photo_table import PHOTO_COLUMNS, SHOWN_OF_FACES, photo_of_row
from opqn_app.store.records import FaceRecord, PlacedCrop

_FACE_COLUMNS = (
    "f.id, f.box_left, f.box_top, f.box_right, f.box_bottom, f.size_px, f.confidence, f.sharpness"
)
_N_FACE_COLUMNS = 8
_LANDMARK_BYTES = 5 * 2 * 4
AT_ONCE = 8192  # faces whose photos are read by one statement


@dataclass(frozen=True, slots=True, eq=False)
class FacePlaces:
    """Of n faces, (n,) each.

    Attributes:
        size_px, confidence, sharpness: as in `FaceQuality`.
        landmarks: (n, 5, 2) as in `DetectedFace`.
    """

    photo_ids: Ids
    size_px: NDArray[np.float64]
    confidence: NDArray[np.float64]
    sharpness: NDArray[np.float64]
    landmarks: Floats


class FaceTable:
    """Rows of `faces` and `crops`."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    def of_photo(self, photo_id: int) -> list[FaceRecord]:
        """The faces of a photo, in the order of their ids."""
        return self._faces("f.photo_id = ? ORDER BY f.id", [photo_id])

    def of_photos(self, photo_ids: Sequence[int]) -> dict[int, list[FaceRecord]]:
        """The faces of photos, in the order of their ids; none for a photo without faces."""
        found: dict[int, list[FaceRecord]] = {}
        for chunk in chunks(photo_ids):
            for face in self._faces(f"f.photo_id IN ({marks(chunk)}) ORDER BY f.id", chunk):
                found.setdefault(face.photo.id, []).append(face)
        return found

    def faces(self, face_ids: Sequence[int]) -> list[FaceRecord]:
        """Faces in the order of `face_ids`; unknown ids are left out."""
        found: dict[int, FaceRecord] = {}
        for chunk in chunks(face_ids):
            for face in self._faces(f"f.id IN ({marks(chunk)})", chunk):
                found[face.id] = face
        return [found[int(i)] for i in face_ids if int(i) in found]

    def crop(self, face_id: int) -> PlacedCrop | None:
        """The aligned crop of a face; None for an unknown face or a damaged crop."""
        row = self._db.row(
            "SELECT c.webp, f.crop_sum, f.landmarks, p.width, p.height FROM crops c "
            "JOIN faces f ON f.id = c.face_id "
            f"JOIN photos p ON p.id = f.photo_id WHERE c.face_id = ? AND {SHOWN_OF_FACES}",
            [face_id],
        )
        if row is None or checksums.of_blobs(row[0]) != row[1] or len(row[2]) != _LANDMARK_BYTES:
            return None
        webp, _, landmarks, *photo_size = row
        points = np.frombuffer(landmarks, "<f4").reshape(5, 2)
        return PlacedCrop(webp, points, (photo_size[0], photo_size[1]))

    def crops(self, face_ids: Sequence[int]) -> dict[int, bytes]:
        """The crops of faces by their ids, of deleted photos too.

        Unknown ids are left out, and those whose crop is not what was written.
        """
        found: dict[int, bytes] = {}
        for chunk in chunks(face_ids):
            rows = self._db.rows(
                "SELECT face_id, webp, crop_sum FROM crops JOIN faces ON id = face_id "
                f"WHERE face_id IN ({marks(chunk)})",
                chunk,
            )
            found.update(
                (i, webp) for i, webp, checksum in rows if checksums.of_blobs(webp) == checksum
            )
        return found

    def photo_ids(self, face_ids: Ids) -> Ids:
        """(n,) the photos of faces that are there; ids ascending."""
        found = np.empty(len(face_ids), np.int64)
        for start in range(0, len(face_ids), AT_ONCE):
            few = face_ids[start : start + AT_ONCE]
            rows = self._db.rows(
                "SELECT id, photo_id FROM faces WHERE id BETWEEN ? AND ? ORDER BY id",
                [int(few[0]), int(few[-1])],
            )
            known = np.fromiter(chain.from_iterable(rows), np.int64, 2 * len(rows)).reshape(-1, 2)
            found[start : start + AT_ONCE] = known[np.searchsorted(known[:, 0], few), 1]
        return found

    def places(self, face_ids: Ids) -> "FacePlaces":
        """Where faces are that are there, and how well they are seen; ids ascending."""
        n = len(face_ids)
        numbers, landmarks = np.empty((n, 4), np.float64), np.empty((n, 5, 2), np.float32)
        for start in range(0, n, AT_ONCE):  # as objects they take much room
            few = face_ids[start : start + AT_ONCE]
            rows = self._db.rows(
                "SELECT id, photo_id, size_px, confidence, sharpness, landmarks FROM faces "
                "WHERE id BETWEEN ? AND ? ORDER BY id",
                [int(few[0]), int(few[-1])],
            )
            known = np.array([row[:5] for row in rows], np.float64)
            points = np.frombuffer(b"".join([row[5] for row in rows]), "<f4").reshape(-1, 5, 2)
            at = np.searchsorted(known[:, 0], few)
            numbers[start : start + AT_ONCE] = known[at, 1:]
            landmarks[start : start + AT_ONCE] = points[at]
        photos = numbers[:, 0].astype(np.int64)
        return FacePlaces(photos, numbers[:, 1], numbers[:, 2], numbers[:, 3], landmarks)

    def from_left(self, photo_ids: Sequence[int] | None = None) -> dict[int, list[int]]:
        """The faces of photos from left to right; of all photos with None."""
        found: dict[int, list[int]] = {}
        select = "SELECT photo_id, id FROM faces"
        order = "ORDER BY photo_id, box_left + box_right, id"
        asked = [[]] if photo_ids is None else chunks(photo_ids)
        for chunk in asked:
            which = "" if photo_ids is None else f"WHERE photo_id IN ({marks(chunk)})"
            for photo_id, face_id in self._db.rows(f"{select} {which} {order}", chunk):
                found.setdefault(photo_id, []).append(face_id)
        return found

    def boxes(self, photo_ids: Sequence[int]) -> dict[int, tuple[Box, ...]]:
        """The boxes of photos' faces that have a picture, by their ids; none without such faces."""
        found: dict[int, tuple[Box, ...]] = {}
        for chunk in chunks(photo_ids):
            for photo_id, *sides in self._db.rows(
                "SELECT photo_id, box_left, box_top, box_right, box_bottom FROM faces "
                f"WHERE photo_id IN ({marks(chunk)}) AND id IN (SELECT face_id FROM crops) "
                "ORDER BY id",
                chunk,
            ):
                found[photo_id] = (*found.get(photo_id, ()), Box(*sides))
        return found

    def _faces(self, condition: str, params: Sequence[Any]) -> list[FaceRecord]:
        rows = self._db.rows(
            f"SELECT {_FACE_COLUMNS}, {PHOTO_COLUMNS} FROM faces f "
            "JOIN photos p ON p.id = f.photo_id JOIN roots r ON r.id = p.root_id "
            f"WHERE {SHOWN_OF_FACES} AND {condition}",
            params,
        )
        return [_face(row) for row in rows]


def _face(row: Sequence[Any]) -> FaceRecord:
    face_id, left, top, right, bottom, size_px, confidence, sharpness = row[:_N_FACE_COLUMNS]
    return FaceRecord(
        id=face_id,
        photo=photo_of_row(row[_N_FACE_COLUMNS:]),
        box=Box(left, top, right, bottom),
        quality=FaceQuality(size_px, confidence, sharpness),
    )
