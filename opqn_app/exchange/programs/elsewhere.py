"""Photos that another program knows by another path, since it ran elsewhere or the disk moved."""

import re
from collections.abc import Sequence
from pathlib import Path

_BETWEEN = re.compile(r"[/\\]+")


class Elsewhere:
    """Finds photos of this machine by the paths of another.

    A photo is the file in one of `folders` that shares the end of the path: the file's name, and
    the name of a folder at least, of which the longest end counts. What was found once leads to
    the photos beside it.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = list(dict.fromkeys(folder.absolute() for folder in folders))
        self._led: dict[tuple[str, ...], Path] = {}  # beginning of a path there → folder here

    def find(self, written: str) -> Path:
        """The photo of that path; the path as it is written where no photo is found.

        Args:
            written: with "/" or "\\", absolute, or relative to where that program keeps photos.
        """
        as_it_is = Path(written)
        if as_it_is.is_absolute() and as_it_is.is_file():
            return as_it_is
        parts = tuple(part for part in _BETWEEN.split(written) if part not in ("", "."))
        if not parts or ".." in parts:
            return as_it_is
        return self._beside(parts) or self._below(parts, written) or as_it_is

    def _beside(self, parts: tuple[str, ...]) -> Path | None:
        """By what an earlier photo has shown."""
        for length in range(len(parts) - 1, -1, -1):
            folder = self._led.get(parts[:length])
            if folder is not None:
                path = folder.joinpath(*parts[length:])
                return path if path.is_file() else None
        return None

    def _below(self, parts: tuple[str, ...], written: str) -> Path | None:
        is_relative = not (written.startswith(("/", "\\")) or written[1:2] == ":")
        for start in range(len(parts)):
            end = parts[start:]
            folders = [folder for folder in self._folders if _shares(folder, parts[:start])]
            if len(end) > 1 or (is_relative and start == 0):
                folders = self._folders
            found = [folder for folder in folders if folder.joinpath(*end).is_file()]
            if found:
                if not _are_copies([folder.joinpath(*end) for folder in found]):
                    return None
                self._led[parts[:start]] = found[0]
                return found[0].joinpath(*end)
        return None


def _shares(folder: Path, parts: tuple[str, ...]) -> bool:
    return bool(parts) and folder.name == parts[-1]


def _are_copies(paths: Sequence[Path]) -> bool:
    """Whether it does not matter which is taken, as far as their sizes tell."""
    try:
        return len({path.stat().st_size for path in paths}) == 1
    except OSError:
        return False
