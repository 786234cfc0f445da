"""Opens photos of any usual kind as bounded upright RGB; whatever goes wrong is PhotoUnreadable."""

import io
import logging
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

from PIL import ExifTags, Image
from PIL.JpegImagePlugin import JpegImageFile

from opqn_app.core.depth import FAST
from opqn_app.core.errors import PhotoUnreadable
from opqn_app.vision import (
    boxes,
    broken_jpeg,
    decoders,
    hdr,
    orientation,
    pixels,
    png_chunks,
    raw,
    reasons,
)
from opqn_app.vision.colour import Colours, colours_of
from opqn_app.vision.decoders import DAMAGE
from opqn_app.vision.orientation import Orientation
from opqn_app.vision.picture_hash import picture_hash

logger = logging.getLogger(__name__)

MAX_SIDE, MIN_SIDE = FAST.max_side, FAST.min_side  # enough for faces 2 % as wide as the photo
MAX_PIXELS = 250_000_000  # decoded; 4 bytes each in memory, so 1 GB for the moment of decoding
MAX_JPEG_PIXELS = 2_000_000_000  # as stored; baseline JPEG is decoded at down to 1/8 of its size
MAX_FILE_BYTES = 1 << 30

_JPEG = ("JPEG", "MPO")
_AT_ONCE = 1 << 24  # bytes of a JPEG that its decoder is given; near the end of each it is slow


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """A photo, the right way up.

    Attributes:
        image: RGB. Its longest side is at most the `max_side` asked for. Where the original is
            larger than that, it is at least the `min_side` asked for. Its values are those that
            the file holds, but for high dynamic range, which is brought down to sRGB; `in_srgb`
            does so with what is shown or encoded.
        width: of the original in pixels, after rotation; for RAW, of its embedded preview.
        height: likewise.
        taken_at: local time of the exposure, such as "2019-08-24T17:05:33", if the photo says so.
        colours: what the values mean; None is sRGB.
        fault: a clause on what is missing of the picture, such as "the file is cut off, ...".
        picture_hash: see `vision.picture_hash`, of a RAW photo that of its preview; None where it
            was not asked for, or is not found.
    """

    image: Image.Image
    width: int
    height: int
    taken_at: str | None
    colours: Colours | None = None
    fault: str | None = None
    picture_hash: bytes | None = None

    def in_srgb(self, part: Image.Image) -> Image.Image:
        """A part or a smaller copy of `image`, which costs less than all of it, in sRGB."""
        return part if self.colours is None else self.colours.to_srgb(part)


def open_photo(path: Path, *, max_side: int = MAX_SIDE) -> Photo:
    """Read a photo file; it is only ever opened for reading.

    Args:
        max_side: longest side of the result in pixels; a smaller photo keeps its size.

    Raises:
        PhotoUnreadable: for whatever reason; it says which.
    """
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            # Opening a pipe would wait for ever.
            raise PhotoUnreadable(path, reasons.not_a_file(found.st_mode))
        file = path.open("rb")
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        raise PhotoUnreadable(path, reasons.file_system(path, error)) from error
    with file:
        return _read(file, path, max_side, MIN_SIDE)


def read_photo(
    data: bytes,
    name: str,
    *,
    max_side: int = MAX_SIDE,
    min_side: int = MIN_SIDE,
    before_decoding: Callable[[int], None] | None = None,
    hashed: bool = False,
) -> Photo:
    """Read a photo from memory, such as a pasted one.

    Args:
        data: content of a photo file.
        name: for the message; its suffix tells RAW photos apart.
        min_side: see `core.depth.Depth`.
        before_decoding: is told how many pixels are about to be in memory, and may wait.
        hashed: find its `picture_hash`.

    Raises:
        PhotoUnreadable: for whatever reason; it says which.
    """
    return _read(io.BytesIO(data), Path(name), max_side, min_side, before_decoding, hashed=hashed)


