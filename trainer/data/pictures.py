"""Labelled pictures read one at a time, so that a set may be larger than the memory.

A set is a folder or a tar file of `PERSON/picture`, with any folders above. Which picture can't be
used shows only when it is read: `crop` then raises, and the evaluation goes on and reports it.
"""

import io
import tarfile
import tempfile
import threading
import weakref
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from opqn_app.core.errors import DataError, NoFaceFound, PhotoUnreadable
from opqn_app.core.progress import counted
from opqn_app.core.types import FaceDetector
from opqn_app.vision.align import CROP_SIZE
from trainer.data.packs import Pack
from trainer.data.picture_set import IMAGE_SUFFIXES, fit_square

Crop = NDArray[np.uint8]  # (S, S, 3) RGB


@dataclass(frozen=True, slots=True)
class Dropped:
    """A picture that takes no part, and why."""

    file: str
    reason: str


class PictureSource(Protocol):
    """Pictures of people; entry i of `people` and `files` belongs to `crop(i)`."""

    @property
    def people(self) -> NDArray[Any]: ...  # (n,) names
    @property
    def files(self) -> NDArray[Any]: ...  # (n,) paths inside the set, ascending
    def crop(self, row: int) -> Crop: ...  # raises PhotoUnreadable or NoFaceFound


class PictureFiles:
    """The picture files of a folder or tar file, by name.

    Raises:
        DataError: it is neither, or holds no picture in a person's folder.
    """

    def __init__(self, source: Path, suffixes: frozenset[str]) -> None:
        self._source = source
        self._tar: tarfile.TarFile | None = None
        self._lock = threading.Lock()  # a tar file has one place it reads at
        self._members: dict[str, tarfile.TarInfo] = {}
        found = self._paths()
        paths = sorted(p for p in found if _is_picture(p, suffixes))
        inside = [p for p in paths if p.parent.name]
        if not inside:
            layout = "one folder for each person, with pictures in it"
            raise DataError(source, f"it holds no pictures laid out as {layout}{_mostly(found)}")
        self.others = _kinds(set(found) - set(paths))
        self.loose = [Dropped(str(p), "lies in no person's folder") for p in paths if p not in
                      set(inside)]  # fmt: skip
        self.files = np.array([str(p) for p in inside])
        self.people = np.array([p.parent.name for p in inside])

    def read(self, row: int) -> bytes:
        """The bytes of one file.

        Raises:
            PhotoUnreadable: the file went away or can't be read.
        """
        name = str(self.files[row])
        try:
            if self._tar is None:
                return (self._source / name).read_bytes()
            with self._lock:
                stream = self._tar.extractfile(self._members[name])
                return stream.read() if stream else b""
        except (OSError, tarfile.TarError) as error:
            raise PhotoUnreadable(name, f"the file can't be read ({error})") from error

    def stamp(self, row: int) -> tuple[int, int]:
        """Size in bytes and time of the last change in ns: the same while the file is the same.

        Raises:
            PhotoUnreadable: the file went away.
        """
        name = str(self.files[row])
        if self._tar is not None:
            member = self._members[name]
            return member.size, int(member.mtime * 1e9)
        try:
            found = (self._source / name).stat()
        except OSError as error:
            raise PhotoUnreadable(name, f"the file can't be read ({error})") from error
        return found.st_size, found.st_mtime_ns

    def _paths(self) -> list[PurePosixPath]:
        if self._source.is_dir():
            found = (f for f in self._source.rglob("*") if f.is_file())
            return [PurePosixPath(f.relative_to(self._source).as_posix()) for f in found]
        try:
            self._tar = tarfile.open(self._source)  # noqa: SIM115 - closed with this object
            weakref.finalize(self, self._tar.close)
            members = [m for m in self._tar if m.isfile()]
        except FileNotFoundError as error:
            raise DataError(self._source, "there is no such folder or tar file") from error
        except (OSError, tarfile.TarError) as error:
            raise DataError(self._source, "it is neither a folder nor a tar file") from error
        self._members = {str(PurePosixPath(m.name)): m for m in members}
        return [PurePosixPath(name) for name in self._members]


class AlignedCrops:
    """Faces that were cut out and aligned already.

    Pictures of at least 112 px give their 112 × 112 centre. When the first one is smaller, all are
    taken as they are, scaled to its size if they differ.
    """

    def __init__(self, source: Path) -> None:
        self._files = PictureFiles(source, IMAGE_SUFFIXES)
        self.people, self.files = self._files.people, self._files.files
        self.loose = self._files.loose
        self._side = self._first_side()

    def crop(self, row: int) -> Crop:
        image = self._open(row)
        if min(image.size) >= CROP_SIZE == self._side:
            left, top = (image.width - CROP_SIZE) // 2, (image.height - CROP_SIZE) // 2
            image = image.crop((left, top, left + CROP_SIZE, top + CROP_SIZE))
        return np.array(fit_square(image, side=self._side))  # a writable copy

    def _open(self, row: int) -> Image.Image:
        data = self._files.read(row)
        try:
            with Image.open(io.BytesIO(data)) as image:
                return image.convert("RGB")
        except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
            raise PhotoUnreadable(str(self.files[row]), "it can't be decoded") from error
        except Image.DecompressionBombError as error:
            raise PhotoUnreadable(str(self.files[row]), "it is too large") from error

    def _first_side(self) -> int:
        for row in range(len(self.files)):
            try:
                return min(CROP_SIZE, *self._open(row).size)
            except PhotoUnreadable:
                continue
        raise DataError(str(self.files[0]), "no picture of the set can be decoded")


class PackedCrops:
    """The crops of a pack, cut as `AlignedCrops` cuts them; files in ascending order."""

    def __init__(self, source: Path) -> None:
        self._pack = Pack(source)
        listing = self._pack.listing
        if not len(listing.files):
            raise DataError(source, "the pack is empty")
        self._rows = np.argsort(listing.files, kind="stable")
        self.people, self.files = listing.people[self._rows], listing.files[self._rows]
        self._side = min(CROP_SIZE, listing.side)

    def crop(self, row: int) -> Crop:
        picture = self._pack.picture(int(self._rows[row]))
        first = (len(picture) - self._side) // 2
        return np.array(picture[first : first + self._side, first : first + self._side])


class PhotoCrops:
    """The largest face of each photo, found and aligned as the app does it, once for all models."""

    def __init__(self, source: Path, detector: FaceDetector) -> None:
        from opqn_app.vision.images import PHOTO_SUFFIXES

        self._files = PictureFiles(source, PHOTO_SUFFIXES)
        self.people, self.files = self._files.people, self._files.files
        self.loose = self._files.loose
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
                self._kept[row] = face_of(data, name, self._detector, FaceWish())
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

    def crop(self, row: int) -> Crop:
        which = int(np.searchsorted(self._starts, row, side="right")) - 1
        return self._sources[which].crop(row - int(self._starts[which]))


def _is_picture(path: PurePosixPath, suffixes: frozenset[str]) -> bool:
    return path.suffix.lower() in suffixes and not path.name.startswith(".")


def _kinds(paths: Iterable[PurePosixPath]) -> Counter[str]:
    """Suffix → how many files have it; hidden files and those without a suffix do not count."""
    shown = (path for path in paths if not path.name.startswith("."))
    return Counter(path.suffix.lower() for path in shown if path.suffix)


def _mostly(paths: Iterable[PurePosixPath]) -> str:
    """Of what kind most files are that were found instead: "; it holds 400 .pgm files"."""
    return "".join(
        f"; it holds {counted(n, f'{kind} file')}" for kind, n in _kinds(paths).most_common(1)
    )
