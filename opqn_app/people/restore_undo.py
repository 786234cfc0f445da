"""Take back what a restore has added, as long as nothing was decided since."""

from pathlib import Path

from opqn_app.core.errors import LibraryError
from opqn_app.people.restoring import Restored
from opqn_app.store.library import Library


def undo_restore(path: Path, done: Restored) -> tuple[Path, ...]:
    """Take out the decisions, saved searches and folders that a restore brought.

    Returns:
        The folders that stay, since their photos were read meanwhile.

    Raises:
        LibraryError: something was decided since, or the library can't be written.
    """
    with Library.written(path) as library, library.writer.change():
        table = library.decision_table
        if table.last_id() != done.last:
            raise LibraryError(
                "Something was decided after the backup was restored, so restoring it can't be "
                "undone as a whole. Undo single steps instead; nothing was changed."
            )
        came = [row.id for row in table.decisions(after=done.last_before)]
        table.erase(came, [])
        for name in done.searches:
            library.saved_searches.remove(name)
        came_too = [root for root in library.roots() if root.path in done.folders]
        for root in came_too:
            if not root.photos:
                library.writer.drop_root_if_empty(root.id, root.id)
    return tuple(root.path for root in came_too if root.photos)
