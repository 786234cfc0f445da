"""Packs: a whole data set of equal squares in one safetensors file, read in one go."""

import json
import threading
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opqn_app.core import plain_json
from opqn_app.core.errors import DataError
from trainer.data.crop_set import CropSet

SUFFIX = ".safetensors"


def is_pack(source: Path) -> bool:
    """Whether the name says so."""
    return source.suffix == SUFFIX


def write_pack(path: Path, pictures: CropSet) -> None:
    """Write `pictures`; a reader needs nothing but safetensors and JSON."""
    from safetensors.numpy import save_file  # training from folders must run without it

    people, person = np.unique(pictures.people, return_inverse=True)
    names = {"people": [str(p) for p in people], "files": [str(f) for f in pictures.files]}
    tensors: dict[str, NDArray[Any]] = {
        "images": np.ascontiguousarray(pictures.images),
        "person": person.astype(np.int32),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path, metadata={"opqn": json.dumps(names)})


@dataclass(frozen=True, slots=True, eq=False)
class PackListing:
    """What a pack holds, its pictures unread.

    Attributes:
        people: (n,) names.
        files: (n,) paths inside the set.
        side: px of each picture.
    """

    people: NDArray[Any]
    files: NDArray[Any]
    side: int


class Pack:
    """An open pack; pictures are read one at a time, or all at once. Safe to share by threads.

    Raises:
        DataError: it is missing, damaged or no pack of pictures.
    """

    def __init__(self, path: Path) -> None:
        try:
            from safetensors import SafetensorError, safe_open
        except ImportError as error:
            raise DataError(path, "reading a pack needs the package safetensors") from error
        self._lock = threading.Lock()
        if not path.is_file():
            raise DataError(path, "there is no such pack" if not path.exists() else "it is no file")
        try:
            self._open: Any = safe_open(path, framework="numpy")
            self.listing = self._listing(path)
        except (SafetensorError, OSError) as error:
            raise DataError(path, f"the pack is damaged or cut off ({error})") from error
        except (KeyError, ValueError, TypeError, IndexError) as error:
            reason = "it is a safetensors file, but no pack of pictures (make one: opqn pack)"
            raise DataError(path, reason) from error

    def picture(self, row: int) -> NDArray[np.uint8]:
        """(side, side, 3) RGB."""
        with self._lock:
            found: NDArray[np.uint8] = self._open.get_slice("images")[row]
        return found

    def all(self) -> CropSet:
        """Everything, in memory."""
        images = self._open.get_tensor("images")
        return CropSet(images, self.listing.people, self.listing.files)

    def _listing(self, path: Path) -> PackListing:
        names = plain_json.loads((self._open.metadata() or {})["opqn"])
        images, person = self._open.get_slice("images"), self._open.get_tensor("person")
        files, shape = np.array(names["files"]), images.get_shape()
        fits = len(shape) == 4 and images.get_dtype() == "U8" and shape[1] == shape[2]
        if not (fits and shape[3] == 3 and shape[0] == len(person) == len(files)):
            raise DataError(path, "its pictures, people and files do not fit together")
        return PackListing(np.array(names["people"])[person], files, shape[1])


def read_pack(path: Path, *, part: str = "") -> CropSet:
    """The pictures of a pack, in the order they were written.

    Args:
        part: keep only files under this folder.

    Raises:
        DataError: it is missing, damaged or no pack of pictures.
    """
    pictures = Pack(path).all()
    if not part:
        return pictures
    return pictures.where(np.array([PurePosixPath(f).parts[0] == part for f in pictures.files]))