def photo_of_picture(image: Image.Image, *, max_side: int = MAX_SIDE) -> Photo:
    """An opened Pillow image as a photo, the right way up."""
    lies = orientation.load(image)
    return _photo(_Decoded(image.copy(), image.size, lies), max_side, MIN_SIDE)


class _Decoded(NamedTuple):
    """A loaded picture, not much larger than needed where its format allows that."""

    image: Image.Image
    stored: tuple[int, int]
    orientation: Orientation
    fault: str | None = None
    transfer: int | None = None


def _read(
    file: BinaryIO,
    path: Path,
    max_side: int,
    min_side: int,
    before_decoding: Callable[[int], None] | None = None,
    *,
    hashed: bool = False,
) -> Photo:
    try:
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        head = file.read(4096)
    except OSError as error:
        raise PhotoUnreadable(path, reasons.file_system(path, error)) from error
    reason = reasons.hopeless(head, size, MAX_FILE_BYTES)
    if reason is not None:
        raise PhotoUnreadable(path, reason)
    with _damage_named(path, head, file):
        decoders.prepare()  # what tells a TIFF from a RAW photo reads with Pillow too
        raw_turn = None
        if path.suffix.lower() in raw.RAW_SUFFIXES and not raw.is_plain_picture(head):
            file.seek(0)
            file, raw_turn = raw.embedded_preview(file, path)
            head = file.read(4096)
        side = min(max_side, min_side)
        try:
            found = _decoded(file, path, head, side, raw_turn, before_decoding)
        except DAMAGE as error:
            if not png_chunks.is_png(head) or png_chunks.is_of_pixels(error):
                raise
            if png_chunks.is_cut_off(file):
                raise OSError("truncated") from error
            file = png_chunks.without_needless(file)
            found = _decoded(file, path, head, side, raw_turn, before_decoding)
        digest = None
        if hashed:
            file.seek(0)
            digest = picture_hash(file.read(), found.orientation.said)
        return _photo(found, max_side, min_side, digest)


def _photo(found: _Decoded, max_side: int, min_side: int, digest: bytes | None = None) -> Photo:
    colours, lies = colours_of(found.image), found.orientation
    upright = pixels.upright_rgb(found.image, max_side, lies, colours, min_side=min_side)
    if colours is None:
        upright = hdr.shown(upright, found.transfer)
    if colours is not None and colours.is_far:
        colours = None  # it is done
    width, height = lies.size(found.stored)
    if found.fault is not None:
        logger.info("a photo was read although %s", found.fault)
    taken_at = _taken_at(found.image)
    return Photo(upright, width, height, taken_at, colours, found.fault, digest)


@contextmanager
def _damage_named(path: Path, head: bytes, file: BinaryIO) -> Iterator[None]:
    try:
        yield
    except MemoryError as error:
        raise PhotoUnreadable(path, "there is not enough memory for it") from error
    except DAMAGE as error:
        raise PhotoUnreadable(path, reasons.damage(head, file, error)) from error
    except PhotoUnreadable:
        raise
    except Exception as error:  # what no decoder was seen to raise must not end a run
        logger.exception("a photo could not be read, for a reason that is not foreseen")
        raise PhotoUnreadable(path, reasons.unforeseen(error)) from error


def _decoded(
    file: BinaryIO,
    path: Path,
    head: bytes,
    side: int,
    raw_turn: int | None,
    before_decoding: Callable[[int], None] | None,
) -> _Decoded:
    primary = _checked_boxes(file, path, head)
    size = None if primary is None else primary.size
    if before_decoding is not None and size is not None and decoders.is_jxl(head):
        before_decoding(size[0] * size[1])  # opening decodes it
        before_decoding = None
    image, stored = _opened(file, path, head, side)
    if image.width * image.height > MAX_PIXELS:
        raise PhotoUnreadable(path, _too_many(stored))
    if before_decoding is not None:
        # A progressive JPEG keeps all its coefficients in memory, however small it is decoded.
        width, height = stored if "progressive" in image.info else image.size
        before_decoding(width * height)
    try:
        lies = orientation.load(image, raw_turn)
    except OSError as error:
        if image.format not in _JPEG or "truncated" not in str(error):
            raise
        return _without_end(file, path, head, side, raw_turn)
    if image.format == "AVIF":  # Pillow cuts nothing off; libheif does
        lies = Orientation(lies.turn, None if primary is None else primary.clean)
    # Loading a TIFF turns it; only a JPEG is smaller now than it is stored.
    transfer = None if primary is None else primary.transfer
    true_size = stored if image.format in _JPEG else image.size
    return _Decoded(image, true_size, lies, transfer=transfer)


