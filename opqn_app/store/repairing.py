"""Repair a damaged library: never in place, but in a copy that takes its place when it is whole."""

import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from opqn_app.core import private
from opqn_app.core.errors import LibraryDamaged, LibraryError, LibraryTooNew
from opqn_app.core.files import real_path
from opqn_app.core.progress import counted
from opqn_app.store import (
    alone,
    backup_file,
    backups,
    checking,
    library_file,
    mending,
    salvage,
    schema,
    set_aside,
)
from opqn_app.store.alone import Held
from opqn_app.store.connection import Connection, translated_errors
from opqn_app.store.salvage import Saved

_MAGIC = b"SQLite format 3\0"
_LONGEST_CUT = 2**33  # bytes; a head that tells of more is damaged itself
_WORDS = {"roots": "folders", "meta": "the name of the library", "crops": "pictures of faces"}


@dataclass(frozen=True, slots=True)
class Repaired:
    """What became of a damaged library.

    Attributes:
        aside: where the damaged file is now; None where it had to go, since it holds bytes of what
            was forgotten.
        done: sentences: what was lost, what was taken out or from a backup, what to do next.
        left: what is still not as it should be, and what to do about it.
    """

    aside: Path | None
    done: tuple[str, ...]
    left: tuple[checking.Fault, ...]


def repair(path: Path, now: datetime | None = None) -> Repaired:
    """Save what can be read of a library, make it fit, and put it in place of the damaged file.

    The damaged file is set aside for `set_aside.KEPT_DAYS` days. Killed anywhere, either file is in
    place.

    Raises:
        LibraryDamaged: nothing of it can be read, or what was saved is not whole either; the file
            is as it was.
        LibraryLocked: another program has it open.
        LibraryError: there is no room, or no right, for the copy.
    """
    path, now = real_path(path), now or datetime.now(UTC)
    with alone.held_alone(path) as held:
        try:
            return _repaired(held, path, now)
        except OSError as error:
            raise LibraryError(
                f"The library {path} can't be repaired: {error.strerror}. Its copy needs as much "
                "room as the library, in the same folder."
            ) from error
        finally:
            library_file.remove_unfinished(path)


def begin_anew(path: Path, now: datetime | None = None) -> Path:
    """Put an empty library in place of one that can't be opened.

    Returns:
        Where the damaged file is now.

    Raises:
        LibraryDamaged: nothing tells that the file was ever a library; it stays.
        LibraryError: as for `repair`.
    """
    path, now = real_path(path), now or datetime.now(UTC)
    with alone.held_alone(path) as held:
        app_id = held.head[68:72]
        if int.from_bytes(app_id) != schema.APPLICATION_ID and not backups.files(path):
            raise LibraryDamaged(path, "it may be a file of another program", is_lost=True)
        try:
            new = library_file.make_beside(path)
            held.let_go()
            return set_aside.put_in_place(new, path, now)
        except OSError as error:
            raise LibraryError(f"No library can be made at {path}: {error.strerror}.") from error
        finally:
            library_file.remove_unfinished(path)


def _repaired(held: Held, path: Path, now: datetime) -> Repaired:
    library_file.remove_unfinished(path)
    new = library_file.unfinished(path)
    with closing(_new_database(new)) as copy, _readable(held) as source:
        try:
            has_traces = _refuse_foreign(source)
            saved = salvage.copy_tables(source, copy)
        except LibraryDamaged as error:
            raise LibraryDamaged(path, "its tables can't be found", is_lost=True) from error
        done = [_lost(each) for each in saved if not each.is_whole]
        if schema.needs_migration(copy):
            schema.bring_up_to_date(copy)
        n = mending.drop_damaged_decisions(copy)
        if n:
            done.append(f"{counted(n, 'decision')} about faces went: not what was written.")
        done += _from_backup(copy, path, saved, has_lost_decisions=n > 0)
        copy.run("PRAGMA foreign_keys = ON")
        done += mending.mend(copy)
        left = tuple(checking.faults(copy))
    wrong = [fault.words for fault in left if fault.remedy == checking.REPAIR]
    if wrong:
        reason = f"what was saved of it is not whole either ({wrong[0]})"
        raise LibraryDamaged(path, reason, is_lost=True)
    with new.open("rb+") as file:
        os.fsync(file.fileno())
    held.let_go()
    aside: Path | None = set_aside.put_in_place(new, path, now)
    if has_traces and aside is not None:
        aside.unlink()
        aside = None
    return Repaired(aside, tuple(done), left)


@contextmanager
def _readable(held: Held) -> Iterator[Connection]:
    """The damaged library; of one that was cut off, a copy as long as it was, which SQLite opens.

    Nobody else can open it before, so that reading the file undoes no lock.
    """
    path, head = held.db.path, held.head
    page, n_pages = int.from_bytes(head[16:18]), int.from_bytes(head[28:32])
    missing = page * n_pages - path.stat().st_size
    if not (head.startswith(_MAGIC) and 0 < missing <= _LONGEST_CUT):
        yield held.db
        return
    copies = library_file.files_of(path.with_name(f"{path.name}.new-cut"))
    for file_now, copy in zip(library_file.files_of(path)[:2], copies, strict=False):
        if file_now.is_file():
            private.make_file(copy)
            shutil.copyfile(file_now, copy)
    os.truncate(copies[0], page * n_pages)
    with translated_errors(path):
        raw = sqlite3.connect(copies[0], isolation_level=None)
    try:
        yield Connection(path, raw)
    finally:
        raw.close()


def _new_database(path: Path) -> Connection:
    private.make_file(path)
    with translated_errors(path):
        raw = sqlite3.connect(path, isolation_level=None)
        raw.execute("PRAGMA auto_vacuum = INCREMENTAL")
        raw.execute("PRAGMA journal_mode = OFF").fetchall()  # a copy that breaks off is deleted
        raw.execute("PRAGMA synchronous = OFF")
        raw.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
    return Connection(path, raw)


def _refuse_foreign(db: Connection) -> bool:
    """Raise for a file of another program or a newer version; whether it holds forgotten bytes."""
    is_ours = db.value("PRAGMA application_id") == schema.APPLICATION_ID
    try:
        if schema.is_empty(db):
            raise LibraryDamaged(db.path, "there is no table in it", is_lost=True)
        schema.needs_migration(db)
    except LibraryTooNew:
        raise
    except LibraryDamaged:
        if not is_ours:
            raise
    return bool(db.value("PRAGMA user_version"))


def _from_backup(
    copy: Connection, library: Path, saved: Sequence[Saved], *, has_lost_decisions: bool
) -> list[str]:
    """Fill what people said from the newest whole backup of the same library, where it was lost."""
    broken = {each.table for each in saved if not each.is_whole}
    if has_lost_decisions:
        broken |= {"decisions", "decision_faces"}
    wanted = [table for table in backup_file.KEPT if table in broken]
    uuid = copy.value("SELECT uuid FROM meta")
    for backup in backups.listed(library) if wanted else ():
        if backup.problem or uuid not in (None, backup.uuid):
            continue
        with closing(backup_file.load(backup.path)) as old:
            n = mending.fill(copy, old, wanted)
        return [f"{counted(n, 'row')} of these came from the backup {backup.path}."]
    return []


def _lost(saved: Saved) -> str:
    name = _WORDS.get(saved.table, saved.table)
    if saved.of is None or saved.of <= saved.rows:
        return (
            f"Of {name} {counted(saved.rows, 'row')} could be saved; others were on damaged pages."
        )
    return f"Of {name} {saved.rows:,} of {counted(saved.of, 'row')} could be saved."
