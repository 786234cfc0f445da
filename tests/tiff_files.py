"""Writes small TIFF files of kinds that Pillow does not write."""

import struct
from collections.abc import Sequence

from PIL import Image

_LETTERS = {1: "B", 3: "H", 4: "I"}


def tiff_file(
    size: tuple[int, int],
    strips: Sequence[bytes],
    *,
    photometric: int,
    bits: Sequence[int],
    order: str = "<",
    more: Sequence[tuple[int, int, Sequence[int]]] = (),
) -> bytes:
    """A TIFF of one strip, or of one for each plane.

    Args:
        order: of the bytes, as in `struct`.
        more: tag, type and values of further fields, which replace the usual ones.
    """
    offsets = [8 + sum(map(len, strips[:i])) for i in range(len(strips))]
    fields = {
        256: (3, [size[0]]),
        257: (3, [size[1]]),
        258: (3, bits),
        259: (3, [1]),
        262: (3, [photometric]),
        273: (4, offsets),
        277: (3, [len(bits)]),
        278: (3, [size[1]]),
        279: (4, [len(strip) for strip in strips]),
        284: (3, [2 if len(strips) > 1 else 1]),
        **{tag: (kind, values) for tag, kind, values in more},
    }
    at = 8 + sum(map(len, strips))
    extra_at, directory, extra = at + 2 + 12 * len(fields) + 4, b"", b""
    for tag, (kind, values) in sorted(fields.items()):
        data = struct.pack(f"{order}{len(values)}{_LETTERS[kind]}", *values)
        if len(data) > 4:
            place, extra = struct.pack(f"{order}I", extra_at + len(extra)), extra + data
        else:
            place = data.ljust(4, b"\0")
        directory += struct.pack(f"{order}HHI", tag, kind, len(values)) + place
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, at)
    count, end = struct.pack(f"{order}H", len(fields)), bytes(4)
    return head + b"".join(strips) + count + directory + end + extra


def grey_with_alpha(picture: Image.Image) -> bytes:
    """Grey values that are multiplied with their alpha, which is full here."""
    values = picture.convert("L").tobytes()
    pairs = b"".join(bytes((value, 255)) for value in values)
    return tiff_file(picture.size, [pairs], photometric=1, bits=(8, 8), more=[(338, 3, [1])])