def _opened(
    file: BinaryIO, path: Path, head: bytes, side: int
) -> tuple[Image.Image, tuple[int, int]]:
    """The picture, a JPEG at 1/2, 1/4 or 1/8 where that still covers `side`; and its true size."""
    file.seek(0)
    image = decoders.opened(file, path, head)
    stored = image.size
    _refuse_huge(image, path)
    if isinstance(image, JpegImageFile):  # an MPO file is one too
        image.draft(None, pixels.bounded_size(stored, side))
        image.decodermaxblock = _AT_ONCE
    return image, stored


def _without_end(
    file: BinaryIO, path: Path, head: bytes, side: int, raw_turn: int | None
) -> _Decoded:
    """A JPEG that breaks off, if nearly all of its rows are there.

    Raises:
        OSError: too much of it is missing.
    """
    file.seek(0)
    data = file.read()
    whole = io.BytesIO(broken_jpeg.with_end(data))
    image, stored = _opened(whole, path, head, side)
    lies = orientation.load(image, raw_turn)
    missing = broken_jpeg.rows_missing(image)
    if missing > broken_jpeg.MAX_MISSING or not broken_jpeg.has_all_scans(data):
        raise OSError("truncated")
    begun = broken_jpeg.block_height(image) / stored[1]  # of one row of blocks a part may be there
    lost = None if "progressive" in image.info else min(1.0, missing + begun)
    return _Decoded(image, stored, lies, reasons.end_missing(lost))


def _checked_boxes(file: BinaryIO, path: Path, head: bytes) -> boxes.Primary | None:
    """What the boxes of a HEIC, AVIF or JPEG XL say of its picture; None for other formats.

    Raises:
        PhotoUnreadable: it is huge. libavif refuses that without saying why, and JPEG XL is
            decoded by opening it.
    """
    primary = None
    if decoders.is_jxl(head):
        size = boxes.size_of_jxl(file)
        primary = None if size is None else boxes.Primary(b"", size, None)
    elif head[4:8] == b"ftyp":
        primary = boxes.primary_of_heif(file)
    if primary is not None and primary.size[0] * primary.size[1] > MAX_PIXELS:
        raise PhotoUnreadable(path, _too_many(primary.size))
    return primary


def _refuse_huge(image: Image.Image, path: Path) -> None:
    if min(image.size) < 1:
        raise PhotoUnreadable(path, "the picture has no pixels")
    # Progressive ones are held as a whole, see above.
    is_scalable = image.format in _JPEG and "progressive" not in image.info
    if image.width * image.height > (MAX_JPEG_PIXELS if is_scalable else MAX_PIXELS):
        raise PhotoUnreadable(path, _too_many(image.size))


def _too_many(size: tuple[int, int]) -> str:
    millions = size[0] * size[1] / 1e6
    return f"it has {millions:,.0f} megapixels, and the limit is {MAX_PIXELS / 1e6:.0f}"


def _taken_at(image: Image.Image) -> str | None:
    try:
        text = image.getexif().get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.DateTimeOriginal)
    except DAMAGE:
        return None
    if text is None:
        return None
    try:
        taken = datetime.strptime(str(text).strip("\0 "), "%Y:%m:%d %H:%M:%S")
    except ValueError:
        return None  # "0000:00:00 00:00:00" of a camera without a clock
    return taken.isoformat()
