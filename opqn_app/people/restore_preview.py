"""What a restore would bring back, told before it is done."""

from dataclasses import dataclass
from pathlib import Path

from opqn_app.people.history import counting
from opqn_app.people.state import State
from opqn_app.store.decision_records import Decision
from opqn_app.store.library import Library


@dataclass(frozen=True, slots=True)
class Missing:
    """What a backup holds and a library does not.

    Attributes:
        decisions: how many; of those that were undone some may stay away.
        names: of people whom the library does not know by them.
        folders: those that were moved since may be among them.
    """

    decisions: int
    names: tuple[str, ...]
    folders: tuple[Path, ...]
    searches: tuple[str, ...]

    @property
    def is_nothing(self) -> bool:
        return not (self.decisions or self.folders or self.searches)


def missing(path: Path, backup: Path) -> Missing:
    """Compare a backup with the library at `path`; nothing is changed.

    Raises:
        BackupError: the backup is not whole.
        LibraryError: the library can't be read.
    """
    with Library.of_backup(backup) as old, Library.open(path) as library:
        rows, here = old.decision_table.decisions(), library.decision_table.decisions()
        there = {row.uid for row in here}
        names = sorted(_names(rows) - _names(here))
        searches = {each.name.casefold() for each in library.saved_searches.all()}
        return Missing(
            sum(row.uid not in there for row in rows),
            tuple(names),
            tuple(root for root in old.watched_roots() if library.root_for_known(root) is None),
            tuple(
                each.name
                for each in old.saved_searches.all()
                if each.name.casefold() not in searches
            ),
        )


def _names(rows: list[Decision]) -> set[str]:
    state = State()
    for row in counting(rows):
        state.apply(row)
    return {fact.name for fact in state.facts.values() if fact.name}
