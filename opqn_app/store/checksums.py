"""What tells codes, crops and decisions that are as they were written from those a disk changed."""

import math
import struct
import zlib
from typing import Any

_FACE = struct.Struct("<qqqdddd")
BETWEEN = "\x1f"  # the columns of a decision
# Of values that can't have been written, as words where bytes are. It equals nothing, not even
# itself, and SQLite keeps it as NULL: a migration can't make them look as if they were right.
NONE = math.nan


def of_blobs(*blobs: object) -> float:
    """The CRC-32 of some blobs after each other: any changed bit and any burst gives another."""
    checksum = 0
    for blob in blobs:
        if not isinstance(blob, bytes):
            return NONE
        checksum = zlib.crc32(blob, checksum)
    return checksum


def of_code(face_id: int, code: object) -> float:
    """That of the code of one face; the same code of another face has another."""
    return zlib.crc32(code, face_id & 0xFFFFFFFF) if isinstance(code, bytes) else NONE


def of_decision(*columns: Any) -> int:
    """That of a row of `decisions`: its columns but for the checksum, then the number of its faces.

    The words of numbers are the same in every version of Python.
    """
    words = (each.hex() if isinstance(each, bytes) else str(each) for each in columns)
    return zlib.crc32(BETWEEN.join(words).encode("utf-8", "surrogatepass"))


def of_decided_face(
    decision: int,
    position: int,
    side: int,
    content_hash: bytes,
    left: float,
    top: float,
    right: float,
    bottom: float,
) -> float:
    """That of a row of `decision_faces`; NONE for values that can't have been written."""
    try:
        packed = _FACE.pack(decision, position, side, left, top, right, bottom)
        return zlib.crc32(packed, zlib.crc32(content_hash))
    except (struct.error, TypeError):
        return NONE
