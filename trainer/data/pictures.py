"""Labelled pictures read one at a time, so that a set may be larger than the memory.

Which picture can't be used shows only when it is read: `crop` then raises, and the evaluation goes
on and reports it.
"""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from opqn_app.core.errors import DataError, NoFaceFound, PhotoUnreadable
from opqn_app.core.progress import counted
from opqn_app.core.types import FaceDetector
from opqn_app.vision.align import CROP_SIZE
from opqn_app.vision.photo_folder import CROP_SUFFIXES, PHOTO_SUFFIXES
from trainer.data.packs import Pack
from trainer.data.picture_files import Dropped, PictureFiles, open_picture
from trainer.data.picture_set import fit_square

Crop = NDArray[np.uint8]  # (S, S, 3) RGB


class PictureSource(Protocol):
    """Pictures of people; entry i of `people` and `files` belongs to `crop(i)`."""

    @property
    def people(self) -> NDArray[Any]: ...  # (n,) names
    @property
    def files(self) -> NDArray[Any]: ...  # (n,) paths inside the set, ascending
    @property
    def left_out(self) -> Sequence[Dropped]: ...  # found beside them; not looked at
    @property
    def partly(self) -> Mapping[str, str]: ...  # of those read so far: file → what is missing of it
    def crop(self, row: int) -> Crop: ...  # raises PhotoUnreadable or NoFaceFound


class AlignedCrops:
    """Faces that were cut out and aligned already.

    Pictures of at least 112 px give their 112 × 112 centre. When the first one is smaller, all are
    taken as they are, scaled to its size if they differ.
    """

    def __init__(self, source: Path) -> None:
        self._files = PictureFiles(source, CROP_SUFFIXES)
        self.people, self.files = self._files.people, self._files.files
        self.left_out = self._files.left_out
        self.partly: dict[str, str] = {}
        self._side = self._first_side(source)

    def crop(self, row: int) -> Crop:
        image = self._open(row)
        if min(image.size) >= CROP_SIZE == self._side:
            left, top = (image.width - CROP_SIZE) // 2, (image.height - CROP_SIZE) // 2
            image = image.crop((left, top, left + CROP_SIZE, top + CROP_SIZE))
        return np.array(fit_square(image, side=self._side))  # a writable copy

    def _open(self, row: int) -> Image.Image:
        return open_picture(self._files.read(row), str(self.files[row]), self.partly)

    def _first_side(self, source: Path) -> int:
        failures = []
        for row in range(len(self.files)):
            try:
                return min(CROP_SIZE, *self._open(row).size)
            except PhotoUnreadable as failure:
                failures.append(f"{failure.name}: {failure.reason}")
        tried = counted(len(failures), "picture")
        raise DataError(source, f"none of its {tried} can be read ({failures[0]})")


class PackedCrops:
    """The crops of a pack, cut as `AlignedCrops` cuts them; files in ascending order."""

    def __init__(self, source: Path) -> None:
        self._pack = Pack(source)
        listing = self._pack.listing
        if not len(listing.files):
            raise DataError(source, "the pack is empty")
        self._rows = np.argsort(listing.files, kind="stable")
        self.people, self.files = listing.people[self._rows], listing.files[self._rows]
        self.left_out: list[Dropped] = []
        self.partly: dict[str, str] = {}  # a pack does not record it
        self._side = min(CROP_SIZE, listing.side)

    def crop(self, row: int) -> Crop:
        picture = self._pack.picture(int(self._rows[row]))
        first = (len(picture) - self._side) // 2
        return np.array(picture[first : first + self._side, first : first + self._side])


class PhotoCrops:
    """The largest face of each photo, found and aligned as the app does it, once for all models."""

    def __init__(self, source: Path, detector: FaceDetector) -> None:
        self._files = PictureFiles(source, PHOTO_SUFFIXES)
        self.people, self.files = self._files.people, self._files.files
        self.left_out = self._files.left_out
        self.partly: dict[str, str] = {}
        self._detector = detector
        self._failures: dict[int, PhotoUnreadable | NoFaceFound] = {}
        self._is_known = np.zeros(len(self.files), bool)
        shape = (len(self.files), CROP_SIZE, CROP_SIZE, 3)
        with tempfile.TemporaryFile() as file:  # the mapping keeps it until the array is gone
            self._kept = np.memmap(file, np.uint8, "w+", shape=shape)

    def crop(self, row: int) -> Crop:
        from trainer.data.photo_faces import FaceWish, face_of

        if row in self._failures:
            raise self._failures[row]
        if not self._is_known[row]:
            try:
                data, name = self._files.read(row), str(self.files[row])
                self._kept[row] = face_of(data, name, self._detector, FaceWish(), self.partly)
            except (PhotoUnreadable, NoFaceFound) as failure:
                self._failures[row] = failure
                raise
            self._is_known[row] = True
        return np.array(self._kept[row])


class JoinedPictures:
    """Several sets as one; files are named after their set: "0/…", "1/…"."""

    def __init__(self, sources: Sequence[PictureSource]) -> None:
        self._sources = sources
        self._starts = np.cumsum([0, *(len(s.people) for s in sources)])
        self.people = np.concatenate([s.people for s in sources])
        self.files = np.concatenate(
            [np.char.add(f"{i}/", s.files.astype(str)) for i, s in enumerate(sources)]
        )
        self.left_out = [e.below(str(i)) for i, s in enumerate(sources) for e in s.left_out]

    @property
    def partly(self) -> dict[str, str]:
        return {
            f"{i}/{f}": lost for i, s in enumerate(self._sources) for f, lost in s.partly.items()
        }

    def crop(self, row: int) -> Crop:
        which = int(np.searchsorted(self._starts, row, side="right")) - 1
        return self._sources[which].crop(row - int(self._starts[which]))
