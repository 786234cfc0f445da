"""The folders below the folders of the library, and how many photos lie in each; no widget."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self


class FolderTree:
    """Folders that hold photos, and those that these lie in."""

    def __init__(self) -> None:
        self._photos: Counter[Path] = Counter()
        self._below: dict[Path, list[Path]] = defaultdict(list)

    @classmethod
    def of(cls, roots: Mapping[int, Path], folders: Mapping[int, Mapping[str, int]]) -> Self:
        """The tree of a library.

        Args:
            roots: id → where the root lies.
            folders: root → folder below it → photos that lie in just this one.
        """
        made = cls()
        for root_id, root in roots.items():
            made._add_root(root, folders.get(root_id, {}))
        return made

    def _add_root(self, root: Path, folders: Mapping[str, int]) -> None:
        counts: Counter[str] = Counter()
        for folder, photos in folders.items():
            counts[folder] += photos
            while folder:
                folder = folder.rpartition("/")[0]
                counts[folder] += photos
        for folder, photos in counts.items():
            path = root / folder if folder else root
            self._photos[path] = photos
            if folder:
                self._below[path.parent].append(path)
        for inner in self._below.values():
            inner.sort(key=lambda path: path.name.casefold())

    def has(self, root: Path, folder: Path) -> bool:
        """Whether a folder is shown: a root, or one below it that holds photos."""
        return folder == root or folder in self._photos

    def photos(self, folder: Path) -> int:
        """The photos below a folder, however deep."""
        return self._photos[folder]

    def below(self, folder: Path) -> Sequence[Path]:
        """The folders just below one, by name."""
        return self._below.get(folder, ())
