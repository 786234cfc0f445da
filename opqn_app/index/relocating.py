"""A folder of the library lies elsewhere now: compare what is there, then let all follow.

Names, sizes and a sample of the contents are compared. No photo is decoded, nor by the next run.
"""

import os
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

from opqn_app.core.errors import LibraryError
from opqn_app.core.files import real_path
from opqn_app.core.progress import counted
from opqn_app.index import moved_searches
from opqn_app.index.content import hash_file
from opqn_app.index.progress import IndexProgress
from opqn_app.store.library import Library
from opqn_app.store.records import KnownPhoto
from opqn_app.store.unreachable import is_available
from opqn_app.vision.photo_folder import PhotoFile, stat_photo

SAMPLE = 32  # photos whose content is compared; if one differs, all are
PROGRESS_S = 0.2


class RelocationError(LibraryError):
    """A folder can't be said to be in another place; nothing is changed."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a folder holds of the photos that are known of another one.

    Attributes:
        old: a root of the library, or a folder below one.
        new: where its photos are to be from now on.
        photos: how many are known below `old`.
        missing: those that are not below `new`, or can't be read there.
        differing: those in whose place another file is.
        returned: those that are there and could not be reached before.
        compared: how many were read and compared; 0 where only names and sizes were.
    """

    old: Path
    new: Path
    photos: int
    missing: tuple[KnownPhoto, ...] = ()
    differing: tuple[KnownPhoto, ...] = ()
    returned: tuple[KnownPhoto, ...] = ()
    compared: int = 0

    @property
    def there(self) -> int:
        """How many photos are there."""
        return self.photos - len(self.missing) - len(self.differing)

    @property
    def words(self) -> str:
        """ "912 of 920 photos are there, 8 are missing." """
        if self.there == self.photos:
            return f"All {self.photos:,} photos are there." if self.photos > 1 else "It is there."
        parts = [f"{self.there:,} of {counted(self.photos, 'photo')} are there"]
        if self.missing:
            parts.append(f"{len(self.missing):,} {_are(self.missing)} missing")
        if self.differing:
            parts.append(f"in place of {len(self.differing):,} there {_are(self.differing)} others")
        return ", ".join(parts) + "."


Steps = Generator[IndexProgress, None, Comparison]


def compare(library: Library, old: Path, new: Path) -> Steps:
    """Look how many of the photos of a folder are in another one; nothing is written.

    Args:
        old: a root, or a folder below one; it need not be there.

    Raises:
        RelocationError: `new` can't be the place of `old`, or holds another set of photos.
    """
    root_id, old, scope = _known_folder(library, old)
    new = _place_for(library, old, new, is_root=not scope)
    known = _photos_below(library, root_id, scope)
    if not known:
        raise RelocationError(
            f"No photos of {old} are known, so there is nothing to compare. Index {new} instead."
        )
    found = yield from _look(old, new, scope, known)
    if found.there * 2 < found.photos:
        raise RelocationError(
            f"{new} holds another set of photos: {found.there:,} of the {found.photos:,} of {old} "
            f"are there. Choose the folder that holds what {old} held, or index {new} besides."
        )
    return found


def relocate(library: Library, found: Comparison) -> None:
    """Let the library find a folder in its new place; in one step.

    Faces, ids, names, problems, saved searches and whether it is watched go along. What is missing
    is marked as not reachable.
    """
    with library.writer.change():
        library.move_root(found.old, found.new)
        _follow(library, found)


def take_back(library: Library, place: Path) -> Generator[IndexProgress, None, Comparison]:
    """Let a folder that was relocated be where it was before, whatever is there now.

    Raises:
        RelocationError: it was not relocated, or its former place was taken since.
    """
    place = _literal(library, place)
    root = next((each for each in library.roots() if each.path == place), None)
    if root is None or root.moved_from is None:
        raise RelocationError(f"{place} was not relocated, so it can't go back.")
    before = root.moved_from
    others = [each for each in library.roots() if each.id != root.id]
    taken = [each.path for each in others if each.path.is_relative_to(before)]
    outer = library.root_for_known(before)
    if outer is not None and outer[0] != root.id:
        scope = before.relative_to(outer[1]).as_posix()
        if library.photo_table.known_photos(outer[0], scope) or any(
            failure.rel_path.startswith(f"{scope}/")
            for failure in library.failure_table.known_failures(outer[0])
        ):
            taken.append(before)
    if taken:
        raise RelocationError(
            f"{place} can't go back to {before}: photos of {taken[0]} are known by themselves now."
        )
    known = library.photo_table.known_photos(root.id)
    found = Comparison(place, before, len(known))
    if is_available(before, has_photos=True):  # else it is as away as it was
        found = yield from _look(place, before, "", known)
    with library.writer.change():
        library.move_root(place, before)
        library.settle_root(before)
        _follow(library, found)
    return found


