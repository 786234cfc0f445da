"""One backup: a library without photos, in a small file that proves itself whole.

It has the tables of the library it was made of, with the rows of those that hold what people said.
So the migrations of libraries bring an old one up to date, and what reads a library reads it.
"""

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from opqn_app.core import private
from opqn_app.core.errors import LibraryDamaged, LibraryError
from opqn_app.store import schema
from opqn_app.store.connection import (
    UNUSABLE,
    Connection,
    translated_errors,
)
from opqn_app.store.faces_switch import IS_OFF

UNFINISHED = ".tmp"
# Who is who, folders, saved searches; all else can be made again. A test wants each table placed.
KEPT = (
    "meta",
    "roots",
    "decisions",
    "decision_faces",
    "saved_searches",
    schema.MIGRATIONS_TABLE,
)
_NOTE = "backup_note"


class BackupError(LibraryError):
    """A backup that can't be made or read."""


@dataclass(frozen=True, slots=True)
class Note:
    """What a backup says of itself.

    Attributes:
        made: UTC.
        why: see `backups.Why`.
        fingerprint: of the library, see `fingerprint`.
    """

    made: datetime
    why: str
    fingerprint: str


def fingerprint(source: Connection) -> str:
    """Other than before when anything that a backup keeps has changed; reads few rows.

    Decisions are only added, or `erasures` goes up.
    """
    parts = ["SELECT uuid FROM meta", "SELECT * FROM roots ORDER BY id"]
    if "decisions" in _tables(source):
        parts += ["SELECT erasures FROM meta", "SELECT COUNT(*), MAX(id) FROM decisions"]
    if "saved_searches" in _tables(source):
        parts.append("SELECT * FROM saved_searches ORDER BY id")
    if source.row(switched := f"SELECT name FROM sqlite_master WHERE {IS_OFF}"):
        parts.append(switched)
    digest = hashlib.sha256()
    for sql in parts:
        digest.update(repr(source.rows(sql)).encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def holds_anything(source: Connection) -> bool:
    """Whether a library holds what would be missed."""
    tables = [table for table in ("roots", "decisions", "saved_searches") if table in _kept(source)]
    return any(source.row(f"SELECT 1 FROM {table} LIMIT 1") for table in tables)


def write(source: Connection, path: Path, note: Note) -> None:
    """Write a backup beside its place, check it, and put it there.

    Args:
        source: a library, of any version, or a backup that was opened.

    Raises:
        BackupError: it can't be written, or is not whole after it was.
        LibraryDamaged: the library can't be read.
    """
    unfinished = path.with_name(f"{path.name}{UNFINISHED}")
    try:
        private.make_file(unfinished)
        with _written(path), closing(sqlite3.connect(unfinished, isolation_level=None)) as target:
            _fill(target, source, note)
        with unfinished.open("rb") as file:
            os.fsync(file.fileno())
        wrong = problem(unfinished)
        if wrong:
            raise BackupError(f"The backup {path} can't be made: {wrong} as soon as it is written.")
        unfinished.replace(path)
    except OSError as error:
        raise _unwritten(path, error.strerror or str(error)) from error
    finally:
        unfinished.unlink(missing_ok=True)


def _fill(target: sqlite3.Connection, source: Connection, note: Note) -> None:
    target.execute("PRAGMA journal_mode = OFF").fetchall()  # a file that breaks off is deleted
    target.execute("PRAGMA synchronous = OFF")
    target.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
    with source.snapshot():
        _copy_tables(target, source)
        found = fingerprint(source) if not note.fingerprint else note.fingerprint
    target.execute(f"CREATE TABLE {_NOTE} (made TEXT, why TEXT, fingerprint TEXT, digest TEXT)")
    row = (note.made.isoformat(), note.why, found, _digest(target))
    target.execute(f"INSERT INTO {_NOTE} VALUES (?, ?, ?, ?)", row)


def _copy_tables(target: sqlite3.Connection, source: Connection) -> None:
    statements = source.rows(
        "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name != ? "
        "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type = 'table' DESC, rowid",
        [_NOTE],
    )
    target.execute("BEGIN")
    for (sql,) in statements:
        target.execute(sql)
    for table in _kept(source):
        for row in source.stream(f"SELECT * FROM {table}"):
            try:
                target.execute(f"INSERT INTO {table} VALUES ({','.join('?' * len(row))})", row)
            except sqlite3.IntegrityError as error:
                raise LibraryDamaged(source.path, f"rows of {table} make no sense") from error
    target.execute("COMMIT")


def problem(path: Path) -> str:
    """Why a file is no whole backup, as a plain clause; "" for one that is."""
    try:
        with _read(path) as db:
            if db.value("PRAGMA application_id") != schema.APPLICATION_ID:
                return "it is no backup of this program"
            if _NOTE not in _tables(db):
                return "it is no backup"
            if db.rows("PRAGMA integrity_check") != [("ok",)]:
                return "it is damaged"
            if db.value(f"SELECT digest FROM {_NOTE}") != _digest(db.raw):
                return "it is not what was written"
            _note(db)
    except (LibraryError, sqlite3.DatabaseError, ValueError, TypeError):
        return "it is damaged"
    except OSError as error:
        return f"it can't be read ({error.strerror})"
    return ""


def read_note(path: Path) -> Note:
    """What a whole backup says of itself."""
    with _read(path) as db:
        return _note(db)


def is_backup(path: Path) -> bool:
    """Whether a file says that it is a backup, whole or not."""
    try:
        with _read(path) as db:
            return _NOTE in _tables(db)
    except (LibraryError, sqlite3.DatabaseError, OSError):
        return False


def uuid_of(path: Path) -> str:
    """Which library a whole backup was made of."""
    with _read(path) as db:
        return str(db.value("SELECT uuid FROM meta"))


def count(path: Path) -> dict[str, int]:
    """How many rows of each kept table a whole backup has; tables it lacks are missing."""
    with _read(path) as db:
        return {table: int(db.value(f"SELECT COUNT(*) FROM {table}")) for table in _kept(db)}


def load(path: Path) -> Connection:
    """A whole backup in memory, brought up to date there; the file stays as it is.

    Raises:
        BackupError: it is not whole.
        LibraryTooNew: a newer version of this program wrote it.
    """
    wrong = problem(path)
    if wrong:
        raise BackupError(f"The backup {path} can't be used: {wrong}. Take another one.")
    memory = sqlite3.connect(":memory:", isolation_level=None)
    try:
        with _read(path) as db, translated_errors(path):
            db.raw.backup(memory)
        memory.execute("PRAGMA foreign_keys = ON")
        loaded = Connection(path, memory)
        if schema.needs_migration(loaded):
            schema.bring_up_to_date(loaded)
    except BaseException:
        memory.close()
        raise
    return loaded


@contextmanager
def _read(path: Path) -> Iterator[Connection]:
    """A backup is one file that nobody writes any more, so reading it makes no other."""
    with translated_errors(path):
        uri = f"{path.absolute().as_uri()}?immutable=1&mode=ro"
        with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as raw:
            yield Connection(path, raw)


def _note(db: Connection) -> Note:
    row = db.row(f"SELECT made, why, fingerprint FROM {_NOTE}")
    if row is None:
        raise ValueError("no note")
    return Note(datetime.fromisoformat(row[0]), str(row[1]), str(row[2]))


def _digest(raw: sqlite3.Connection) -> str:
    """Of all kept rows."""
    names = {row[0] for row in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    digest = hashlib.sha256()
    for table in KEPT:
        if table in names:
            digest.update(table.encode())
            for row in raw.execute(f"SELECT * FROM {table} ORDER BY 1, 2"):
                digest.update(repr(row).encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _kept(db: Connection) -> list[str]:
    there = _tables(db)
    return [table for table in KEPT if table in there]


def _tables(db: Connection) -> set[str]:
    return {row[0] for row in db.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}


@contextmanager
def _written(path: Path) -> Iterator[None]:
    """Errors of the file that is written; those of the library are told by its connection."""
    try:
        yield
    except sqlite3.OperationalError as error:
        reason = UNUSABLE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
        if reason is None:
            raise
        raise _unwritten(path, reason) from error


def _unwritten(path: Path, reason: str) -> BackupError:
    return BackupError(f"No backup could be made in {path.parent}: {reason}.")
