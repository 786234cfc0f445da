"""Backups as the window lists, makes and restores them: plain functions for the lanes."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opqn_app.people.restoring import Restored


@dataclass(frozen=True, slots=True)
class ListedBackup:
    """A backup in words.

    Attributes:
        holds: what is in it, or why it can't be used.
        is_whole: it can be restored.
    """

    path: Path
    when: str
    why: str
    holds: str
    size: int
    is_whole: bool


def list_backups(library: Path) -> list[ListedBackup]:
    """All of them, newest first; each is opened and checked."""
    from opqn_app.people.held import held
    from opqn_app.people.held_in_words import holds_in_words, when_in_words, why_in_words

    return [
        ListedBackup(
            each.backup.path,
            when_in_words(each.backup),
            why_in_words(each.backup),
            holds_in_words(each),
            each.backup.size,
            not each.backup.problem,
        )
        for each in held(library)
    ]


def back_up_now(library: Path) -> bool:
    """Make one; returns whether the library itself has broken pages."""
    from opqn_app.store.backups import Why
    from opqn_app.store.library import Library

    with Library.open(library) as opened:
        opened.back_up(Why.ASKED)
        return opened.has_broken_pages()


def what_would_come(library: Path, backup: Path) -> list[str]:
    """What a restore would bring, one thing a line; none where nothing is missing."""
    from opqn_app.people.restore_preview import missing
    from opqn_app.people.restore_words import missing_in_words

    return missing_in_words(missing(library, backup))


def restore_backup(library: Path, backup: Path) -> "Restored":
    from opqn_app.people.restoring import restore

    return restore(library, backup)


def take_back(library: Path, done: "Restored") -> str:
    """Undo a restore; what was done, in words."""
    from opqn_app.people.restore_words import taken_back_in_words
    from opqn_app.people.unrestoring import undo_restore

    return taken_back_in_words(undo_restore(library, done).folders)
