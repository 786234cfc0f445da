"""Find the photo files below a folder without opening any of them."""

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

from opqn_app.errors import FolderUnavailable
from opqn_app.vision import reasons
from opqn_app.vision.images import PHOTO_SUFFIXES

SKIP_MARKERS = frozenset({".nomedia", ".noimage"})  # a folder that holds one is left out

# Bins, thumbnails and snapshots of file managers, network disks and operating systems.
SYSTEM_FOLDERS = frozenset(
    {
        "@eadir",
        "@recycle",
        "@recently-snapshot",
        "#recycle",
        "#snapshot",
        "$recycle.bin",
        "recycler",
        "system volume information",
        "lost+found",
        "__macosx",
    }
)


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


@dataclass(slots=True)
class FolderScan:
    """A scan in progress: iterate `steps`, then take `result`.

    Attributes:
        root: the folder that relative paths start from.
        excludes: glob patterns; see `is_excluded`.
        skip: relative paths of folders to leave out, such as roots of their own.
    """

    root: Path
    excludes: Sequence[str] = ()
    skip: frozenset[str] = frozenset()
    files: list[PhotoFile] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    _visited: set[tuple[int, int]] = field(default_factory=set)
    _links: list[str] = field(default_factory=list)

    def steps(self, start: str = "") -> Iterator[str]:
        """Scan `start` and all below; yields the relative path of each folder once it is listed.

        Real folders come before linked ones, so a photo inside the root keeps its real path when
        somebody adds a link to it; each folder is visited once, which ends loops.

        Raises:
            FolderUnavailable: `start` can't be listed.
        """
        if any(self._is_left_out(folder) for folder in _ancestors(start)):
            return
        if self._visit(start, is_start=True) is False:
            return
        yield start
        pending = self._subfolders
        while pending or self._links:
            if pending:
                folder = pending.pop()
            else:
                self._links.sort(reverse=True)
                folder = self._links.pop()
            if self._visit(folder):
                yield folder

    def result(self) -> ScanResult:
        return ScanResult(
            tuple(sorted(self.files, key=lambda file: file.rel_path)),
            tuple(sorted(self.unreadable)),
        )

    _subfolders: list[str] = field(default_factory=list)

    def _visit(self, folder: str, *, is_start: bool = False) -> bool:
        path = self.root / folder
        try:
            found = path.stat()
            key = (found.st_dev, found.st_ino)
            if key in self._visited:
                return False
            self._visited.add(key)
            with os.scandir(path) as listing:
                entries = list(listing)
        except OSError as error:
            if is_start:
                reason = reasons.file_system(path, error)
                raise FolderUnavailable(path, reason) from error
            self.unreadable.append(folder)
            return False
        if any(entry.name in SKIP_MARKERS for entry in entries):
            return False
        for entry in entries:
            self._take(entry, f"{folder}/{entry.name}" if folder else entry.name)
        return True

    def _take(self, entry: os.DirEntry[str], rel_path: str) -> None:
        if entry.name.startswith(".") or is_excluded(rel_path, self.excludes):
            return
        is_link = entry.is_symlink()
        is_photo = Path(entry.name).suffix.lower() in PHOTO_SUFFIXES
        try:
            if entry.is_dir():
                if not self._is_left_out(rel_path):
                    (self._links if is_link else self._subfolders).append(rel_path)
                return
            if is_photo:
                self.files.append(_photo_file(rel_path, entry.stat()))
            elif is_link and not Path(entry.path).exists():
                # Where the link led was perhaps a folder on a disk that is not there now.
                self.unreadable.append(rel_path)
        except OSError as error:
            if error.errno == errno.ENOENT and not is_link:
                return  # deleted a moment ago
            if is_photo:
                problem = reasons.file_system(Path(entry.path), error)
                self.files.append(PhotoFile(rel_path, 0, 0, problem))
            else:
                self.unreadable.append(rel_path)

    def _is_left_out(self, folder: str) -> bool:
        name = folder.rpartition("/")[2]
        return (
            name.startswith(".")
            or name.lower() in SYSTEM_FOLDERS
            or folder in self.skip
            or is_excluded(folder, self.excludes)
        )


def scan_folder(root: Path, excludes: Sequence[str] = ()) -> ScanResult:
    """Everything below `root` at once; see FolderScan for the rules.

    Raises:
        FolderUnavailable: `root` can't be listed.
    """
    scan = FolderScan(root, excludes)
    for _ in scan.steps():
        pass
    return scan.result()


def is_excluded(rel_path: str, excludes: Sequence[str]) -> bool:
    """True if a pattern matches the file or folder at `rel_path`.

    A pattern without "/" is compared with the last name alone, others with the whole path from
    the root: "*" and "?" stay inside one name, "**" stands for any number of folders. What lies
    in an excluded folder is excluded with it.
    """
    parts = rel_path.split("/")
    for pattern in excludes:
        wanted = pattern.strip("/").split("/")
        if wanted == [""]:
            continue
        if len(wanted) == 1 and "/" not in pattern.rstrip("/") and wanted != ["**"]:
            if fnmatch(parts[-1], wanted[0]):
                return True
        elif _matches(parts, wanted):
            return True
    return False


def _matches(parts: list[str], wanted: list[str]) -> bool:
    if not wanted:
        return not parts
    if wanted[0] == "**":
        return any(_matches(parts[i:], wanted[1:]) for i in range(len(parts) + 1))
    return bool(parts) and fnmatch(parts[0], wanted[0]) and _matches(parts[1:], wanted[1:])


def _ancestors(folder: str) -> list[str]:
    parts = folder.split("/") if folder else []
    return ["/".join(parts[: i + 1]) for i in range(len(parts))]


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
