"""A library of two made people for tests of the People window: drawn codes, no network."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from opqn_app.core.types import Box, FaceQuality
from opqn_app.engine import Engine
from opqn_app.store.library import Library
from opqn_app.store.records import ModelInfo, NewFace, NewPhoto
from tests.library_fakes import CROP_WEBP, PixelDetector
from tests.people.guess_world import GroupingEncoder

ANNA, BEN = [1, 2, 3, 4], [9, 8, 7, 6]  # words of their codes
LIKE_ANNA = [1, 2, 3, 5]  # some of them
SIZE = (400, 300)


def album_engine(_model: str = "", _device: str = "") -> Engine:
    encoder: Any = GroupingEncoder()
    return Engine(PixelDetector(0), encoder)


@dataclass(frozen=True, slots=True)
class Face:
    """A face to be: its code, and how good it is."""

    code: Sequence[int]
    sharpness: float = 100.0


class Album:
    """Adds photos, whose files are there, and gives the ids of their faces."""

    def __init__(self, library_path: Path) -> None:
        self.path = library_path
        self.folder = library_path.parent / "photos"
        self.folder.mkdir(parents=True, exist_ok=True)
        self._n = 0

    def add(self, year: int | None, *faces: Face) -> list[int]:
        """A photo taken in a year, or without a date."""
        self._n += 1
        name = f"{self._n:05}.jpg"
        Image.new("RGB", SIZE, (90, 120, 150)).save(self.folder / name)
        taken_at = None if year is None else f"{year}-05-{1 + self._n % 28:02}T10:00:00"
        return self.add_many([(name, taken_at, faces)])[0]

    def add_many(self, photos: Sequence[tuple[str, str | None, Sequence[Face]]]) -> list[list[int]]:
        """Photos at once; their files need not be there."""
        encoder: Any = GroupingEncoder()
        with Library.open(self.path, write=True) as library:
            root = library.add_root(self.folder).id
            model = ModelInfo.of(encoder)
            library.writer.use_model(model)
            made = [self._photo(*photo) for photo in photos]
            library.writer.save_batch(root, model, made)
            records = [library.photo_table.at(root, photo.rel_path) for photo in made]
            return [[f.id for f in library.faces_of(each.id)] for each in records if each]

    def _photo(self, name: str, taken_at: str | None, faces: Sequence[Face]) -> NewPhoto:
        return NewPhoto(
            rel_path=name,
            size=1,
            mtime_ns=1,
            content_hash=name.encode().rjust(20, b"0"),
            width=SIZE[0],
            height=SIZE[1],
            taken_at=taken_at,
            faces=tuple(_face(place, face) for place, face in enumerate(faces)),
        )


def _face(place: int, face: Face) -> NewFace:
    left = 20.0 + 100 * place
    quality = FaceQuality(size_px=80, confidence=0.99, sharpness=face.sharpness)
    where = np.array([[25, 30], [55, 30], [40, 48], [28, 62], [52, 62]], np.float32)
    box = Box(left, 40, left + 80, 120)
    code = np.array(face.code, np.uint8)
    return NewFace(box, where + np.array([left, 40], np.float32), quality, CROP_WEBP, code)
