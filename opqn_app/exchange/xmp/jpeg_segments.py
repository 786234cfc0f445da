"""The metadata of a JPEG file, found without reading its picture."""

from typing import BinaryIO, NamedTuple

_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_MORE = b"http://ns.adobe.com/xmp/extension/\0"
_EXIF = b"Exif\0\0"
_MAX_SEGMENTS = 10_000
_MAX_MORE = 64 << 20  # bytes; depth maps and the like make them large
_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD9)}
_ENDS = (0xD9, 0xDA)  # of the file; of what stands before the picture


class JpegMetadata(NamedTuple):
    """What stands before the picture.

    Attributes:
        exif: a TIFF; b"" where there is none.
        xmp: the packet; b"" where there is none.
        more: the packet that goes on where the first was full; b"" where there is none, or where
            parts of it are missing.
    """

    exif: bytes
    xmp: bytes
    more: bytes


def metadata(file: BinaryIO) -> JpegMetadata:
    """EXIF and XMP of the first picture in a JPEG file, its place at the start."""
    exif = xmp = b""
    parts: dict[bytes, tuple[int, dict[int, bytes]]] = {}
    at = 2
    for _ in range(_MAX_SEGMENTS):
        file.seek(at)
        head = file.read(4)
        if len(head) < 4 or head[0] != 0xFF or head[1] in _ENDS:
            break
        if head[1] == 0xFF:  # a byte to fill up with
            at += 1
            continue
        if head[1] in _WITHOUT_LENGTH:
            at += 2
            continue
        size = int.from_bytes(head[2:])
        at += 2 + size
        if head[1] != 0xE1 or size < 2:
            continue
        content = file.read(size - 2)
        if not xmp and content.startswith(_XMP):
            xmp = content[len(_XMP) :]
        elif not exif and content.startswith(_EXIF):
            exif = content[len(_EXIF) :]
        elif content.startswith(_MORE):
            _take_part(content[len(_MORE) :], parts)
    return JpegMetadata(exif, xmp, _put_together(xmp, parts))


def _take_part(content: bytes, parts: dict[bytes, tuple[int, dict[int, bytes]]]) -> None:
    """One piece: whose it is, how long the whole is, where it belongs, and itself."""
    digest, total = content[:32], int.from_bytes(content[32:36])
    parts.setdefault(digest, (total, {}))[1][int.from_bytes(content[36:40])] = content[40:]


def _put_together(xmp: bytes, parts: dict[bytes, tuple[int, dict[int, bytes]]]) -> bytes:
    """The packet that the first one names, its pieces in their order, if they are all there."""
    for digest, (total, pieces) in parts.items():
        if digest not in xmp or total > _MAX_MORE:
            continue
        whole = b""
        for at, piece in sorted(pieces.items()):
            if at != len(whole):
                break
            whole += piece
        if len(whole) == total:
            return whole
    return b""
