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
# LibRaw's flip → the EXIF orientation that says the same.
_ORIENTATION_OF_FLIP = {3: 3, 5: 8, 6: 6}
_ORIENTATION_TAG = 0x0112


def is_plain_picture(head: bytes) -> bool:
    """Whether a file with a RAW suffix begins as a JPEG, PNG, WebP or GIF picture all the same."""
    return head.startswith((b"\xff\xd8", b"\x89PNG", b"RIFF", b"GIF8"))


def embedded_preview(file: BinaryIO, path: Path) -> BinaryIO:
    """The largest preview in a RAW photo, as a picture file in memory.

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
    if isinstance(thumbnail.data, bytes):
        return io.BytesIO(thumbnail.data)
    return _as_file(Image.fromarray(thumbnail.data), flip)


def _as_file(image: Image.Image, flip: int) -> BinaryIO:
    """A bitmap preview as an uncompressed TIFF that carries the camera's orientation."""
    exif = Image.Exif()
    exif[_ORIENTATION_TAG] = _ORIENTATION_OF_FLIP.get(flip, 1)
    buffer = io.BytesIO()
    image.save(buffer, format="TIFF", exif=exif)
    buffer.seek(0)
    return buffer
