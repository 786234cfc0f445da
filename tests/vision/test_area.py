"""AreaTable against torch's own area interpolation."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from opqn_app.vision.area_means import AreaTable


def noise(height: int, width: int) -> NDArray[np.uint8]:
    return np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)


def by_torch(pixels: NDArray[np.uint8], height: int, width: int) -> NDArray[np.float32]:
    x = torch.from_numpy(pixels.astype(np.float32)).permute(2, 0, 1)[None]
    y = torch.nn.functional.interpolate(x, (height, width), mode="area")
    return y[0].numpy()


@pytest.mark.parametrize("size", [(61, 83), (12, 12), (200, 7), (1, 1), (103, 240)])
def test_shrunk_and_widened_pictures_are_those_of_torch(size: tuple[int, int]) -> None:
    pixels = noise(101, 120)
    np.testing.assert_allclose(
        AreaTable(pixels).shrunk(*size), by_torch(pixels, *size), rtol=1e-5, atol=1e-4
    )


def test_rows_are_those_of_the_whole() -> None:
    table = AreaTable(noise(101, 120))
    np.testing.assert_array_equal(
        table.shrunk(61, 83, slice(20, 35)), table.shrunk(61, 83)[:, 20:35]
    )


def test_sums_are_exact_where_the_table_overflows() -> None:
    white = np.full((1400, 1300, 3), 255, np.uint8)  # 464 million a colour, 21 bits hold 2 million
    np.testing.assert_allclose(AreaTable(white).shrunk(16, 15), 255.0, rtol=1e-6)


@pytest.mark.parametrize("size", [24, 48])
def test_cuts_are_those_of_torch(size: int) -> None:
    pixels = noise(300, 200)
    rng = np.random.default_rng(2)
    corner = rng.integers(0, (150, 250), (200, 2))
    boxes = np.concatenate([corner, corner + rng.integers(1, 51, (200, 2))], axis=1)
    cuts = AreaTable(pixels).cut(boxes, size)
    for (left, top, right, bottom), cut in zip(boxes, cuts, strict=True):
        expected = by_torch(pixels[top:bottom, left:right], size, size)
        np.testing.assert_allclose(cut, expected, rtol=1e-5, atol=1e-4)


def test_no_boxes_give_no_cuts() -> None:
    assert AreaTable(noise(9, 9)).cut(np.empty((0, 4), np.int64), 24).shape == (0, 3, 24, 24)
