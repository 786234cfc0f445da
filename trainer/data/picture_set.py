"""Pictures of labelled people, read from folders, tar files or packs into memory.

A picture that can't be read is left out and named; the others are read all the same.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from opqn_app.core.errors import DataError, PhotoUnreadable
from opqn_app.core.progress import counted
from opqn_app.vision.photo_folder import CROP_SUFFIXES
from trainer.data.crop_set import CropSet, joined
from trainer.data.packs import is_pack, read_pack
from trainer.data.picture_files import Dropped, PictureFiles, open_picture

AT_ONCE = 1024  # pictures whose bytes are in memory together
Pixels = NDArray[np.uint8]


def read_crops(sources: list[Path], *, part: str = "") -> CropSet:
    """All pictures of identity folders, sorted by path.

    Args:
        sources: tar files or folders that hold `person/picture`, or `part/person/picture`; packs.
        part: read only what lies under this folder of the set, such as "train".

    Raises:
        DataError: a source is missing, no picture can be read, or pictures differ in size.
    """
    packs = [read_pack(source, part=part) for source in sources if is_pack(source)]
    plain = _Listing([source for source in sources if not is_pack(source)], part)
    images = dict(plain.pictures(np.asarray))
    found = [(plain.names[row][0], plain.person(row), image) for row, image in images.items()]
    for pack in packs:
        listed = zip(pack.files, pack.people, pack.images, strict=True)
        found += [(PurePosixPath(str(f)), str(p), image) for f, p, image in listed]
    found.sort(key=lambda entry: entry[0])
    if not found:
        raise plain.nothing(sources)
    if len({image.shape for _, _, image in found}) > 1:
        raise DataError(_named(sources), "the crops differ in size")
    return CropSet(
        np.stack([image for _, _, image in found]),
        np.array([person for _, person, _ in found]),
        np.array([str(path) for path, _, _ in found]),
        tuple(plain.left_out),
        plain.partly,
    )


def read_pictures(sources: Sequence[Path], *, side: int, cut: int = 0, part: str = "") -> CropSet:
    """Pictures of any size as squares of one size, sorted by path.

    Args:
        sources: folders and tar files as for `read_crops`, and packs (`trainer.data.packs`).
        side: every picture is scaled to this shorter side, then cut to the centre square.
        cut: side of the centre square that is cut out before; 0 keeps the whole picture.
        part: read only what lies under this folder of the set.

    Raises:
        DataError: a source is missing, or no picture can be read.
    """
    parts = [fitted(read_pack(s, part=part), side=side, cut=cut) for s in sources if is_pack(s)]
    plain = [source for source in sources if not is_pack(source)]
    if plain:
        parts.append(_read_plain(plain, side=side, cut=cut, part=part))
    if not parts:
        raise DataError("the training data", "no folder, tar file or pack is named")
    files = np.concatenate([p.files for p in parts])
    order = np.argsort(files, kind="stable")
    if len(parts) == 1 and np.array_equal(order, np.arange(len(order))):
        return parts[0]
    whole = joined(parts)
    return CropSet(
        whole.images[order], whole.people[order], files[order], whole.left_out, whole.partly
    )


def fitted(pictures: CropSet, *, side: int, cut: int = 0) -> CropSet:
    """The same pictures cut and scaled as `read_pictures` does."""
    if not cut and pictures.images.shape[1:3] == (side, side):
        return pictures
    images = np.stack([fit_square(Image.fromarray(i), side=side, cut=cut) for i in pictures.images])
    return replace(pictures, images=images)


def fit_square(image: Image.Image, *, side: int, cut: int = 0) -> Pixels:
    """Centre cut, shorter side scaled to `side`, centre square: (side, side, 3) uint8 RGB.

    Scaled bilinearly with antialiasing, as `opqn_app.opqn.torch.preprocess` does in the app.
    """
    image = image.convert("RGB")
    if cut:
        image = _centre(image, min(cut, image.width), min(cut, image.height))
    if min(image.size) != side:
        scale = side / min(image.size)
        size = max(round(image.width * scale), side), max(round(image.height * scale), side)
        image = image.resize(size, Image.Resampling.BILINEAR)
    return np.asarray(_centre(image, side, side))


def _centre(image: Image.Image, width: int, height: int) -> Image.Image:
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


def _read_plain(sources: list[Path], *, side: int, cut: int, part: str) -> CropSet:
    """Names first, then pictures straight into their place: no second copy of a large set."""
    listing = _Listing(sources, part)
    images = np.empty((len(listing.names), side, side, 3), dtype=np.uint8)
    is_read = np.zeros(len(images), bool)
    for row, image in listing.pictures(lambda image: fit_square(image, side=side, cut=cut)):
        images[row], is_read[row] = image, True
    kept = np.flatnonzero(is_read)
    if not len(kept):
        raise listing.nothing(sources)
    if len(kept) < len(images):
        for place, row in enumerate(kept.tolist()):
            images[place] = images[row]
    people = np.array([listing.person(row) for row in kept.tolist()])
    files = np.array([str(listing.names[row][0]) for row in kept])
    left_out = tuple(listing.left_out)
    return CropSet(images[: len(kept)], people, files, left_out, listing.partly)


class _Listing:
    """The pictures of folders and tar files, by name over all of them.

    Attributes:
        names: (path inside the set, number of the source) of each, ascending.
        left_out: what takes no part, the unreadable ones once `pictures` has met them.
        partly: of those that `pictures` has met, by file, what is missing.
    """

    def __init__(self, sources: Sequence[Path], part: str) -> None:
        self._part = part
        self.partly: dict[str, str] = {}
        self._sources = [
            PictureFiles(source, CROP_SUFFIXES, part=part, may_be_empty=True) for source in sources
        ]
        self.names = sorted(
            (PurePosixPath(str(file)), number)
            for number, source in enumerate(self._sources)
            for file in source.files
        )
        self.left_out = [entry for source in self._sources for entry in source.left_out]

    def person(self, row: int) -> str:
        return self.names[row][0].parent.name

    def pictures(self, made: Callable[[Image.Image], Pixels]) -> Iterator[tuple[int, Pixels]]:
        """Row and pixels of each picture that can be read, in the order they lie on the disk."""
        row_of = {name: row for row, name in enumerate(self.names)}
        failed: list[Dropped] = []

        def pixels(read: tuple[str, bytes | PhotoUnreadable]) -> Pixels | Dropped:
            name, data = read
            try:
                if isinstance(data, PhotoUnreadable):
                    raise data
                return made(open_picture(data, name, self.partly))
            except PhotoUnreadable as failure:
                return Dropped(name, failure.reason)

        with ThreadPoolExecutor() as pool:
            for number, source in enumerate(self._sources):
                order = source.reading_order()
                for start in range(0, len(order), AT_ONCE):
                    read = [_read(source, row) for row in order[start : start + AT_ONCE]]
                    for (name, _), found in zip(read, pool.map(pixels, read), strict=True):
                        if isinstance(found, Dropped):
                            failed.append(found)
                        else:
                            yield row_of[PurePosixPath(name), number], found
        self.left_out += sorted(failed, key=lambda entry: entry.file)

    def nothing(self, sources: Sequence[Path]) -> DataError:
        """The error where not one picture was read."""
        where = _named(sources)
        if self.names:
            last = self.left_out[-1]
            tried = counted(len(self.names), "picture")
            return DataError(where, f"none of its {tried} can be read ({last.file}: {last.reason})")
        kinds = next((words for source in self._sources if (words := source.mostly())), "")
        return DataError(where, f"no pictures of people lie under '{self._part or '.'}'{kinds}")


def _read(source: PictureFiles, row: Any) -> tuple[str, bytes | PhotoUnreadable]:
    name = str(source.files[row])
    try:
        return name, source.read(row)
    except PhotoUnreadable as failure:
        return name, failure


def _named(sources: Sequence[Path]) -> str:
    return ", ".join(str(source) for source in sources)
