"""Makes the decoding libraries ready: which formats, what they raise, and that they keep quiet."""

import ctypes
import importlib
import logging
import re
import struct
import warnings
import zlib
from functools import cache
from pathlib import Path
from typing import BinaryIO

from PIL import Image, PngImagePlugin, _imaging

from opqn_app.core.errors import PhotoUnreadable
from opqn_app.core.extras import how_to_install, is_installed
from opqn_app.vision import odd_tiff, png_chunks
from opqn_app.vision.odd_tiff import UnsupportedError

# What Pillow and pillow-heif raise on damaged files: the first line was seen in 108,000 mutated
# files of 18 kinds (tests/vision/test_damaged_files.py keeps some), the second stands in their
# parsers' source. Only the calls into them are guarded, so no bug of ours hides here.
DAMAGE = (
    *(OSError, ValueError, SyntaxError, TypeError, EOFError, RuntimeError),
    *(LookupError, ArithmeticError, AttributeError, AssertionError, struct.error, zlib.error),
    UnsupportedError,  # ours
)

_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP", "HEIF", "AVIF")
_SUFFIX_OF_OLD_SETS = ".pgm"  # of faces; no photo of an index has it
_READERS = r"PIL\.|pillow_heif|pi_heif|pillow_jxl"
_QUIET = ("ignore", None, UserWarning, re.compile(_READERS), 0)  # as `warnings` keeps it
_JXL_STARTS = (b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n")


def is_jxl(head: bytes) -> bool:
    """Whether a file begins as JPEG XL does, bare or in boxes."""
    return head.startswith(_JXL_STARTS)


def opened(file: BinaryIO, path: Path, head: bytes) -> Image.Image:
    """The picture in a file, not decoded yet; JPEG XL is decoded in full by opening it.

    Args:
        head: the first bytes of `file`.

    Raises:
        PhotoUnreadable: the package for its format is not installed.
        UnsupportedError: it is intact, but of a kind that would come out wrong.
        Exception: one of `DAMAGE`.
    """
    prepare()
    if not is_jxl(head):
        is_old = path.suffix.lower() == _SUFFIX_OF_OLD_SETS
        image = Image.open(file, formats=(*_FORMATS, "PPM") if is_old else _FORMATS)
        odd_tiff.prepare(image)
        return image
    if not is_installed("pillow_jxl"):
        needed = f"JPEG XL photos need the extra 'jxl' ({how_to_install('jxl')})"
        raise PhotoUnreadable(path, needed)
    import pillow_jxl  # noqa: F401 (registers itself)

    return Image.open(file, formats=("JXL",))


def prepare() -> None:
    """Set up Pillow and its plugins; what opens anything by them calls it first."""
    _register()
    # Oddities of metadata; catch_warnings would not be thread-safe, and this call is idempotent.
    if tuple(warnings.filters[:1]) != (_QUIET,):
        warnings.filterwarnings("ignore", category=UserWarning, module=_READERS)


@cache
def _register() -> None:
    # The app brings the first; what is frozen has the second, which only reads and holds no code
    # under the GPL. A training machine may do without.
    heif = next((each for each in ("pillow_heif", "pi_heif") if is_installed(each)), None)
    if heif is not None:
        importlib.import_module(heif).register_heif_opener()
    # Pillow's own limit speaks through the warnings module and is lower than what cameras make.
    Image.MAX_IMAGE_PIXELS = None
    # Editors write XMP and profiles beyond Pillow's 1 MB, and the picture is fine.
    PngImagePlugin.MAX_TEXT_CHUNK = png_chunks.MAX_EXPANDED
    # Of a process without a log of its own, such as a worker, Pillow's would go to stderr.
    logging.getLogger("PIL").addHandler(logging.NullHandler())
    _silence_libtiff()


def _silence_libtiff() -> None:
    """libtiff writes a line for each fault of a file to stderr; Pillow raises for them anyway.

    Turning stderr away would hide what others say there meanwhile. Where libtiff is no library of
    its own, as in Pillow for Windows, it stays as it is.
    """
    try:
        library = ctypes.CDLL(_imaging.__file__)  # its symbols include those of what it links to
        for name in ("TIFFSetErrorHandler", "TIFFSetWarningHandler"):
            set_handler = getattr(library, name)
            set_handler.argtypes, set_handler.restype = (ctypes.c_void_p,), ctypes.c_void_p
            set_handler(None)
    except (OSError, AttributeError):
        return
