"""One SQLite connection with the project's pragmas, whose errors are sentences for people."""

import sqlite3
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from opqn_app.core.errors import (
    LibraryDamaged,
    LibraryError,
    LibraryLocked,
    LibraryReadOnly,
    LibraryReplaced,
    RemembersNoFaces,
)

BUSY_TIMEOUT_S = 10.0
LOOK_S = 0.25  # between two looks whether a reader still keeps the write-ahead log
MAX_PARAMS = 10_000  # values in one statement; SQLite allows 32766


class Connection:
    """A connection in autocommit mode; `transaction` groups writes, `snapshot` groups reads."""

    def __init__(self, path: Path, raw: sqlite3.Connection) -> None:
        self.path = path
        self.raw = raw
        self._file = _file_at(path)
        self._is_changing = False

    def rows(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with translated_errors(self.path):
            return self.raw.execute(sql, params).fetchall()

    def row(self, sql: str, params: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        with translated_errors(self.path):
            row: tuple[Any, ...] | None = self.raw.execute(sql, params).fetchone()
            return row

    def stream(self, sql: str, params: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """Row by row, for tables of any size."""
        with translated_errors(self.path):
            yield from self.raw.execute(sql, params)

    def value(self, sql: str, params: Sequence[Any] = ()) -> Any:
        """The first column of the first row; None without rows."""
        row = self.row(sql, params)
        return row[0] if row else None

    def insert(self, sql: str, params: Sequence[Any] = ()) -> int:
        """Run an INSERT and return its row id."""
        with translated_errors(self.path):
            return int(self.raw.execute(sql, params).lastrowid or 0)

    def run(self, sql: str, params: Sequence[Any] = ()) -> int:
        """Run a statement and return how many rows it changed."""
        with translated_errors(self.path):
            return self.raw.execute(sql, params).rowcount

    def run_many(self, sql: str, params: Iterable[Sequence[Any]]) -> None:
        with translated_errors(self.path):
            self.raw.executemany(sql, params)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, and the write lock from the first statement on.

        One inside another is a part of it.

        Raises:
            LibraryReplaced: before or after it, the file is not the one that was opened.
        """
        if self._is_changing:
            yield
            return
        self.check_place()
        self.run("BEGIN IMMEDIATE")
        self._is_changing = True
        try:
            yield
            self.run("COMMIT")
        except BaseException:
            if self.raw.in_transaction:
                self.raw.rollback()
            raise
        finally:
            self._is_changing = False
        self.check_place()

    def check_place(self) -> None:
        """Raise LibraryReplaced if the file at `path` is not the one that was opened."""
        found = _file_at(self.path)
        if found != self._file:
            raise LibraryReplaced(self.path, is_there=found is not None)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Reads inside see one state of the library, whatever a writer commits meanwhile."""
        if self.raw.in_transaction:
            yield
            return
        self.run("BEGIN")
        try:
            yield
        finally:
            self.raw.rollback()

    def shrink(self, patience_s: float, when_waiting: Callable[[], None]) -> bool:
        """Give free pages back to the disk and empty the write-ahead log.

        Args:
            patience_s: how long to wait for readers of an earlier state, which keep the log.
            when_waiting: called once where there is one.

        Returns:
            False if one still keeps it.
        """
        until = time.monotonic() + patience_s
        with translated_errors(self.path):
            # execute() would stop after the first page: this PRAGMA works on while it is stepped.
            self.raw.executescript("PRAGMA incremental_vacuum")
            try:
                is_told = False
                while self._keeps_log():
                    if time.monotonic() >= until:
                        return False
                    if not is_told:
                        when_waiting()
                        is_told = True
            finally:
                self._wait_for_others(BUSY_TIMEOUT_S)
        return True

    def _keeps_log(self) -> bool:
        """Try to empty the write-ahead log; True where a reader still needs it."""
        self._wait_for_others(LOOK_S)
        return bool(self.raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0])

    def _wait_for_others(self, seconds: float) -> None:
        self.raw.execute(f"PRAGMA busy_timeout = {int(1000 * seconds)}").fetchall()

    def give_back_pages(self) -> None:
        """Free the pages of the file that are kept in memory: up to 2 MB."""
        self.raw.execute("PRAGMA shrink_memory")

    def close(self) -> None:
        self.raw.close()


def _file_at(path: Path) -> tuple[int, int] | None:
    """Device and number of a file: another one has others while this one is open."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def connect(path: Path, *, write: bool) -> Connection:
    """Open `path` for the calling thread.

    Raises:
        LibraryError: the file can't be opened.
        LibraryDamaged: it is not a SQLite file.
    """
    with translated_errors(path):
        if write:
            raw = sqlite3.connect(path, isolation_level=None, timeout=BUSY_TIMEOUT_S)
        else:
            raw = _connect_to_read(path)
        try:
            _set_pragmas(raw, write=write)
        except BaseException:
            raw.close()
            raise
    return Connection(path, raw)


def _connect_to_read(path: Path) -> sqlite3.Connection:
    # "rw" lets SQLite clear up the WAL of a killed writer. Where nothing can be written, on a
    # read-only or full disk, the index file of the WAL can't be made.
    uri = path.absolute().as_uri()
    modes = ("mode=rw", "mode=ro", _unwritten(path))
    for mode in modes:
        raw = sqlite3.connect(
            f"{uri}?{mode}", uri=True, isolation_level=None, timeout=BUSY_TIMEOUT_S
        )
        try:
            if "vfs=" in mode:  # SQLite keeps the index of the WAL in memory then
                raw.execute("PRAGMA locking_mode = EXCLUSIVE").fetchall()
            raw.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
        except sqlite3.OperationalError as error:
            raw.close()
            if mode == modes[-1] or not _is_unwritable(error):
                raise
        except BaseException:
            raw.close()
            raise
        else:
            return raw
    raise AssertionError("the loop returns or raises")


def _unwritten(path: Path) -> str:
    """How to read a file beside which nothing can be written, with what its WAL holds."""
    wal = path.with_name(f"{path.name}-wal")
    if not wal.is_file() or wal.stat().st_size == 0:
        return "immutable=1"
    return f"mode=ro&vfs={'win32' if sys.platform == 'win32' else 'unix'}-none"


def _is_unwritable(error: sqlite3.OperationalError) -> bool:
    code = error.sqlite_errorcode & 0xFF
    return code in (
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
    )


def _set_pragmas(raw: sqlite3.Connection, *, write: bool) -> None:
    raw.execute("PRAGMA foreign_keys = ON")
    raw.execute("PRAGMA synchronous = NORMAL")
    if not write:
        raw.execute("PRAGMA query_only = ON")
        return
    # Freed pages are overwritten with zeros: what the user deletes must not stay in the file.
    raw.execute("PRAGMA secure_delete = ON").fetchall()
    raw.execute("PRAGMA auto_vacuum = INCREMENTAL")  # has an effect on a new file only
    raw.execute("PRAGMA journal_mode = WAL").fetchall()


@contextmanager
def translated_errors(path: Path) -> Iterator[None]:
    """Turn what SQLite says about the file or the disk into LibraryError; bugs pass through."""
    try:
        yield
    except sqlite3.OperationalError as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise LibraryLocked(path, "another program") from error
        if code == sqlite3.SQLITE_READONLY:
            raise LibraryReadOnly(path, "the rights of the file do not allow it") from error
        if str(error).startswith("Could not decode"):  # Python's words, which have no code
            raise LibraryDamaged(path, "a text in it is not UTF-8") from error
        if str(error).startswith(_OF_THE_FILE):
            raise LibraryDamaged(path, str(error)) from error
        reason = UNUSABLE.get(code)
        if reason is None:
            raise
        raise LibraryError(f"The library {path} can't be used: {reason}.") from error
    except sqlite3.DatabaseError as error:
        extended = getattr(error, "sqlite_errorcode", 0)
        if extended == sqlite3.SQLITE_CONSTRAINT_TRIGGER:  # there are no others than faces_switch
            raise RemembersNoFaces(path) from error
        code = extended & 0xFF
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise LibraryDamaged(path, str(error)) from error
        raise
    except UnicodeDecodeError as error:  # SQLite's own words hold a piece of the file
        raise LibraryDamaged(path, "a text in it is not UTF-8") from error


# SQLite's words where the file's head or tables make no sense. They have the code of a mistake in
# our SQL, which tests of whole libraries would show.
_OF_THE_FILE = (
    "unsupported file format",
    "no such table",
    "no such column",
    "no such index",
    "duplicate column name",
    "error in ",  # a view or trigger
)

UNUSABLE = {
    sqlite3.SQLITE_CANTOPEN: "it can't be opened; check that its folder exists and may be read",
    sqlite3.SQLITE_FULL: "the disk is full; free some space",
    sqlite3.SQLITE_IOERR: "its disk gave an error; check that it is still connected",
    sqlite3.SQLITE_PERM: "it may not be opened; check the rights of the file and its folder",
}


def chunks(ids: Sequence[int]) -> list[list[int]]:
    """`ids` as Python ints, in pieces small enough for the parameters of one statement."""
    plain = [int(i) for i in ids]
    return [plain[i : i + MAX_PARAMS] for i in range(0, len(plain), MAX_PARAMS)]


def marks(values: Sequence[object]) -> str:
    """ "?,?,?": a place in a statement for each of `values`."""
    return ",".join("?" * len(values))
