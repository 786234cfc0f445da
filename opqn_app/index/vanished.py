"""Which photos that a scan did not see are away, with their disk perhaps, and which are deleted."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from opqn_app.store.records import KnownPhoto
from opqn_app.store.unreachable import folders_above

MANY = 10  # photos; fewer that vanish from among others were deleted


def away(root: Path, unseen: Sequence[KnownPhoto], known: Iterable[KnownPhoto]) -> set[int]:
    """Ids of the unseen photos that can't be reached; the others are deleted.

    A photo that could not be reached before still can't. Of those that the last run saw these are
    away: all of the root, if they vanish together; all below a link, whose target may lie on
    another disk; all below a folder, if they are MANY; and MANY that are half of the root. A file
    that is there was left out of the scan, or has another content: its photo counts as deleted.

    Args:
        unseen: not below a folder that can't be listed, and not found elsewhere.
        known: all photos of the root. Those that are not among `unseen` are taken to be there.
    """
    vanished = [p for p in unseen if not os.path.lexists(root / p.rel_path)]
    fresh = [photo for photo in vanished if photo.missing_since is None]
    if not fresh:
        return {photo.id for photo in vanished}
    lost = Counter(folder for photo in fresh for folder in folders_above(photo.rel_path))
    unseen_ids = {photo.id for photo in unseen}
    there = [p for p in known if p.missing_since is None and p.id not in unseen_ids]
    left = Counter(f for photo in there for f in folders_above(photo.rel_path) if f in lost)
    if MANY <= lost[""] >= left[""]:
        return {photo.id for photo in vanished}
    emptied = {
        folder
        for folder, n in lost.items()
        if not left[folder] and (n >= MANY or not folder or (root / folder).is_symlink())
    }
    return {
        photo.id
        for photo in vanished
        if photo.missing_since is not None or not emptied.isdisjoint(folders_above(photo.rel_path))
    }
