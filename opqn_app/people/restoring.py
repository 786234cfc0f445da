"""Bring what a backup holds into a library, which may be there, built anew, or gone."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

from opqn_app.people.ledger import Ledger
from opqn_app.people.photo_filter import PhotoFilter
from opqn_app.people.replay import take_over
from opqn_app.store.backups import Why
from opqn_app.store.library import Library


@dataclass(frozen=True, slots=True)
class Restored:
    """What came into a library.

    Attributes:
        decisions: rows that were not there.
        folders: that were not there, nor are in another place since; they are to be indexed.
        searches: names of saved searches that were not there.
        before: a backup that holds what the library held before; None where there was none.
        last_before, last: ids of the last decisions before and after; they let it be undone.
    """

    decisions: int
    folders: tuple[Path, ...]
    searches: tuple[str, ...]
    before: Path | None
    last_before: int = 0
    last: int = 0


def restore(path: Path, backup: Path) -> Restored:
    """Add what a backup holds and the library at `path` does not; nothing is taken away.

    All of it comes or nothing. Where there is no library one is made, to be indexed.

    Raises:
        BackupError: the backup is not whole, or none can be made of the library first.
        LibraryError: the library can't be written, or is damaged.
    """
    is_there = path.exists()
    with Library.of_backup(backup) as old, Library.written(path) as library:
        rows = old.decision_table.decisions()
        if rows:
            library.faces_switch.refuse_if_off()
        before = library.backed_up(Why.RESTORE) if is_there else None
        ledger = Ledger(library)
        with library.decision_table.deciding():
            last_before = library.decision_table.last_id()
            n = take_over(rows, ledger)
            ids = {row.uid: row.id for row in library.decision_table.decisions()}
            mine = {row.id: ids[row.uid] for row in rows if row.uid in ids}
            searches = _add_searches(old, library, mine)
            folders = _add_folders(old, library)
            if not (is_there or old.faces_switch.is_on):
                library.faces_switch.turn_off()
            last = library.decision_table.last_id()
    return Restored(n, folders, searches, before, last_before, last)


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
