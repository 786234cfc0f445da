"""Files and folders that only their owner may read; on Windows the user's profile does that."""

import os
import stat
from contextlib import suppress
from pathlib import Path

OTHERS = stat.S_IRWXG | stat.S_IRWXO
FILE_MODE = stat.S_IRUSR | stat.S_IWUSR


def make_folder(path: Path) -> None:
    """Make a folder that is closed to others; one that is there stays as it is. Raises OSError."""
    path.mkdir(mode=stat.S_IRWXU, parents=True, exist_ok=True)


def opener(path: str, flags: int) -> int:
    """For `open`: a file that is made is closed to others from its first byte on."""
    return os.open(path, flags, FILE_MODE)


def make_file(path: Path) -> None:
    """Make an empty file that is closed to others; one that is there stays. Raises OSError."""
    os.close(opener(os.fspath(path), os.O_CREAT | os.O_WRONLY))


def tighten(path: Path) -> None:
    """Take from others what they may do with a file or folder of ours.

    Its owner keeps what they may do and gets no more. What is not there, or is somebody else's,
    stays.
    """
    with suppress(OSError):
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & OTHERS and os.name == "posix":
            path.chmod(mode & ~OTHERS)
