"""JPEGs that break off: read as long as nearly all of the picture is there, and that is said."""

from typing import Any

import numpy as np
import pytest
from PIL import Image

from opqn_app.core.errors import PhotoUnreadable
from opqn_app.vision.images import Photo, read_photo
from tests.odd_files import corners, encoded, exif_bytes, turned

KINDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "grey": {"mode": "L"},
    "inks": {"mode": "CMYK"},
    "restarts": {"restart_marker_rows": 2},
    "fine colours": {"subsampling": 0},
    "progressive": {"progressive": True},
    "turned": {"exif": exif_bytes(6)},
}


def noisy(mode: str = "RGB") -> Image.Image:
    values = np.asarray(corners((320, 400)), np.int16)
    noise = np.random.default_rng(4).normal(0, 12, values.shape)
    return Image.fromarray(np.clip(values + noise, 0, 255).astype(np.uint8)).convert(mode)


def jpeg(kind: str) -> bytes:
    options = dict(KINDS[kind])
    image = noisy(str(options.pop("mode", "RGB")))
    image = turned(image, 6) if kind == "turned" else image
    return encoded(image, "JPEG", quality=90, **options)


def opened(data: bytes, max_side: int = 2048) -> Photo | str:
    try:
        return read_photo(data, "a.jpg", max_side=max_side, min_side=max_side)
    except PhotoUnreadable as error:
        return error.reason


def fault_of(percent: int, kind: str) -> str:
    lost = "the finest detail" if kind == "progressive" else f"at most {percent} % of the picture"
    return f"the end of the file is missing, and with it {lost}"


@pytest.mark.parametrize("max_side", [2048, 100])
@pytest.mark.parametrize("kind", KINDS)
def test_a_jpeg_without_its_end_marker_is_the_same_picture(kind: str, max_side: int) -> None:
    data = jpeg(kind)
    assert data.endswith(b"\xff\xd9")
    whole = opened(data, max_side)
    assert isinstance(whole, Photo)
    assert whole.fault is None
    for lost in (1, 2):
        photo = opened(data[:-lost], max_side)
        assert isinstance(photo, Photo)
        assert (photo.width, photo.height) == (320, 400)
        np.testing.assert_array_equal(np.asarray(photo.image), np.asarray(whole.image))
        assert photo.fault in (None, *(fault_of(percent, kind) for percent in range(2, 6)))


@pytest.mark.parametrize("max_side", [2048, 100])
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "progressive"])
def test_it_is_read_as_long_as_nine_tenths_of_the_rows_are_there(kind: str, max_side: int) -> None:
    data = jpeg(kind)
    photo = opened(data[: int(len(data) * 0.95)], max_side)
    assert isinstance(photo, Photo)
    assert photo.fault is not None
    share = int(photo.fault.split("at most ")[1].split(" %")[0])
    assert 5 <= share <= 11
    for kept in (0.8, 0.5, 0.3):
        reason = opened(data[: int(len(data) * kept)], max_side)
        assert reason == "the file is cut off, so part of the picture is missing"


def test_a_progressive_one_is_read_once_its_last_scan_has_begun() -> None:
    data = jpeg("progressive")
    last_scan = data.rindex(b"\xff\xda")
    whole = opened(data)
    assert isinstance(whole, Photo)
    photo = opened(data[: (last_scan + len(data)) // 2])
    assert isinstance(photo, Photo)
    difference = np.asarray(photo.image, np.int16) - np.asarray(whole.image)
    assert np.abs(difference).mean() < 6
    assert photo.fault is not None
    for kept in (last_scan, last_scan // 2):
        assert isinstance(opened(data[:kept]), str)


def test_cutting_anywhere_gives_a_picture_or_a_reason() -> None:
    for kind in KINDS:
        data = jpeg(kind)
        for at in np.linspace(3, len(data) - 4, 40).astype(int):
            found = opened(data[: int(at)])
            assert found if isinstance(found, str) else found.fault
