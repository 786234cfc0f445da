"""The files of a library on the disk: made whole, closed to others, refused where they are none."""

import glob
from pathlib import Path

from opqn_app.core import private
from opqn_app.core.errors import LibraryDamaged, LibraryError
from opqn_app.core.progress import counted
from opqn_app.store import schema
from opqn_app.store.connection import connect

SMALLEST_DATABASE = 512  # bytes: one page


def make(path: Path) -> None:
    """Make an empty library, whole from the moment it is there."""
    try:
        new = make_beside(path)
        for old in files_of(path)[1:]:  # of a library that was deleted; it would be written over
            old.unlink(missing_ok=True)
        new.replace(path)
    except OSError as error:
        raise LibraryError(f"The library {path} can't be made: {error.strerror}.") from error
    finally:
        remove_unfinished(path)


def make_beside(path: Path) -> Path:
    """Make an empty library that can take the place of `path`, and say where; raises OSError."""
    remove_unfinished(path)
    new = unfinished(path)
    private.make_file(new)
    db = connect(new, write=True)
    try:
        schema.migrate(db)
    finally:
        db.close()
    return new


def unfinished(path: Path) -> Path:
    """Where the file is made that becomes the library; only who has the writer's lock makes one."""
    return path.with_name(f"{path.name}.new")


def remove_unfinished(path: Path) -> None:
    """Delete what a program left that was killed while it made one; inside the writer's lock."""
    for file in path.parent.glob(f"{glob.escape(path.name)}.new*"):
        file.unlink(missing_ok=True)


def files_of(path: Path) -> list[Path]:
    """A database and what SQLite keeps beside it."""
    return [path.with_name(f"{path.name}{end}") for end in ("", "-wal", "-shm")]


def tighten(path: Path) -> None:
    """Close a library to others, with all that lies beside it."""
    ends = (".lock", ".writer.json", ".backups")
    beside = [path.with_name(f"{path.name}{end}") for end in ends]
    damaged = path.parent.glob(f"{glob.escape(path.name)}.damaged-*")
    for each in (*files_of(path), *beside, *schema.backups(path), *damaged):
        private.tighten(each)


def refuse_cut(path: Path) -> None:
    """Raise for less than a database; SQLite would take it for a new one and write over it."""
    size = path.stat().st_size
    if size < SMALLEST_DATABASE and path.is_file():
        raise LibraryDamaged(path, f"it was cut off, {counted(size, 'byte')} are left")


def refuse_foreign(path: Path) -> None:
    """Raise for what is no library of this version before any setting of ours changes the file."""
    refuse_cut(path)
    db = connect(path, write=False)
    try:
        schema.needs_migration(db)
    finally:
        db.close()
