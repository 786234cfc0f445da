"""Seeded fuzz: a damaged photo either opens or is PhotoUnreadable, never anything else.

The types listed in opqn_app/vision/images.py come from 6,000 mutations of each of these files.
"""

import random
import sys
from functools import cache

import numpy as np
import pytest
from PIL import Image

from opqn_app.core.errors import PhotoUnreadable
from opqn_app.vision.images import Photo, read_photo
from tests.odd_files import dng, encoded, exif_bytes

MUTATIONS = 150
EXIF = exif_bytes(6, "2019:08:24 17:05:33")


def noise() -> Image.Image:
    blocks = np.random.default_rng(0).integers(0, 255, (12, 16, 3), np.uint8)
    return Image.fromarray(blocks).resize((128, 96))


def two() -> dict[str, object]:
    """Options for a file of two pictures; fresh ones, since Pillow leaves marks on them."""
    return {"save_all": True, "append_images": [noise().rotate(9)]}


@cache
def good_files() -> dict[str, bytes]:
    picture = noise()
    deep = Image.fromarray(np.asarray(picture.convert("L"), np.uint16) * 257)
    jpeg = encoded(picture, "JPEG", exif=EXIF)
    return {
        "baseline.jpg": jpeg,
        "progressive.jpg": encoded(picture, "JPEG", progressive=True, exif=EXIF),
        "cmyk.jpg": encoded(picture.convert("CMYK"), "JPEG"),
        "two.mpo": encoded(picture, "MPO", **two()),
        "rgb.png": encoded(picture, "PNG", exif=EXIF),
        "palette.png": encoded(picture.quantize(32), "PNG", transparency=3),
        "deep.png": encoded(deep, "PNG"),
        "one.webp": encoded(picture, "WEBP", exif=EXIF),
        "two.webp": encoded(picture, "WEBP", **two()),
        "plain.tif": encoded(picture, "TIFF", exif=EXIF),
        "lzw.tif": encoded(picture, "TIFF", compression="tiff_lzw"),
        "jpeg.tif": encoded(picture, "TIFF", compression="jpeg"),
        "two.tif": encoded(picture, "TIFF", **two()),
        "two.gif": encoded(picture, "GIF", **two()),
        "plain.bmp": encoded(picture, "BMP"),
        "one.heic": encoded(picture, "HEIF", exif=EXIF),
        "one.avif": encoded(picture, "AVIF", exif=EXIF),
        "one.dng": dng(jpeg),
    }


def damaged(data: bytes, rng: random.Random) -> bytes:
    """A copy cut short, with a piece missing, or with up to 16 bytes changed."""
    kind = rng.random()
    if kind < 0.25:
        return data[: rng.randrange(len(data))]
    if kind < 0.35:
        start = rng.randrange(len(data))
        return data[:start] + data[start + rng.randrange(1, 50) :]
    changed = bytearray(data)
    reach = len(data) if kind < 0.65 else min(len(data), 700)  # headers break in more ways
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        changed[rng.randrange(reach)] = rng.choice((0, 255, rng.randrange(256)))
    return bytes(changed)


@pytest.mark.parametrize("name", good_files())
def test_damaged_file_opens_or_is_refused(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    """An error that is not in `DAMAGE` has a reason of its own, and counts as a bug here."""
    good = good_files()[name]
    rng = random.Random(name)
    opened = refused = unforeseen = 0
    for _ in range(MUTATIONS):
        try:
            photo = read_photo(damaged(good, rng), name)
        except PhotoUnreadable as error:
            refused += 1
            unforeseen += "not foreseen" in error.reason
        else:
            assert isinstance(photo, Photo)
            assert photo.image.mode == "RGB"
            opened += 1
    printed = capfd.readouterr().err
    if name != "one.dng" and sys.platform != "win32":  # LibRaw's own libjpeg; libtiff on Windows
        assert printed == ""
    assert unforeseen == 0
    assert refused > 0
    assert opened + refused == MUTATIONS


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        *((jpeg, kept) for jpeg in ("baseline.jpg", "progressive.jpg") for kept in (0.2, 0.5, 0.8)),
        *((name, kept) for name in ("rgb.png", "plain.tif") for kept in (0.2, 0.5, 0.9, 0.97)),
    ],
)
def test_photo_cut_off_anywhere_is_refused(name: str, kept: float) -> None:
    """Half a face must not be indexed as if it were a whole one; of JPEG see test_broken_jpeg."""
    good = good_files()[name]
    with pytest.raises(PhotoUnreadable):
        read_photo(good[: int(len(good) * kept)], name)
