"""Packs: a whole data set of equal squares in one safetensors file, read in one go."""

import json
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opqn_app.errors import DataError
from trainer.data import CropSet

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


def read_pack(path: Path, *, part: str = "") -> CropSet:
    """The pictures of a pack, in the order they were written.

    Args:
        part: keep only files under this folder.

    Raises:
        DataError: it is missing, damaged or no pack of pictures.
    """
    try:
        from safetensors import SafetensorError, safe_open
    except ImportError as error:
        raise DataError(path, "reading a pack needs the package safetensors") from error
    try:
        with safe_open(path, framework="numpy") as pack:
            names = json.loads((pack.metadata() or {})["opqn"])
            images, person = pack.get_tensor("images"), pack.get_tensor("person")
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise DataError(path, f"it is not a pack of pictures ({error})") from error
    files = np.array(names["files"])
    if images.ndim != 4 or images.dtype != np.uint8 or not len(images) == len(person) == len(files):
        raise DataError(path, "its pictures, people and files do not fit together")
    pictures = CropSet(images, np.array(names["people"])[person], files)
    if not part:
        return pictures
    return pictures.where(np.array([PurePosixPath(f).parts[0] == part for f in files]))
