"""The backup that is made by itself, once a day, when something has changed."""

import os
import time
from datetime import UTC, datetime
from pathlib import Path

from opqn_app.core.files import real_path
from opqn_app.store import backups, schema, set_aside
from opqn_app.store.library import Library


def make_if_due(path: Path, now: datetime | None = None) -> Path | None:
    """Back up the library at `path`, if none is of today and anything has changed since the last.

    A library that is not there, or can't be written, can't have changed either.

    Returns:
        The backup; None if none was due.

    Raises:
        LibraryError: it can't be made, or the library can't be read.
    """
    path = real_path(path)
    may_write = os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)
    if not path.is_file() or not may_write:
        return None
    schema.drop_old_copies(path, time.time() if now is None else now.timestamp())
    set_aside.drop_old(path, now or datetime.now(UTC))
    if not backups.is_due(path, now):
        return None
    with Library.open(path) as library:
        if not library.has_changed_since_backup():
            return None
        return library.back_up(backups.Why.DAY, now)