def _follow(library: Library, found: Comparison) -> None:
    library.writer.mark(
        [photo.id for photo in found.missing], [photo.id for photo in found.returned]
    )
    library.writer.doubt([photo.id for photo in found.differing])
    moved_searches.follow_folder(library, found.old, found.new)


def _known_folder(library: Library, folder: Path) -> tuple[int, Path, str]:
    """Root, path and relative path of a folder of the library, "" for a root."""
    folder = _literal(library, folder)
    found = library.root_for_known(folder)
    if found is None:
        known = ", ".join(str(root.path) for root in library.roots())
        hint = f"Its folders are: {known}." if known else "It has no folders."
        raise RelocationError(f"{folder} is not a folder of the library. {hint}")
    scope = folder.relative_to(found[1]).as_posix()
    return found[0], folder, "" if scope == "." else scope


def _literal(library: Library, folder: Path) -> Path:
    """A path as the library has it: that of another machine means nothing to this one."""
    is_known = library.root_for_known(folder) is not None
    return folder if is_known else real_path(folder)


def _place_for(library: Library, old: Path, new: Path, *, is_root: bool) -> Path:
    """`new` without links, if it can be the place of `old`."""
    if not os.path.isdir(new):  # noqa: PTH112 - a Path raises for what may not be looked at
        reason = "is a file" if os.path.isfile(new) else "is not there"  # noqa: PTH113
        raise RelocationError(f"{new} {reason}. Name the folder in which the photos of {old} are.")
    new = real_path(new)
    if new == old:
        raise RelocationError(f"{new} is where these photos are known already.")
    for root in library.roots():
        if is_root and root.path == old:
            continue
        if new.is_relative_to(root.path):
            raise RelocationError(
                f"{new} belongs to the folder {root.path} of the library. Index that, and photos "
                "that were moved into it keep their faces and names."
            )
        if root.path.is_relative_to(new):
            raise RelocationError(
                f"{new} holds the folder {root.path} of the library, so it can't be the place of "
                f"{old} alone. Index {new}: photos that were moved keep their faces and names."
            )
    return new


def _photos_below(library: Library, root_id: int, scope: str) -> list[KnownPhoto]:
    photos = library.photo_table.known_photos(root_id, scope)
    return sorted(photos, key=lambda photo: photo.rel_path)


def _look(old: Path, new: Path, scope: str, known: Sequence[KnownPhoto]) -> Steps:
    """Compare names and sizes of all photos, and the contents of some, or of all if one differs."""
    missing: list[KnownPhoto] = []
    differing: list[KnownPhoto] = []
    alike: list[tuple[KnownPhoto, PhotoFile]] = []
    pace = _Pace(len(known))
    for photo in known:
        name = photo.rel_path[len(scope) + 1 :] if scope else photo.rel_path
        file = stat_photo(new, name)
        if file is None or file.problem is not None:
            missing.append(photo)
        elif file.size == photo.size:
            alike.append((photo, file))
        else:
            differing.append(photo)
        yield from pace.step(name)
    step = max(1, -(-len(alike) // SAMPLE))
    sample = alike[::step]
    others = yield from _others(new, sample)
    compared = len(sample)
    if others and compared < len(alike):
        rest = [pair for i, pair in enumerate(alike) if i % step]
        others += yield from _others(new, rest)
        compared = len(alike)
    differing += others
    away = {photo.id for photo in others}
    returned = [
        photo for photo, _ in alike if photo.missing_since is not None and photo.id not in away
    ]
    return Comparison(
        old, new, len(known), tuple(missing), tuple(differing), tuple(returned), compared
    )


def _others(
    folder: Path, pairs: Sequence[tuple[KnownPhoto, PhotoFile]]
) -> Generator[IndexProgress, None, list[KnownPhoto]]:
    """Photos in whose file is another content; each file is read."""
    found = []
    pace = _Pace(len(pairs))
    for photo, file in pairs:
        if hash_file(folder / file.rel_path) != photo.content_hash:
            found.append(photo)
        yield from pace.step(file.rel_path)
    return found


class _Pace:
    """Tells now and then how far a comparison is."""

    def __init__(self, total: int) -> None:
        self._done, self._total, self._last = 0, total, time.monotonic()

    def step(self, current: str) -> Generator[IndexProgress, None, None]:
        self._done += 1
        if self._done == self._total or time.monotonic() - self._last >= PROGRESS_S:
            self._last = time.monotonic()
            done, total = self._done, self._total
            yield IndexProgress("comparing", done, total, 0, 0, 0.0, None, current)


def _are(photos: Sequence[KnownPhoto]) -> str:
    return "is" if len(photos) == 1 else "are"
