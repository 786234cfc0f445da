"""Take back what a restore brought, by the backup that was made of the library before it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from opqn_app.core.errors import LibraryError
from opqn_app.core.progress import counted
from opqn_app.people.history import counting
from opqn_app.people.kinds import Kind
from opqn_app.people.restoring import Restored
from opqn_app.store import backups, set_aside
from opqn_app.store.backups import Backup, Why
from opqn_app.store.decision_records import Decision
from opqn_app.store.library import Library


@dataclass(frozen=True, slots=True)
class Unrestored:
    """What was taken back.

    Attributes:
        decisions: rows that came by the restore and are gone.
        before: the backup that tells what there was before.
        folders, searches: that were not there before it and stay, since they may be newer, or
            since photos of the folders were read meanwhile.
    """

    decisions: int
    before: Path
    folders: tuple[Path, ...]
    searches: tuple[str, ...]


def undo_restore(path: Path, done: Restored | None = None) -> Unrestored:
    """Take out the decisions that the last restore brought.

    Args:
        path: the library.
        done: the last restore, if it is known; then its saved searches and folders go too, but for
            folders whose photos were read meanwhile.

    Raises:
        LibraryError: there was none, it brought none, or something was decided since that needs
            them.
    """
    with Library.written(path, make=False) as library:
        before = _before(library)
        with Library.of_backup(before.path) as old, library.decision_table.deciding():
            known = {row.uid for row in old.decision_table.decisions()}
            rows = library.decision_table.decisions()
            came = {row.id for row in _came(rows, known, before.made)}
            if not came and (done is None or not (done.folders or done.searches)):
                raise LibraryError("The last restore brought nothing that is still there.")
            needing = [row for row in counting(rows) if row.id not in came and _needs(row, came)]
            if needing:
                raise LibraryError(
                    "Since the restore something was said about people who came by it "
                    f"({counted(len(needing), 'decision')}). Undo that first (opqn undo), or "
                    "forget the people (opqn forget --person)."
                )
            library.decision_table.erase(sorted(came), [])
            if done is not None:
                _take_out(library, done)
            folders = library.watched_roots().keys() - old.watched_roots().keys()
            names = {search.name for search in old.saved_searches.all()}
            now = {search.name for search in library.saved_searches.all()}
        return Unrestored(
            len(came), before.path, tuple(sorted(folders)), tuple(sorted(now - names))
        )


def _take_out(library: Library, done: Restored) -> None:
    for name in done.searches:
        library.saved_searches.remove(name)
    for root in library.roots():
        if root.path in done.folders and not root.photos:
            library.writer.drop_root_if_empty(root.id, root.id)


def _before(library: Library) -> Backup:
    """The backup that was made before the last restore."""
    for backup in backups.listed(library.path):
        is_of_this = backup.uuid == library.uuid and not backup.problem
        if is_of_this and backup.why == Why.RESTORE:
            return backup
    words = f"Nothing was restored into the library {library.path} that can be taken back."
    aside = set_aside.files(library.path)
    if aside:
        words += (
            f" What lay there before is {aside[-1]}. To go back, close the window and move it to "
            f"{library.path}."
        )
    raise LibraryError(words)


def _came(rows: Sequence[Decision], known: set[bytes], made: datetime) -> Iterator[Decision]:
    """The rows that follow those that were known, as long as they are older than the restore.

    Then those by which it joined people of one name.
    """
    last = max((row.id for row in rows if row.uid in known), default=0)
    moment = made.replace(tzinfo=None).isoformat(timespec="milliseconds")
    came: set[int] = set()
    for row in rows:
        if row.id <= last:
            continue
        if row.time >= moment and not (row.kind == Kind.MERGED and row.other in came):
            return
        came.add(row.id)
        yield row


def _needs(row: Decision, came: set[int]) -> bool:
    return not came.isdisjoint({row.person, row.other, row.target, row.gesture} - {None})
