#!/usr/bin/env bash
# Guess:  Which part of a HEIC or AVIF is shown, and which way up, stands in the same boxes of the same
#         container (clap, irot, imir), so a reader that gives pixels has obeyed them, in both formats
#         and whichever reader it is.
# Fact:   It depends on the reader. HEIC through pillow-heif and AVIF through libvips (both on libheif)
#         come out cut and turned. Pillow's own AVIF reader hands a turn or mirror on as an EXIF
#         orientation that the file does not hold, and cuts nothing off. OpenCV obeys none of the
#         three, although its imread turns JPEGs. None says that anything was left out.
# Source: run on pillow 13.0.0, pillow-heif 1.8.0, pyvips 3.2.0 with pyvips-binary 8.18.7,
#         opencv-python-headless 5.0.0.93. libavif leaves all three to its caller; that clap has to be
#         obeyed is said in AOMediaCodec/libavif#2427.
# Users:  who finds faces in photos: boxes of one reader do not fit the picture of another, and a face
#         is sought on its side.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install -qq pillow==13.0.0 pillow_heif==1.8.0 pyvips==3.2.0 pyvips-binary==8.18.7 \
    opencv-python-headless==5.0.0.93 numpy==2.4.6
cd "$room"
"$room/venv/bin/python" - <<'PYTHON'
import io
import struct
from importlib.metadata import version

import cv2
import numpy as np
import pillow_heif
import pyvips
from PIL import Image

pillow_heif.register_heif_opener()
WIDTH, HEIGHT = 96, 64
LEFT, TOP, RIGHT, BOTTOM = 48, 8, 80, 56


def box(kind, *parts):
    data = b"".join(parts)
    return struct.pack(">I4s", 8 + len(data), kind) + data


def found(data, kind):
    """The first box of a kind, whole."""
    at = data.index(kind) - 4
    return data[at : at + int.from_bytes(data[at : at + 4])]


def container(stored, brand, item, setup, *changes):
    """A file of one picture: the coded data of `stored`, and what is to be done with it."""
    properties = [box(b"ispe", bytes(4), struct.pack(">II", WIDTH, HEIGHT)), found(stored, setup), *changes]
    coded = found(stored, b"mdat")[8:]
    used = bytes([len(properties), 1, *(0x80 | i for i in range(2, len(properties) + 1))])

    def start(at):
        place = struct.pack(">BBHHHHII", 0x44, 0, 1, 1, 0, 1, at, len(coded))
        return box(b"ftyp", brand, bytes(4), b"mif1", brand) + box(
            b"meta",
            bytes(4),
            box(b"hdlr", bytes(8), b"pict", bytes(13)),
            box(b"pitm", bytes(4), struct.pack(">H", 1)),
            box(b"iloc", bytes(4), place),
            box(b"iinf", bytes(4), struct.pack(">H", 1), box(b"infe", struct.pack(">IHH", 2 << 24, 1, 0), item, b"\0")),
            box(b"iprp", box(b"ipco", *properties), box(b"ipma", bytes(4), struct.pack(">IH", 1, 1), used)),
        )

    return start(len(start(0)) + 8) + box(b"mdat", coded)


def by_pillow(data):
    image = Image.open(io.BytesIO(data))
    return np.asarray(image.convert("RGB")), image.getexif().get(274)


def by_opencv(data):
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[:, :, ::-1], None


def by_vips(data):
    return pyvips.Image.new_from_buffer(data, "").numpy()[:, :, :3], None


corners = [(230, 20, 20), (20, 200, 20), (20, 20, 230), (250, 250, 250)]
picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
for i, colour in enumerate(corners):
    picture[i // 2 * 32 :, i % 2 * 48 :][:32, :48] = colour
middle = (LEFT + RIGHT - WIDTH, 2, TOP + BOTTOM - HEIGHT, 2)  # its way from the picture's, as fractions
changes = {
    "irot": (box(b"irot", b"\1"), np.rot90(picture)),
    "imir": (box(b"imir", b"\1"), picture[:, ::-1]),
    "clap": (
        box(b"clap", struct.pack(">IIIIiIiI", RIGHT - LEFT, 1, BOTTOM - TOP, 1, *middle)),
        picture[TOP:BOTTOM, LEFT:RIGHT],
    ),
}
kinds = {"AVIF": (b"avif", b"av01", b"av1C"), "HEIF": (b"heic", b"hvc1", b"hvcC")}
readers = {
    "HEIC, pillow-heif": ("HEIF", by_pillow),
    "AVIF, libvips": ("AVIF", by_vips),
    "AVIF, Pillow": ("AVIF", by_pillow),
    "AVIF, OpenCV": ("AVIF", by_opencv),
}


def is_like(pixels, expected):
    return pixels.shape == expected.shape and np.abs(pixels.astype(int) - expected).mean() < 10


facts = {}
for reader, (kind, read) in readers.items():
    out = io.BytesIO()
    Image.fromarray(picture).save(out, kind, quality=95)
    assert is_like(read(container(out.getvalue(), *kinds[kind]))[0], picture)  # nothing to be done
    for name, (change, meant) in changes.items():
        pixels, tag = read(container(out.getvalue(), *kinds[kind], change))
        if is_like(pixels, meant) and tag in (None, 1):
            facts[reader, name] = "obeyed"
        elif is_like(pixels, picture):
            facts[reader, name] = f"as stored, EXIF {tag}" if tag else "as stored"
names = ("pillow", "pillow_heif", "pyvips-binary", "opencv-python-headless")
print(", ".join(f"{name} {version(name)}" for name in names))
for (reader, name), what in facts.items():
    print(f"  {reader}: {name} {what}")
wanted = {
    **{(reader, name): "obeyed" for reader in ("HEIC, pillow-heif", "AVIF, libvips") for name in changes},
    ("AVIF, Pillow", "irot"): "as stored, EXIF 8",
    ("AVIF, Pillow", "imir"): "as stored, EXIF 2",
    ("AVIF, Pillow", "clap"): "as stored",
    **{("AVIF, OpenCV", name): "as stored" for name in changes},
}
assert facts == wanted, facts
PYTHON
