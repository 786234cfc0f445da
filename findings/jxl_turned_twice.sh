#!/usr/bin/env bash
# Guess:  Of an opened JPEG XL either the decoder has turned the pixels and the orientation tag is gone,
#         or the tag tells how to turn them; so ImageOps.exif_transpose puts it the right way up.
# Fact:   pillow-jxl-plugin hands on the same tag in both cases. A JPEG packed without loss comes out as
#         that JPEG, its pixels as stored: the tag has to be obeyed. A picture coded as pixels comes out
#         turned as its codestream says (the format gives EXIF no say): obeying a tag of the same turn
#         turns it a second time. Format, mode and tag are alike; only the attribute `jpeg`, True for
#         the first, tells.
# Source: run on pillow-jxl-plugin 1.3.8, pillow 13.0.0. ISO/IEC 18181: the orientation in the header
#         is applied by the decoder. It is put there by hand here, since the plugin can't write it.
# Users:  who finds faces in photos, most of which a telephone has stored on their side: with either
#         rule for all of them some faces are sought on their side.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install -qq pillow-jxl-plugin==1.3.8 pillow==13.0.0 packaging==26.3 numpy==2.4.6
cd "$room"
"$room/venv/bin/python" - <<'PYTHON'
import io
import struct
from importlib.metadata import version

import numpy as np
import pillow_jxl  # noqa: F401  (registers itself)
from PIL import Image, ImageOps

TURN = 6  # to be turned by 90 degrees, clockwise
upright = np.zeros((48, 32, 3), np.uint8)
upright[:24] = (230, 20, 20)
upright[24:] = (20, 20, 230)
exif = Image.Exif()
exif[274] = TURN
stored = Image.fromarray(np.ascontiguousarray(np.rot90(upright)))  # 48 x 32


def packed(bits):
    bits = bits + [0] * (-len(bits) % 8)
    return bytes(sum(bits[i + j] << j for j in range(8)) for i in range(0, len(bits), 8))


def box(kind, data):
    return struct.pack(">I4s", 8 + len(data), kind) + data


def transcoded():
    stored.save("a.jpg", quality=95, exif=exif)
    out = io.BytesIO()
    Image.open("a.jpg").save(out, "JXL", lossless_jpeg=True)
    return out.getvalue()


def coded():
    """Pixels, with the turn in the header and the tag in a box of its own."""
    out = io.BytesIO()
    stored.save(out, "JXL")
    data = out.getvalue()
    bits = [byte >> i & 1 for byte in data[2:4] for i in range(8)]
    size, rest = bits[:9], bits[9:]
    assert rest == [1, 1, 0, 0, 0, 0, 0]  # all else is as by default
    turn = [(TURN - 1) >> i & 1 for i in range(3)]
    # Not as by default; more fields; turn; no other size, preview, animation; 8 bits, in 16;
    # no more channels; XYB; colours, tones as by default; no extensions; transform as by default.
    header = [*size, 0, 1, *turn, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 1, 1, 0, 0, 1]
    stream = data[:2] + packed(header) + data[4:]
    start = box(b"JXL ", b"\r\n\x87\n") + box(b"ftyp", b"jxl \0\0\0\0jxl ")
    return start + box(b"Exif", bytes(4) + exif.tobytes().removeprefix(b"Exif\0\0")) + box(b"jxlc", stream)


def is_upright(image):
    pixels = np.asarray(image.convert("RGB"), int)
    return pixels.shape == upright.shape and bool(np.abs(pixels - upright).mean() < 10)


facts = {}
for name, data in {"transcoded JPEG": transcoded(), "coded as pixels": coded()}.items():
    image = Image.open(io.BytesIO(data))
    image.load()
    facts[name] = {
        "format": image.format,
        "tag": image.getexif().get(274),
        "upright as it comes": is_upright(image),
        "upright after exif_transpose": is_upright(ImageOps.exif_transpose(image)),
        "jpeg": image.jpeg,
    }
print("pillow-jxl-plugin", version("pillow-jxl-plugin"), "pillow", version("pillow"))
for name, said in facts.items():
    print(f"  {name}: {said}")
alike = {"format": "JXL", "tag": TURN}
assert facts == {
    "transcoded JPEG": {
        **alike, "upright as it comes": False, "upright after exif_transpose": True, "jpeg": True,
    },
    "coded as pixels": {
        **alike, "upright as it comes": True, "upright after exif_transpose": False, "jpeg": False,
    },
}, facts
PYTHON
