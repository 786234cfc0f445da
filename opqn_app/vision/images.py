"""Opens photos of any usual kind as bounded upright RGB; whatever goes wrong is PhotoUnreadable."""

import io
import os
import stat
import struct
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import BinaryIO

import pillow_heif
from PIL import ExifTags, Image

from opqn_app.core.depth import FAST
from opqn_app.core.errors import PhotoUnreadable
from opqn_app.vision import pixels, raw, reasons

MAX_SIDE = FAST.max_side  # pixels; enough for faces 2 % as wide as the photo
MIN_SIDE = FAST.min_side  # a JPEG decoded at half its size that is no smaller is taken as it is
MAX_PIXELS = 250_000_000  # decoded; 4 bytes each in memory, so 1 GB for the moment of decoding
MAX_JPEG_PIXELS = 2_000_000_000  # as stored; baseline JPEG is decoded at down to 1/8 of its size
MAX_FILE_BYTES = 1 << 30

MAX_THUMBNAIL = 640  # pixels of an EXIF thumbnail; it shares 64 kB with all other metadata
_EXIF_START = b"Exif\0\0"
_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP", "HEIF", "AVIF")

# What Pillow and pillow-heif raise on damaged files: the first line was seen in 108,000 mutated
# files of 18 kinds (tests/vision/test_damaged_files.py keeps some), the second stands in their
# parsers' source. Only the calls into them are guarded, so no bug of ours hides here.
_DAMAGE = (
    *(OSError, ValueError, SyntaxError, TypeError, EOFError, RuntimeError),
    *(LookupError, ArithmeticError, AttributeError, AssertionError, struct.error, zlib.error),
)


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """A photo, the right way up.

    Attributes:
        image: RGB. Its longest side is at most the `max_side` asked for. Where the original is
            larger than that, it is at least the `min_side` asked for.
        width: of the original in pixels, after rotation; for RAW, of its embedded preview.
        height: likewise.
        taken_at: local time of the exposure, such as "2019-08-24T17:05:33", if the photo says so.
    """

    image: Image.Image
    width: int
    height: int
    taken_at: str | None


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
        with path.open("rb") as file:
            return _read(file, path, max_side, MIN_SIDE)
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        raise PhotoUnreadable(path, reasons.file_system(path, error)) from error


def read_photo(
    data: bytes,
    name: str,
    *,
    max_side: int = MAX_SIDE,
    min_side: int = MIN_SIDE,
    before_decoding: Callable[[int], None] | None = None,
) -> Photo:
    """Read a photo from memory, such as a pasted one.

    Args:
        data: content of a photo file.
        name: for the message; its suffix tells RAW photos apart.
        min_side: see `core.depth.Depth`.
        before_decoding: is told how many pixels are about to be in memory, and may wait.

    Raises:
        PhotoUnreadable: for whatever reason; it says which.
    """
    return _read(io.BytesIO(data), Path(name), max_side, min_side, before_decoding)


def _read(
    file: BinaryIO,
    path: Path,
    max_side: int,
    min_side: int,
    before_decoding: Callable[[int], None] | None = None,
) -> Photo:
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(4096)
    reason = reasons.hopeless(head, size, MAX_FILE_BYTES)
    if reason is not None:
        raise PhotoUnreadable(path, reason)
    file.seek(0)
    with _damage_named(path, head):
        if path.suffix.lower() in raw.RAW_SUFFIXES and not raw.is_plain_picture(head):
            file = raw.embedded_preview(file, path)
        image, stored, thumbnail = _decoded(file, path, max_side, min_side, before_decoding)
    # libheif has turned the picture already; what EXIF says then is history.
    orientation = 1 if image.format == "HEIF" else _orientation(image)
    upright = pixels.upright_rgb(thumbnail or image, max_side, orientation)
    width, height = pixels.turned_size(stored, orientation)
    return Photo(upright, width, height, _taken_at(image))


