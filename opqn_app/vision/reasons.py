"""Words for why a photo can't be read, found from its first bytes and the error it gave."""

import errno
import math
import os
import stat
from pathlib import Path
from typing import BinaryIO

from opqn_app.vision import boxes, broken_jpeg, odd_tiff

_DAMAGED = "the picture data is damaged"
_CUT_OFF = "the file is cut off, so part of the picture is missing"
_UNKNOWN = "it is not in a photo format that is known here"
_OTHER_KIND = "it is a kind of {} that can't be read here"
_OTHER_HEIF = _OTHER_KIND.format("HEIF")
_MAX_JPEG_HEAD = 64 << 20  # bytes; profiles and the like stand before the first scan
_VIDEO = "it is a video, not a photo"

_PICTURE_STARTS = (
    *(b"\xff\xd8", b"\x89PNG", b"GIF8", b"BM", b"II*\0", b"MM\0*"),
    *(b"\xff\x0a", b"\0\0\0\x0cJXL "),
)
_PICTURE_BRANDS = (b"hei", b"hev", b"mif1", b"msf1", b"avi")
_PICTURE_CODECS = (b"hvc1", b"av01", b"grid", b"iovl", b"iden")  # the last three: made of others
_VIDEO_BRANDS = (
    *(b"iso", b"mp4", b"avc1", b"qt  ", b"M4V", b"3g", b"MSNV", b"mmp4"),
    *(b"f4v", b"F4V", b"dash", b"XAVC"),
)
_OTHER_STARTS = (
    (b"%PDF", "it is a PDF document, not a photo"),
    (b"\0\x05\x16\x07", "it is a side file of macOS, which holds no picture"),
    (b"PK\x03\x04", "it is a ZIP archive, not a photo"),
    (b"Rar!", "it is a RAR archive, not a photo"),
    (b"\x1f\x8b", "it is a gzip archive, not a photo"),
    (b"\x1a\x45\xdf\xa3", _VIDEO),
    (b"8BPS", "it is a Photoshop document, not a photo"),
)


def hopeless(head: bytes, size: int, max_bytes: int) -> str | None:
    """The reason why trying to decode is pointless, if there is one.

    Args:
        head: the first 4096 bytes, or all where there are fewer.
        size: of the file in bytes.
    """
    if size == 0:
        return "the file is empty"
    if size > max_bytes:
        return too_large(size, max_bytes)
    if head and not head.strip(b"\0"):
        return "the file holds only zeros, as after a copy that broke off"
    return None


def too_large(size: int, max_bytes: int) -> str:
    """The reason for a file of more bytes than are read."""
    return f"the file has {size / 1e6:,.0f} MB, and the limit is {max_bytes / 1e6:,.0f}"


def not_a_file(mode: int) -> str:
    """The reason for a `mode` (of stat) that is no regular file's."""
    return "it is a folder" if stat.S_ISDIR(mode) else "it is not a regular file"


def file_system(path: Path, error: OSError | ValueError) -> str:
    """The reason for an error in getting at a file."""
    code = error.errno if isinstance(error, OSError) else None
    if code == errno.ENOENT:
        is_link = path.is_symlink()
        return "it is a link to a file that is not there" if is_link else "it is not there"
    if code in (errno.EACCES, errno.EPERM):
        return "permission to read it is missing"
    if code == errno.ELOOP:
        return "it is a link that leads back to itself"
    if code == errno.ENAMETOOLONG:
        return "its name is too long"
    if code is None:
        return "its name can't be used"
    return f"the disk reports '{os.strerror(code)}'"


def end_missing(share: float | None) -> str:
    """The clause for a picture that was read although its file breaks off.

    Args:
        share: of the picture that is missing at most, 0 to 1; None: only the finest detail is.
    """
    lost = (
        "the finest detail"
        if share is None
        else f"at most {math.ceil(100 * share)} % of the picture"
    )
    return f"the end of the file is missing, and with it {lost}"


def unforeseen(error: Exception) -> str:
    """The reason for an error that no decoder was seen to raise."""
    return f"reading it failed in a way that is not foreseen ({type(error).__name__}, see the log)"


def damage(head: bytes, file: BinaryIO, error: BaseException) -> str:
    """The reason for an error in decoding.

    Args:
        head: the first 4096 bytes.
        file: all of it.
    """
    if isinstance(error, OSError) and error.errno is not None:
        return f"the disk reports '{os.strerror(error.errno)}'"
    if "truncated" in str(error).lower():
        return _CUT_OFF
    if head[4:8] == b"ftyp":
        return _of_boxes(head, file)
    if not _starts_as_picture(head):
        return _what_else(head)
    other = _other_kind(head, file, error)
    return _DAMAGED if other is None else _OTHER_KIND.format(other)


def _other_kind(head: bytes, file: BinaryIO, error: BaseException) -> str | None:
    """The format of a picture that is intact as far as can be told, but rare in some way."""
    if head.startswith(b"BM") and str(error).startswith("Unsupported BMP"):
        return "BMP"
    if head.startswith((b"II", b"MM")) and odd_tiff.is_of_other_kind(head, file, error):
        return "TIFF"
    if head.startswith(b"\xff\xd8"):
        file.seek(0)
        return "JPEG" if broken_jpeg.is_of_other_kind(file.read(_MAX_JPEG_HEAD)) else None
    return None


def _of_boxes(head: bytes, file: BinaryIO) -> str:
    """HEIF and films are built alike; what the first bytes name is not always what it is."""
    brand = head[8:12]
    primary = boxes.primary_of_heif(file)
    if primary is not None:
        is_known = brand.startswith(_PICTURE_BRANDS) and primary.codec in _PICTURE_CODECS
        if is_known and brand.startswith(b"avi") and boxes.lacks_a_size(file):
            return _OTHER_KIND.format("AVIF")
        return _DAMAGED if is_known else _OTHER_HEIF
    if brand.startswith(_PICTURE_BRANDS):
        return _OTHER_HEIF if boxes.is_film(file) else _DAMAGED  # pictures as tracks alone
    return _VIDEO if brand.startswith(_VIDEO_BRANDS) or boxes.is_film(file) else _UNKNOWN


def _starts_as_picture(head: bytes) -> bool:
    is_webp = head.startswith(b"RIFF") and head[8:12] == b"WEBP"
    return head.startswith(_PICTURE_STARTS) or is_webp


def _what_else(head: bytes) -> str:
    for start, reason in _OTHER_STARTS:
        if head.startswith(start):
            return reason
    if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
        return _VIDEO
    words = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if words.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return "it is a web page, not a photo"
    return "it holds text, not a picture" if _is_text(head) else _UNKNOWN


def _is_text(head: bytes) -> bool:
    printable = sum(32 <= byte < 127 or byte in b"\t\r\n" or byte >= 128 for byte in head)
    return printable == len(head)
