"""Reads a JPEG that lacks its end, as long as nearly all of its picture is there."""

import re
from collections import defaultdict

import numpy as np
from PIL import Image

MAX_MISSING = 0.1  # of the rows
_END = b"\xff\xd9"
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_FRAMES_OF_LIBJPEG = (0xC0, 0xC1, 0xC2, 0xC9, 0xCA)
_NEXT_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")  # in coded data 00 and restarts follow ff


def with_end(data: bytes) -> bytes:
    """`data` with an end marker, so that libjpeg gives the rows it has; the others turn grey."""
    return data + _END


def is_of_other_kind(data: bytes) -> bool:
    """Whether a JPEG is whole up to its first scan, but of a kind that libjpeg can't decode.

    Those are lossless and hierarchical ones, and those of other depths than 8 bits.
    """
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        kind, size = data[at + 1], int.from_bytes(data[at + 2 : at + 4])
        if kind in _FRAMES and at + 10 <= len(data):
            return kind not in _FRAMES_OF_LIBJPEG or data[at + 4] != 8
        at += 2 + size
    return False


def rows_missing(image: Image.Image) -> float:
    """The share of rows at the bottom for which there was no data, in a loaded JPEG.

    libjpeg leaves them at the middle of the range, exactly.
    """
    width, height = image.size
    for last in range(height, 0, -1):  # most have few: the others are not looked at
        row = np.asarray(image.crop((0, last - 1, width, last)))
        if not ((row == 127) | (row == 128)).all():
            return (height - last) / height
    return 1.0


def block_height(image: Image.Image) -> int:
    """The stored rows of a JPEG that are coded together."""
    return 8 * max((layer[2] for layer in getattr(image, "layer", ())), default=2)


def has_all_scans(data: bytes) -> bool:
    """Whether the last scan of a JPEG has begun: each value of each colour is there at full depth.

    Less than that is a coarse picture.
    """
    depth: defaultdict[int, dict[int, int]] = defaultdict(dict)
    colours, at = 0, 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        kind, size = data[at + 1], int.from_bytes(data[at + 2 : at + 4])
        segment = data[at + 4 : at + 2 + size]
        at += 2 + size
        if kind in _FRAMES_OF_LIBJPEG and len(segment) > 5:
            colours = segment[5]
        if kind != 0xDA:
            continue
        if len(segment) < 4 or len(segment) < 4 + 2 * segment[0]:
            return False
        first, last, bits = segment[-3], segment[-2], segment[-1] & 15
        for i in range(segment[0]):
            depth[segment[1 + 2 * i]].update(dict.fromkeys(range(first, last + 1), bits))
        following = _NEXT_MARKER.search(data, at)
        if following is None:
            break
        at = following.start()
    is_full = all(len(values) == 64 and not any(values.values()) for values in depth.values())
    return len(depth) == colours > 0 and is_full
