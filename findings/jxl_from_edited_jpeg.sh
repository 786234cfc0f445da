#!/usr/bin/env bash
# Guess:  image.save("a.jxl") writes the pixels that the image has now, in the quality asked for, as
#         saving to any other format does.
# Fact:   An image that was opened from a JPEG on disk is not looked at: pillow-jxl-plugin takes the
#         file it came from and packs that, byte for byte. What was drawn, pasted or turned into a
#         thumbnail since is gone, `quality` counts for nothing, and the size is the old one. The
#         warning speaks of a lossless JPEG, not of this; with lossless_jpeg=True there is none.
#         Any step that gives a new image (copy, crop, resize) saves its pixels, and so does
#         lossless_jpeg=False. A JPEG opened from memory saves its pixels too.
# Source: run on pillow-jxl-plugin 1.3.8, pillow 13.0.0; _save asks for im.format and im.filename.
# Users:  who makes faces in photos unrecognisable, draws boxes, or writes thumbnails as JPEG XL: the
#         file holds the whole photo, as it was.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install -qq pillow-jxl-plugin==1.3.8 pillow==13.0.0 packaging==26.3
cd "$room"
"$room/venv/bin/python" - <<'PYTHON'
import io
import warnings
from importlib.metadata import version
from pathlib import Path

import pillow_jxl  # noqa: F401  (registers itself)
from PIL import Image, ImageDraw

GREY, BLACK = (128, 128, 128), (0, 0, 0)
Image.new("RGB", (96, 64), GREY).save("photo.jpg", quality=95)


def saved(image, **options):
    """The picture that is in the JPEG XL, and the warnings."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        image.save("a.jxl", **options)
    with Image.open("a.jxl") as found:
        return found.copy(), [str(each.message) for each in said]


def drawn_on(source="photo.jpg"):
    image = Image.open(source)
    ImageDraw.Draw(image).rectangle((20, 20, 60, 50), fill=BLACK)
    assert image.getpixel((40, 30)) == BLACK
    return image


def is_black(image):
    return max(image.getpixel((40, 30))) < 30


small = Image.open("photo.jpg")
small.thumbnail((48, 48))
assert small.size == (48, 32)
plain, said = saved(drawn_on())
sizes = set()
for quality in (5, 95):
    saved(drawn_on(), quality=quality, lossless_jpeg=True)
    sizes.add(Path("a.jxl").stat().st_size)
facts = {
    "what was drawn is saved": is_black(plain),
    "the one warning": [" ".join(each.split()[:4]) for each in said],
    "warnings if asked for lossless_jpeg": len(saved(drawn_on(), lossless_jpeg=True)[1]),
    "size of a saved thumbnail": saved(small, lossless_jpeg=True)[0].size,
    "file sizes at quality 5 and 95": len(sizes),
    "saved from a copy": is_black(saved(drawn_on().copy())[0]),
    "saved with lossless_jpeg=False": is_black(saved(drawn_on(), lossless_jpeg=False)[0]),
    "saved if opened from memory": is_black(saved(drawn_on(io.BytesIO(Path("photo.jpg").read_bytes())))[0]),
}
print("pillow-jxl-plugin", version("pillow-jxl-plugin"), "pillow", version("pillow"), facts)
assert facts == {
    "what was drawn is saved": False,
    "the one warning": ["Using JPEG reconstruction to"],
    "warnings if asked for lossless_jpeg": 0,
    "size of a saved thumbnail": (96, 64),
    "file sizes at quality 5 and 95": 1,
    "saved from a copy": True,
    "saved with lossless_jpeg=False": True,
    "saved if opened from memory": True,
}, facts
PYTHON
