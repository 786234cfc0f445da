"""The benchmarks by name: where they come from, their terms, layout and protocol.

Nothing is fetched: most of these sets may only be had from their keepers, for research.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.errors import DataError, SettingsError
from opqn_app.vision.photo_folder import is_left_out_folder
from trainer.config import Values
from trainer.data.benchmark_formats import (
    cifar10_files,
    find_pickles,
    read_cifar10,
    read_face_pickles,
    read_pairs,
)
from trainer.data.crop_set import CropSet, joined
from trainer.data.picture_set import fitted, read_pictures

Roles = NDArray[Any]
Loaded = tuple[CropSet, Roles | None]


@dataclass(frozen=True, slots=True)
class Check:
    """What lies on disk under a path."""

    is_usable: bool
    text: str


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One set and its protocol.

    Attributes:
        name: as `--dataset` takes it.
        where: who gives it out.
        terms: what it may be used for.
        layout: what is expected in its folder.
        protocol: which pictures ask and which are searched.
        expected: folders or files of which one must be there, for the check.
        defaults: the settings the protocol implies.
        read: folder, side, cut → pictures and their roles, None where they are drawn.
    """

    name: str
    title: str
    where: str
    terms: str
    layout: str
    protocol: str
    expected: tuple[str, ...]
    defaults: Values
    read: Callable[[Path, int, int], Loaded]

    def load(self, root: Path, *, side: int, cut: int = 0) -> Loaded:
        """Pictures as squares of `side`, and the official role of each, if there are such.

        Raises:
            DataError: the folder is not laid out as `layout` says.
        """
        if not root.is_dir():
            raise DataError(root, f"there is no such folder; {self.title} needs {self.layout}")
        return self.read(root, side, cut)

    def check(self, root: Path) -> Check:
        """Whether the folder looks right, without reading pictures."""
        if not root.is_dir():
            return Check(False, f"{root} is not there")
        found = [name for name in self.expected if any(root.glob(name))]
        if not found:
            return Check(False, f"{root} has none of {', '.join(self.expected)}")
        people = [
            sum(d.is_dir() and not is_left_out_folder(d.name) for d in (root / f).iterdir())
            for f in found
            if (root / f).is_dir()
        ]
        counts = f", {' and '.join(map(str, people))} folders inside" if any(people) else ""
        return Check(True, f"{root} has {', '.join(found)}{counts}")


def benchmark(name: str) -> Benchmark:
    """The benchmark of that name.

    Raises:
        SettingsError: there is none.
    """
    for entry in BENCHMARKS:
        if entry.name == name:
            return entry
    names = ", ".join(entry.name for entry in BENCHMARKS)
    raise SettingsError("data.layout", f"'{name}' is not there; choose folders, {names}")


def _folders(root: Path, side: int, cut: int) -> Loaded:
    """`train` and `test` as the released code lays them out, else people to be split by seed."""
    parts = [name for name in ("train", "test") if (root / name).is_dir()]
    if len(parts) == 2:
        return _parts(root, {"train": "train", "test": "test"}, side, cut)
    return read_pictures([root], side=side, cut=cut), None


def _cross(root: Path, side: int, cut: int) -> Loaded:
    """Gallery and queries of people nobody trained on; or the 500 test people, split by seed."""
    if (root / "cross_train").is_dir():
        return _parts(root, {"cross_train": "gallery", "cross_test": "test"}, side, cut)
    return read_pictures([root / "test"], side=side, cut=cut), None


def _faces_or_pickles(root: Path, side: int, cut: int) -> Loaded:
    if not find_pickles(root):
        return _folders(root, side, cut)
    pictures, roles = read_face_pickles(root)
    return fitted(pictures, side=side, cut=cut), roles


def _lfw(root: Path, side: int, cut: int) -> Loaded:
    inner = next((root / n for n in ("lfw", "lfw-deepfunneled") if (root / n).is_dir()), root)
    return read_pictures([inner], side=side, cut=cut), None


def _cifar10(root: Path, side: int, cut: int) -> Loaded:
    pictures = read_cifar10(root)
    return fitted(pictures, side=side, cut=cut), cifar10_roles(pictures.people)


def cifar10_roles(classes: NDArray[Any], *, labelled: int = 500, every: int = 60) -> Roles:
    """The split of the semi-supervised hashing papers, over train and test batches together.

    Sorted by class, every 60th picture asks (1,000); of the others the first 500 of each class are
    trained on (5,000); the remaining 54,000 are searched.

    Args:
        classes: (60000,) in file order.
        labelled: training pictures of each class.
        every: one query in so many.
    """
    roles = np.full(len(classes), "gallery", dtype="U8")
    order = np.argsort(classes, kind="stable")
    roles[order[::every]] = "test"
    rest = order[roles[order] == "gallery"]
    for name in np.unique(classes):
        roles[rest[classes[rest] == name][:labelled]] = "train"
    return roles


