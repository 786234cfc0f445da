"""A detector and an encoder whose output is a function of the pixels alone, so runs compare."""

import hashlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from PIL import Image

from opqn_app.core.depth import FAST
from opqn_app.core.types import Box, Codes, Crops, DetectedFace, FaceQuality, Floats
from opqn_app.engine import Engine
from opqn_app.index.indexing import IndexReport
from opqn_app.opqn.calibration import Calibration
from opqn_app.store.crops import crop_to_webp
from opqn_app.store.library import Library
from opqn_app.store.records import ModelInfo, NewFace, NewPhoto
from opqn_app.vision import apart

FacesByPath = Callable[[], dict[str, list[int]]]
WritePhoto = Callable[..., Path]
RunIndex = Callable[..., IndexReport]

CROP_WEBP = crop_to_webp(np.full((112, 112, 3), 90, np.uint8))


def _rng(pixels: np.ndarray) -> np.random.Generator:
    digest = hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "little"))


class PixelDetector:
    """Finds 0 to 3 faces, or `n_faces`, where the hash of the picture says."""

    def __init__(self, n_faces: int | None = None) -> None:
        self.n_faces = n_faces
        self.calls = 0

    def detect(self, image: Image.Image, _pixels: int = 0) -> list[DetectedFace]:
        self.calls += 1
        rng = _rng(np.asarray(image))
        n_faces = int(rng.integers(0, 4)) if self.n_faces is None else self.n_faces
        return [self._face(rng, *image.size) for _ in range(n_faces)]

    def _face(self, rng: np.random.Generator, width: int, height: int) -> DetectedFace:
        side = 0.3 * min(width, height)
        left, top = rng.uniform(0, width - side), rng.uniform(0, height - side)
        return _face_at(left, top, side, float(rng.uniform(0.9, 1)))


def _face_at(left: float, top: float, side: float, confidence: float) -> DetectedFace:
    where = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]])
    landmarks = (where * side + (left, top)).astype(np.float32)
    return DetectedFace(Box(left, top, left + side, top + side), landmarks, confidence)


class LayeredDetector(PixelDetector):
    """A PixelDetector that, on a larger copy, sees its faces a little elsewhere, and small ones."""

    def __init__(self, n_faces: int | None = None) -> None:
        super().__init__(n_faces)
        self.thorough_calls = 0

    def detect(self, image: Image.Image, pixels: int = FAST.pixels) -> list[DetectedFace]:
        found = super().detect(image, pixels)
        if pixels <= FAST.pixels:
            return found
        self.thorough_calls += 1
        rng = np.random.default_rng(_rng(np.asarray(image)).integers(2**32))
        side = 0.02 * min(image.size)
        corners = rng.uniform(0, min(image.size) - side, (int(rng.integers(1, 4)), 2))
        small = [_face_at(left, top, side, 0.95) for left, top in corners]
        return [*small, *(_shifted(face, 0.03 * face.box.width) for face in found)]


def _shifted(face: DetectedFace, by: float) -> DetectedFace:
    box = face.box
    moved = Box(box.left + by, box.top + by, box.right + by, box.bottom + by)
    return DetectedFace(moved, face.landmarks + np.float32(by), 0.99)


class PixelEncoder:
    """Codes and tables drawn from the hash of each crop."""

    def __init__(self, model_id: str = "fake-1", n_books: int = 8, n_words: int = 256) -> None:
        self.model_id = model_id
        self.name = f"name of {model_id}"
        self.n_books = n_books
        self.n_words = n_words
        self.calibration: Calibration | None = Calibration(2.0, -1.0, usual=0.1, following=0.5)
        self.batches: list[int] = []

    def encode(self, crops: Crops) -> Codes:
        self.batches.append(len(crops))
        dtype = np.uint8 if self.n_words <= 256 else np.uint16
        salt = hash_of(self.model_id)
        rows = [
            np.random.default_rng([salt, int(_rng(crop).integers(2**32))]).integers(
                0, self.n_words, self.n_books
            )
            for crop in crops
        ]
        return np.array(rows, dtype=dtype).reshape(-1, self.n_books)

    def luts(self, crops: Crops) -> Floats:
        shape = (self.n_books, self.n_words)
        tables = [_rng(crop).dirichlet(np.ones(self.n_words), self.n_books) for crop in crops]
        return np.array(tables, dtype=np.float32).reshape(-1, *shape)


def hash_of(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "little")


def fake_engine(model_id: str = "fake-1", *, n_faces: int | None = None) -> Engine:
    return Engine(PixelDetector(n_faces), PixelEncoder(model_id))


def layered_engine() -> Engine:
    return Engine(LayeredDetector(n_faces=2), PixelEncoder())


