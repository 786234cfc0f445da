"""Crops to network input: order, scale and frame of the pixels, one pixel at a time."""

import numpy as np
import torch
from PIL import Image

from opqn_app.opqn.config import OpqnConfig
from opqn_app.opqn.torch.preprocess import centre_crop, to_network_input

MEAN, STD = (10.0, 20.0, 30.0), (2.0, 4.0, 8.0)


def noise(size: int) -> torch.Tensor:
    pixels = np.random.default_rng(size).integers(0, 256, (2, size, size, 3), dtype=np.uint8)
    return torch.from_numpy(pixels)


def test_every_pixel_is_scaled_in_the_networks_channel_order() -> None:
    crops = noise(112)
    for order, channels in (("rgb", (0, 1, 2)), ("bgr", (2, 1, 0))):
        config = OpqnConfig(2, 4, 8, channel_order=order, pixel_mean=MEAN, pixel_std=STD)
        x = to_network_input(crops, config)
        assert x.shape == (2, 3, 112, 112)
        assert x.dtype == torch.float32
        for i, source in enumerate(channels):
            for row, column in ((0, 0), (3, 50), (111, 111)):
                value = float(crops[1, row, column, source])
                assert x[1, i, row, column].item() == (value - MEAN[i]) / STD[i]


def test_the_default_is_what_mobilefacenet_was_trained_on() -> None:
    white = torch.full((1, 112, 112, 3), 255, dtype=torch.uint8)
    x = to_network_input(white, OpqnConfig(2, 4, 8))
    assert torch.equal(x, torch.full((1, 3, 112, 112), 127.5 / 128))


def test_the_official_rule_enlarges_to_120_and_keeps_the_centre() -> None:
    config = OpqnConfig(2, 4, 8, "resnet20", 112, 120, "rgb", (0.0,) * 3, (1.0,) * 3)
    crops = noise(112)
    x = to_network_input(crops, config)
    for i in range(2):
        picture = Image.fromarray(crops[i].numpy()).resize((120, 120), Image.Resampling.BILINEAR)
        expected = np.asarray(picture)[4:116, 4:116].transpose(2, 0, 1)
        assert np.abs(x[i].numpy() - expected).max() <= 1.01  # Pillow rounds twice


def test_shrinking_to_35_px_is_antialiased() -> None:
    """A fine chequerboard becomes grey instead of a pattern."""
    config = OpqnConfig(2, 4, 8, "resnet20", 32, 35, "rgb", (0.0,) * 3, (1.0,) * 3)
    board = (np.indices((112, 112)).sum(0) % 2 * 255).astype(np.uint8)
    crops = torch.from_numpy(np.repeat(board[None, :, :, None], 3, axis=3))
    x = to_network_input(crops, config)
    assert x.shape == (1, 3, 32, 32)
    assert (x - 127.5).abs().max() < 12


def test_the_centre_of_an_odd_rest_is_cut_alike_everywhere() -> None:
    x = torch.arange(35.0)[None, None, None, :].expand(1, 1, 35, 35)
    assert centre_crop(x, 32)[0, 0, 0].tolist() == list(range(1, 33))
