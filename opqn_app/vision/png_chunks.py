"""Reads a PNG in spite of chunks that are damaged or too large, where its picture needs none."""

import io
import zlib
from collections.abc import Iterator
from typing import BinaryIO

MAX_EXPANDED = 16 << 20  # bytes of a text or a profile; profiles of printers have some MB
_DAMAGED_PIXELS = "broken data stream"  # what Pillow says where inflating them failed
_START = b"\x89PNG\r\n\x1a\n"
_MAX_CHUNKS = 1_000_000  # of pixels some hold 8 kB
_WANTED_TEXTS = (b"XML:com.adobe.xmp", b"Raw profile type exif", b"Raw profile type APP1")


def is_png(head: bytes) -> bool:
    return head.startswith(_START)


def is_of_pixels(error: Exception) -> bool:
    """Whether an error says that the pixels are damaged, whatever else a PNG holds."""
    return str(error).startswith(_DAMAGED_PIXELS)


def is_cut_off(file: BinaryIO) -> bool:
    """Whether a PNG ends within its pixels."""
    return any(
        kind == b"IDAT" and len(chunk) < int.from_bytes(chunk[:4]) + 12
        for kind, chunk in chunks(file)
    )


def without_needless(file: BinaryIO, *, pixels: bool = True) -> BinaryIO:
    """A copy with the pixels, and of the rest what is used here, where that can be read.

    Kept as they are: the chunks without which there is no picture, sound or not.

    Args:
        pixels: False leaves them out, for who asks what the file says of them.
    """
    kept = io.BytesIO()
    kept.write(_START)
    seen: set[bytes] = set()
    for kind, chunk in chunks(file):
        content = chunk[8:-4]
        if kind == b"IDAT" and not pixels:
            continue
        if kind[:1].isupper():
            kept.write(chunk)
            continue
        name = _wanted(kind, content)
        if name is not None and name not in seen and _is_sound(chunk):
            kept.write(chunk)
            seen.add(name)
    kept.seek(0)
    return kept


def chunks(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Kind, and all bytes with length and checksum; the last one may be shorter than it says."""
    file.seek(len(_START))
    for _ in range(_MAX_CHUNKS):
        start = file.read(8)
        if len(start) < 8:
            return
        yield start[4:], start + file.read(int.from_bytes(start[:4]) + 4)


def _wanted(kind: bytes, content: bytes) -> bytes | None:
    """A name for what a chunk says, of which one is enough; None: nothing that is used here."""
    if kind in (b"tRNS", b"iCCP", b"eXIf"):
        return kind
    name = content[:80].partition(b"\0")[0]
    return name if kind in (b"tEXt", b"zTXt", b"iTXt") and name in _WANTED_TEXTS else None


def _is_sound(chunk: bytes) -> bool:
    kind, content = chunk[4:8], chunk[8:-4]
    is_whole = len(chunk) == int.from_bytes(chunk[:4]) + 12
    if not is_whole or zlib.crc32(chunk[4:-4]) != int.from_bytes(chunk[-4:]):
        return False
    rest = content.partition(b"\0")[2]
    if kind in (b"iCCP", b"zTXt"):
        return rest[:1] == b"\0" and _expands(rest[1:])
    if kind == b"iTXt" and rest[:1] != b"\0":
        return _expands(rest[2:].split(b"\0", 2)[-1])
    return len(content) <= MAX_EXPANDED


def _expands(stream: bytes) -> bool:
    """Whether compressed data can be read, and is not beyond the limit."""
    try:
        reader = zlib.decompressobj()
        reader.decompress(stream, MAX_EXPANDED)
    except zlib.error:
        return False
    return not reader.unconsumed_tail
