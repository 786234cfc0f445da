"""Which folders can't be reached: of lost photos the outermost that hold no other photo."""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from opqn_app.store.records import UnreachableFolder


def is_available(folder: Path, *, has_photos: bool) -> bool:
    """True if `folder` can be listed and does not look like the mount point of a missing disk.

    Args:
        has_photos: photos are known in it; then an empty folder is a disk that is not there.
    """
    try:
        with os.scandir(folder) as entries:
            has_entries = any(not entry.name.startswith(".") for entry in entries)
    except OSError:
        return False
    return has_entries or not has_photos


def grouped(
    root: Path, photos: Sequence[tuple[str, int | None]], scope: str = ""
) -> list[UnreachableFolder]:
    """The folders of those of a root's photos that can't be reached, in order.

    Args:
        photos: rel_path and missing_since of all of the root.
        scope: count only photos below this folder of it.
    """
    missing = {rel_path: since for rel_path, since in photos if since is not None}
    places = outermost(missing, (rel_path for rel_path, since in photos if since is None))
    below = defaultdict(list)
    for rel_path, since in missing.items():
        if not scope or rel_path.startswith(f"{scope}/"):
            below[places[rel_path]].append(since)
    return [
        UnreachableFolder(root, root / folder, len(times), min(times))
        for folder, times in sorted(below.items())
    ]


def outermost(missing: Iterable[str], present: Iterable[str]) -> dict[str, str]:
    """For each missing path the outermost folder above it that holds no present one.

    That is "" where all of a root is missing. Where present ones lie in its own folder, it is that.
    """
    lively = {folder for parent in {_parent(p) for p in present} for folder in _upwards(parent)}
    found: dict[str, str] = {}
    by_parent: dict[str, str] = {}
    for rel_path in missing:
        parent = _parent(rel_path)
        if parent not in by_parent:
            empty = [folder for folder in _upwards(parent) if folder not in lively]
            by_parent[parent] = empty[-1] if empty else parent
        found[rel_path] = by_parent[parent]
    return found


def folders_above(rel_path: str) -> Iterator[str]:
    """The folders a path lies in, the innermost first and the root, "", last."""
    return _upwards(_parent(rel_path))


def _upwards(folder: str) -> Iterator[str]:
    while folder:
        yield folder
        folder = _parent(folder)
    yield ""


def _parent(rel_path: str) -> str:
    return rel_path.rpartition("/")[0]
