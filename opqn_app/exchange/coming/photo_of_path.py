"""Which photo of the library another program means by a path."""

from collections.abc import Iterator
from pathlib import Path

from opqn_app.core.errors import PhotoUnreadable
from opqn_app.core.files import real_path
from opqn_app.exchange.frames import turn_of
from opqn_app.index.content import FileGone, FileInFlux, read_content
from opqn_app.store.library import Library
from opqn_app.store.records import PhotoRecord
from opqn_app.vision.picture_hash import picture_hash
from opqn_app.vision.raw import RAW_SUFFIXES


class PhotosOfPaths:
    """Finds photos of a library: by where they lie, else by what they show.

    A file outside of all folders of the library, as of an archive that was unpacked elsewhere, is
    read once, and is the photo with the same file or the same picture in it.
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self._roots = {root.path: root.id for root in library.roots()}
        self._folders: dict[Path, list[tuple[int, str]]] = {}

    def find(self, path: Path) -> PhotoRecord | None:
        """The photo; None where the library has none like it."""
        return self._placed(path) or self._alike(path)

    def _placed(self, path: Path) -> PhotoRecord | None:
        real = real_path(path)
        root = self._library.root_for(real)
        at = self._library.photo_table.at
        found = None if root is None else at(root[0], real.relative_to(root[1]).as_posix())
        if found is None:  # the library calls it by a link, which leads to another file or folder
            places = self._places(path.parent)
            names = (at(root_id, f"{folder}{path.name}") for root_id, folder in places)
            found = next((each for each in names if each is not None), None)
        return found

    def _places(self, folder: Path) -> list[tuple[int, str]]:
        """Each root that holds the folder, perhaps through links, and what leads to it from there.

        Links out of a root are followed by indexing; links to the root are no part of a path there.
        """
        if folder not in self._folders:
            whole = folder.absolute()
            found: list[tuple[int, str]] = []
            for above in (whole, *whole.parents):
                meant = real_path(above) / whole.relative_to(above)
                for root, root_id in self._roots.items():
                    if meant.is_relative_to(root):
                        below = meant.relative_to(root).as_posix()
                        found.append((root_id, "" if below == "." else f"{below}/"))
            self._folders[folder] = list(dict.fromkeys(found))
        return self._folders[folder]

    def _alike(self, path: Path) -> PhotoRecord | None:
        library = self._library
        if not self._roots or not path.is_file():
            return None
        ids = (photo for photos in self._copies(path) for photo in photos)
        first = next(ids, None)
        return None if first is None else next(iter(library.photo_table.of_ids([first])), None)

    def _copies(self, path: Path) -> Iterator[list[int]]:
        """Ids of the photos with this file, then of those with its picture the same way up."""
        table = self._library.decision_table
        try:
            content = read_content(path)
        except (FileGone, FileInFlux, PhotoUnreadable):
            return
        yield table.photos_of_file(content.content_hash)
        if path.suffix.lower() in RAW_SUFFIXES:
            return  # no program changes these
        try:
            turn = turn_of(path)
        except PhotoUnreadable:
            return
        # What the boxes of a HEIC do is part of its picture, so that it counts as not turned.
        for turned in dict.fromkeys((turn, 1)):
            picture = picture_hash(content.data, turned)
            yield [] if picture is None else table.photos_of_content(picture)
