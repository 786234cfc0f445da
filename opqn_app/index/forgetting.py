"""Forgets for good what has been deleted for a while, in all folders of a library."""

import os
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

from opqn_app.core.errors import TracesLeft
from opqn_app.index import vanished
from opqn_app.store.library import Library
from opqn_app.store.records import KEPT_DAYS, KnownPhoto, Root, name_before_deletion
from opqn_app.store.unreachable import folders_above, is_available, outermost

DAY_S = 24 * 3600


def forget_expired(library: Library, now: float) -> None:
    """Forget photos that have been deleted for KEPT_DAYS, so that no byte of them is left.

    Those in a folder that can't be reached now are kept: they may have gone with it. So are those
    in a folder that is bare, as where a disk with a few photos was mounted.

    Args:
        now: in seconds since 1970.
    """
    expired: dict[int, list[KnownPhoto]] = defaultdict(list)
    for photo in library.photo_table.deleted_before(int(now) - KEPT_DAYS * DAY_S):
        expired[photo.root_id].append(photo)
    if not expired:
        return
    doomed = [
        photo.id
        for root in library.roots()
        if root.id in expired and root.is_available
        for photo in _lost(library, root, expired[root.id])
    ]
    library.patience_s = 0.0
    with suppress(TracesLeft):  # nobody asked for it now; the next run clears what is left
        library.forget_photos(doomed)


def _lost(library: Library, root: Root, deleted: list[KnownPhoto]) -> list[KnownPhoto]:
    """Those that did not lie in a folder that is away, whether or not a run has noticed it."""
    known = library.photo_table.known_photos(root.id)
    unseen = [
        photo
        for photo in known
        if photo.missing_since is not None or not os.path.lexists(root.path / photo.rel_path)
    ]
    ids = vanished.away(root.path, unseen, known) | {
        photo.id for photo in unseen if photo.missing_since is not None
    }
    missing = [photo.rel_path for photo in known if photo.id in ids]
    there = [photo.rel_path for photo in known if photo.id not in ids]
    away = set(outermost(missing, there).values())
    return [
        photo
        for photo in deleted
        if away.isdisjoint(folders_above(name := name_before_deletion(photo.rel_path)))
        and not _is_bare(root.path, name)
    ]


def _is_bare(root: Path, rel_path: str) -> bool:
    """Whether nothing is left in the innermost folder of a path that is still there."""
    there = next(f for f in folders_above(rel_path) if not f or os.path.lexists(root / f))
    return not is_available(root / there, has_photos=True)
