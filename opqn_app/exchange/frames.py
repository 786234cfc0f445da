"""Boxes in the picture as it lies in a file, and in the photo the right way up."""

import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from opqn_app.core.errors import PhotoUnreadable
from opqn_app.core.types import Box
from opqn_app.exchange.cleaned import box_of
from opqn_app.exchange.records import Frame, PhotoNames
from opqn_app.exchange.xmp.raw_heads import raw_turn
from opqn_app.vision import apart, boxes, decoders, orientation, png_chunks, reasons
from opqn_app.vision.decoders import DAMAGE
from opqn_app.vision.raw import RAW_SUFFIXES, is_plain_picture

_Point = tuple[float, float]

# EXIF value → where a point of the stored picture is once it is the right way up.
_UPRIGHT: dict[int, Callable[[float, float], _Point]] = {
    1: lambda x, y: (x, y),
    2: lambda x, y: (1 - x, y),
    3: lambda x, y: (1 - x, 1 - y),
    4: lambda x, y: (x, 1 - y),
    5: lambda x, y: (y, x),
    6: lambda x, y: (1 - y, x),
    7: lambda x, y: (1 - y, 1 - x),
    8: lambda x, y: (y, 1 - x),
}
_BACK = {6: 8, 8: 6}  # the others undo themselves


def upright(names: PhotoNames, turn: int) -> PhotoNames:
    """The same names with the boxes in the photo the right way up.

    Args:
        turn: EXIF value of the photo's file, see `turn_of`.
    """
    if names.frame == Frame.UPRIGHT:
        return names
    regions = tuple(
        region if region.box is None else replace(region, box=_moved(region.box, turn))
        for region in names.regions
    )
    return replace(names, regions=regions, frame=Frame.UPRIGHT)


def without_margin(names: PhotoNames, size: tuple[float, float] | None) -> PhotoNames:
    """The same names with the boxes in the part of the picture that is meant to be seen.

    A HEIC or AVIF may hold more than that part. Programs see the part alone, and their boxes stay
    as they are, unless they were said for a picture of the size of all.

    Args:
        names: in the frame of the stored picture.
        size: width and height of the picture that the boxes were said for, in pixels; None where
            that is not known.
    """
    part = None if size is None else _seen_part(names.photo, size)
    if part is None:
        return names
    regions = tuple(
        region if region.box is None else replace(region, box=_within(region.box, part))
        for region in names.regions
    )
    return replace(names, regions=regions)


def _within(box: Box, part: Box) -> Box | None:
    return box_of(
        (box.left - part.left) / part.width,
        (box.top - part.top) / part.height,
        (box.right - part.left) / part.width,
        (box.bottom - part.top) / part.height,
    )


def _seen_part(photo: Path, size: tuple[float, float]) -> Box | None:
    """In fractions of the stored picture, if `size` is that of all of it; None for all."""
    try:
        with photo.open("rb") as file:
            if file.read(12)[4:8] != b"ftyp":
                return None
            file.seek(0)
            primary = boxes.primary_of_heif(file)
    except OSError:
        return None  # `turn_of` says why
    if primary is None or primary.clean is None or size not in (primary.size, primary.size[::-1]):
        return None
    left, top, right, bottom = primary.clean
    width, height = primary.size
    return Box(left / width, top / height, right / width, bottom / height)


def stored(box: Box, turn: int) -> Box:
    """A box in fractions of the upright photo, in fractions of the picture as it lies in the file.

    Args:
        turn: EXIF value of the photo's file, see `turn_of`.
    """
    return _moved(box, _BACK.get(turn, turn))


def stored_size(size: tuple[int, int], turn: int) -> tuple[int, int]:
    """Width and height as they lie in the file, of a photo that is `size` the right way up."""
    return (size[1], size[0]) if turn >= 5 else size


def turn_of(path: Path) -> int:
    """How the picture in a photo file is turned the right way up: an EXIF value, 1 to 8.

    It is what the library turns the photo by. Nothing is decoded.

    Raises:
        PhotoUnreadable: the file can't be opened as a photo.
    """
    return apart.read(path, _turn_of, path)


def _turn_of(path: Path) -> int:
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise PhotoUnreadable(path, reasons.not_a_file(found.st_mode))
        with path.open("rb") as file:
            return _turn(file, path)
    except (OSError, ValueError) as error:
        raise PhotoUnreadable(path, reasons.file_system(path, error)) from error


def _turn(file: BinaryIO, path: Path) -> int:
    head = file.read(4096)
    if decoders.is_jxl(head):
        return boxes.turn_of_jxl(file)
    if path.suffix.lower() in RAW_SUFFIXES and not is_plain_picture(head):
        return raw_turn(file)
    if head[4:8] == b"ftyp":
        return boxes.turn_of_heif(file)
    if png_chunks.is_png(head):
        file = png_chunks.without_needless(file, pixels=False)  # Pillow would decode them
    file.seek(0)
    try:
        with decoders.opened(file, path, head) as image:
            return orientation.stated(image)
    except DAMAGE as error:
        file.seek(0)
        raise PhotoUnreadable(path, reasons.damage(head, file, error)) from error


def _moved(box: Box, turn: int) -> Box:
    place = _UPRIGHT[turn]
    corners = place(box.left, box.top), place(box.right, box.bottom)
    (left, right), (top, bottom) = (sorted(side) for side in zip(*corners, strict=True))
    return Box(left, top, right, bottom)
