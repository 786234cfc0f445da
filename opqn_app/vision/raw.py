"""The preview that a camera puts into its RAW photos; decoding the sensor data is not needed."""

import importlib.util
import io
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from opqn_app.core.errors import PhotoUnreadable
from opqn_app.core.extras import how_to_install

RAW_SUFFIXES = frozenset({".dng", ".cr2", ".cr3", ".nef", ".arw", ".raf", ".orf", ".rw2"})

_NO_PREVIEW = "this RAW photo holds no preview picture that can be read"
_TURN_OF_FLIP = (1, 2, 4, 3, 5, 8, 6, 7)  # LibRaw's flip → the EXIF value that says the same
_EXIF_STARTS = (b"Exif\0\0II*\0", b"Exif\0\0MM\0*")


def is_plain_picture(head: bytes) -> bool:
    """Whether a file with a RAW suffix begins as a JPEG, PNG, WebP or GIF picture all the same."""
    return head.startswith((b"\xff\xd8", b"\x89PNG", b"RIFF", b"GIF8"))


def embedded_preview(file: BinaryIO, path: Path) -> tuple[BinaryIO, int]:
    """The largest preview in a RAW photo, as a picture file in memory, and the photo's orientation.

    The orientation is an EXIF value. It holds unless the preview has one of its own.

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
