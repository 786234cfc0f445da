"""The SQLite file of another program, read from a copy: the file itself is only copied."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from opqn_app.core.errors import OpqnError
from opqn_app.core.scratch import scratch_folder

_BESIDE = ("-wal", "-journal")  # what SQLite still has to write into the file


class CannotRead(OpqnError):
    """A file that is no database of the program it is said to be of."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} can't be read: {reason}.")


@contextmanager
def copied_database(
    path: Path, program: str, tables: frozenset[str]
) -> Iterator[sqlite3.Connection]:
    """A connection to a copy, which is deleted afterwards. Errors in the block are told as below.

    Args:
        program: what people call it.
        tables: that it must have.

    Raises:
        CannotRead: the file can't be copied, or is no whole database of that program.
    """
    with scratch_folder() as folder:
        copy = folder / path.name
        is_in_use = _copy(path, copy)
        try:
            connection = sqlite3.connect(copy, isolation_level=None)
            connection.text_factory = _text
            try:
                _check(connection, path, program, tables, is_in_use=is_in_use)
                yield connection
            finally:
                connection.close()
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            # The second is raised in place of an error whose text quotes damaged names.
            raise CannotRead(path, _reason(program, is_in_use=is_in_use)) from error


def _text(stored: bytes) -> str:
    return stored.decode("utf-8", errors="replace")


def _copy(path: Path, copy: Path) -> bool:
    """Whether another program had not finished writing when the file was copied."""
    try:
        shutil.copyfile(path, copy)
    except OSError as error:
        raise CannotRead(path, (error.strerror or "its disk gave an error").lower()) from error
    is_in_use = False
    for ending in _BESIDE:
        try:
            shutil.copyfile(f"{path}{ending}", f"{copy}{ending}")
        except FileNotFoundError:
            continue
        except OSError as error:
            raise CannotRead(path, _reason("another program", is_in_use=True)) from error
        is_in_use = True
    return is_in_use


def _check(
    connection: sqlite3.Connection,
    path: Path,
    program: str,
    tables: frozenset[str],
    *,
    is_in_use: bool,
) -> None:
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    if not tables <= {name for (name,) in rows}:
        raise CannotRead(path, f"it is no database of {program}")
    if is_in_use and connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
        raise CannotRead(path, _reason(program, is_in_use=True))
    connection.execute("PRAGMA query_only = ON")


def _reason(program: str, *, is_in_use: bool) -> str:
    if is_in_use:
        return f"{program} is writing it; close {program} and try again"
    return f"it is damaged, or no database of {program}"
