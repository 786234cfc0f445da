"""What the Library page shows of a library at one moment, read in one go off the GUI thread."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from opqn_app.store.records import Failure, PhotoRecord, Root, UnreachableFolder

if TYPE_CHECKING:
    from opqn_app.store.library import Library


@dataclass(frozen=True, slots=True, eq=False)
class LibraryView:
    """One folder of a library, or all of them.

    Attributes:
        root: the folder shown; None for all, or when it is not (or no longer) in the library.
        photos: the newest ones, as many as were asked for.
        total: photos in the folder shown.
        unreachable: where photos of it lie that can't be reached, though the folder itself can.
    """

    roots: tuple[Root, ...]
    root: Root | None
    photos: tuple[PhotoRecord, ...]
    total: int
    failures: tuple[Failure, ...]
    unreachable: tuple[UnreachableFolder, ...] = ()

    def failures_by_folder(self, failure_ids: Sequence[int]) -> dict[Path, list[int]]:
        """Some of the failures by the root they are in."""
        paths, wanted = {root.id: root.path for root in self.roots}, set(failure_ids)
        found: dict[Path, list[int]] = {}
        for failure in self.failures:
            if failure.id in wanted:
                found.setdefault(paths[failure.root_id], []).append(failure.id)
        return found


def reach_changed(before: Sequence[Root], now: Sequence[Root]) -> bool:
    """True if photos came within reach, or went out of it."""
    known = {root.path: (root.is_available, root.unreachable) for root in before}
    return any(
        known.get(root.path, (True, 0)) != (root.is_available, root.unreachable) for root in now
    )


def read_view(library: "Library", folder: Path | None, limit: int) -> LibraryView:
    """The first `limit` photos and all failures of `folder`, of all folders if it is None."""
    with library.snapshot():
        roots = tuple(library.roots())
        root = next((each for each in roots if each.path == folder), None)
        if folder is not None and root is None:
            return LibraryView(roots, None, (), 0, ())
        root_id = root.id if root else None
        there = {each.path for each in roots if each.is_available}
        return LibraryView(
            roots=roots,
            root=root,
            photos=tuple(library.photos(root_id, limit=limit)),
            total=library.photo_count(root_id),
            failures=tuple(library.failures(root_id)),
            unreachable=tuple(
                each for each in library.unreachable_folders(root_id) if each.root in there
            ),
        )
