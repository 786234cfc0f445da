"""Intact pictures of rare kinds come out right, or are refused with a reason that is true."""

import logging

import numpy as np
import pytest
from PIL import Image

from opqn_app.core.errors import PhotoUnreadable
from opqn_app.vision import pixels
from opqn_app.vision.images import read_photo
from opqn_app.vision.orientation import Orientation
from tests.odd_files import SIZE, corners, encoded
from tests.tiff_files import grey_with_alpha, tiff_file

MODES = (
    *("1", "L", "P", "PA", "La", "LA", "RGB", "RGBX", "RGBA", "RGBa"),
    *("CMYK", "YCbCr", "LAB", "HSV", "I", "F", "I;16", "I;16B", "I;16L"),
)


def of(data: bytes) -> np.ndarray:
    return np.asarray(read_photo(data, "a").image, np.int32)


def reason_of(data: bytes) -> str:
    with pytest.raises(PhotoUnreadable) as caught:
        read_photo(data, "a")
    return caught.value.reason


@pytest.mark.parametrize("mode", MODES)
def test_a_picture_of_every_mode_becomes_rgb(mode: str) -> None:
    image = pixels.upright_rgb(Image.new(mode, (40, 30)), 20, Orientation(6))
    assert (image.mode, image.size) == ("RGB", (15, 20))


def test_grey_with_multiplied_alpha_is_read() -> None:
    grey = np.asarray(corners().convert("L"), np.int32)
    assert np.abs(of(grey_with_alpha(corners())) - grey[..., None]).max() == 0


def test_an_error_that_nobody_foresaw_is_a_reason_and_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class OddError(Exception):
        pass

    def fail(*_: object) -> None:
        raise OddError("what")

    monkeypatch.setattr(pixels, "upright_rgb", fail)
    with caplog.at_level(logging.ERROR):
        assert "not foreseen (OddError" in reason_of(encoded(corners(), "PNG"))
    assert "OddError: what" in caplog.text
