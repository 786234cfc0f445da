"""Who is in a backup, found by reading its decisions as those of a library are read."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from opqn_app.people.history import counting
from opqn_app.people.state import State
from opqn_app.store import backups
from opqn_app.store.backup_file import load
from opqn_app.store.backups import Backup
from opqn_app.store.decision_records import Decision
from opqn_app.store.decision_table import DecisionTable


@dataclass(frozen=True, slots=True)
class Held:
    """A backup, and how many people it holds; names: how many of them have one."""

    backup: Backup
    people: int = 0
    names: int = 0


def held(library: Path) -> list[Held]:
    """The backups of a library, newest first; damaged ones hold nobody."""
    return [_held(backup) for backup in backups.listed(library)]


def _held(backup: Backup) -> Held:
    if backup.problem:
        return Held(backup)
    loaded = load(backup.path)
    try:
        facts = _state(DecisionTable(loaded).decisions()).facts.values()
    finally:
        loaded.close()
    return Held(backup, len(facts), sum(fact.name is not None for fact in facts))


def _state(rows: Sequence[Decision]) -> State:
    state = State()
    for row in counting(rows):
        state.apply(row)
    return state