def _parts(root: Path, role_of: dict[str, str], side: int, cut: int) -> Loaded:
    sets = {part: read_pictures([root / part], side=side, cut=cut) for part in role_of}
    roles = [np.full(len(s), role_of[part], dtype="U8") for part, s in sets.items()]
    return joined(list(sets.values()), list(sets)), np.concatenate(roles)


def _small(queries: int) -> Values:
    return {"method": {"input_size": 32}, "data": {"queries_per_person": queries}}


def _large(queries: int) -> Values:
    return {"method": {"input_size": 112}, "data": {"queries_per_person": queries}}


BENCHMARKS = (
    Benchmark(
        name="facescrub",
        title="FaceScrub",
        where="lists of addresses from its authors (Ng and Winkler); 32 px pickles are linked in "
        "the README of the DDH code",
        terms="research only; the pictures belong to their photographers",
        layout="train/PERSON/* and test/PERSON/*, or PERSON/* to be split by seed, or the pickles",
        protocol="5 pictures of each of 530 people ask (2,650), the rest is searched (104,213)",
        expected=("train", "*.pkl", "*.pickle", "*/"),
        defaults=_small(5),
        read=_faces_or_pickles,
    ),
    Benchmark(
        name="cfw60k",
        title="CFW-60K",
        where="linked in the README of the DDH code",
        terms="research only",
        layout="train/PERSON/* and test/PERSON/*, or pickled arrays: attribute and classification "
        "(training), test",
        protocol="official split: 10 pictures of each of 500 people ask (5,000), 55,000 searched",
        expected=("train", "*attribute*", "*.pkl"),
        defaults=_small(10),
        read=_faces_or_pickles,
    ),
    Benchmark(
        name="vggface2",
        title="VGGFace2 subset",
        where="the archive linked in the README of the DCDH code",
        terms="research only; no longer given out by its makers",
        layout="train/PERSON/* and test/PERSON/*, or PERSON/* to be split by seed",
        protocol="50 pictures of each person ask; the paper counts 2,781 people, the archive 2,787 "
        "with 709,662 searched and 139,350 asking",
        expected=("train", "*/"),
        defaults=_large(50),
        read=_folders,
    ),
    Benchmark(
        name="vggface2-cross",
        title="VGGFace2 test people, cross-domain",
        where="the official test part of VGGFace2",
        terms="research only; no longer given out by its makers",
        layout="cross_train/PERSON/* (searched) and cross_test/PERSON/* (asking), or test/PERSON/*",
        protocol="500 people nobody trained on; 50 pictures of each ask (25,000), P@10",
        expected=("cross_train", "test"),
        defaults=_large(50),
        read=_cross,
    ),
    Benchmark(
        name="youtube",
        title="YouTube Faces",
        where="its authors (Wolf, Hassner, Maoz); 32 px pickles linked in the README of the DDH "
        "code",
        terms="research only",
        layout="a pickle with 'train' and one with 'test' in its name, or train/ and test/",
        protocol="as recorded in the pickles, 1,595 people",
        expected=("*train*", "*.pkl", "*.pickle"),
        defaults=_small(5),
        read=_faces_or_pickles,
    ),
    Benchmark(
        name="lfw",
        title="Labeled Faces in the Wild",
        where="University of Massachusetts Amherst",
        terms="research; no commercial statement of its makers",
        layout="PERSON/* or lfw/PERSON/*; pairs.txt beside it for verification",
        protocol="people nobody trained on: leave-one-out retrieval, and 6,000 pairs in ten folds",
        expected=("lfw", "lfw-deepfunneled", "*/"),
        defaults=_large(1),
        read=_lfw,
    ),
    Benchmark(
        name="cifar10",
        title="CIFAR-10 (general pictures)",
        where="University of Toronto, the version for Python",
        terms="free to use with a citation",
        layout="cifar-10-batches-py with data_batch_1 to 5 and test_batch",
        protocol="1,000 pictures ask, 5,000 train, 54,000 are searched",
        expected=("cifar-10-batches-py", "data_batch_1"),
        defaults={"method": {"input_size": 32}, "data": {"split": "official"}},
        read=_cifar10,
    ),
)

__all__ = ["BENCHMARKS", "Benchmark", "Check", "benchmark", "cifar10_files", "read_pairs"]
