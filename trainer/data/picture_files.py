"""The pictures of labelled people in a folder or tar file: which there are, and their bytes.

A set holds `PERSON/picture`, with any folders above. What counts as a picture of the set is told by
`opqn_app.vision.photo_folder`, as in indexing.
"""

import tarfile
import threading
import weakref
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from opqn_app.core.errors import DataError, FolderUnavailable, PhotoUnreadable
from opqn_app.core.progress import counted
from opqn_app.core.tars import open_whole
from opqn_app.vision import images, reasons
from opqn_app.vision.apart import read_photo
from opqn_app.vision.photo_folder import CROP_SUFFIXES, PHOTO_SUFFIXES, FolderScan, belonging

SHOWN = 20  # pictures named on a terminal
_OWN_SIZE = 1 << 30  # px; no side is longer


@dataclass(frozen=True, slots=True)
class Dropped:
    """A picture that takes no part, and why.

    Attributes:
        file: its path inside the set; one of a folder ends in "/".
        reason: a plain clause.
    """

    file: str
    reason: str

    @property
    def person(self) -> str:
        """Whose picture it is; "" where it lies in no person's folder."""
        path = PurePosixPath(self.file)
        return path.name if self.file.endswith("/") else path.parent.name

    def below(self, folder: str) -> "Dropped":
        """The same, of a set that is part of another one."""
        return replace(self, file=f"{folder}/{self.file}")


class PictureFiles:
    """The picture files of a folder or tar file, by name.

    Attributes:
        people, files: (n,) each; files are paths inside the set, ascending by folder and name.
        loose: pictures in no person's folder.
        unlisted: folders that can't be listed.
        unread: pictures of a kind that is not among the suffixes.
        others: suffix → number of files that are no such pictures.

    Args:
        suffixes: of the pictures that are wanted, in lower case.
        part: only what lies below this folder of the set.
        may_be_empty: no error where no picture is found.

    Raises:
        DataError: it is neither a folder nor a tar file, or holds no picture in a person's folder.
    """

    def __init__(
        self,
        source: Path,
        suffixes: frozenset[str],
        *,
        part: str = "",
        may_be_empty: bool = False,
    ) -> None:
        self._source = source
        self._tar: tarfile.TarFile | None = None
        self._lock = threading.Lock()  # a tar file has one place it reads at
        self._members: dict[str, tarfile.TarInfo] = {}
        self._problems: dict[str, str] = {}
        self.unlisted: list[Dropped] = []
        self.others: Counter[str] = Counter()
        found = sorted(self._listed(part) if source.is_dir() else self._archived(part))
        wanted = [path for path in found if path.suffix.lower() in suffixes]
        other = [path for path in found if path.suffix.lower() not in suffixes]
        inside = [path for path in wanted if path.parent.name]
        self.others += Counter(path.suffix.lower() for path in other)
        self.unread = [
            Dropped(str(path), f"{path.suffix.lower()} files are not read here") for path in other
        ]
        self.loose = [
            Dropped(str(p), "lies in no person's folder") for p in wanted if not p.parent.name
        ]
        if not (inside or may_be_empty):
            layout = "one folder for each person, with pictures in it"
            raise DataError(source, f"it holds no pictures laid out as {layout}{self.mostly()}")
        self.files = np.array([str(path) for path in inside], dtype=np.str_)
        self.people = np.array([path.parent.name for path in inside], dtype=np.str_)

    @property
    def left_out(self) -> list[Dropped]:
        """All that nobody looks at."""
        return [*self.loose, *self.unlisted, *self.unread]

    def mostly(self) -> str:
        """Of what kind most files are that were found instead: "; it holds 400 .pgm files"."""
        kinds = self.others + Counter(PurePosixPath(e.file).suffix.lower() for e in self.loose)
        most = kinds.most_common(1)
        return "".join(f"; it holds {counted(n, f'{kind} file')}" for kind, n in most)

    def reading_order(self) -> NDArray[np.intp]:
        """(n,) all rows, as they lie in the file: a packed tar file can't be read backwards."""
        if self._tar is None:
            return np.arange(len(self.files))
        offsets = [self._members[str(name)].offset for name in self.files]
        return np.argsort(np.array(offsets, np.int64), kind="stable")

    def read(self, row: int) -> bytes:
        """The bytes of one file.

        Raises:
            PhotoUnreadable: the file went away, can't be read, or is far too large for a photo.
        """
        name = str(self.files[row])
        size, _ = self.stamp(row)
        if size > images.MAX_FILE_BYTES:  # a small packed file can hold a huge one
            raise PhotoUnreadable(name, reasons.too_large(size, images.MAX_FILE_BYTES))
        try:
            if self._tar is None:
                return (self._source / name).read_bytes()
            with self._lock:
                stream = self._tar.extractfile(self._members[name])
                data = stream.read(images.MAX_FILE_BYTES + 1) if stream else b""
            if len(data) > images.MAX_FILE_BYTES:  # a link says nothing of its target's size
                raise PhotoUnreadable(name, reasons.too_large(len(data), images.MAX_FILE_BYTES))
            return data
        except KeyError as error:
            raise PhotoUnreadable(name, "it is a link to a file that is not there") from error
        except (OSError, tarfile.TarError, EOFError, zlib.error) as error:
            raise PhotoUnreadable(name, f"the file can't be read ({error})") from error

    def stamp(self, row: int) -> tuple[int, int]:
        """Size in bytes and time of the last change in ns: the same while the file is the same.

        Raises:
            PhotoUnreadable: the file went away.
        """
        name = str(self.files[row])
        self._check(name)
        if self._tar is not None:
            member = self._members[name]
            return member.size, int(member.mtime * 1e9)
        try:
            found = (self._source / name).stat()
        except OSError as error:
            raise PhotoUnreadable(name, f"the file can't be read ({error})") from error
        return found.st_size, found.st_mtime_ns

    def _check(self, name: str) -> None:
        if name in self._problems:  # opening a pipe would wait for ever
            raise PhotoUnreadable(name, self._problems[name])

    def _listed(self, part: str) -> list[PurePosixPath]:
        """All pictures below a folder, of whatever kind."""
        if part and not (self._source / part).is_dir():
            return []
        scan = FolderScan(self._source, suffixes=PHOTO_SUFFIXES | CROP_SUFFIXES)
        try:
            for _ in scan.steps(part):
                pass
        except FolderUnavailable as error:
            raise DataError(self._source, error.reason) from error
        result = scan.result()
        self.others += scan.others
        self._problems = {file.rel_path: file.problem for file in result.files if file.problem}
        self.unlisted = [self._unreadable(folder) for folder in result.unreadable]
        return [PurePosixPath(file.rel_path) for file in result.files]

    def _unreadable(self, name: str) -> Dropped:
        if (self._source / name).exists():
            return Dropped(f"{name}/", "the folder can't be read")
        return Dropped(name, "it is a link to something that is not there")

    def _archived(self, part: str) -> list[PurePosixPath]:
        self._tar, listed = open_whole(self._source)
        weakref.finalize(self, self._tar.close)
        members = [m for m in listed if m.isfile() or m.islnk() or m.issym()]
        self._members = {str(PurePosixPath(m.name)): m for m in members}
        paths = belonging([PurePosixPath(name) for name in self._members])
        if part:
            paths = [path for path in paths if path.is_relative_to(part)]
        kinds = PHOTO_SUFFIXES | CROP_SUFFIXES
        self.others += Counter(
            path.suffix.lower() for path in paths if path.suffix.lower() not in kinds | {""}
        )
        return [path for path in paths if path.suffix.lower() in kinds]


