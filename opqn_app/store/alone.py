"""Hold a library so that no other program has it open, to put another file in its place."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from opqn_app.core.errors import LibraryDamaged, LibraryLocked
from opqn_app.store.connection import Connection, translated_errors
from opqn_app.store.lock import WriterLock

HEAD = 100  # bytes
WAIT_S = 5.0  # for others who have it open


class Held:
    """A library that nobody else has open.

    Attributes:
        head: its first bytes, which say how it is laid out.
        db: reads it; SQLite may find damage wherever it does.
    """

    def __init__(self, path: Path) -> None:
        # Closing the file again, once SQLite has locked it, would undo the lock.
        with path.open("rb") as file:
            self.head = file.read(HEAD)
        self.db = Connection(path, sqlite3.connect(path, isolation_level=None, timeout=WAIT_S))
        self._stays = False

    def take(self) -> None:
        """Keep others out, readers too, until `close`.

        What the write-ahead log holds is put into the file, as SQLite does whenever a library is
        closed. Without a log, closing this connection deletes none by its name later, which would
        be that of the next library.
        """
        raw = self.db.raw
        try:
            raw.execute("PRAGMA locking_mode = EXCLUSIVE").fetchall()
            mode = raw.execute("PRAGMA journal_mode = DELETE").fetchone()[0]
            raw.execute("BEGIN EXCLUSIVE")
            self._stays = mode == "delete" and os.name != "nt"
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise LibraryLocked(
                    self.db.path, "or read by another program, such as the window"
                ) from error
        except (sqlite3.DatabaseError, UnicodeDecodeError):
            pass  # so damaged that nobody else can open it either

    def let_go(self) -> None:
        """What has to happen before another file can be put in place."""
        if not self._stays:
            self.close()

    def close(self) -> None:
        self.db.close()


@contextmanager
def held_alone(path: Path) -> Iterator[Held]:
    """The right to write a library, and to be the only one who reads it.

    Raises:
        LibraryLocked: another program has it open.
        LibraryReadOnly: its folder can't be written.
        LibraryDamaged: it can't even be opened.
    """
    lock = WriterLock(path)
    lock.acquire()
    try:
        with translated_errors(path):
            held = Held(path)
        try:
            held.take()
            yield held
        finally:
            held.close()
    except sqlite3.DatabaseError as error:
        raise LibraryDamaged(path, str(error)) from error
    finally:
        lock.release()
