"""The sets the shipped models are measured on, and the crops the controls learn from."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.types import Crops
from trainer.data.pictures import AlignedCrops, JoinedPictures, PictureSource
from trainer.recipes.face_data import face_shards, families, is_tuning


@dataclass(frozen=True, eq=False)  # no slots: the digest is computed once
class CropsOfPeople:
    """Aligned crops with the people they show; entry i of each array belongs together.

    Attributes:
        name: short, for files and keys.
        title: for people.
        crops: (n, 112, 112, 3) uint8 RGB.
        people: (n,) names.
        family: (n,) the family of each, "" for none.
        origin: the set these were taken from, and their rows in it.
    """

    name: str
    title: str
    crops: Crops
    people: NDArray[Any]
    family: NDArray[Any]
    origin: "tuple[CropsOfPeople, NDArray[np.intp]] | None" = None

    def __len__(self) -> int:
        return len(self.people)

    @cached_property
    def digest(self) -> str:
        """Sixteen hex digits over pixels and names: equal ones are the same set."""
        found = hashlib.sha256(np.ascontiguousarray(self.crops).tobytes())
        found.update("\n".join(self.people.tolist()).encode())
        return found.hexdigest()[:16]

    def rows(self, rows: NDArray[np.intp], name: str) -> "CropsOfPeople":
        """Some of them, as a set of its own."""
        return CropsOfPeople(
            name,
            self.title,
            self.crops[rows],
            self.people[rows],
            self.family[rows],
            origin=(self, rows),
        )

    @property
    def n_people(self) -> int:
        return len(np.unique(self.people))


def lfw_people(data: Path) -> CropsOfPeople:
    """All of `lfw_unseen.tar`."""
    source = AlignedCrops(data / "lfw_unseen.tar")
    return _read("lfw", "LFW, unseen people", source, np.arange(len(source.files)), {})


def held_families(data: Path) -> CropsOfPeople:
    """The validation people on whom nothing was chosen."""
    source, part, family = _faces(data)
    rows = np.flatnonzero(part == "val")
    rows = rows[~is_tuning(source.people[rows], family)]
    return _read("held", "validation families, reported half", source, rows, family)


def orl_faces(tar: Path) -> CropsOfPeople:
    """The 400 AT&T crops that `trainer.recipes.orl_crops` packed."""
    source = AlignedCrops(tar)
    return _read("orl", "ORL (AT&T)", source, np.arange(len(source.files)), {})


def learning_crops(data: Path, limit: int) -> CropsOfPeople:
    """Crops of training people for PQ and OPQ: a seeded draw of at most `limit`."""
    source, part, family = _faces(data)
    rows = np.flatnonzero(part == "train")
    rows = np.sort(np.random.default_rng(0).permutation(rows)[:limit])
    return _read("train", "training people, a draw", source, rows, family)


def _faces(data: Path) -> tuple[PictureSource, NDArray[Any], dict[str, str]]:
    """All shards as one source, the part of each picture, and the families."""
    source = JoinedPictures([AlignedCrops(shard) for shard in face_shards(data)])
    part = np.array([file.split("/")[1] for file in source.files.tolist()])  # "0/val/p00001/…"
    return source, part, families(data / "faces.csv")


def _read(
    name: str, title: str, source: PictureSource, rows: NDArray[np.intp], family: dict[str, str]
) -> CropsOfPeople:
    people = source.people[rows]
    relatives = np.array([family.get(person, "") for person in people.tolist()])
    crops = np.stack([source.crop(int(row)) for row in rows])
    return CropsOfPeople(name, title, crops, people, relatives)
