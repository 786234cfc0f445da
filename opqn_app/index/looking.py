"""Look whether a folder still is as the library has it; reads names, sizes and times only."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from opqn_app.core.errors import FolderUnavailable
from opqn_app.core.files import real_path
from opqn_app.index.plan import plan_changes
from opqn_app.index.run_steps import scan_of
from opqn_app.store.library import Library
from opqn_app.store.unreachable import is_available
from opqn_app.vision.photo_folder import PhotoFile, stat_photo


@dataclass(frozen=True, slots=True)
class Look:
    """What a run over a folder would find.

    Attributes:
        root, folder: of the library, and what was looked at: the root or a folder of it.
        pending: new and changed files, with paths from the root.
        others: relative paths of photos and of problems that are not, or again, as they were.
        n_folders: that were listed.
        has_links: some of them lie behind a link.
    """

    root: Path
    folder: Path
    pending: frozenset[PhotoFile] = frozenset()
    others: frozenset[str] = frozenset()
    n_folders: int = 0
    has_links: bool = False

    @property
    def differs(self) -> bool:
        """A run would have something to do."""
        return bool(self.pending or self.others)

    def says_same(self, other: "Look | None") -> bool:
        """Both saw the same differences."""
        return other is not None and (self.pending, self.others) == (other.pending, other.others)


def look_at(
    library_path: Path,
    root: Path,
    folder: Path,
    excludes: Sequence[str] = (),
    is_wanted: Callable[[], bool] = lambda: True,
) -> Look | None:
    """Compare a folder of a root with the library; nothing is written, no photo is opened.

    Args:
        folder: the root or a folder below it. If it is gone, what held it is looked at.
        is_wanted: is asked after each folder; once it says no, nothing is said.

    Returns:
        None where nothing can be said: the root is no folder of the library, or its disk is away.

    Raises:
        LibraryError: the library can't be read.
    """
    folder = nearest_folder(root, folder)
    with Library.open(library_path) as library, library.snapshot():
        found = library.root_for(root)
        if found is None or found[1] != root:
            return None
        root_id, scope = found[0], _relative(folder, root)
        if not is_available(root, has_photos=library.photo_count(root_id) > 0):
            return None
        walk = scan_of(library, root, excludes)
        try:
            for _ in walk.steps(scope):
                if not is_wanted():
                    return None
        except FolderUnavailable:
            return None if not scope else look_at(library_path, root, root, excludes, is_wanted)
        photos = library.photo_table.known_photos(root_id, scope)
        failures = library.failure_table.known_failures(root_id)
    failures = [each for each in failures if not scope or each.rel_path.startswith(f"{scope}/")]
    plan = plan_changes(photos, walk.result(), failures)
    stale = set(plan.gone_failures)
    others = {
        *(photo.rel_path for photo in (*plan.gone, *plan.unlisted) if photo.missing_since is None),
        *(photo.rel_path for photo in plan.seen_again),
        *(failure.rel_path for failure in failures if failure.id in stale),
    }
    pending = frozenset((*(item.file for item in plan.pending), *plan.broken))
    return Look(root, folder, pending, frozenset(others), walk.n_folders, walk.has_followed_links)


def at_rest(root: Path, files: Iterable[PhotoFile]) -> frozenset[PhotoFile]:
    """Those of the files that still have the size and time they were seen with."""
    return frozenset(file for file in files if stat_photo(root, file.rel_path) == file)


def nearest_folder(root: Path, folder: Path) -> Path:
    """`folder`, or what holds it where it is gone, or was replaced by a link; at last the root."""
    while folder != root and not (folder.is_dir() and real_path(folder) == folder):
        folder = folder.parent
    return folder


def _relative(folder: Path, root: Path) -> str:
    relative = folder.relative_to(root).as_posix()
    return "" if relative == "." else relative
