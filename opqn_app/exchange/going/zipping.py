"""Photos as one zip to be shared.

`zip_photos` is a generator of `Progress`; closing it stops it, and no zip is left. It begins
anew each time: a zip can't be gone on with. XMP files stay behind: a zip is for somebody else, and
they may hold what is not for them.
"""

import time
import zipfile
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

from opqn_app.core.files import replacing
from opqn_app.exchange.going.copying import SourceError, check_free, pieces
from opqn_app.exchange.going.exports import ExportError, Pace, unwritten
from opqn_app.exchange.going.placing import (
    Layout,
    folded,
    numbered,
    placed,
    split_name,
    without_twins,
)
from opqn_app.exchange.going.selection import GoingPhoto
from opqn_app.exchange.going.targets import refuse_what_is_there
from opqn_app.exchange.records import Problem, Progress

_FIRST = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can hold
_LAST = (2107, 12, 31, 23, 59, 58)


@dataclass(frozen=True, slots=True)
class ZipReport:
    """What is in a zip.

    Attributes:
        size: bytes of the zip.
        renamed: photos that got another name, because theirs was taken or no disk takes it.
        twins: photos that were left out, since another one's file is the same.
        problems: photos that could not be read, and are not in it.
    """

    path: Path
    photos: int
    size: int
    renamed: int = 0
    twins: int = 0
    problems: tuple[Problem, ...] = ()


def zip_photos(
    photos: Sequence[GoingPhoto],
    path: Path,
    *,
    layout: Layout = Layout.FLAT,
    copies: bool = False,
    force: bool = False,
) -> Generator[Progress, None, ZipReport]:
    """Write photos into a zip. They are not packed tighter than they are.

    Args:
        path: ends in ".zip".
        copies: photos whose file is the same go into it each; else one of them, into a folder.
        force: a zip that is there is replaced.

    Raises:
        ExportError: it can't be written, or has too little room; or no photo can be read.
    """
    if path.suffix.lower() != ".zip":
        raise ExportError(f"A zip ends in .zip, and {path.name} does not.")
    refuse_what_is_there([path], force=force)
    every = placed(photos, layout)
    items = every if copies else without_twins(every)
    total = sum(item.going.photo.size for item in items)
    check_free(path.absolute().parent, total)
    pace = Pace(len(items), total)
    problems: list[Problem] = []
    taken: set[str] = set()
    renamed = 0
    try:
        with (
            replacing(path, among_others=True) as file,
            zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive,
        ):
            for item in items:
                source = item.going.photo.path
                yield pace.at(source.name)
                stem, suffix = split_name(source.name)
                start = f"{item.folder}/" if item.folder else ""
                names = (f"{start}{each}" for each in numbered(stem, suffix))
                name = next(each for each in names if folded(each) not in taken)
                try:
                    for size in _add(archive, source, name):
                        yield pace.at(source.name, work=size)
                except SourceError as error:
                    problems.append(Problem(source, f"{source} is not in the zip: {error}."))
                else:
                    taken.add(folded(name))
                    renamed += name != f"{start}{source.name}"
                yield pace.at(source.name, photos=1)
            if not taken:
                raise ExportError("None of the photos can be read now, so no zip is written.")
    except OSError as error:
        raise unwritten(path, error) from error
    twins = len(every) - len(items)
    return ZipReport(path, len(taken), path.stat().st_size, renamed, twins, tuple(problems))


def _add(archive: zipfile.ZipFile, source: Path, name: str) -> Generator[int, None, None]:
    """One file; if it can't be read to its end, nothing of it stays in the archive's list."""
    try:
        changed = time.localtime(source.stat().st_mtime)[:6]
    except (OSError, ValueError):
        changed = _FIRST  # opening it says why
    entry = zipfile.ZipInfo(name, min(max(changed, _FIRST), _LAST))
    entry.external_attr = 0o644 << 16
    known = len(archive.filelist)
    try:
        with archive.open(entry, "w", force_zip64=True) as into:
            yield from pieces(source, into)
    except SourceError:
        for half in archive.filelist[known:]:
            del archive.NameToInfo[half.filename]
        del archive.filelist[known:]
        raise
