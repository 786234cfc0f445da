"""Aligned crops of labelled people, read from tar files or folders into memory."""

import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from opqn_app.errors import DataError
from opqn_app.types import Crops

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".pgm"})


@dataclass(frozen=True, slots=True, eq=False)
class CropSet:
    """Pictures of people; entry i of each array belongs together.

    Attributes:
        images: (n, side, side, 3) uint8 RGB.
        people: (n,) names of the identity folders.
        files: (n,) paths inside the set.
    """

    images: Crops
    people: NDArray[Any]
    files: NDArray[Any]

    def __len__(self) -> int:
        return len(self.people)

    def centre(self, side: int) -> Crops:
        """The middle `side` × `side` pixels of each picture; a view."""
        margin = (self.images.shape[1] - side) // 2
        return self.images[:, margin : margin + side, margin : margin + side]

    def where(self, keep: NDArray[np.bool_]) -> "CropSet":
        """The entries that `keep` (n,) marks."""
        return CropSet(self.images[keep], self.people[keep], self.files[keep])


def read_crops(sources: list[Path], *, part: str = "") -> CropSet:
    """All pictures of identity folders, sorted by path.

    Args:
        sources: tar files or folders that hold `person/picture`, or `part/person/picture`.
        part: read only what lies under this folder of the set, such as "train".

    Raises:
        DataError: a source is missing, holds no pictures, or its pictures differ in size.
    """
    found = sorted(
        (entry for source in sources for entry in _pictures(source, part)), key=lambda e: e[0]
    )
    where = ", ".join(str(source) for source in sources)
    if not found:
        raise DataError(where, f"no pictures of people lie under '{part or '.'}'")
    files = [str(path) for path, _ in found]
    images = [_decode(data, path) for path, data in found]
    if len({image.shape for image in images}) > 1:
        raise DataError(where, "the crops differ in size")
    people = [path.parent.name for path, _ in found]
    return CropSet(np.stack(images), np.array(people), np.array(files))


def _pictures(source: Path, part: str) -> Iterator[tuple[PurePosixPath, bytes]]:
    if source.is_dir():
        for file in source.rglob("*"):
            path = PurePosixPath(file.relative_to(source).as_posix())
            if _is_wanted(path, part):
                yield path, file.read_bytes()
    elif tarfile.is_tarfile(source) if source.is_file() else False:
        with tarfile.open(source) as tar:
            for member in tar:
                path = PurePosixPath(member.name)
                stream = tar.extractfile(member) if _is_wanted(path, part) else None
                if stream is not None:
                    yield path, stream.read()
    else:
        raise DataError(source, "it is neither a folder nor a tar file")


def _is_wanted(path: PurePosixPath, part: str) -> bool:
    inside = not part or path.parts[0] == part
    return inside and path.suffix.lower() in IMAGE_SUFFIXES


def _decode(data: bytes, path: PurePosixPath) -> NDArray[np.uint8]:
    try:
        with Image.open(io.BytesIO(data)) as image:
            return np.asarray(image.convert("RGB"))
    except (UnidentifiedImageError, OSError) as error:
        raise DataError(str(path), "the picture can't be decoded") from error
