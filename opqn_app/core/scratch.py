"""Temporary folders; what a program that was killed left of them, the next one deletes."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from opqn_app.core import paths, private
from opqn_app.core.errors import OpqnError

PREFIX = "opqn-"
IN_USE = ".opqn-in-use"  # is locked as long as the program lives that made the folder
OLD_S = 24 * 3600.0  # a folder without that file, of an earlier version


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A new folder that others can't read, deleted afterwards."""
    sweep()
    place = _place()
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=place, ignore_cleanup_errors=True) as name:
        lock = _lock_of(Path(name))
        lock.acquire()
        try:
            yield Path(name)
        finally:
            lock.release()


def sweep() -> list[Path]:
    """Delete the folders of programs that are no more; returns what was deleted."""
    return [folder for folder in left_over() if _removed(folder)]


def left_over() -> list[Path]:
    """The folders of programs that are no more."""
    place = _place()
    with suppress(OSError):
        return [each for each in sorted(place.glob(f"{PREFIX}*")) if _is_left_over(each, place)]
    return []


def _place() -> Path:
    # The cache folder, and where it can't be written, that of the system.
    with suppress(OpqnError):
        cache = paths.cache_dir()
        if os.access(cache, os.W_OK):
            return cache
    return Path(tempfile.gettempdir())


def _is_left_over(folder: Path, place: Path) -> bool:
    if folder.is_symlink() or not folder.is_dir():
        return False
    if (folder / IN_USE).is_file():
        lock = _lock_of(folder)
        try:
            lock.acquire(timeout=0)
        except (Timeout, OSError):
            return False
        lock.release()
        return True
    try:
        is_old = time.time() - folder.stat().st_mtime > OLD_S
    except OSError:
        return False
    return is_old and place == paths.cache_dir()  # elsewhere it may be anybody's


def _removed(folder: Path) -> bool:
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()


def _lock_of(folder: Path) -> FileLock:
    return FileLock(folder / IN_USE, mode=private.FILE_MODE, thread_local=False)
