"""Which files below a folder are its photos, told by names alone; no photo is opened.

The one rule of indexing, evaluating, preparing, training and packing.
"""

import errno
import os
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NamedTuple, Protocol

from opqn_app.core.errors import FolderUnavailable
from opqn_app.core.files import real_path
from opqn_app.vision import reasons
from opqn_app.vision.raw import RAW_SUFFIXES

PHOTO_SUFFIXES = RAW_SUFFIXES | {
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
    *(".png", ".webp", ".tif", ".tiff", ".gif", ".bmp"),
    *(".heic", ".heif", ".hif", ".avif", ".jxl"),
}
# Of pictures that show a face and no more; .pgm is what old sets of faces come in.
CROP_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".pgm"})

HIDDEN = "."  # begins the names that people don't see, and those of side files
SKIP_MARKERS = frozenset({".nomedia", ".noimage"})  # a folder that holds one is left out

# Bins, thumbnails and snapshots of file managers, network disks and operating systems.
SYSTEM_FOLDERS = frozenset(
    {
        "@eadir",
        "@recycle",
        "@recently-snapshot",
        "@tmp",
        "@appstore",
        "@__thumb",
        "#recycle",
        "#snapshot",
        "~snapshot",
        "$recycle.bin",
        "recycler",
        "system volume information",
        "lost+found",
        "__macosx",
    }
)

# Folders in which photo programs keep photos beside copies of them, and where the photos lie.
_LIBRARY_SUFFIXES = (".photoslibrary", ".photolibrary", ".migratedphotolibrary", ".aplibrary")
_ORIGINALS = frozenset({"originals", "masters"})
_PREVIEWS_SUFFIX = ".lrdata"  # holds copies alone


@dataclass(frozen=True, slots=True)
class PhotoFile:
    """A file that looks like a photo.

    Attributes:
        rel_path: path below the root, with "/" on every system.
        size: bytes.
        problem: why it can't be opened, for what is no regular file; a clause.
    """

    rel_path: str
    size: int
    mtime_ns: int
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What lies below a folder.

    Attributes:
        files: sorted by rel_path.
        unreadable: folders that could not be listed; what is known below them may still be there.
    """

    files: tuple[PhotoFile, ...]
    unreadable: tuple[str, ...]


class LeavesOut(Protocol):
    """Patterns of what a user does not want."""

    def matches(self, rel_path: str, *, is_folder: bool) -> bool: ...


class _Folder(NamedTuple):
    rel_path: str
    real: Path  # absolute, without links


class FolderScan:
    """A scan in progress: iterate `steps`, then take `result`.

    Attributes:
        files: found so far, in no order.
        others: suffix → how many files have it that are no photos.
    """

    def __init__(
        self,
        root: Path,
        *,
        suffixes: frozenset[str] = PHOTO_SUFFIXES,
        excludes: LeavesOut | None = None,
        skip: frozenset[str] = frozenset(),
    ) -> None:
        """Prepare a scan.

        Args:
            root: the folder that relative paths start from.
            suffixes: of the files that count as photos, in lower case.
            excludes: what the user does not want.
            skip: relative paths of folders to leave out, such as roots of their own.
        """
        self.files: list[PhotoFile] = []
        self.others: Counter[str] = Counter()
        self._root = root
        self._real_root = real_path(root)
        self._suffixes = suffixes
        self._excludes = excludes
        self._skip = skip
        self._unreadable: list[str] = []
        self._visited: set[Path] = set()  # real paths; inode numbers are not unique on every disk
        self._folders: list[_Folder] = []
        self._links: list[_Folder] = []
        self._has_followed = False

    def steps(self, start: str = "") -> Iterator[str]:
        """Scan `start` and all below; yields the relative path of each folder once it is listed.

        Links to folders are followed after the real folders, each target once, and not back into
        the root: a photo below the root has one path, and loops end.

        Raises:
            FolderUnavailable: `start` can't be listed.
        """
        inside = self._real_root.name
        for part in _ancestors(start):
            if self._is_left_out(part, inside):
                return
            inside = part.rpartition("/")[2]
        first = _Folder(start, real_path(self._root / start))
        try:
            os.scandir(first.real).close()
        except OSError as error:
            path = self._root / start
            raise FolderUnavailable(path, reasons.file_system(path, error)) from error
        self._folders.append(first)
        while self._folders or self._links:
            if not self._folders:
                self._links.sort(reverse=True)
            self._has_followed |= not self._folders
            folder = (self._folders or self._links).pop()
            if self._visit(folder):
                yield folder.rel_path

    @property
    def n_folders(self) -> int:
        """How many folders were listed so far."""
        return len(self._visited)

    @property
    def has_followed_links(self) -> bool:
        """Some of what was listed lies behind a link."""
        return self._has_followed

    def result(self) -> ScanResult:
        return ScanResult(
            tuple(sorted(self.files, key=lambda file: file.rel_path)),
            tuple(sorted(self._unreadable)),
        )

    def _visit(self, folder: _Folder) -> bool:
        if folder.real in self._visited or self._leads_back(folder):
            return False
        self._visited.add(folder.real)
        try:
            with os.scandir(self._root / folder.rel_path) as listing:
                entries = list(listing)
        except OSError:
            self._unreadable.append(folder.rel_path)
            return False
        if any(entry.name in SKIP_MARKERS for entry in entries):
            return False
        for entry in entries:
            self._take(entry, folder)
        return True

    def _leads_back(self, folder: _Folder) -> bool:
        """True for a folder of the root that was reached through a link."""
        direct = self._real_root / folder.rel_path
        return folder.real.is_relative_to(self._real_root) and folder.real != direct

    def _take(self, entry: os.DirEntry[str], folder: _Folder) -> None:
        rel_path = f"{folder.rel_path}/{entry.name}" if folder.rel_path else entry.name
        if entry.name.startswith(HIDDEN) or self._is_excluded(entry, rel_path):
            return
        is_link = entry.is_symlink()
        _, dot, kind = entry.name.rpartition(".")  # a Path for each name takes a third of a scan
        suffix = (dot + kind).lower()
        is_photo = suffix in self._suffixes
        try:
            if entry.is_dir():
                if not self._is_left_out(rel_path, folder.real.name):
                    self._queue(entry, rel_path, folder)
                return
            if is_photo:
                self.files.append(_photo_file(rel_path, entry.stat()))
            elif is_link and not Path(entry.path).exists():
                # Where the link led was perhaps a folder on a disk that is not there now.
                self._unreadable.append(rel_path)
            elif dot and kind:
                self.others[suffix] += 1
        except OSError as error:
            if error.errno == errno.ENOENT and not is_link:
                return  # deleted a moment ago
            if is_photo:
                problem = reasons.file_system(Path(entry.path), error)
                self.files.append(PhotoFile(rel_path, 0, 0, problem))
            else:
                self._unreadable.append(rel_path)

    def _queue(self, entry: os.DirEntry[str], rel_path: str, parent: _Folder) -> None:
        if entry.is_symlink():
            self._links.append(_Folder(rel_path, real_path(Path(entry.path))))
        else:
            self._folders.append(_Folder(rel_path, parent.real / entry.name))

    def _is_left_out(self, folder: str, inside: str) -> bool:
        return (
            is_left_out_folder(folder.rpartition("/")[2], inside)
            or folder in self._skip
            or (self._excludes is not None and self._excludes.matches(folder, is_folder=True))
        )

    def _is_excluded(self, entry: os.DirEntry[str], rel_path: str) -> bool:
        if self._excludes is None:
            return False
        try:
            is_folder = entry.is_dir()
        except OSError:
            is_folder = False
        return self._excludes.matches(rel_path, is_folder=is_folder)


def _ancestors(folder: str) -> list[str]:
    parts = folder.split("/") if folder else []
    return ["/".join(parts[: i + 1]) for i in range(len(parts))]


def is_hidden(name: str) -> bool:
    """Whether a file or folder of this name is one that people don't see, or a side file."""
    return name.startswith(HIDDEN)


