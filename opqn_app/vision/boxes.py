"""What the boxes around a HEIC, AVIF or JPEG XL picture say, before anything is decoded."""

import io
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_MAX_META = 4 << 20  # bytes of the box `meta`; a mosaic of a thousand tiles has 100 kB
_MAX_TEXT = 64 << 20  # bytes
_MAX_BOXES = 10_000
_JXL_RATIOS = (None, (1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_QUARTERS = (1, 8, 3, 6)  # `irot`: quarters of a turn to the left → the EXIF value of the same
_MIRRORS = (4, 2)  # `imir`: top and bottom change places, or left and right do
# One EXIF value after another → the one that does both; only what `irot` and `imir` need.
_AFTER = {
    (first, second): both
    for second, row in {
        1: (1, 2, 3, 4, 5, 6, 7, 8),
        2: (2, 1, 4, 3, 6, 5, 8, 7),
        3: (3, 4, 1, 2, 7, 8, 5, 6),
        4: (4, 3, 2, 1, 8, 7, 6, 5),
        6: (6, 7, 8, 5, 2, 3, 4, 1),
        8: (8, 5, 6, 7, 4, 1, 2, 3),
    }.items()
    for first, both in enumerate(row, 1)
}

Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Primary:
    """The picture of a HEIF file that is meant to be seen.

    Attributes:
        codec: four letters, such as b"hvc1"; b"grid" is a mosaic.
        size: width, height as stored; (0, 0) where the file does not say.
        clean: left, top, right, bottom of the part meant to be seen, in stored pixels.
        transfer: how values stand for light, as H.273 numbers it; None where the boxes don't say.
    """

    codec: bytes
    size: Size
    clean: tuple[int, int, int, int] | None
    transfer: int | None = None


def is_film(file: BinaryIO) -> bool:
    """Whether a file of boxes holds the table of a film's tracks."""
    return any(kind == b"moov" for kind, _at, _size in top_boxes(file))


def primary_of_heif(file: BinaryIO) -> Primary | None:
    """None where there is none, as in a film, or where it is damaged."""
    try:
        meta = _meta(file)
        return None if meta is None else _primary(meta)
    except (struct.error, IndexError, KeyError, ZeroDivisionError):
        return None


def turn_of_heif(file: BinaryIO) -> int:
    """What the boxes of a HEIC or AVIF do to its stored picture, as an EXIF value; 1 is nothing."""
    turn = 1
    try:
        content = dict(inner_boxes(_meta(file) or b""))
        for kind, value in _properties(content[b"iprp"], _primary_item(content)):
            if kind == b"irot":
                turn = _AFTER[turn, _QUARTERS[value[0] & 3]]
            elif kind == b"imir":
                turn = _AFTER[turn, _MIRRORS[value[0] & 1]]
    except (IndexError, KeyError):
        return turn
    return turn


def lacks_a_size(file: BinaryIO) -> bool:
    """Whether a picture in an AVIF, such as its alpha plane, states no size. libavif refuses it."""
    try:
        content = dict(inner_boxes(_meta(file) or b""))
        return any(
            codec == b"av01" and b"ispe" not in dict(_properties(content[b"iprp"], item))
            for item, codec in _codecs(content[b"iinf"]).items()
        )
    except (IndexError, KeyError):
        return False


def _meta(file: BinaryIO) -> bytes | None:
    for kind, at, size in top_boxes(file):
        if kind == b"meta" and size <= _MAX_META:
            file.seek(at + 4)
            return file.read(max(0, size - 4))
    return None


def properties_of_heif(data: bytes) -> bytes:
    """What a HEIF file says of its pictures, such as which way up they are; b"" for nothing.

    Raises:
        KeyError: there is no picture.
    """
    meta = dict(inner_boxes(_meta(io.BytesIO(data)) or b""))
    return dict(inner_boxes(meta[b"iprp"]))[b"ipco"]


def items_of_heif(data: bytes) -> Iterator[tuple[bytes, list[memoryview]]]:
    """Kind and content of each item of a HEIF file, by number: pictures, their parts, metadata.

    Raises:
        KeyError, IndexError, ValueError: it is damaged.
    """
    meta = dict(inner_boxes(_meta(io.BytesIO(data)) or b""))
    codecs = _codecs(meta[b"iinf"])
    sources = memoryview(data), memoryview(meta.get(b"idat", b""))
    for item, (method, extents) in sorted(_places(meta[b"iloc"]).items()):
        parts = [piece(sources[method], start, length) for start, length in extents]
        yield codecs.get(item, b""), parts


def texts_of_heif(file: BinaryIO, media_type: bytes) -> Iterator[bytes]:
    """The content of each item of a HEIF file that is text of some type, such as XMP."""
    try:
        meta = dict(inner_boxes(_meta(file) or b""))
        places = _places(meta[b"iloc"])
        for item in _items_of_type(meta[b"iinf"], media_type):
            method, extents = places[item]
            if method == 1:
                yield b"".join(meta[b"idat"][at : at + size] for at, size in extents)
            elif sum(size for _, size in extents) <= _MAX_TEXT:
                yield b"".join(_read_at(file, at, size) for at, size in extents)
    except (IndexError, KeyError, ValueError):
        return


def _read_at(file: BinaryIO, at: int, size: int) -> bytes:
    file.seek(at)
    return file.read(size)


def piece(data: memoryview, start: int, length: int) -> memoryview:
    """A part of a file.

    Raises:
        ValueError: it is empty or reaches beyond the end.
    """
    if not 0 < length <= len(data) - start:
        raise ValueError("cut off")
    return data[start : start + length]


def jxl_codestream(file: BinaryIO) -> Iterator[bytes]:
    """The parts of the compressed picture in a JPEG XL file; nothing for another file."""
    file.seek(0)
    if file.read(2) == b"\xff\x0a":
        file.seek(0)
        yield file.read()
        return
    for kind, at, size in top_boxes(file):
        if kind in (b"jxlc", b"jxlp"):
            file.seek(at)
            yield file.read(size)


def size_of_jxl(file: BinaryIO) -> Size | None:
    """Width and height as stored; None where they are not found."""
    bits = _start_of_jxl(file)
    return None if bits is None else _size_header(bits)


def turn_of_jxl(file: BinaryIO) -> int:
    """What a JPEG XL says that is done to its stored picture, as an EXIF value; 1 is nothing."""
    bits = _start_of_jxl(file)
    if bits is None:
        return 1
    _size_header(bits)
    is_plain = bits.take(1) == 1
    has_more = not is_plain and bits.take(1) == 1
    return 1 + bits.take(3) if has_more else 1


def _start_of_jxl(file: BinaryIO) -> "_Bits | None":
    file.seek(0)
    start = file.read(2)
    if start != b"\xff\x0a":
        for kind, at, _size in top_boxes(file):
            if kind in (b"jxlc", b"jxlp"):
                file.seek(at + 4 * (kind == b"jxlp"))
                start = file.read(2)
                break
    return _Bits(file.read(16)) if start == b"\xff\x0a" else None


def top_boxes(file: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Kind, place and size of the content of each box of a file, none of those within others."""
    end = file.seek(0, os.SEEK_END)
    at = 0
    for _ in range(_MAX_BOXES):
        file.seek(at)
        head = file.read(16)
        if len(head) < 8:
            return
        size, skip = int.from_bytes(head[:4]), 8
        if size == 1:
            size, skip = int.from_bytes(head[8:16]), 16
        size = size or end - at
        if size < skip:
            return
        yield head[4:8], at + skip, min(size, end - at) - skip
        at += size


def inner_boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of each box in the content of another."""
    at = 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4]) or len(data) - at
        if size < 8:
            return
        yield data[at + 4 : at + 8], data[at + 8 : at + size]
        at += size


def _primary(meta: bytes) -> Primary | None:
    content = dict(inner_boxes(meta))
    if b"pitm" not in content:
        return None
    item = _primary_item(content)
    codec = _codecs(content.get(b"iinf", b"")).get(item, b"")
    properties = list(_properties(content.get(b"iprp", b""), item))
    owned = dict(properties)
    size = struct.unpack(">II", owned[b"ispe"][4:12]) if b"ispe" in owned else (0, 0)
    clean = _clean_part(owned[b"clap"], size) if b"clap" in owned else None
    stated = [each[6:8] for kind, each in properties if kind == b"colr" and each[:4] == b"nclx"]
    return Primary(codec, size, clean, int.from_bytes(stated[0]) if stated else None)


def _primary_item(content: dict[bytes, bytes]) -> int:
    wide = content[b"pitm"][0] > 0
    return int.from_bytes(content[b"pitm"][4 : 8 if wide else 6])


def _codecs(iinf: bytes) -> dict[int, bytes]:
    return {item: rest[:4] for item, rest in _entries(iinf)}


def _items_of_type(iinf: bytes, media_type: bytes) -> Iterator[int]:
    for item, rest in _entries(iinf):
        named = rest[4:].split(b"\0")  # what it is called, and its type
        if rest[:4] == b"mime" and named[1:2] == [media_type]:
            yield item


def _entries(iinf: bytes) -> Iterator[tuple[int, bytes]]:
    """The number of each item, and what is said of it from its kind on."""
    for kind, entry in inner_boxes(iinf[6 if iinf[:1] == b"\0" else 8 :]):
        if kind == b"infe" and entry[0] >= 2:
            wide = 4 if entry[0] >= 3 else 2
            yield int.from_bytes(entry[4 : 4 + wide]), entry[6 + wide :]


def _places(iloc: bytes) -> dict[int, tuple[int, list[tuple[int, int]]]]:
    """By item: 0 for places in the file or 1 for those in the box `idat`, and the places."""
    version, at = iloc[0], 6
    n_offset, n_length, n_base, n_index = (
        *(iloc[4] >> 4, iloc[4] & 15),
        *(iloc[5] >> 4, iloc[5] & 15 if version else 0),
    )

    def take(n_bytes: int) -> int:
        nonlocal at
        at += n_bytes
        if at > len(iloc):
            raise ValueError("cut off")
        return int.from_bytes(iloc[at - n_bytes : at])

    wide = 4 if version >= 2 else 2
    found: dict[int, tuple[int, list[tuple[int, int]]]] = {}
    for _ in range(take(wide)):
        item = take(wide)
        method = take(2) & 15 if version else 0
        take(2)  # which file: there is only this one
        base, places = take(n_base), []
        for _ in range(take(2)):
            take(n_index)
            start = base + take(n_offset)
            places.append((start, take(n_length)))
        found[item] = method, places
    return found


def _properties(iprp: bytes, item: int) -> Iterator[tuple[bytes, bytes]]:
    """Those that belong to `item`."""
    parts = list(inner_boxes(iprp))
    properties = [each for kind, part in parts if kind == b"ipco" for each in inner_boxes(part)]
    for _, table in (each for each in parts if each[0] == b"ipma"):
        id_bytes, index_bytes = 4 if table[0] else 2, 2 if table[3] & 1 else 1
        at = 8
        for _ in range(int.from_bytes(table[4:8])):
            owner = int.from_bytes(table[at : at + id_bytes])
            count, at = table[at + id_bytes], at + id_bytes + 1
            for _ in range(count):
                index = int.from_bytes(table[at : at + index_bytes])
                at += index_bytes
                place = index & (0x7FFF if index_bytes == 2 else 0x7F)  # the first bit: essential
                if owner == item and 0 < place <= len(properties):
                    yield properties[place - 1]


def _clean_part(clap: bytes, size: Size) -> tuple[int, int, int, int] | None:
    """None where it is nothing, or reaches out of the picture."""
    w, w_of, h, h_of, x, x_of, y, y_of = struct.unpack(">IIIIiIiI", clap[:32])
    width, height = w / w_of, h / h_of
    left = round(x / x_of + (size[0] - width) / 2)  # the middle moves by x
    top = round(y / y_of + (size[1] - height) / 2)
    right, bottom = left + round(width), top + round(height)
    fits = 0 <= left < right <= size[0] and 0 <= top < bottom <= size[1]
    return (left, top, right, bottom) if fits else None


class _Bits:
    """The bits of a JPEG XL picture, least significant first."""

    def __init__(self, data: bytes) -> None:
        self._bits = int.from_bytes(data, "little")

    def take(self, count: int) -> int:
        value = self._bits & ((1 << count) - 1)
        self._bits >>= count
        return value


def _size_header(bits: _Bits) -> Size:
    """The first bits of a JPEG XL picture."""

    def side(*, is_small: bool) -> int:
        if is_small:
            return 8 * (1 + bits.take(5))
        return 1 + bits.take((9, 13, 18, 30)[bits.take(2)])

    is_small = bits.take(1) == 1
    height = side(is_small=is_small)
    ratio = _JXL_RATIOS[bits.take(3)]
    if ratio is None:
        return side(is_small=is_small), height
    return height * ratio[0] // ratio[1], height
