"""Backups in words: when each was made, what for, and what it holds."""

from opqn_app.core.progress import counted
from opqn_app.people.held import Held
from opqn_app.store.backups import Backup, Why

_WHY = {
    Why.DAY: "made by itself",
    Why.MIGRATION: "made before an update",
    Why.ASKED: "made by you",
    Why.RESTORE: "made before a restore",
}


def when_in_words(backup: Backup) -> str:
    """Date and time here, to the minute."""
    return f"{backup.made.astimezone():%Y-%m-%d %H:%M}"


def why_in_words(backup: Backup) -> str:
    """What it was made for; "" where that is not known."""
    return _WHY[Why(backup.why)] if backup.why in set(Why) else ""


def holds_in_words(held: Held) -> str:
    """What it holds, or why it can't be used."""
    backup = held.backup
    if backup.problem:
        return f"can't be used: {backup.problem}"
    people = "1 person" if held.people == 1 else f"{held.people:,} people"
    searches = "1 saved search" if backup.searches == 1 else f"{backup.searches:,} saved searches"
    return ", ".join(
        [
            f"{people} ({held.names:,} with a name)",
            counted(backup.decisions, "decision"),
            counted(backup.folders, "folder"),
            searches,
        ]
    )
