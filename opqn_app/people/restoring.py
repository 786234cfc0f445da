"""Bring what a backup holds into a library, which may be there, built anew, or gone."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

from opqn_app.core.errors import LibraryDamaged
from opqn_app.people.ledger import Ledger
from opqn_app.people.photo_filter import PhotoFilter
from opqn_app.people.replay import take_over
from opqn_app.store.backups import Why
from opqn_app.store.library import Library
from opqn_app.store.repairing import begin_anew


@dataclass(frozen=True, slots=True)
class Restored:
    """What came into a library.

    Attributes:
        decisions: rows that were not there.
        folders: that were not there, nor are in another place since; they are to be indexed.
        searches: names of saved searches that were not there.
        before: a backup that holds what the library held before; None where there was none.
        aside: where the library is now that lay there and could not be opened; None without one.
    """

    decisions: int
    folders: tuple[Path, ...]
    searches: tuple[str, ...]
    before: Path | None
    aside: Path | None = None


def restore(path: Path, backup: Path) -> Restored:
    """Add what a backup holds and the library at `path` does not; nothing is taken away.

    All of it comes or nothing. Where there is no library one is made, to be indexed. One that is
    so damaged that it can't be opened is set aside first.

    Raises:
        BackupError: the backup is not whole, or none can be made of the library first.
        LibraryError: the library can't be written, or is open elsewhere.
    """
    with Library.of_backup(backup) as old:
        aside = begin_anew(path) if _cant_be_opened(path) else None
        return replace(_add(old, path, is_there=aside is None and path.exists()), aside=aside)


def _cant_be_opened(path: Path) -> bool:
    try:
        if path.is_file():
            Library.open(path).close()
    except LibraryDamaged:
        return True
    return False


def _add(old: Library, path: Path, *, is_there: bool) -> Restored:
    with Library.written(path) as library:
        rows = old.decision_table.decisions()
        if rows:
            library.faces_switch.refuse_if_off()
        before = library.back_up_instead(Why.RESTORE) if is_there else None
        ledger = Ledger(library)
        with library.decision_table.deciding():
            n = take_over(rows, ledger)
            ids = {row.uid: row.id for row in library.decision_table.decisions()}
            mine = {row.id: ids[row.uid] for row in rows if row.uid in ids}
            searches = _add_searches(old, library, mine)
            folders = _add_folders(old, library)
            if not (is_there or old.faces_switch.is_on):
                library.faces_switch.turn_off()
    return Restored(n, folders, searches, before)


def _add_searches(old: Library, library: Library, mine: dict[int, int]) -> tuple[str, ...]:
    there = {search.name.casefold() for search in library.saved_searches.all()}
    added = []
    for search in old.saved_searches.all():
        if search.name.casefold() not in there:
            library.saved_searches.save(search.name, _translated(search.asked, mine))
            added.append(search.name)
    return tuple(added)


def _translated(asked: str, mine: dict[int, int]) -> str:
    """A search as it is asked here: people by their ids, which nobody has who did not come."""
    known = PhotoFilter.from_json(asked)
    people = {
        "together": [mine.get(person, -1) for person in known.together],
        "without": [mine[person] for person in known.without if person in mine],
    }
    # Ids of photos are those of one library only.
    rest = json.loads(replace(known, together=(), without=(), copies_of=None).as_json())
    return json.dumps({**{key: ids for key, ids in people.items() if ids}, **rest})


def _add_folders(old: Library, library: Library) -> tuple[Path, ...]:
    added = []
    moved = [root.moved_from for root in library.roots() if root.moved_from is not None]
    for folder, is_watched in old.watched_roots().items():
        if any(folder.is_relative_to(before) for before in moved):
            continue  # its photos are known in another place since
        if library.root_for(folder) is None:
            library.add_root(folder)
            library.watch_root(folder, is_watched=is_watched)
            added.append(folder)
    return tuple(added)
