"""A hash of the picture in a photo file, which other metadata in the file does not change.

Programs that write a rating, a caption or a place into a photo leave its compressed picture as it
is. Only that is hashed, as stored: nothing is decoded, so no version of a decoder matters.
"""

import hashlib
import io
import re
import struct
from collections.abc import Iterator

import numpy as np

from opqn_app.vision import boxes, png_chunks

Part = bytes | memoryview

_LEAST = 32  # bytes that are taken for a picture
_WEBP = (b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF")
_JPEG_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_JPEG_END = b"\xff\xd9"
_AT_ONCE = 1 << 16  # bytes that are compared in one step
_NOT_PICTURES = (b"Exif", b"mime", b"uri ")  # kinds of items in HEIC and AVIF
_TIFF_STARTS = {b"II*\0": "<", b"MM\0*": ">"}
_TIFF_TYPES = {3: "H", 4: "I"}
_SIZES_AND_KIND = (256, 257, 258, 259, 262, 277, 284, 317)  # tags that say how data is to be read
_STRIPS, _TILES = (273, 279), (324, 325)  # tags: where they lie, how long they are


def picture_hash(data: bytes, turn: int) -> bytes | None:
    """160 bits that are equal for the same picture, the same way up.

    Args:
        data: of a JPEG, PNG, WebP, TIFF, HEIC, AVIF or JPEG XL file.
        turn: which way up the file says that it is, an EXIF value.

    Returns:
        None where the picture is not found in the file, as in other formats and damaged files.
    """
    digest, size = hashlib.blake2b(bytes([turn]), digest_size=20), 0
    try:
        for part in _parts(data):
            digest.update(part)
            size += len(part)
    except (struct.error, LookupError, ValueError):
        return None
    return digest.digest() if size >= _LEAST else None


def _parts(data: bytes) -> Iterator[Part]:
    if data.startswith(b"\xff\xd8"):
        return _jpeg(data)
    if png_chunks.is_png(data):
        return _png(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp(data)
    if data[:4] in _TIFF_STARTS:
        return _tiff(data, _TIFF_STARTS[data[:4]])
    if data[4:8] == b"ftyp":
        return _heif(data)
    return boxes.jxl_codestream(io.BytesIO(data))


def _jpeg(data: bytes) -> Iterator[Part]:
    """The first picture of the file: its tables and scans."""
    view = memoryview(data)
    at = 2
    while True:
        marker = _JPEG_MARKER.search(data, at)
        if marker is None or data[marker.end() - 1] == 0xD9:
            return  # what comes behind the end is no part of the picture
        kind, start = data[marker.end() - 1], marker.end()
        end = start + int.from_bytes(data[start : start + 2])
        if not 0xE0 <= kind <= 0xEF and kind != 0xFE:  # of a program or a comment
            if kind == 0xDA:  # a scan: what follows belongs to the picture up to its end
                yield view[start : _end_of_jpeg(data, end)]
                return
            yield bytes([kind])
            yield view[start:end]
        at = end


def _end_of_jpeg(data: bytes, start: int) -> int:
    """Where the first end marker from `start` on lies; bytes.find takes as long as hashing."""
    values = np.frombuffer(data, np.uint8)
    for at in range(start, len(data) - 1, _AT_ONCE):
        few = values[at : at + _AT_ONCE + 1]
        is_end = (few[:-1] == _JPEG_END[0]) & (few[1:] == _JPEG_END[1])
        first = int(is_end.argmax())
        if is_end[first]:
            return at + first
    return len(data)


def _png(data: bytes) -> Iterator[Part]:
    for kind, chunk in png_chunks.chunks(io.BytesIO(data)):
        if kind in (b"IHDR", b"PLTE", b"tRNS", b"IDAT"):
            yield memoryview(chunk)[8:-4]


def _webp(data: bytes) -> Iterator[Part]:
    view = memoryview(data)
    at = 12
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        if data[at : at + 4] in _WEBP:
            yield view[at : at + 8 + size]
        at += 8 + size + size % 2


def _tiff(data: bytes, order: str) -> Iterator[Part]:
    """The first picture of the file."""
    (at,) = struct.unpack_from(f"{order}I", data, 4)
    (count,) = struct.unpack_from(f"{order}H", data, at)
    tags: dict[int, tuple[int, ...]] = {}
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        tag, kind, number = struct.unpack_from(f"{order}HHI", data, entry)
        if kind in _TIFF_TYPES and tag in (*_SIZES_AND_KIND, *_STRIPS, *_TILES):
            values = f"{order}{number}{_TIFF_TYPES[kind]}"
            is_here = struct.calcsize(values) <= 4
            place = entry + 8 if is_here else struct.unpack_from(f"{order}I", data, entry + 8)[0]
            tags[tag] = struct.unpack_from(values, data, place)
    yield repr([tags.get(tag) for tag in _SIZES_AND_KIND]).encode()
    places, lengths = _TILES if _TILES[0] in tags else _STRIPS
    for start, length in zip(tags[places], tags[lengths], strict=True):
        yield boxes.piece(memoryview(data), start, length)


def _heif(data: bytes) -> Iterator[Part]:
    """All pictures of the file and what it says of them, such as which way up they are."""
    yield boxes.properties_of_heif(data)
    for kind, parts in boxes.items_of_heif(data):
        if kind not in _NOT_PICTURES:
            yield kind
            yield from parts
