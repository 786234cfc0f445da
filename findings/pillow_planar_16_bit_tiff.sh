#!/usr/bin/env bash
# Guess:  A TIFF that Pillow opens without an error or a warning has its pixels, or one that is stored
#         by planes is refused; how it is compressed makes no difference to the picture.
# Fact:   RGB of 16 bits by planes (PlanarConfiguration 2) comes out right when it is compressed. The
#         same pixels uncompressed are read with one byte a value: low and high bytes in turn, of the
#         first half of each plane. Mode and size are right, and nothing is raised.
# Also:   16-bit grey with white at 0 (photometric 0) keeps its stored values, a negative; 8-bit grey
#         of the same kind is turned over.
# Source: run on pillow 13.0.0. For raw data TiffImagePlugin._setup takes one letter of "RGB;16L" as
#         the raw mode of a plane, which has 8 bits; image.tile can be given "R;16L" before loading.
# Users:  who opens scans and what photo editors save "per channel" for thumbnails or models.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install -qq pillow==13.0.0 numpy==2.4.6
"$room/venv/bin/python" - <<'PYTHON'
import io
import struct
import zlib

import numpy as np
import PIL
from PIL import Image


def opened(planes, photometric, bits, compression=1):
    height, width = planes[0].shape
    strips = [plane.tobytes() if compression == 1 else zlib.compress(plane.tobytes()) for plane in planes]
    at = 8 + sum(map(len, strips))
    offsets = [8 + sum(map(len, strips[:i])) for i in range(len(strips))]
    fields = [(256, "H", [width]), (257, "H", [height]), (258, "H", [bits] * len(planes)),
              (259, "H", [compression]), (262, "H", [photometric]), (273, "I", offsets),
              (277, "H", [len(planes)]), (278, "H", [height]), (279, "I", [len(s) for s in strips]),
              (284, "H", [2 if len(planes) > 1 else 1])]
    directory, extra = b"", b""
    for tag, letter, values in fields:
        data = struct.pack(f"<{len(values)}{letter}", *values)
        if len(data) > 4:
            place = struct.pack("<I", at + 6 + 12 * len(fields) + len(extra))
            extra += data
        else:
            place = data.ljust(4, b"\0")
        directory += struct.pack("<HHI", tag, 3 if letter == "H" else 4, len(values)) + place
    head = struct.pack("<2sHI", b"II", 42, at) + b"".join(strips) + struct.pack("<H", len(fields))
    image = Image.open(io.BytesIO(head + directory + bytes(4) + extra))
    image.load()
    return image


rng = np.random.default_rng(0)
planes = [rng.integers(0, 65536, (4, 6)).astype("<u2") for _ in range(3)]
right = np.stack([plane >> 8 for plane in planes], axis=-1)
deflated, raw = opened(planes, 2, 16, 8), opened(planes, 2, 16)
first_half = [np.frombuffer(plane.tobytes()[:24], np.uint8).reshape(4, 6) for plane in planes]
grey = rng.integers(0, 65536, (4, 6)).astype("<u2")
small = (grey >> 8).astype(np.uint8)
facts = {
    "compressed planes are right": np.array_equal(deflated, right),
    "uncompressed planes are bytes": raw.mode == "RGB" and np.array_equal(raw, np.stack(first_half, axis=-1)),
    "16-bit white at 0 stays a negative": np.array_equal(opened([grey], 0, 16), grey),
    "8-bit white at 0 is turned over": np.array_equal(opened([small], 0, 8), 255 - small),
}
print("pillow", PIL.__version__, facts)
assert all(facts.values()), facts
PYTHON
