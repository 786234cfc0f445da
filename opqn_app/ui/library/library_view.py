"""What the Library page shows of a library at one moment, read in one go off the GUI thread."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from opqn_app.store.records import Failure, PhotoRecord, Root, UnreachableFolder
from opqn_app.ui.kit import wording

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

    def root_at(self, folder: Path | None) -> Root | None:
        """The root that is a folder."""
        return next((root for root in self.roots if root.path == folder), None)

    def roots_in(self, folder: Path | None) -> list[Root]:
        """That root, or all of them for None."""
        return [root for root in self.roots if folder in (None, root.path)]

    def counts_in_words(self, folder: Path | None) -> str:
        """How much there is in a folder, and what of it is still to be done."""
        roots = self.roots_in(folder)
        counts = (
            wording.contents(self.total, sum(each.faces for each in roots)),
            wording.unsearched(sum(each.unsearched for each in roots)),
            wording.unreachable(sum(each.photos for each in self.unreachable)),
        )
        return " · ".join(words for words in counts if words)

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


def words_when_empty(has_folders: bool, is_coming: bool) -> tuple[str, str, str]:
    """Icon, words and button where there is no photo to show."""
    if not has_folders:
        words = "Add a folder of photos, and every face in it can be searched."
        return "folder", words, "Add a folder"
    if is_coming:
        return "face", "Photos appear here as their faces are found.", ""
    return "library", "There are no photos here yet.", "Look again"
