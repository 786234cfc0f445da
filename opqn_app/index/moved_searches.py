"""Saved searches of a folder follow it when it gets another name or place, as faces do."""

import json
from collections.abc import Sequence
from pathlib import Path

from opqn_app.store.library import Library

UNDER = "under"  # what `people.photo_filter` calls the folder that a search asks for


def follow(library: Library, moved: Sequence[tuple[Path, Path]]) -> int:
    """Change the searches of folders that are elsewhere now; call it when the photos are.

    Args:
        moved: where photos lay, and where they lie.

    Returns:
        How many searches have changed.
    """
    n = 0
    for search in library.saved_searches.all() if moved else ():
        asked = json.loads(search.asked)
        folder = Path(asked[UNDER]) if UNDER in asked else None
        now = None if folder is None else _place_of(folder, moved)
        if folder is None or now in (None, folder) or library.photo_table.listed().under(folder):
            continue
        library.saved_searches.save(search.name, json.dumps({**asked, UNDER: str(now)}))
        n += 1
    return n


def follow_folder(library: Library, old: Path, new: Path) -> None:
    """Change the searches of a folder, and of folders in it, that lies elsewhere now."""
    for search in library.saved_searches.all():
        asked = json.loads(search.asked)
        if UNDER in asked and Path(asked[UNDER]).is_relative_to(old):
            now = new / Path(asked[UNDER]).relative_to(old)
            library.saved_searches.save(search.name, json.dumps({**asked, UNDER: str(now)}))


def _place_of(folder: Path, moved: Sequence[tuple[Path, Path]]) -> Path | None:
    """Where all photos of a folder went, in the same order below; None if to several places."""
    places: set[Path | None] = set()
    for old, new in moved:
        if old.is_relative_to(folder):
            below = old.relative_to(folder).parts
            is_alike = new.parts[-len(below) :] == below
            places.add(Path(*new.parts[: -len(below)]) if is_alike else None)
    return places.pop() if len(places) == 1 else None
