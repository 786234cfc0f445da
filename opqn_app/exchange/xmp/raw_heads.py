"""What the first directory of a TIFF or a RAW photo says: which way up, and its XMP."""

import io
import struct
from collections.abc import Collection
from typing import BinaryIO, NamedTuple

from opqn_app.exchange.xmp import jpeg_segments
from opqn_app.vision import boxes

MAX_VALUE = 64 << 20  # bytes of one field
_MAX_FIELDS = 4096
_ORIENTATION, _XMP = 274, 700
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 6: 1, 7: 1, 13: 4, 16: 8}  # bytes of a value, by its kind
# After the two letters of the byte order; the last three are of Olympus and Panasonic.
_PLAIN = (b"*\0", b"\0*", b"RO", b"RS", b"OR", b"U\0")
_BIG = (b"+\0", b"\0+")
_RAF = b"FUJIFILMCCD-RAW"
_CRX = b"ftypcrx "
_CANON = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")  # its boxes CMT1 to CMT4 are TIFFs
_XMP_OF_CR3 = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")


class Head(NamedTuple):
    """What is wanted of a RAW photo or a TIFF.

    Attributes:
        turn: EXIF value, 1 to 8; None where none is said.
        xmp: b"" where there is none.
    """

    turn: int | None
    xmp: bytes


def raw_turn(file: BinaryIO) -> int:
    """How the picture of a RAW photo is turned the right way up: an EXIF value, 1 to 8.

    The previews within are another matter: they lie the right way up in some files.
    """
    return head_of(file).turn or 1


def head_of(file: BinaryIO) -> Head:
    """Orientation and XMP of a TIFF, or of a RAW photo of any kind that is known here."""
    try:
        file.seek(0)
        start = file.read(120)
        if start.startswith(_RAF):
            return _of_raf(file, start)
        if start[4:12] == _CRX:
            return _of_cr3(file)
        return _of_tiff(file, 0)
    except (struct.error, IndexError, KeyError):
        return Head(None, b"")


def _of_tiff(file: BinaryIO, at: int) -> Head:
    fields = _fields(file, at, (_ORIENTATION, _XMP))
    order, turn = fields.get(_ORIENTATION, ("little", b""))
    value = int.from_bytes(turn[:2], "little" if order == "little" else "big")
    return Head(value if 1 <= value <= 8 else None, fields.get(_XMP, ("", b""))[1])


def _fields(file: BinaryIO, start: int, wanted: Collection[int]) -> dict[int, tuple[str, bytes]]:
    """Byte order and value of some fields of the first directory."""
    file.seek(start)
    head = file.read(16)
    order = {b"II": "<", b"MM": ">"}[head[:2]]
    is_big = head[2:4] in _BIG
    if not is_big and head[2:4] not in _PLAIN:
        return {}
    at = struct.unpack(f"{order}Q", head[8:16])[0] if is_big else _unpacked(order, head[4:8])
    count_size, entry_size, place_size = (8, 20, 8) if is_big else (2, 12, 4)
    file.seek(start + at)
    count = _unpacked(order, file.read(count_size))
    entries = file.read(min(count, _MAX_FIELDS) * entry_size)
    found = {}
    for i in range(0, len(entries) - entry_size + 1, entry_size):
        tag, kind = struct.unpack(f"{order}HH", entries[i : i + 4])
        if tag not in wanted:
            continue
        n = _unpacked(order, entries[i + 4 : i + 4 + place_size])
        place = entries[i + 4 + place_size : i + entry_size]
        size = n * _SIZES.get(kind, 0)
        if size > place_size:
            if size > MAX_VALUE:
                continue
            file.seek(start + _unpacked(order, place))
            place = file.read(size)
        found[tag] = "little" if order == "<" else "big", place[:size]
    return found


def _unpacked(order: str, data: bytes) -> int:
    letter = {2: "H", 4: "I", 8: "Q"}[len(data)]
    (value,) = struct.unpack(order + letter, data)
    return int(value)


def _of_raf(file: BinaryIO, start: bytes) -> Head:
    """Of the JPEG in a photo of Fujifilm, which holds all its metadata."""
    at, size = struct.unpack(">II", start[84:92])
    file.seek(at)
    said = jpeg_segments.metadata(io.BytesIO(file.read(min(size, MAX_VALUE))))
    turn = _of_tiff(io.BytesIO(said.exif), 0).turn if said.exif else None
    return Head(turn, said.xmp)


def _of_cr3(file: BinaryIO) -> Head:
    turn, xmp = None, b""
    for kind, at, size in boxes.top_boxes(file):
        file.seek(at)
        if kind == b"moov" and size <= MAX_VALUE:
            turn = _turn_of_canon(file.read(size))
        elif kind == b"uuid" and file.read(16) == _XMP_OF_CR3:
            xmp = file.read(min(size - 16, MAX_VALUE))
    return Head(turn, xmp)


def _turn_of_canon(moov: bytes) -> int | None:
    for kind, content in boxes.inner_boxes(moov):
        if kind == b"uuid" and content.startswith(_CANON):
            tiff = dict(boxes.inner_boxes(content[16:])).get(b"CMT1", b"")
            return _of_tiff(io.BytesIO(tiff), 0).turn if tiff else None
    return None
