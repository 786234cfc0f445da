"""Copies photos to a folder: whole files or none, times kept, and what is there stays.

`copy_photos` is a generator of `Progress`. Closing it stops it: what was copied stays, and
the unfinished file goes. Begun again, after that or after a kill, it goes on: a file that is there
with the same content is not copied again. Originals are opened for reading only.
"""

import errno
import os
import re
import shutil
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from opqn_app.core.files import real_path, remove_unfinished, replacing, shared_room
from opqn_app.core.progress import counted
from opqn_app.exchange.going.companions import Companion, Companions
from opqn_app.exchange.going.exports import ExportError, Pace, no_folder
from opqn_app.exchange.going.placing import (
    Layout,
    Placed,
    folded,
    numbered,
    placed,
    split_name,
    without_twins,
)
from opqn_app.exchange.going.selection import GoingPhoto
from opqn_app.exchange.going.sidecar_journal import Journal
from opqn_app.exchange.going.targets import refuse_library
from opqn_app.exchange.records import Problem, Progress
from opqn_app.vision import reasons

AT_ONCE = 1 << 23  # bytes between two looks whether it is to stop
ROOM = ".opqn-unfinished"
_FULL = (errno.ENOSPC, errno.EDQUOT)


class SourceError(Exception):
    """A photo can't be read; the message is a clause."""


@dataclass(frozen=True, slots=True)
class CopyReport:
    """What came of copying.

    Attributes:
        copied: photos, each as often as it was copied.
        already: that were there before, with the same content.
        renamed: that got another name, because theirs was taken or no disk takes it.
        sidecars: XMP files that were written beside the copies.
        merged: those of them that lay there and got names, which can be undone.
        twins: photos that were left out, since another one's file is the same.
        problems: photos that could not be read, and sidecars that were left out.
    """

    folder: Path
    copied: int = 0
    already: int = 0
    renamed: int = 0
    sidecars: int = 0
    merged: int = 0
    twins: int = 0
    problems: tuple[Problem, ...] = ()


@dataclass(slots=True)
class _Count:
    copied: int = 0
    already: int = 0
    renamed: int = 0
    sidecars: int = 0
    merged: int = 0
    problems: list[Problem] = field(default_factory=list)


class _Folder:
    """What lies in a folder that photos go into, and what was put there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._taken: set[str] = set()  # folded names
        self._there: dict[int, list[tuple[str, Path]]] = {}  # size → folded names, files
        try:
            with os.scandir(path) as entries:
                for entry in entries:
                    self._taken.add(folded(entry.name))
                    if entry.is_file():
                        known = self._there.setdefault(entry.stat().st_size, [])
                        known.append((folded(entry.name), Path(entry.path)))
        except FileNotFoundError:
            pass

    def new_name(self, stem: str, suffix: str, companions: Sequence[Companion]) -> Path:
        """A name that nothing has there, nor one of the XMP files that go along."""
        for name in numbered(stem, suffix):
            names = {folded(name), *(folded(each.name(name)) for each in companions)}
            if names.isdisjoint(self._taken):
                break
        self._taken |= names
        return self.path / name

    def alike(self, stem: str, suffix: str, size: int) -> list[tuple[str, Path]]:
        """Files of that size which have such a name, numbered or not, and are no photo's yet."""
        name = rf"{re.escape(folded(stem))}( \(\d+\))?{re.escape(folded(suffix))}"
        return [each for each in self._there.get(size, ()) if re.fullmatch(name, each[0])]

    def claim(self, size: int, file: tuple[str, Path]) -> None:
        """It is a photo's."""
        self._there[size].remove(file)


def copy_photos(
    photos: Sequence[GoingPhoto],
    folder: Path,
    *,
    layout: Layout = Layout.FLAT,
    names: bool = False,
    copies: bool = False,
    roots: Sequence[Path] = (),
    force: bool = False,
    journal: Journal | None = None,
) -> Generator[Progress, None, CopyReport]:
    """Copy photos into a folder, which is made if it is missing. Their XMP files go along.

    Args:
        names: write who is on a photo into the XMP file beside its copy, a new one if it has none.
        copies: photos whose file is the same go out each; else one of them, into a folder.
        roots: folders of the library; copies with names never go there, others by `force`.
        journal: keeps XMP files that lie there and get names; None for that of the user's data.

    Raises:
        ExportError: the folder can't be written, or has too little room. Both are known before
            anything is written, unless the disk fills up meanwhile.
    """
    refuse_library(folder, roots, names=names, force=force)
    every = placed(photos, layout)
    items = every if copies else without_twins(every)
    _make(folder)
    journal = Journal() if journal is None else journal
    _check_room(folder, items)
    count, beside = _Count(), Companions(names=names)
    folders = {below: _Folder(folder / below) for below in {item.folder for item in items}}
    pace = Pace(len(items), sum(item.going.photo.size for item in items))
    with _room_in(folder) as room:
        into = _Into(room, journal)
        for item in items:
            source = item.going.photo.path
            done = 0
            yield pace.at(source.name)
            try:
                companions = beside.of(item.going)
                for size in _copy(source, companions, folders[item.folder], into, count):
                    done += size
                    yield pace.at(source.name, work=size)
            except SourceError as error:
                count.problems.append(Problem(source, f"{source} is not copied: {error}."))
            rest = max(item.going.photo.size - done, 0)  # of what was there already
            yield pace.at(source.name, photos=1, work=rest)
    return CopyReport(
        folder,
        count.copied,
        count.already,
        count.renamed,
        count.sidecars,
        count.merged,
        len(every) - len(items),
        tuple(count.problems),
    )


