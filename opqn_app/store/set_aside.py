"""A damaged library that another one took the place of: it stays beside it, closed to others.

It holds faces and names as a library does, and can't be rewritten. So whatever is forgotten, it is
deleted.
"""

import glob
import os
import shutil
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from opqn_app.core import private
from opqn_app.store import library_file

MARK = ".damaged-"  # opqn_app.core.places has it too
KEPT_DAYS = 30
_TIME = "%Y-%m-%dT%H%M%S%f"


def files(library: Path) -> list[Path]:
    """The libraries set aside that lay at this place, with what SQLite kept beside them."""
    return sorted(library.parent.glob(f"{glob.escape(library.name)}{MARK}*"))


def drop_old(library: Path, now: datetime) -> None:
    """Delete those that were set aside more than KEPT_DAYS ago."""
    for file in files(library):
        since = _time_of(file, library)
        if since is not None and since < now - timedelta(days=KEPT_DAYS):
            file.unlink(missing_ok=True)


def delete_all(library: Path) -> int:
    """Delete them; returns how many there were."""
    found = files(library)
    for file in found:
        file.unlink(missing_ok=True)
    return sum(not file.name.endswith(("-wal", "-shm")) for file in found)


def put_in_place(new: Path, library: Path, now: datetime) -> Path:
    """Let a whole library take the place of a damaged one in one step; nobody may have it open.

    Returns:
        Where the damaged one is now, byte for byte.

    Raises:
        OSError: it can't be set aside, and stays where it is.
    """
    aside = library.with_name(f"{library.name}{MARK}{now.astimezone(UTC).strftime(_TIME)}Z")
    main, log, index = library_file.files_of(library)
    _named_too(main, aside)
    if log.is_file():  # SQLite would take it for the log of the new one
        _named_too(log, aside.with_name(f"{aside.name}-wal"))
        log.unlink()
    index.unlink(missing_ok=True)
    new.replace(library)
    return aside


def _named_too(file: Path, name: Path) -> None:
    """Give a file a second name; where the disk knows no such thing, a copy."""
    try:
        os.link(file, name)
    except OSError:
        with suppress(FileExistsError):
            private.make_file(name)
        shutil.copyfile(file, name)
    private.tighten(name)


def _time_of(file: Path, library: Path) -> datetime | None:
    words = file.name.removeprefix(f"{library.name}{MARK}").partition("Z")[0]
    try:
        return datetime.strptime(words, _TIME).replace(tzinfo=UTC)
    except ValueError:
        return None
