"""Pictures of labelled people, read from folders, tar files or packs into memory."""

import io
import tarfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from opqn_app.core.errors import DataError
from trainer.data.crop_set import CropSet
from trainer.data.packs import is_pack, read_pack

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".pgm"})


def read_crops(sources: list[Path], *, part: str = "") -> CropSet:
    """All pictures of identity folders, sorted by path.

    Args:
        sources: tar files or folders that hold `person/picture`, or `part/person/picture`; packs.
        part: read only what lies under this folder of the set, such as "train".

    Raises:
        DataError: a source is missing, holds no pictures, or its pictures differ in size.
    """
    found: list[tuple[PurePosixPath, str, NDArray[np.uint8]]] = []
    for source in sources:
        if is_pack(source):
            pack = read_pack(source, part=part)
            listed = zip(pack.files, pack.people, pack.images, strict=True)
            found += [(PurePosixPath(str(f)), str(p), image) for f, p, image in listed]
        else:
            listing = _pictures(source, part)
            found += [(path, path.parent.name, _decode(data, path)) for path, data in listing]
    found.sort(key=lambda entry: entry[0])
    where = ", ".join(str(source) for source in sources)
    if not found:
        raise DataError(where, f"no pictures of people lie under '{part or '.'}'")
    if len({image.shape for _, _, image in found}) > 1:
        raise DataError(where, "the crops differ in size")
    return CropSet(
        np.stack([image for _, _, image in found]),
        np.array([person for _, person, _ in found]),
        np.array([str(path) for path, _, _ in found]),
    )


def read_pictures(sources: Sequence[Path], *, side: int, cut: int = 0, part: str = "") -> CropSet:
    """Pictures of any size as squares of one size, sorted by path.

    Args:
        sources: folders and tar files as for `read_crops`, and packs (`trainer.data.packs`).
        side: every picture is scaled to this shorter side, then cut to the centre square.
        cut: side of the centre square that is cut out before; 0 keeps the whole picture.
        part: read only what lies under this folder of the set.

    Raises:
        DataError: a source is missing or holds no pictures, or a picture can't be decoded.
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
    people = np.concatenate([p.people for p in parts])
    return CropSet(np.concatenate([p.images for p in parts])[order], people[order], files[order])


def fitted(pictures: CropSet, *, side: int, cut: int = 0) -> CropSet:
    """The same pictures cut and scaled as `read_pictures` does."""
    if not cut and pictures.images.shape[1:3] == (side, side):
        return pictures
    images = np.stack([fit_square(Image.fromarray(i), side=side, cut=cut) for i in pictures.images])
    return CropSet(images, pictures.people, pictures.files)


def fit_square(image: Image.Image, *, side: int, cut: int = 0) -> NDArray[np.uint8]:
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
    names = [(path, s) for s, source in enumerate(sources) for path in _names(source, part)]
    if not names:
        where = ", ".join(str(source) for source in sources)
        raise DataError(where, f"no pictures of people lie under '{part or '.'}'")
    names.sort()
    row_of = {name: row for row, name in enumerate(names)}
    images = np.empty((len(names), side, side, 3), dtype=np.uint8)

    def square(entry: tuple[PurePosixPath, bytes]) -> NDArray[np.uint8]:
        path, data = entry
        with _opened(data, path) as image:
            return fit_square(image, side=side, cut=cut)

    with ThreadPoolExecutor() as pool:
        for s, source in enumerate(sources):
            for batch in _batched(_pictures(source, part), 1024):
                for (path, _), image in zip(batch, pool.map(square, batch), strict=True):
                    images[row_of[path, s]] = image
    people = np.array([path.parent.name for path, _ in names])
    return CropSet(images, people, np.array([str(path) for path, _ in names]))


def _batched(
    entries: Iterator[tuple[PurePosixPath, bytes]], size: int
) -> Iterator[list[tuple[PurePosixPath, bytes]]]:
    batch = []
    for entry in entries:
        batch.append(entry)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _names(source: Path, part: str) -> list[PurePosixPath]:
    """The pictures of a source, unread.

    Raises:
        DataError: it is neither a folder nor a tar file.
    """
    if source.is_dir():
        found = [PurePosixPath(f.relative_to(source).as_posix()) for f in source.rglob("*")]
    elif source.is_file() and tarfile.is_tarfile(source):
        with tarfile.open(source) as tar:
            found = [PurePosixPath(member.name) for member in tar if member.isfile()]
    else:
        raise DataError(source, "it is neither a folder nor a tar file")
    return [path for path in found if _is_wanted(path, part)]


def _pictures(source: Path, part: str) -> Iterator[tuple[PurePosixPath, bytes]]:
    """The same with their bytes."""
    if source.is_dir():
        for path in _names(source, part):
            yield path, (source / path).read_bytes()
        return
    wanted = set(_names(source, part))
    with tarfile.open(source) as tar:
        for member in tar:
            path = PurePosixPath(member.name)
            stream = tar.extractfile(member) if path in wanted else None
            if stream is not None:
                yield path, stream.read()


def _is_wanted(path: PurePosixPath, part: str) -> bool:
    inside = not part or path.parts[0] == part
    return inside and path.suffix.lower() in IMAGE_SUFFIXES


def _decode(data: bytes, path: PurePosixPath) -> NDArray[np.uint8]:
    with _opened(data, path) as image:
        return np.asarray(image.convert("RGB"))


@contextmanager
def _opened(data: bytes, path: PurePosixPath) -> Iterator[Image.Image]:
    try:
        with Image.open(io.BytesIO(data)) as image:
            image.load()
            yield image
    except (UnidentifiedImageError, OSError) as error:
        raise DataError(str(path), "the picture can't be decoded") from error