@contextmanager
def _damage_named(path: Path, head: bytes) -> Iterator[None]:
    try:
        yield
    except MemoryError as error:
        raise PhotoUnreadable(path, "there is not enough memory for it") from error
    except _DAMAGE as error:
        raise PhotoUnreadable(path, reasons.damage(head, error)) from error


def _decoded(
    file: BinaryIO,
    path: Path,
    max_side: int,
    min_side: int,
    before_decoding: Callable[[int], None] | None,
) -> tuple[Image.Image, tuple[int, int], Image.Image | None]:
    """The image, not much larger than needed where its format allows that; and its stored size.

    It is loaded, unless the third is the thumbnail that the camera put in and that is large enough.
    """
    _prepare_pillow()
    image = Image.open(file, formats=_FORMATS)
    stored = image.size
    _refuse_huge(image, path)
    if image.format in ("JPEG", "MPO"):
        thumbnail = _embedded_thumbnail(image, pixels.bounded_size(stored, max_side))
        if thumbnail is not None:
            return image, stored, thumbnail
        # Decodes at 1/2, 1/4 or 1/8 where that still covers what is asked for.
        image.draft(None, pixels.bounded_size(stored, min(max_side, min_side)))
    if image.width * image.height > MAX_PIXELS:
        raise PhotoUnreadable(path, _too_many(stored))
    if before_decoding is not None:
        # A progressive JPEG keeps all its coefficients in memory, however small it is decoded.
        width, height = stored if "progressive" in image.info else image.size
        before_decoding(width * height)
    image.load()
    return image, stored, None


def _embedded_thumbnail(image: Image.Image, wanted: tuple[int, int]) -> Image.Image | None:
    """The EXIF thumbnail of a JPEG, loaded, if it shows all of the photo and is large enough."""
    if max(wanted) > MAX_THUMBNAIL:
        return None
    try:
        place = image.getexif().get_ifd(ExifTags.IFD.IFD1)
        start = len(_EXIF_START) + place[ExifTags.Base.JpegIFOffset]
        data = image.info["exif"][start : start + place[ExifTags.Base.JpegIFByteCount]]
        thumbnail = Image.open(io.BytesIO(data), formats=("JPEG",))
        is_whole = abs(thumbnail.width * image.height / (thumbnail.height * image.width) - 1) < 0.01
        if not is_whole or thumbnail.width < wanted[0] or thumbnail.height < wanted[1]:
            return None
        thumbnail.load()
    except _DAMAGE:
        return None  # there is none, or it is damaged; the photo itself may be fine
    return thumbnail


@cache
def _register_decoders() -> None:
    pillow_heif.register_heif_opener()
    # Pillow's own limit speaks through the warnings module and is lower than what cameras make.
    Image.MAX_IMAGE_PIXELS = None


def _prepare_pillow() -> None:
    _register_decoders()
    # Oddities of metadata; catch_warnings would not be thread-safe, and this call is idempotent.
    warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.|pillow_heif")


def _refuse_huge(image: Image.Image, path: Path) -> None:
    if min(image.size) < 1:
        raise PhotoUnreadable(path, "the picture has no pixels")
    # Progressive ones are held as a whole, see above.
    is_scalable = image.format in ("JPEG", "MPO") and "progressive" not in image.info
    if image.width * image.height > (MAX_JPEG_PIXELS if is_scalable else MAX_PIXELS):
        raise PhotoUnreadable(path, _too_many(image.size))


def _too_many(size: tuple[int, int]) -> str:
    millions = size[0] * size[1] / 1e6
    return f"it has {millions:,.0f} megapixels, and the limit is {MAX_PIXELS / 1e6:.0f}"


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(ExifTags.Base.Orientation, 1)
    except _DAMAGE:
        return 1  # broken metadata; the picture itself is fine
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _taken_at(image: Image.Image) -> str | None:
    try:
        text = image.getexif().get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.DateTimeOriginal)
    except _DAMAGE:
        return None
    try:
        taken = datetime.strptime(str(text).strip("\0 "), "%Y:%m:%d %H:%M:%S")
    except ValueError:
        return None  # none, or "0000:00:00 00:00:00" of a camera without a clock
    return taken.isoformat()