def pieces(source: Path, into: IO[bytes]) -> Generator[int, None, os.stat_result]:
    """Write the content of a file to another; yields the bytes written, returns its times.

    Raises:
        SourceError: it can't be read, or is longer or shorter than it was at first.
    """
    try:
        file = source.open("rb")
    except (OSError, ValueError) as error:
        raise SourceError(reasons.file_system(source, error)) from error
    with file:
        found = os.fstat(file.fileno())
        total = 0
        while True:
            try:
                data = file.read(AT_ONCE)
            except OSError as error:
                raise SourceError(reasons.file_system(source, error)) from error
            if not data:
                break
            into.write(data)
            total += len(data)
            yield len(data)
    if total != found.st_size:
        raise SourceError("it has changed while it was read")
    return found


@dataclass(frozen=True, slots=True)
class _Into:
    """Where unfinished files lie, and what XMP files were before."""

    room: Path
    journal: Journal


def _copy(
    source: Path, companions: Sequence[Companion], folder: _Folder, into: _Into, count: _Count
) -> Generator[int, None, None]:
    stem, suffix = split_name(source.name)
    try:
        size = source.stat().st_size
    except (OSError, ValueError) as error:
        raise SourceError(reasons.file_system(source, error)) from error
    alike = folder.alike(stem, suffix, size)
    if any(_is_itself(source, there[1]) for there in alike):
        raise SourceError("it lies there itself")
    for there in alike:
        if (yield from _is_same(source, there[1])):
            folder.claim(size, there)
            _copy_companions(companions, there[1], into, count)
            count.already += 1
            return
    target = folder.new_name(stem, suffix, companions)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with replacing(target, room=into.room, among_others=True) as file:
            found = yield from pieces(source, file)
            file.flush()
            os.utime(file.fileno(), ns=(found.st_atime_ns, found.st_mtime_ns))
    except OSError as error:
        raise _not_written(target, error, count) from error
    _copy_companions(companions, target, into, count)
    count.copied += 1
    count.renamed += target.name != source.name


def _copy_companions(
    companions: Sequence[Companion], photo: Path, into: _Into, count: _Count
) -> None:
    """Write the XMP files beside a copy; what lies there stays, but for names that come to it."""
    for each in companions:
        target = photo.with_name(each.name(photo.name))
        try:
            there = target.read_bytes() if target.exists() else None
            content = each.content(there, count.problems)
            if content is None or content == there:
                continue
            if there is not None:
                into.journal.keep(target, there, content)
            with replacing(target, room=into.room, among_others=True) as file:
                file.write(content)
                if each.source is not None and not each.is_named:
                    file.flush()
                    found = each.source.stat()
                    os.utime(file.fileno(), ns=(found.st_atime_ns, found.st_mtime_ns))
        except OSError as error:
            raise _not_written(target, error, count) from error
        count.sidecars += 1
        count.merged += there is not None


def _is_itself(source: Path, target: Path) -> bool:
    """Whether two paths lead to one file; another name of its own, a hard link, is another one."""
    try:
        is_one = source.samefile(target)
        return is_one and (source.stat().st_nlink == 1 or real_path(source) == real_path(target))
    except OSError:
        return False  # one may not be read; copying says which


def _is_same(source: Path, target: Path) -> Generator[int, None, bool]:
    """Whether two files of one size have the same content; yields in between, no bytes."""
    try:
        with source.open("rb") as one, target.open("rb") as two:
            while data := one.read(AT_ONCE):
                if data != two.read(AT_ONCE):
                    return False
                yield 0
    except OSError:
        return False  # one may not be read; copying says which
    return True


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(
            f"The folder {folder} can't be made: {error.strerror}. Choose another one."
        ) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ExportError(f"The folder {folder} may not be written. Choose another one.")


@contextmanager
def _room_in(folder: Path) -> Iterator[Path]:
    """A hidden folder for unfinished files, of all who copy to this place at one time."""
    room = folder / ROOM
    with shared_room(room):
        remove_unfinished(room)  # of earlier versions
        yield room


def _check_room(folder: Path, items: Sequence[Placed]) -> None:
    """Raise if the photos that are not there yet have no room."""
    needed = 0
    for item in items:
        photo = item.going.photo
        there = folder / item.folder / "".join(split_name(photo.path.name))
        try:
            is_there = there.stat().st_size == photo.size
        except OSError:
            is_there = False
        needed += 0 if is_there else photo.size
    check_free(folder, needed)


def check_free(folder: Path, needed: int) -> None:
    """Raise ExportError if the disk of a folder has less than so many bytes free."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise no_folder(folder) from error
    if needed > free:
        raise ExportError(
            f"The photos need {in_bytes(needed)}, and the disk of {folder} has {in_bytes(free)} "
            "free. Choose another folder, or fewer photos."
        )


def _not_written(target: Path, error: OSError, count: _Count) -> Exception:
    """What to raise: for one photo where only its name is at fault, else for all."""
    if error.errno in _FULL:
        why = f"The disk of {target.parent} is full."
    elif not target.parent.is_dir() or not os.access(target.parent, os.W_OK):
        why = f"The folder {target.parent} can't be written any more: {error.strerror}."
    else:
        return SourceError(f"its copy can't be written, {error.strerror}")
    done = count.copied + count.already
    return ExportError(
        f"{why} {counted(done, 'photo')} {'is' if done == 1 else 'are'} there whole. Do the same "
        "again later, and it goes on from there."
    )


def in_bytes(size: int) -> str:
    """ "3.2 GB", as disks count."""
    value, unit = float(size), "bytes"
    for larger in ("KB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return f"{value:.1f} {unit}" if unit != "bytes" else f"{size:,} bytes"