def calls_of(engine: Engine) -> int:
    """Pictures the detector of a fake engine was given."""
    assert isinstance(engine.detector, PixelDetector)
    return engine.detector.calls


def thorough_calls_of(engine: Engine) -> int:
    """Those of them that were larger than the fast copy."""
    assert isinstance(engine.detector, LayeredDetector)
    return engine.detector.thorough_calls


def batches_of(engine: Engine) -> list[int]:
    """How many crops the encoder of a fake engine was given each time."""
    assert isinstance(engine.encoder, PixelEncoder)
    return engine.encoder.batches


@dataclass(frozen=True, slots=True, eq=False)
class StoredLibrary:
    """A library file that holds given codes; its photo files do not exist."""

    path: Path
    model: ModelInfo
    root: Path
    photo_ids: tuple[int, ...]
    face_ids: np.ndarray

    def delete_photos(self, which: np.ndarray) -> list[int]:
        """Delete the photos where `which` is True; returns the ids of their faces."""
        doomed = [i for i, gone in zip(self.photo_ids, which, strict=True) if gone]
        with Library.open(self.path, write=True) as library:
            faces = [face.id for i in doomed for face in library.faces_of(i)]
            library.writer.forget_photos(doomed)
        return faces


def columns(raw: sqlite3.Connection, table: str) -> str:
    """By name, since an older version made them in another order; the id first.

    Whether a photo awaits a look, which an upgrade sets, comes last.
    """
    names = [row[1] for row in raw.execute(f"PRAGMA table_info({table})")]
    names.sort(key=lambda name: (name == "awaits_look", name != "id", name))
    return ", ".join(f'"{name}"' for name in names)


def but_for_the_look(rows: dict[str, list[tuple[Any, ...]]]) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of a library, in the order of `columns`, but for whether photos await a look."""
    return {**rows, "photos": [row[:-1] for row in rows["photos"]]}


def make_as_old_as_m0003(path: Path) -> None:
    """Turn a library into one from before photos could be away."""
    raw = sqlite3.connect(path)
    names = [row[0] for row in raw.execute("SELECT name FROM sqlite_master WHERE type = 'index'")]
    for name in names:
        if name.startswith("photos_"):
            raw.execute(f"DROP INDEX {name}")
    for column in ("missing_since", "deleted_at", "awaits_look"):
        raw.execute(f"ALTER TABLE photos DROP COLUMN {column}")
    for statement in (
        "photos_newest ON photos (sort_time, id)",
        "photos_newest_of_root ON photos (root_id, sort_time, id)",
        "photos_faces_of_root ON photos (root_id, n_faces)",
        "photos_unsearched ON photos (root_id) "
        "WHERE searched_px < 7077888 AND searched_px < width * height",
    ):
        raw.execute(f"CREATE INDEX {statement}")
    for change in ("m0004_photos_that_are_away", "m0008_photos_that_await_a_look"):
        raw.execute("DELETE FROM _sqlite_migrations WHERE name = ?", [change])
    raw.commit()
    raw.close()


def store_codes(
    path: Path, codes: np.ndarray, n_words: int, *, faces_per_photo: int = 1
) -> StoredLibrary:
    """Make a library whose faces have the given codes, in order."""
    model = ModelInfo("stored-model", "stored", codes.shape[1], n_words)
    root = path.parent / "photos"
    quality = FaceQuality(size_px=50, confidence=0.99, sharpness=30)
    faces = [
        NewFace(Box(1, 2, 51 + i, 62), np.full((5, 2), i, np.float32), quality, CROP_WEBP, code)
        for i, code in enumerate(codes)
    ]
    photos = [
        NewPhoto(
            rel_path=f"{start:06}.jpg",
            size=1000 + start,
            mtime_ns=start,
            content_hash=start.to_bytes(20, "little"),
            width=640,
            height=480,
            taken_at=None,
            faces=tuple(faces[start : start + faces_per_photo]),
        )
        for start in range(0, len(faces), faces_per_photo)
    ]
    with Library.open(path, write=True) as library:
        root_id = library.add_root(root).id
        library.writer.use_model(model)
        library.writer.save_batch(root_id, model, photos)
        records = sorted(library.photos(limit=len(photos) + 1), key=lambda photo: photo.rel_path)
        ids = [face.id for photo in records for face in library.faces_of(photo.id)]
    return StoredLibrary(
        path, model, root, tuple(p.id for p in records), np.array(ids, dtype=np.int64)
    )


@contextmanager
def bound_by_rights() -> Iterator[None]:
    """Root is not stopped by file rights, so act as a nobody for the moment.

    A nobody can't start Python where it lies in root's home, so photos are decoded in this process.
    """
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    try:
        with patch.object(apart.READERS, "call", lambda of, *args, **options: of(*args, **options)):
            yield
    finally:
        if is_root:
            os.seteuid(0)
