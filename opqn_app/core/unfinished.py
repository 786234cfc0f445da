"""Unfinished files in folders of the user: those of programs that are no more are deleted.

Whether a program lives is told by a lock on the file itself, which ends with the program. Names
say whose such a file is: one of another program is never touched.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

SUFFIX = ".tmp"  # of a file that is being written
MARK = ".opqn-"
_NAMES = f"*{MARK}{'[0-9a-f]' * 8}{SUFFIX}"

if sys.platform == "win32":  # it deletes no file that is open

    def _lock(number: int) -> bool:
        return True

else:
    import fcntl

    def _lock(number: int) -> bool:
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False  # another one has it, or this disk has no locks
        return True


def hold(file: BinaryIO) -> bool:
    """Tell others that a new file is in use, until it is closed.

    Returns:
        Whether it is still there: between its making and this call another may have deleted it.
    """
    _lock(file.fileno())
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(file.name))  # noqa: PTH116
    except FileNotFoundError:
        return False


def sweep(folder: Path) -> None:
    """Delete the marked files in `folder` that nobody holds. Where locks can't tell, they stay."""
    for path in folder.glob(_NAMES):
        with suppress(OSError):  # it is open on Windows, may not be written, or has gone
            if path.is_file() and not path.is_symlink() and _is_free(path):
                path.unlink()


def _is_free(path: Path) -> bool:
    # The lock need not be kept until it is deleted: names are random, so nobody takes it up again.
    with path.open("r+b") as file:
        return _lock(file.fileno())
