"""A first look at a set of labelled pictures: how many people and pictures, before any work."""

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from opqn_app.core import plain_json
from opqn_app.core.progress import counted
from opqn_app.core.tars import open_whole
from opqn_app.vision.photo_folder import (
    CROP_SUFFIXES,
    PHOTO_SUFFIXES,
    FolderScan,
    belonging,
)

PACK_SUFFIX = ".safetensors"  # what `opqn pack` writes
MOST = 200_000  # pictures counted; beyond that "more than"
EXPLAINED = (
    "One folder for each person, named after them, with pictures of that person only. A tar file "
    "or a pack of such folders will do too."
)


@dataclass(frozen=True, slots=True)
class LabelledData:
    """What was counted; `is_cut` if counting stopped at `MOST`."""

    path: Path
    people: int
    pictures: int
    is_cut: bool = False

    @property
    def is_usable(self) -> bool:
        """Two people at least, one of them twice."""
        return self.people >= 2 and self.pictures > self.people

    @property
    def words(self) -> str:
        """ "40 people, 400 pictures", or what is missing."""
        if not self.pictures:
            return "There are no folders of people with pictures in it."
        if not self.is_usable:
            return "Two people with two pictures each are the least that can be compared."
        people = counted(self.people, "person").replace("persons", "people")
        least = "more than " if self.is_cut else ""
        return f"{people}, {least}{counted(self.pictures, 'picture')}"


def look_at(path: Path, suffixes: frozenset[str] = PHOTO_SUFFIXES | CROP_SUFFIXES) -> LabelledData:
    """Count people and pictures; names only, no picture is opened. For a lane.

    Args:
        suffixes: of the pictures that count.

    Raises:
        OpqnError, OSError, tarfile.TarError, ValueError: it can't be read.
    """
    if path.suffix == PACK_SUFFIX:
        return _look_into_pack(path)
    people: set[str] = set()
    pictures = 0
    for picture in _pictures(path, suffixes):
        person = picture.parent.name
        if person:
            people.add(person)
            pictures += 1
            if pictures >= MOST:
                return LabelledData(path, len(people), pictures, is_cut=True)
    return LabelledData(path, len(people), pictures)


def _look_into_pack(path: Path) -> LabelledData:
    """The names stand in the head of the file: its length in 8 bytes, then JSON."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > path.stat().st_size:
            raise ValueError("it is no safetensors file")
        head = plain_json.loads(file.read(length))
    try:
        names = plain_json.loads(head["__metadata__"]["opqn"])
        return LabelledData(path, len(names["people"]), len(names["files"]))
    except (KeyError, TypeError) as error:
        raise ValueError("it is no pack of pictures") from error


def _pictures(path: Path, suffixes: frozenset[str]) -> Iterator[PurePosixPath]:
    """The picture files inside; a file's folder is its person."""
    if path.is_file():
        tar, members = open_whole(path)
        tar.close()
        files = [PurePosixPath(member.name) for member in members if _is_file(member)]
        yield from (file for file in belonging(files) if file.suffix.lower() in suffixes)
        return
    scan, seen = FolderScan(path, suffixes=suffixes), 0
    for _ in scan.steps():
        yield from (PurePosixPath(f.rel_path) for f in scan.files[seen:] if not f.problem)
        seen = len(scan.files)


def _is_file(member: tarfile.TarInfo) -> bool:
    return member.isfile() or member.islnk() or member.issym()
