"""The backups of a library: where they lie, when one is made, and which are kept.

They lie in a folder beside the library, so that they go where it goes. Of each of the last seven
days and the last four weeks that have one, the newest is kept; of today, ten.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path

from filelock import FileLock, Timeout

from opqn_app.core import private
from opqn_app.core.errors import LibraryError
from opqn_app.core.files import real_path
from opqn_app.store import backup_file
from opqn_app.store.backup_file import BackupError, Note
from opqn_app.store.connection import Connection

logger = logging.getLogger(__name__)

DAYS, WEEKS, TODAY, OTHERS = 7, 4, 10, 4  # how many are kept; OTHERS: of libraries before this one
WAIT_S = 10.0  # for another program that makes one
_NAME = "%Y-%m-%dT%H%M%S%f"
_ENDING = ".sqlite"


class Why(StrEnum):
    """What a backup was made for."""

    DAY = "day"
    MIGRATION = "migration"
    ASKED = "asked"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True)
class Backup:
    """A file in the folder of backups.

    Attributes:
        made: UTC, by its name.
        why: "" where the file can't be read.
        uuid: of the library it was made of.
        decisions, folders, searches: how many it holds.
        size: in bytes.
        problem: why it can't be used, as a plain clause; "" if it is whole.
    """

    path: Path
    made: datetime
    size: int
    why: str = ""
    uuid: str = ""
    decisions: int = 0
    folders: int = 0
    searches: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Rewritten:
    """How many backups something was taken out of, and how many were deleted for it."""

    changed: int
    deleted: int


def folder_of(library: Path) -> Path:
    """The folder in which the backups of a library lie; it need not be there."""
    path = real_path(library)
    return path.with_name(f"{path.name}.backups")


def files(library: Path) -> list[Path]:
    """The backups of a library, newest first; nothing is opened."""
    found = folder_of(library).glob(f"*{_ENDING}")
    return sorted((path for path in found if _time_of(path) is not None), reverse=True)


def listed(library: Path) -> list[Backup]:
    """The backups of a library, newest first; each is opened and checked."""
    return [looked_at(path) for path in files(library)]


def looked_at(path: Path) -> Backup:
    """What a file holds, if it is a whole backup."""
    made = _time_of(path) or datetime.fromtimestamp(path.stat().st_mtime, UTC)
    size = path.stat().st_size
    wrong = backup_file.problem(path)
    if wrong:
        return Backup(path, made, size, problem=wrong)
    note, rows = backup_file.read_note(path), backup_file.count(path)
    return Backup(
        path,
        note.made,
        size,
        note.why,
        backup_file.uuid_of(path),
        rows.get("decisions", 0),
        rows["roots"],
        rows.get("saved_searches", 0),
    )


def make(source: Connection, why: Why, now: datetime | None = None) -> Path:
    """Back up a library of any version, then delete the backups that are not kept any more.

    Raises:
        BackupError: it can't be written.
        LibraryDamaged: the library can't be read.
    """
    now = now or datetime.now(UTC)
    folder = folder_of(source.path)
    path = folder / f"{now.astimezone(UTC).strftime(_NAME)}Z{_ENDING}"
    with locked(source.path):
        backup_file.write(source, path, Note(now, why, ""))
        _drop(listed(source.path), now)
    return path


def before_migration(source: Connection) -> None:
    """Back up what a migration is about to change; where none can be made, it goes on without."""
    try:
        make(source, Why.MIGRATION)
    except LibraryError as error:
        logger.warning("the library is brought up to date without a backup")
        logger.debug("no backup: %s", error)


def is_due(library: Path, now: datetime | None = None) -> bool:
    """Whether the newest backup is not of today; nothing is opened."""
    today = (now or datetime.now(UTC)).astimezone(UTC).date()
    newest = next(iter(files(library)), None)
    made = None if newest is None else _time_of(newest)
    return made is None or made.date() != today


def has_changed(source: Connection) -> bool:
    """Whether the newest whole backup does not hold what the library holds now."""
    return current(source) is None and (
        backup_file.holds_anything(source) or _newest(source.path) is not None
    )


def current(source: Connection) -> Path | None:
    """The newest whole backup, if it holds what the library holds now."""
    newest = _newest(source.path)
    if newest is None:
        return None
    is_same = backup_file.read_note(newest).fingerprint == backup_file.fingerprint(source)
    return newest if is_same else None


def _newest(library: Path) -> Path | None:
    """The newest whole one."""
    return next((path for path in files(library) if not backup_file.problem(path)), None)


@contextmanager
def locked(library: Path) -> Iterator[None]:
    """One program at a time in the folder, which is made; what a killed one left is deleted.

    Raises:
        BackupError: the folder can't be written, or is in use.
    """
    folder = folder_of(library)
    try:
        private.make_folder(folder)
        private.tighten(folder)
        lock = FileLock(folder / ".lock", mode=private.FILE_MODE, thread_local=False)
        lock.acquire(timeout=WAIT_S)
    except Timeout:
        raise BackupError(
            f"Another program is at work on the backups in {folder}. Try again when it is done."
        ) from None
    except OSError as error:
        raise BackupError(
            f"No backup could be made in {folder}: {error.strerror}. Look at its rights."
        ) from error
    try:
        for left in folder.glob(f"*{backup_file.UNFINISHED}"):
            left.unlink(missing_ok=True)
        yield
    finally:
        lock.release()


def rewrite(library: Path, change: Callable[[Connection], bool]) -> Rewritten:
    """Take something out of every backup: each is written anew, under the name it had.

    One that can't be read, or written, is deleted: it must not hold what was to be forgotten.

    Args:
        change: changes a backup that was loaded; whether there was anything to change.

    Raises:
        BackupError: their folder is in use or can't be written.
    """
    changed = deleted = 0
    if files(library):
        with locked(library):
            for path in files(library):
                try:
                    changed += _rewritten(path, change)
                except LibraryError:
                    path.unlink(missing_ok=True)
                    deleted += 1
    return Rewritten(changed, deleted)


def delete_all(library: Path) -> int:
    """Delete every backup; returns how many there were.

    Raises:
        BackupError: their folder is in use or can't be written.
    """
    found = files(library)
    if found:
        with locked(library):
            for path in found:
                path.unlink(missing_ok=True)
    return len(found)


def _rewritten(path: Path, change: Callable[[Connection], bool]) -> bool:
    note = backup_file.read_note(path)
    loaded = backup_file.load(path)
    try:
        if not change(loaded):
            return False
        backup_file.write(loaded, path, replace(note, fingerprint=""))
    finally:
        loaded.close()
    return True


def to_keep(found: Sequence[Backup], now: datetime) -> list[Backup]:
    """Which of the backups are kept, newest first.

    Those that are damaged count for nothing. They go when none of their age is kept.
    """
    whole = sorted((b for b in found if not b.problem), key=lambda b: b.made, reverse=True)
    today = now.astimezone(UTC).date()
    kept = [b for b in whole if b.made.date() == today][:TODAY]
    days: dict[date, Backup] = {}
    weeks: dict[tuple[int, int], Backup] = {}
    others: dict[str, Backup] = {}
    for backup in whole:
        days.setdefault(backup.made.date(), backup)
        year, week, _ = backup.made.isocalendar()
        weeks.setdefault((year, week), backup)
        others.setdefault(backup.uuid, backup)
    kept += [*list(days.values())[:DAYS], *list(weeks.values())[:WEEKS]]
    kept += list(others.values())[: OTHERS + 1]
    oldest = min((b.made for b in kept), default=now)
    kept += [b for b in found if b.problem and b.made >= oldest]
    return sorted(dict.fromkeys(kept), key=lambda b: b.made, reverse=True)


def _drop(found: Sequence[Backup], now: datetime) -> None:
    kept = set(to_keep(found, now))
    for backup in found:
        if backup not in kept:
            backup.path.unlink(missing_ok=True)


def _time_of(path: Path) -> datetime | None:
    try:
        return datetime.strptime(f"{path.name}+0000", f"{_NAME}Z{_ENDING}%z")
    except ValueError:
        return None
