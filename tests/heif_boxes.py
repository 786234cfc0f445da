"""Puts properties into the boxes of a small HEIC or AVIF, and reads nothing of ours to do so."""

import struct
from collections.abc import Callable


def with_clean_part(data: bytes, size: tuple[int, int], part: tuple[int, int, int, int]) -> bytes:
    """`data`, a picture of `size`, of which only `part` (left, top, right, bottom) is shown."""
    left, top, right, bottom = part
    across, down = left + right - size[0], top + bottom - size[1]  # twice the way of the middle
    values = (right - left, 1, bottom - top, 1, across, 2, down, 2)
    return with_property(data, struct.pack(">I4sIIIIiIiI", 40, b"clap", *values))


def with_property(data: bytes, box: bytes) -> bytes:
    """`data` with one more property of its first item, which comes before those it has."""

    def grown_list(ipco: bytes) -> bytes:
        return ipco + box

    def grown_table(ipma: bytes) -> bytes:
        assert ipma[0] == 0  # short ids
        assert not ipma[3] & 1  # short indices
        count = ipma[10]
        return ipma[:10] + bytes([count + 1]) + ipma[11:11] + bytes([0x80 | place]) + ipma[11:]

    place = _number_of_boxes(data, (b"meta", b"iprp", b"ipco")) + 1
    longer = _edited(
        _edited(data, (b"meta", b"iprp", b"ipco"), grown_list),
        (b"meta", b"iprp", b"ipma"),
        grown_table,
    )
    return _edited(longer, (b"meta", b"iloc"), lambda iloc: _moved(iloc, len(longer) - len(data)))


def _moved(iloc: bytes, by: int) -> bytes:
    """The table of places, each of which lies behind what has grown."""
    version, sizes = iloc[0], (iloc[4] >> 4, iloc[4] & 15, iloc[5] >> 4)
    assert sizes[0] == 4
    out = bytearray(iloc)
    at, n = 8, int.from_bytes(iloc[6:8])
    for _ in range(n):
        at += 2 + 2 * (version > 0) + 2
        base = int.from_bytes(iloc[at : at + sizes[2]])
        out[at : at + sizes[2]] = (base + by if base else 0).to_bytes(sizes[2])
        at += sizes[2]
        extents = int.from_bytes(iloc[at : at + 2])
        at += 2
        for _ in range(extents):
            offset = int.from_bytes(iloc[at : at + 4])
            out[at : at + 4] = (offset if base else offset + by).to_bytes(4)
            at += 4 + sizes[1]
    return bytes(out)


def _edited(data: bytes, path: tuple[bytes, ...], change: Callable[[bytes], bytes]) -> bytes:
    """`data` with the content of the box at `path` changed."""
    out, at = b"", 0
    while at < len(data):
        size, kind = int.from_bytes(data[at : at + 4]) or len(data) - at, data[at + 4 : at + 8]
        content = data[at + 8 : at + size]
        if kind == path[0]:
            skip = 4 if kind == b"meta" else 0
            rest = content[skip:]
            inner = _edited(rest, path[1:], change) if len(path) > 1 else change(rest)
            content = content[:skip] + inner
        out += (8 + len(content)).to_bytes(4) + kind + content
        at += size
    return out


def _number_of_boxes(data: bytes, path: tuple[bytes, ...]) -> int:
    found = []

    def count(content: bytes) -> bytes:
        at = 0
        while at < len(content):
            found.append(at)
            at += int.from_bytes(content[at : at + 4])
        return content

    _edited(data, path, count)
    return len(found)
