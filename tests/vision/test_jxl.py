"""JPEG XL, where its extra is installed: turned by its own structure, in its own colours."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from opqn_app.core.errors import PhotoUnreadable
from opqn_app.vision import boxes
from opqn_app.vision.images import open_photo, read_photo
from tests.odd_files import SIZE, box, corners, encoded, exif_bytes, turned

pytest.importorskip("pillow_jxl")

SPOTS = {"red": (24, 16), "green": (72, 16), "blue": (24, 48), "white": (72, 48)}
COLOURS = {"red": (230, 20, 20), "green": (20, 200, 20), "blue": (20, 20, 230), "white": (250,) * 3}


def is_upright(image: Image.Image) -> bool:
    values = np.asarray(image, np.int16)
    return image.size == SIZE and all(
        np.abs(values[y, x] - COLOURS[name]).max() < 25 for name, (x, y) in SPOTS.items()
    )


@pytest.mark.parametrize("container", [False, True])
@pytest.mark.parametrize("size", [(96, 64), (128, 128), (640, 360), (97, 61), (2000, 30)])
def test_it_opens_and_its_size_is_known_before(
    size: tuple[int, int], *, container: bool, tmp_path: Path
) -> None:
    data = encoded(corners(size), "JXL", use_container=container)
    path = tmp_path / "a.jxl"
    path.write_bytes(data)
    with path.open("rb") as file:
        assert boxes.size_of_jxl(file) == size
    told: list[int] = []
    read_photo(data, "a.jxl", before_decoding=told.append)
    assert told == [size[0] * size[1]]
    photo = open_photo(path)
    assert (photo.width, photo.height) == photo.image.size == size
    (tmp_path / "a.jpg").write_bytes(data)
    assert open_photo(tmp_path / "a.jpg").image.size == size


@pytest.mark.parametrize("turn", range(1, 9))
def test_its_exif_says_nothing_as_the_standard_has_it(turn: int) -> None:
    data = encoded(corners(), "JXL", exif=exif_bytes(turn))
    assert is_upright(read_photo(data, "a.jxl").image)


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_jpeg_kept_inside_is_turned_as_that_jpeg_is(turn: int, tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    stored = turned(corners(), turn)
    path.write_bytes(encoded(stored, "JPEG", quality=95, exif=exif_bytes(turn)))
    with Image.open(path) as image:
        data = encoded(image, "JXL", lossless_jpeg=True)
    photo = read_photo(data, "a.jxl")
    assert (photo.width, photo.height) == SIZE
    assert is_upright(photo.image)


@pytest.mark.parametrize("turn", range(1, 9))
def test_pixels_that_its_first_bits_turn_are_not_turned_again(turn: int) -> None:
    """The plugin hands on the EXIF tag as well, and has turned them."""
    for exif in (None, exif_bytes(turn), exif_bytes(3)):
        data = with_turn(encoded(turned(corners(), turn), "JXL"), turn, exif)
        photo = read_photo(data, "a.jxl")
        assert (photo.width, photo.height) == SIZE
        assert is_upright(photo.image)


def with_turn(data: bytes, turn: int, exif: bytes | None) -> bytes:
    """A bare JPEG XL of up to 256 px whose first bits are all by default, with a turn put in."""
    head = int.from_bytes(data[2:5], "little")
    n_size = 9 if head >> 6 & 7 else 14
    assert head & 1
    assert head >> n_size & 3 == 3
    n_head = (n_size + 2 + 7) // 8
    # Not by default, more fields; the turn; depth, channels, colours by default; and nothing else.
    fields = [(1, 0), (1, 1), (3, turn - 1), (6, 0), (1, 1), (2, 0), (3, 7), (2, 0), (1, 1)]
    bits, at = head & (1 << n_size) - 1, n_size
    for width, value in fields:
        bits |= value << at
        at += width
    stream = data[:2] + bits.to_bytes((at + 7) // 8, "little") + data[2 + n_head :]
    if exif is None:
        return stream
    start = box(b"JXL ", b"\r\n\x87\n") + box(b"ftyp", b"jxl \0\0\0\0jxl ")
    tag = bytes(4) + exif.removeprefix(b"Exif\0\0")
    return start + box(b"Exif", tag) + box(b"jxlc", stream)


def test_damaged_ones_are_refused_with_a_reason() -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 96, 3), np.uint8))
    rng = np.random.default_rng(1)
    for good in (encoded(noise, "JXL"), encoded(noise, "JXL", use_container=True)):
        for i in range(60):
            broken = bytearray(good[: int(rng.integers(2, len(good)))] if i % 3 == 0 else good)
            for at in rng.integers(0, len(broken), 1 + i % 5):
                broken[at] = int(rng.integers(256))
            try:
                read_photo(bytes(broken), "a.jxl")
            except PhotoUnreadable:
                continue  # test_images.py looks at reasons