def open_picture(data: bytes, name: str, partly: dict[str, str]) -> Image.Image:
    """A picture as RGB in its own size, the right way up and in sRGB, as the app sees a photo.

    Args:
        partly: gets what is missing of it, under its name.

    Raises:
        PhotoUnreadable: it can't be decoded; it says why.
    """
    photo = read_photo(data, name, max_side=_OWN_SIZE, min_side=_OWN_SIZE)
    if photo.fault is not None:
        partly[name] = photo.fault
    return photo.in_srgb(photo.image)


def partly_in_words(partly: Mapping[str, str], rest: str = "", *, shown: int = SHOWN) -> list[str]:
    """Lines that say which pictures take part although something of them is missing, and what.

    Args:
        partly: by file, a plain clause.
        rest, shown: see `left_out_in_words`.
    """
    if not partly:
        return []
    lines = [f"{counted(len(partly), 'picture')} could be read only in part:"]
    lines += [f"  {file}: {partly[file]}" for file in sorted(partly)[:shown]]
    if len(partly) > shown:
        lines.append(f"  … and {len(partly) - shown:,} more{rest}")
    return lines


def without_pictures(left_out: Iterable[Dropped], people: Iterable[str]) -> list[str]:
    """The people of whom every picture was left out, by name; `people` are the others."""
    return sorted({entry.person for entry in left_out} - {""} - {str(p) for p in people})


def left_out_in_words(
    left_out: Sequence[Dropped], people: Iterable[str], rest: str = "", *, shown: int = SHOWN
) -> list[str]:
    """Lines that say which pictures take no part and who is left with none; none if all do.

    Args:
        people: who has pictures.
        rest: where the others stand, as "; --json lists all".
        shown: how many are named.
    """
    if not left_out:
        return []
    lines = [f"{counted(len(left_out), 'picture')} took no part:"]
    lines += [f"  {entry.file}: {entry.reason}" for entry in left_out[:shown]]
    if len(left_out) > shown:
        lines.append(f"  … and {len(left_out) - shown:,} more{rest}")
    names = without_pictures(left_out, people)
    if names:
        more = f" and {len(names) - shown:,} more" if len(names) > shown else ""
        lines.append(f"No picture is left of {', '.join(names[:shown])}{more}.")
    return lines
