"""What tells codes and crops that are as they were written from those that a disk has changed."""

import zlib


def of_blobs(*blobs: bytes) -> int:
    """The CRC-32 of some blobs after each other: any changed bit and any burst gives another."""
    checksum = 0
    for blob in blobs:
        checksum = zlib.crc32(blob, checksum)
    return checksum


def of_code(face_id: int, code: bytes) -> int:
    """That of the code of one face; the same code of another face has another."""
    return zlib.crc32(code, face_id & 0xFFFFFFFF)
