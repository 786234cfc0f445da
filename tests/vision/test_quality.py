import numpy as np
import pytest
from PIL import Image, ImageFilter
from scipy.ndimage import convolve

from opqn_app.core.types import BLURRED_SHARPNESS, Crops
from opqn_app.vision.quality import sharpness


def noise() -> Crops:
    return np.random.default_rng(0).integers(0, 256, (112, 112, 3), np.uint8)


def test_flat_crop_has_no_sharpness() -> None:
    assert sharpness(np.full((112, 112, 3), 77, np.uint8)) == pytest.approx(0.0, abs=1e-6)


def test_even_ramp_has_no_sharpness() -> None:
    ramp = np.repeat(np.arange(112, dtype=np.uint8)[None, :, None], 112, axis=0).repeat(3, axis=2)
    assert sharpness(ramp) == pytest.approx(0.0, abs=1e-6)


def test_sharpness_is_the_variance_of_the_laplacian() -> None:
    crop = noise()
    grey = crop.astype(np.float64) @ (0.299, 0.587, 0.114)
    stencil = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]])
    laplacian = convolve(grey, stencil)[1:-1, 1:-1]
    assert sharpness(crop) == pytest.approx(laplacian.var(), rel=1e-4)


def test_more_blur_is_less_sharpness() -> None:
    picture = Image.fromarray(noise())
    values = [
        sharpness(np.asarray(picture.filter(ImageFilter.GaussianBlur(radius))))
        for radius in (0, 1, 2, 4, 8)
    ]
    assert values == sorted(values, reverse=True)
    assert values[0] > BLURRED_SHARPNESS > values[-1]


def test_sharpness_is_a_plain_float() -> None:
    assert type(sharpness(noise())) is float
