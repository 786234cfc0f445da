"""File formats of single benchmarks: face pickles, CIFAR-10 batches, LFW's list of pairs."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.errors import DataError
from trainer.data.crop_set import CropSet
from trainer.data.safe_pickles import read_arrays

PICKLE_SUFFIXES = (".pkl", ".pickle", ".p")
CIFAR_BATCHES = (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch")


def find_pickles(root: Path) -> list[Path]:
    """The pickles in a folder, by name."""
    return sorted(p for p in root.iterdir() if p.suffix.lower() in PICKLE_SUFFIXES)


def read_face_pickles(root: Path) -> tuple[CropSet, NDArray[Any]]:
    """Pickled faces: each file holds (vectors, labels), a vector one flattened 3×32×32 picture.

    A file with "test" in its name asks; all others ("train", or "attribute" and "classification"
    of CFW-60K) train.

    Raises:
        DataError: a file holds something else, or one of the two sides is missing.
    """
    sets, roles = [], []
    for path in find_pickles(root):
        pictures = _face_pickle(path)
        sets.append(pictures)
        role = "test" if "test" in path.stem.lower() else "train"
        roles.append(np.full(len(pictures), role, dtype="U8"))
    all_roles = np.concatenate(roles) if roles else np.empty(0, "U8")
    if set(all_roles) != {"train", "test"}:
        raise DataError(root, "it needs a pickle with 'test' in its name, and one without")
    joined = CropSet(
        np.concatenate([s.images for s in sets]),
        np.concatenate([s.people for s in sets]),
        np.concatenate([s.files for s in sets]),
    )
    return joined, all_roles


def cifar10_files(root: Path) -> list[Path]:
    """The six batch files, in `root` or in its cifar-10-batches-py.

    Raises:
        DataError: one is missing.
    """
    folder = root / "cifar-10-batches-py"
    folder = folder if folder.is_dir() else root
    files = [folder / name for name in CIFAR_BATCHES]
    lacking = [path.name for path in files if not path.is_file()]
    if lacking:
        raise DataError(root, f"the batch file {lacking[0]} is missing")
    return files


def read_cifar10(root: Path) -> CropSet:
    """All pictures of the batches in file order; "people" are the class names.

    Raises:
        DataError: a batch is missing or not as expected.
    """
    images, classes, files = [], [], []
    names = _cifar10_names(root)
    for path in cifar10_files(root):
        batch = read_arrays(path)
        if not isinstance(batch, dict) or not {b"data", b"labels"} <= batch.keys():
            raise DataError(path, "it holds no 'data' and 'labels'")
        pixels = _as_pictures(path, batch[b"data"])
        labels = np.asarray(batch[b"labels"])
        if len(labels) != len(pixels):
            raise DataError(path, "pictures and labels differ in number")
        images.append(pixels)
        classes.append(np.array([names.get(int(v), f"class{int(v)}") for v in labels]))
        files += [f"{path.name}/{i:05d}" for i in range(len(pixels))]
    return CropSet(np.concatenate(images), np.concatenate(classes), np.array(files))


@dataclass(frozen=True, slots=True)
class Pair:
    """Two pictures of LFW's verification protocol; files relative to the folder of people."""

    first: str
    second: str
    is_same: bool
    fold: int


def read_pairs(path: Path) -> list[Pair]:
    """LFW's pairs.txt: a head line (folds, pairs of each kind), then 3 or 4 words a line.

    Raises:
        DataError: a line is not of that form, or the number of pairs is not the stated one.
    """
    lines = path.read_text(encoding="utf-8").splitlines()
    try:
        folds, each = (int(word) for word in lines[0].split())
        pairs = [_pair(line.split(), i // (2 * each)) for i, line in enumerate(lines[1:]) if line]
    except (ValueError, IndexError) as error:
        raise DataError(path, f"it is not a list of pairs ({error})") from error
    if len(pairs) != folds * 2 * each:
        raise DataError(path, f"it lists {len(pairs)} pairs instead of {folds * 2 * each}")
    return pairs


def _pair(words: list[str], fold: int) -> Pair:
    def file(person: str, number: str) -> str:
        return f"{person}/{person}_{int(number):04d}.jpg"

    if len(words) == 3:
        return Pair(file(words[0], words[1]), file(words[0], words[2]), True, fold)
    person, number, other, other_number = words
    return Pair(file(person, number), file(other, other_number), False, fold)


def _face_pickle(path: Path) -> CropSet:
    held = read_arrays(path)
    if not isinstance(held, tuple | list) or len(held) != 2:
        raise DataError(path, "it does not hold (pictures, labels)")
    images = _as_pictures(path, held[0])
    labels = np.asarray(held[1])
    if labels.ndim == 2:  # one-hot
        labels = labels.argmax(1)
    if len(labels) != len(images):
        raise DataError(path, "pictures and labels differ in number")
    people = np.array([f"{int(label):05d}" for label in labels])
    files = np.array([f"{path.name}/{row:06d}" for row in range(len(images))])
    return CropSet(images, people, files)


def _as_pictures(path: Path, vectors: Any) -> NDArray[np.uint8]:
    """(n, 3·S·S) rows of red, green and blue planes → (n, S, S, 3) uint8."""
    array = np.asarray(vectors)
    if array.dtype == object or array.ndim < 2:
        raise DataError(path, "its pictures are no array")
    array = array.reshape(len(array), -1)
    side = round((array.shape[1] / 3) ** 0.5)
    if 3 * side * side != array.shape[1]:
        raise DataError(path, f"{array.shape[1]} numbers are no square RGB picture")
    if array.dtype != np.uint8:
        scale = 255.0 if float(array.max(initial=0.0)) <= 1.0 else 1.0
        array = np.clip(np.rint(array * scale), 0, 255).astype(np.uint8)
    return np.ascontiguousarray(array.reshape(-1, 3, side, side).transpose(0, 2, 3, 1))


def _cifar10_names(root: Path) -> dict[int, str]:
    path = cifar10_files(root)[0].parent / "batches.meta"
    if not path.is_file():
        return {}
    names = read_arrays(path).get(b"label_names", [])
    return {i: name.decode() for i, name in enumerate(names)}
