"""The preview that a camera puts into its RAW photos; decoding the sensor data is not needed."""

import importlib.util
import io
import struct
from pathlib import Path
from typing import BinaryIO

from PIL import Image, TiffImagePlugin

from opqn_app.core.errors import PhotoUnreadable
from opqn_app.core.extras import how_to_install
from opqn_app.vision import decoders

RAW_SUFFIXES = frozenset({".dng", ".cr2", ".cr3", ".nef", ".arw", ".raf", ".orf", ".rw2"})

_NO_PREVIEW = "this RAW photo holds no preview picture that can be read"
_TURN_OF_FLIP = (1, 2, 4, 3, 5, 8, 6, 7)  # LibRaw's flip → the EXIF value that says the same
_HEIF_BRANDS = (b"hei", b"hev", b"mif1", b"msf1", b"avi")
_SUBFILE = 254  # not 0 where a smaller copy comes first
_TAGS_OF_RAW = frozenset({330, 50706})  # other pictures within; the version of a DNG
_EXIF_STARTS = (b"Exif\0\0II*\0", b"Exif\0\0MM\0*")


def is_plain_picture(head: bytes) -> bool:
    """Whether a file with a RAW suffix begins as another picture all the same.

    That is any but a TIFF, as which many RAW photos begin.
    """
    is_heif = head[4:8] == b"ftyp" and head[8:12].startswith(_HEIF_BRANDS)  # a CR3 says "crx "
    return is_heif or head.startswith((b"\xff\xd8", b"\x89PNG", b"RIFF", b"GIF8"))


def embedded_preview(file: BinaryIO, path: Path) -> tuple[BinaryIO, int | None]:
    """The largest preview in a RAW photo, as a picture file in memory, and the photo's orientation.

    The orientation is an EXIF value. It holds unless the preview has one of its own. A TIFF that
    is no RAW photo comes back as it is, and None.

    Raises:
        PhotoUnreadable: rawpy is not installed, it is no RAW photo, or it holds no preview.
    """
    if importlib.util.find_spec("rawpy") is None:
        raise PhotoUnreadable(path, f"RAW photos need the extra 'raw' ({how_to_install('raw')})")
    import rawpy

    try:
        with rawpy.imread(file) as photo:
            thumbnail = photo.extract_thumb()
            flip = photo.sizes.flip
    except rawpy.LibRawFileUnsupportedError as error:
        if _is_plain_tiff(file):
            return file, None
        raise PhotoUnreadable(path, "it is not a RAW photo of a known camera") from error
    except (rawpy.LibRawNoThumbnailError, rawpy.LibRawUnsupportedThumbnailError) as error:
        raise PhotoUnreadable(path, _NO_PREVIEW) from error
    except (rawpy.LibRawError, rawpy.NotSupportedError) as error:
        raise PhotoUnreadable(path, "the RAW data is damaged") from error
    turn = _TURN_OF_FLIP[flip] if 0 <= flip < len(_TURN_OF_FLIP) else 1
    if isinstance(thumbnail.data, bytes):
        return io.BytesIO(_as_stored(thumbnail.data)), turn
    bitmap = io.BytesIO()
    Image.fromarray(thumbnail.data).save(bitmap, format="TIFF")
    return bitmap, turn


def _is_plain_tiff(file: BinaryIO) -> bool:
    """Whether a file begins as a TIFF whose first picture is the one that is meant."""
    decoders.prepare()  # a damaged directory would warn
    try:
        file.seek(0)
        directory = TiffImagePlugin.ImageFileDirectory_v2(file.read(8))
        file.seek(directory.next)
        directory.load(file)
        is_small = directory.get(_SUBFILE, 0) != 0
        is_raw = not _TAGS_OF_RAW.isdisjoint(directory)
        file.seek(0)
    except (OSError, LookupError, ValueError, TypeError, SyntaxError, struct.error):
        return False
    return not (is_small or is_raw)


def _as_stored(preview: bytes) -> bytes:
    """A JPEG preview without the EXIF block that LibRaw puts before the preview's own.

    It does so where something else, such as JFIF, comes first; Pillow would take the first.
    """
    blocks = []
    at = 2
    while preview[at : at + 1] == b"\xff" and 0xE0 <= preview[at + 1] <= 0xEF:
        end = at + 2 + int.from_bytes(preview[at + 2 : at + 4])
        if preview[at + 1] == 0xE1 and preview[at + 4 : at + 14] in _EXIF_STARTS:
            blocks.append((at, end))
        at = end
    if len(blocks) < 2:
        return preview
    start, end = blocks[0]
    return preview[:start] + preview[end:]
