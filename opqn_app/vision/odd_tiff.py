"""What Pillow gets wrong of intact TIFF files, put right between opening and loading."""

import os
import struct
from typing import BinaryIO

from PIL import Image, TiffImagePlugin, UnidentifiedImageError

_XMP = 700
_WHITE_IS_ZERO = 0
_NEEDED = (256, 257, 262)  # width, height, meaning of the values
_STRIPS, _TILES = (273, 279), (324, 325)  # where they begin, and their bytes
_COMPRESSIONS = (1, 2, 3, 4, 5, 7, 8, 32773, 32946)  # that Pillow's libtiff has everywhere


class UnsupportedError(Exception):
    """A picture is intact, but of a kind that can't be read here."""


def prepare(image: Image.Image) -> None:
    """Correct an opened picture, if it is a TIFF.

    Raises:
        UnsupportedError: it would come out wrong.
    """
    if not isinstance(image, TiffImagePlugin.TiffImageFile):
        return
    _drop_odd_xmp(image)
    if image.tag_v2.get(284) != 2 or image.tag_v2.get(259, 1) != 1:
        return  # no planes, or compressed: then libtiff reads them
    if image.tag_v2.get(277, 1) == 1:
        _read_as_one_plane(image)
    elif 16 in image.tag_v2.get(258, (1,)):
        _read_planes_as_16_bits(image)


def is_negative(image: Image.Image) -> bool:
    """Whether a loaded grey picture of more than 8 bits has white at 0; Pillow turns 8 bits."""
    if not isinstance(image, TiffImagePlugin.TiffImageFile):
        return False
    return image.tag_v2.get(262) == _WHITE_IS_ZERO


def _drop_odd_xmp(image: TiffImagePlugin.TiffImageFile) -> None:
    """Drops XMP that is stored as numbers, which Pillow would search as text while it loads."""
    if "xmp" in image.info and not isinstance(image.info["xmp"], bytes | str):
        parts = image.info.pop("xmp")
        del image.tag_v2[_XMP]
        if isinstance(parts, tuple) and all(isinstance(part, bytes) for part in parts):
            image.info["xmp"] = b"".join(parts)


def _read_as_one_plane(image: TiffImagePlugin.TiffImageFile) -> None:
    """Pillow forgets that values are of 16 bits or 1, or have white at 0, if planes are said."""
    image.tag_v2[284] = 1
    image._setup()


def _read_planes_as_16_bits(image: TiffImagePlugin.TiffImageFile) -> None:
    """Pillow takes the bytes of each plane for values of 8 bits, where nothing is compressed."""
    if image.mode not in ("RGB", "RGBA"):  # of no other has Pillow 16 bits by planes
        raise UnsupportedError
    order = "L" if image.tag_v2.prefix == b"II" else "B"
    image.tile = [
        tile._replace(args=(f"{tile.args[0]};16{order}", *tile.args[1:]))
        for tile in image.tile
        if isinstance(tile.args, tuple)
    ]


def is_of_other_kind(head: bytes, file: BinaryIO, error: BaseException) -> bool:
    """Whether a TIFF that gave `error` says all that a TIFF must, and holds the bytes it speaks of.

    Then it was refused for what its values are, or for how they are compressed.
    """
    try:
        directory = TiffImagePlugin.ImageFileDirectory_v2(head[:8])
        file.seek(directory.next)
        directory.load(file)
        size = file.seek(0, os.SEEK_END)
        starts, counts = _STRIPS if _STRIPS[0] in directory else _TILES
        places = zip(directory[starts], directory[counts], strict=True)
        is_whole = all(0 < at <= at + count <= size for at, count in places)
        if not is_whole or min(directory[tag] for tag in _NEEDED[:2]) < 1:
            return False
        if isinstance(error, UnsupportedError):
            return True
        is_refused = isinstance(error, UnidentifiedImageError | KeyError)  # by its directory
        is_rare = directory.get(259, 1) not in _COMPRESSIONS
        return is_rare or (is_refused and _NEEDED[2] in directory)
    except (OSError, LookupError, ValueError, TypeError, SyntaxError, struct.error):
        return False
