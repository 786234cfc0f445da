"""The files of a library on the disk: made whole, closed to others, refused where they are none."""

from pathlib import Path

from opqn_app.core import private
from opqn_app.core.errors import LibraryDamaged, LibraryError
from opqn_app.core.progress import counted
from opqn_app.store import schema
from opqn_app.store.connection import connect

SMALLEST_DATABASE = 512  # bytes: one page


def make(path: Path) -> None:
    """Make an empty library, whole from the moment it is there."""
    unfinished = path.with_name(f"{path.name}.new")
    try:
        for old in files_of(unfinished):  # of a program that was killed here
            old.unlink(missing_ok=True)
        private.make_file(unfinished)
        db = connect(unfinished, write=True)
        try:
            schema.migrate(db)
        finally:
            db.close()
        for old in files_of(path)[1:]:  # of a library that was deleted; it would be written over
            old.unlink(missing_ok=True)
        unfinished.replace(path)
    except OSError as error:
        raise LibraryError(f"The library {path} can't be made: {error.strerror}.") from error
    finally:
        for left in files_of(unfinished):
            left.unlink(missing_ok=True)


def files_of(path: Path) -> list[Path]:
    """A database and what SQLite keeps beside it."""
    return [path.with_name(f"{path.name}{end}") for end in ("", "-wal", "-shm")]


def tighten(path: Path) -> None:
    """Close a library to others, with all that lies beside it."""
    beside = [path.with_name(f"{path.name}{end}") for end in (".lock", ".writer.json")]
    for each in (*files_of(path), *beside, *schema.backups(path)):
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
