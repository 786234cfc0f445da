"""From aligned crops to what the network takes, in NumPy; `opqn.torch.preprocess` is its twin."""

from functools import lru_cache

import numpy as np

from opqn_app.core.types import Crops, Floats
from opqn_app.opqn.config import OpqnConfig


def to_network_input(crops: Crops, config: OpqnConfig) -> Floats:
    """Resize, cut the centre, order the channels, scale the pixels.

    Args:
        crops: (n, H, H, 3) uint8 RGB; H = 112 in the app.

    Returns:
        (n, 3, S, S) float32, S = `config.input_size`.
    """
    x = crops.transpose(0, 3, 1, 2).astype(np.float32)  # (n, 3, H, H)
    if x.shape[-1] != config.resize_to:
        weights = resize_weights(x.shape[-1], config.resize_to)
        x = np.matmul(weights @ x, weights.T, dtype=np.float32)
    start = (config.resize_to - config.input_size) // 2  # an odd rest leaves more at the end
    centre = slice(start, start + config.input_size)
    x = x[..., centre, centre]
    if config.channel_order == "bgr":
        x = x[:, ::-1]
    mean, std = (np.array(each, np.float32) for each in (config.pixel_mean, config.pixel_std))
    return np.ascontiguousarray((x - mean[:, None, None]) / std[:, None, None], np.float32)


@lru_cache(maxsize=8)
def resize_weights(n_in: int, n_out: int) -> Floats:
    """(n_out, n_in): how much each pixel of a row adds to each pixel of the scaled row.

    Bilinear with antialiasing: a triangle as wide as two pixels of the coarser of the two rows.
    """
    scale = n_in / n_out
    centres = scale * (np.arange(n_out) + 0.5)
    distances = np.abs(np.arange(n_in) + 0.5 - centres[:, None]) / max(scale, 1.0)
    weights = np.maximum(0.0, 1.0 - distances)
    scaled: Floats = (weights / weights.sum(1, keepdims=True)).astype(np.float32)
    return scaled
