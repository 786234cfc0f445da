"""What the Library page shows of a library at one moment, read in one go off the GUI thread."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from opqn_app.store.photo_list import N_FACES, PhotoList
from opqn_app.store.records import Failure, Root, UnreachableFolder
from opqn_app.ui.kit import wording
from opqn_app.ui.library.folder_tree import FolderTree
from opqn_app.ui.library.photo_rows import Look, Shown, Who, arrange

if TYPE_CHECKING:
    from opqn_app.opqn.face_encoder import FaceEncoder
    from opqn_app.store.library import Library

FIRST, SLOW = 300, 10  # photos shown before all are read; how many times as many take a while


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """What the page asks for.

    Attributes:
        folder: a root or a folder below one; None for all photos.
        found: the photos that the chips ask for; None without chips.
        who: which faces are counted, and shown where faces are.
        encoder: of the model that answers; None while none is loaded.
    """

    folder: Path | None = None
    found: PhotoList | None = None
    look: Look = field(default_factory=Look)
    who: Who = field(default_factory=Who)
    encoder: "FaceEncoder | None" = None


@dataclass(frozen=True, slots=True, eq=False)
class LibraryView:
    """One folder of a library, or all of them.

    Attributes:
        root: the root that is the folder shown, or holds it; None for all, or when it is not (or
            no longer) in the library.
        shown: the rows of the grid.
        total, faces: photos in the folder shown, and faces on them.
        unreachable: where photos of it lie that can't be reached, though the folder itself can.
    """

    roots: tuple[Root, ...] = ()
    root: Root | None = None
    shown: Shown = field(default_factory=Shown)
    total: int = 0
    faces: int = 0
    failures: tuple[Failure, ...] = ()
    unreachable: tuple[UnreachableFolder, ...] = ()
    tree: FolderTree = field(default_factory=FolderTree)

    def root_at(self, folder: Path | None) -> Root | None:
        """The root that is a folder."""
        return next((root for root in self.roots if root.path == folder), None)

    def root_of(self, folder: Path | None) -> Root | None:
        """The root that is a folder, or holds it."""
        return _root_of(self.roots, folder)

    def roots_in(self, folder: Path | None) -> list[Root]:
        """That root, or all of them for None."""
        return [root for root in self.roots if folder in (None, root.path)]

    def counts_in_words(self, folder: Path | None) -> str:
        """How much there is in a folder, and what of it is still to be done."""
        roots = self.roots_in(folder)
        counts = (
            wording.contents(self.total, self.faces),
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


class LibraryReader:
    """Reads views; used in one lane. It keeps the list of photos while the library stays."""

    def __init__(self) -> None:
        self._listed: tuple[object, PhotoList] = (None, PhotoList())
        self._tree: tuple[object, FolderTree] = (None, FolderTree())

    def read(self, library: "Library", wanted: Wanted) -> LibraryView:
        """What is wanted of a library."""
        with library.snapshot():
            roots, folder = tuple(library.roots()), wanted.folder
            tree = self._read_tree(library, roots)
            root = _root_of(roots, folder)
            if folder is not None and (root is None or not tree.has(root.path, folder)):
                return LibraryView(roots, tree=tree)
            photos = self._list(library, root, folder)
            shown = arrange(
                library,
                photos if wanted.found is None else wanted.found,
                wanted.look,
                who=wanted.who,
                encoder=wanted.encoder,
            )
            return LibraryView(
                roots=roots,
                root=root,
                shown=shown,
                total=len(photos),
                faces=_count_faces(library, photos, wanted.who),
                failures=_failures(library, root, folder),
                unreachable=_unreachable(library, roots, root, folder),
                tree=tree,
            )

    def first(self, library: "Library", wanted: Wanted, limit: int = FIRST) -> LibraryView | None:
        """The newest photos of a large folder, which are there at once; None where all soon are."""
        with library.snapshot():
            roots, folder = tuple(library.roots()), wanted.folder
            shown = [root for root in roots if folder in (None, root.path)]
            photos = sum(root.photos for root in shown)
            is_known = self._listed[0] == (library.revision, folder)
            if is_known or wanted.found is not None or not shown or photos < SLOW * limit:
                return None
            root = shown[0] if folder is not None else None
            newest = library.photo_table.listed(root.id if root else None, limit=limit)
            rows = arrange(library, newest, replace(wanted.look, near=False), who=wanted.who)
            faces, tree = sum(each.faces for each in shown), self._tree[1]
            return LibraryView(
                *(roots, root, rows, photos, faces),
                failures=_failures(library, root, folder),
                unreachable=_unreachable(library, roots, root, folder),
                tree=tree,
            )

    def _list(self, library: "Library", root: Root | None, folder: Path | None) -> PhotoList:
        key = (library.revision, folder)
        if self._listed[0] != key:
            root_id = root.id if root else None
            listed = library.photo_table.listed(root_id, _scope(root, folder))
            self._listed = (key, listed)
        return self._listed[1]

    def _read_tree(self, library: "Library", roots: Sequence[Root]) -> FolderTree:
        key = library.revision
        if self._tree[0] != key:
            paths: Mapping[int, Path] = {root.id: root.path for root in roots}
            self._tree = (key, FolderTree.of(paths, library.photo_table.folders()))
        return self._tree[1]


def _count_faces(library: "Library", photos: PhotoList, who: Who) -> int:
    """Without boxes that are no faces."""
    found: int = sum(row[N_FACES] for row in photos.rows)
    if not who.left_out:
        return found
    ids = set(photos.ids())
    return found - sum(face.photo.id in ids for face in library.faces(sorted(who.left_out)))


def _failures(library: "Library", root: Root | None, folder: Path | None) -> tuple[Failure, ...]:
    found = library.failures(root.id if root else None)
    return tuple(each for each in found if folder is None or each.path.is_relative_to(folder))


def _unreachable(
    library: "Library", roots: Sequence[Root], root: Root | None, folder: Path | None
) -> tuple[UnreachableFolder, ...]:
    there = {each.path for each in roots if each.is_available}
    found = library.unreachable_folders(root.id if root else None, _scope(root, folder))
    return tuple(each for each in found if each.root in there)


def reach_changed(before: Sequence[Root], now: Sequence[Root]) -> bool:
    """True if photos came within reach, or went out of it."""
    known = {root.path: (root.is_available, root.unreachable) for root in before}
    return any(
        known.get(root.path, (True, 0)) != (root.is_available, root.unreachable) for root in now
    )


def words_when_empty(
    has_folders: bool, is_coming: bool, *, remembers_faces: bool = True
) -> tuple[str, str, str]:
    """Icon, words and button where there is no photo to show."""
    if not remembers_faces:
        words = f"{wording.NO_FACES} Your folders stay listed, and nothing is read from them."
        return "shield", words, wording.REMEMBER_AGAIN
    if not has_folders:
        words = "Add a folder of photos, and every face in it can be searched."
        return "folder", words, "Add a folder"
    if is_coming:
        return "face", "Photos appear here as their faces are found.", ""
    return "library", "There are no photos here yet.", "Look again"


def _root_of(roots: Sequence[Root], folder: Path | None) -> Root | None:
    """The innermost root that is a folder, or holds it."""
    if folder is None:
        return None
    holding = [root for root in roots if folder.is_relative_to(root.path)]
    return max(holding, key=lambda root: len(root.path.parts), default=None)


def _scope(root: Root | None, folder: Path | None) -> str:
    """The folder as a path below its root; "" for the root itself."""
    if root is None or folder is None or folder == root.path:
        return ""
    return folder.relative_to(root.path).as_posix()
