"""Which XMP file beside a photo is the photo's: `photo.jpg.xmp`, or `photo.xmp`.

Most programs write the first. Lightroom and Camera Raw write the second, for RAW photos only, and
say within which kind of file it is for. So `IMG.xmp` of `IMG.CR3` is never that of `IMG.JPG`.
"""

import os
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path, PurePath

from opqn_app.vision import xmp
from opqn_app.vision.photo_folder import PHOTO_SUFFIXES
from opqn_app.vision.raw import RAW_SUFFIXES

SUFFIX = ".xmp"
_KIND = "http://ns.adobe.com/photoshop/1.0/ SidecarForExtension"
_LOOKED_AT = 1 << 16  # bytes, in which a program says what the file is for
_DNG = ".dng"  # keeps its XMP within; a RAW photo of another kind beside it is whose file it is


class Sidecars:
    """The XMP files of one folder, and the photos that they may belong to."""

    def __init__(self, folder: Path, names: Iterable[str]) -> None:
        """Take in what a folder holds.

        Args:
            names: of its files.
        """
        self._folder = folder
        self._names = frozenset(names)
        self._xmp: dict[str, list[str]] = {}  # by the name without .xmp, in small letters
        self._photos: dict[str, list[str]] = defaultdict(list)  # suffixes, by their names' stems
        for name in sorted(self._names):
            stem, suffix = os.path.splitext(name)  # noqa: PTH122 (a Path for each costs too much)
            if suffix.lower() == SUFFIX:
                self._xmp.setdefault(stem.lower(), []).append(name)
            elif suffix.lower() in PHOTO_SUFFIXES:
                self._photos[stem.lower()].append(suffix.lower())

    @classmethod
    def beside(cls, photo: Path) -> "Sidecars":
        """Those of the folder that a photo lies in; without any where it can't be listed."""
        try:
            names = os.listdir(photo.parent)  # noqa: PTH208 (names are what is wanted)
        except OSError:
            names = []
        return cls(photo.parent, names)

    def of(self, photo: str) -> tuple[Path, ...]:
        """The XMP files of a photo, of which the first counts most; most photos have none.

        Args:
            photo: name of its file.
        """
        if not self._xmp:
            return ()
        found = []
        own = self._xmp.get(photo.lower(), [])
        exact = [name for name in own if os.path.splitext(name)[0] == photo]  # noqa: PTH122
        # Where capitals count, "a.jpg.xmp" is not that of "A.jpg" if there is an "a.jpg".
        own = exact or [name for name in own if os.path.splitext(name)[0] not in self._names]  # noqa: PTH122
        found += [self._folder / name for name in own[:1]]
        stem = PurePath(photo).stem
        shared = self._xmp.get(stem.lower(), [])
        if shared and self._is_for(self._folder / shared[0], photo):
            found.append(self._folder / shared[0])
        return tuple(found)

    def to_write(self, photo: str) -> Path:
        """The XMP file of a photo that is there already, else the one to be made.

        Args:
            photo: name of its file.
        """
        return next(iter(self.of(photo)), self._folder / (photo + SUFFIX))

    def _is_for(self, sidecar: Path, photo: str) -> bool:
        suffix = PurePath(photo).suffix.lower()
        said = said_suffix(sidecar)
        if said is not None:
            return said == suffix
        rivals = self._photos[PurePath(photo).stem.lower()]
        raw = [each for each in rivals if each in RAW_SUFFIXES]
        if raw:
            first = [each for each in raw if each != _DNG] or raw
            return first == [suffix]
        return rivals in ([], [suffix])


def sidecars_of(photo: Path) -> tuple[Path, ...]:
    """The XMP files of one photo, of which the first counts most."""
    return Sidecars.beside(photo).of(photo.name)


def sidecar_to_write(photo: Path) -> Path:
    """The XMP file of a photo that is there already, else the one to be made."""
    return Sidecars.beside(photo).to_write(photo.name)


def said_suffix(sidecar: Path) -> str | None:
    """The suffix of the photos that an XMP file says it is for, such as ".cr3"; most say none."""
    try:
        with sidecar.open("rb") as file:
            packet = file.read(_LOOKED_AT)
    except OSError:
        return None
    said = next(iter(xmp.values(packet, _KIND)), "").lower().lstrip(".")
    return f".{said}" if said else None