def is_left_out_folder(name: str, inside: str = "") -> bool:
    """Whether a folder is hidden, a system's and no user's, or one of a photo program's copies.

    Args:
        name: of the folder.
        inside: the name of the folder that it lies in, if that is known.
    """
    lower = name.lower()
    return (
        is_hidden(name)
        or lower in SYSTEM_FOLDERS
        or lower.endswith(_PREVIEWS_SUFFIX)
        or (inside.lower().endswith(_LIBRARY_SUFFIXES) and lower not in _ORIGINALS)
    )


def belonging(paths: Sequence[PurePosixPath]) -> list[PurePosixPath]:
    """Of the files of an archive those that a scan of the unpacked folder would look at."""
    marked = {path.parent for path in paths if path.name in SKIP_MARKERS}
    return [
        path
        for path in paths
        if not (
            is_hidden(path.name)
            or any(map(is_left_out_folder, path.parts[:-1], ("", *path.parts)))
            or (marked and not marked.isdisjoint(path.parents))
        )
    ]


def stat_photo(root: Path, rel_path: str) -> PhotoFile | None:
    """One file as a scan would see it; None if it is gone."""
    path = root / rel_path
    try:
        return _photo_file(rel_path, path.stat())
    except OSError as error:
        if error.errno == errno.ENOENT and not path.is_symlink():
            return None
        return PhotoFile(rel_path, 0, 0, reasons.file_system(path, error))


def _photo_file(rel_path: str, found: os.stat_result) -> PhotoFile:
    is_regular = stat.S_ISREG(found.st_mode)
    problem = None if is_regular else reasons.not_a_file(found.st_mode)
    return PhotoFile(rel_path, found.st_size, found.st_mtime_ns, problem)
