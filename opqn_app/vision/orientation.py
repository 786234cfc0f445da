"""Which way up a picture is: decided once, for its pixels, its size and all boxes in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from PIL import ExifTags, Image

from opqn_app.vision import xmp
from opqn_app.vision.decoders import DAMAGE

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_PACKETS = ("xmp", "XML:com.adobe.xmp")  # where Pillow keeps XMP


@dataclass(frozen=True, slots=True)
class Orientation:
    """How the pixels that a decoder gives become the photo.

    Attributes:
        turn: EXIF value, 1 to 8.
        clean: left, top, right, bottom of the part that is meant to be seen, before turning, in
            pixels; None is all.
        done: EXIF value of what the decoder has turned by itself, as far as we have told it to.
    """

    turn: int = 1
    clean: tuple[int, int, int, int] | None = None
    done: int = 1

    @property
    def said(self) -> int:
        """EXIF value that the file was read as."""
        return self.turn if self.turn > 1 else self.done

    def size(self, stored: tuple[int, int]) -> tuple[int, int]:
        """Width and height of the photo whose pixels are stored as `stored`."""
        if self.clean is not None:
            left, top, right, bottom = self.clean
            stored = right - left, bottom - top
        return (stored[1], stored[0]) if self.turn >= 5 else stored

    def cut(self, image: Image.Image) -> Image.Image:
        """The part of `image`, of its stored size, that is meant to be seen; still as stored."""
        return image if self.clean is None else image.crop(self.clean)

    def turned(self, image: Image.Image) -> Image.Image:
        """`image`, cut and of any size, the right way up."""
        turn = _TURNS.get(self.turn)
        return image if turn is None else image.transpose(turn)


def stated(image: Image.Image) -> int:
    """What EXIF, else XMP says of an opened picture, not decoded yet: 1 to 8.

    In HEIC, AVIF and JPEG XL it does not count.
    """
    return _decided(image, None)


def load(image: Image.Image, raw_turn: int | None = None) -> Orientation:
    """Decode `image`, and find how its pixels lie then.

    The EXIF tag decides, else `tiff:Orientation` of XMP. In HEIC, AVIF and JPEG XL the file's own
    structure decides and both say nothing, as their standards have it. Pillow turns TIFF by itself
    while it loads, by another reading of XMP: it is given our decision.

    Args:
        raw_turn: for the preview of a RAW photo, what the photo says; then XMP is not asked.

    Raises:
        Exception: one of `DAMAGE`.
    """
    if image.format == "TIFF":
        turn = _decided(image, raw_turn)
        image.getexif()[ExifTags.Base.Orientation] = turn
        image.load()
        return Orientation(done=turn)
    image.load()
    if image.format == "HEIF" or (image.format == "JXL" and not getattr(image, "jpeg", False)):
        return Orientation()  # the decoder has turned it
    if image.format == "AVIF":  # Pillow hands on the turn of the container as the EXIF tag
        return Orientation(_exif_turn(image) or 1)
    return Orientation(_decided(image, raw_turn))


def _decided(image: Image.Image, raw_turn: int | None) -> int:
    return _exif_turn(image) or (_xmp_turn(image) if raw_turn is None else raw_turn) or 1


def _exif_turn(image: Image.Image) -> int | None:
    try:
        with _xmp_put_aside(image):
            value = image.getexif().get(ExifTags.Base.Orientation)
    except DAMAGE:
        return None  # broken metadata; the picture itself is fine
    return value if isinstance(value, int) and 1 <= value <= 8 else None


@contextmanager
def _xmp_put_aside(image: Image.Image) -> Iterator[None]:
    """Pillow looks for an orientation in XMP too, by a pattern of text; the first look is kept."""
    kept = {key: image.info.pop(key) for key in _PACKETS if key in image.info}
    try:
        yield
    finally:
        image.info.update(kept)


def _xmp_turn(image: Image.Image) -> int | None:
    packet = next((image.info[key] for key in _PACKETS if image.info.get(key)), b"")
    if isinstance(packet, str):
        try:
            packet = packet.encode()
        except UnicodeEncodeError:
            return None  # broken metadata; the picture itself is fine
    return xmp.orientation(packet) if packet and isinstance(packet, bytes) else None
