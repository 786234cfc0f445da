"""From aligned uint8 crops to what the network takes; training and search share it."""

import torch
import torch.nn.functional as F
from torch import Tensor

from opqn_app.opqn.config import OpqnConfig


def to_network_input(crops: Tensor, config: OpqnConfig) -> Tensor:
    """Resize, cut the centre, order the channels, scale the pixels.

    Args:
        crops: (B, H, W, 3) uint8 RGB, square; 112 px crops in the app.

    Returns:
        (B, 3, S, S) float32 on the device of `crops`, S = `config.input_size`.
    """
    x = crops.permute(0, 3, 1, 2).to(torch.float32)  # (B, 3, H, W)
    if x.shape[-1] != config.resize_to:
        side = (config.resize_to, config.resize_to)
        x = F.interpolate(x, side, mode="bilinear", antialias=True, align_corners=False)
    return normalise_pixels(centre_crop(x, config.input_size), config)


def centre_crop(x: Tensor, size: int) -> Tensor:
    """The centre `size` × `size` pixels of (B, C, H, W); an odd rest leaves more at the end."""
    top, left = (x.shape[-2] - size) // 2, (x.shape[-1] - size) // 2
    return x[..., top : top + size, left : left + size]


def normalise_pixels(x: Tensor, config: OpqnConfig) -> Tensor:
    """RGB pixels 0 to 255, (B, 3, H, W) float32 → channel order and scale of the network."""
    mean = torch.tensor(config.pixel_mean, device=x.device)[:, None, None]
    std = torch.tensor(config.pixel_std, device=x.device)[:, None, None]
    return scale_pixels(x, mean, std, is_bgr=config.channel_order == "bgr")


def scale_pixels(x: Tensor, mean: Tensor, std: Tensor, *, is_bgr: bool) -> Tensor:
    """The same with mean and standard deviation (3, 1, 1) that lie on the device of `x`."""
    return ((x.flip(1) if is_bgr else x) - mean) / std
