"""Random crop, flip and optional damage, drawn for each picture, done on the device.

The draws come from one CPU generator for the whole batch of all processes: they are the same on any
device and any number of processes, and the generator's state is all a checkpoint has to keep.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from opqn_app.opqn.codebooks import dct_matrix
from trainer.config import AugmentConfig

EFFECTS = ("blur", "grey", "jpeg", "low_res", "occlusion")
GREY_WEIGHTS = (0.299, 0.587, 0.114)


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """What happens to each picture of a batch.

    Attributes:
        corner: (B, 2) int64, top and left of the crop.
        flip: (B,) bool.
        chance: (B, 5) float32 in [0, 1): effect i happens where it is below its chance.
        strength: (B, 5, 3) float32 in [0, 1), three numbers for each effect.
    """

    corner: Tensor
    flip: Tensor
    chance: Tensor
    strength: Tensor

    def part(self, rank: int, world: int) -> "Draws":
        """The draws of every `world`-th picture from `rank` on."""
        rows = slice(rank, None, world)
        return Draws(self.corner[rows], self.flip[rows], self.chance[rows], self.strength[rows])


def draw(n: int, config: AugmentConfig, *, slack: int, generator: torch.Generator) -> Draws:
    """Draw for `n` pictures.

    Args:
        slack: px by which stored pictures exceed the crop.
        generator: on the CPU; advanced by the same amount whatever `config` says.
    """
    corner = torch.randint(0, slack + 1, (n, 2), generator=generator)
    flip = torch.rand(n, generator=generator) < 0.5
    chance = torch.rand(n, len(EFFECTS), generator=generator)
    strength = torch.rand(n, len(EFFECTS), 3, generator=generator)
    if not config.crop:
        corner = torch.full_like(corner, slack // 2)
    if not config.flip:
        flip = torch.zeros_like(flip)
    if config.per == "batch":  # as the released code: one offset and one decision for all
        corner, flip = corner[:1].expand(n, 2), flip[:1].expand(n)
    return Draws(corner, flip, chance, strength)


def crop_and_flip(images: Tensor, draws: Draws, size: int) -> Tensor:
    """(B, H, W, 3) uint8 → (B, size, size, 3) uint8, one gather for crop and flip together."""
    device = images.device
    corner = draws.corner.to(device, non_blocking=True)
    flip = draws.flip.to(device, non_blocking=True)
    along = torch.arange(size, device=device)
    rows = corner[:, :1] + along  # (B, size)
    columns = corner[:, 1:] + torch.where(flip[:, None], size - 1 - along, along)
    batch = torch.arange(len(images), device=device)
    return images[batch[:, None, None], rows[:, :, None], columns[:, None, :]]


def damage(pixels: Tensor, draws: Draws, config: AugmentConfig) -> Tensor:
    """Apply the effects that are switched on: (B, S, S, 3) uint8 → float32 0 to 255, or as is."""
    if not any(getattr(config, name) for name in EFFECTS):
        return pixels
    x = pixels.permute(0, 3, 1, 2).float()  # (B, 3, S, S)
    chance = draws.chance.to(x.device, non_blocking=True)
    strength = draws.strength.to(x.device, non_blocking=True)
    functions = {"blur": _blur, "grey": _grey, "jpeg": _jpeg, "low_res": _low_res}
    functions["occlusion"] = _occlude
    for number, name in enumerate(EFFECTS):
        wanted = getattr(config, name)
        if wanted > 0:
            changed = functions[name](x, strength[:, number])
            x = torch.where((chance[:, number] < wanted)[:, None, None, None], changed, x)
    return x.clamp(0, 255).permute(0, 2, 3, 1)


def _blur(x: Tensor, strength: Tensor) -> Tensor:
    """Gaussian of σ from 0.4 to 2 px."""
    sigma = 0.4 + 1.6 * strength[:, 0]
    at = torch.arange(-4, 5, device=x.device)
    kernel = torch.exp(-0.5 * (at / sigma[:, None]) ** 2)
    kernel = (kernel / kernel.sum(1, keepdim=True)).repeat_interleave(3, 0)  # (3B, 9)
    flat = x.reshape(1, -1, *x.shape[2:])
    n = flat.shape[1]
    flat = F.conv2d(F.pad(flat, (4, 4, 0, 0), "replicate"), kernel[:, None, None], groups=n)
    flat = F.conv2d(F.pad(flat, (0, 0, 4, 4), "replicate"), kernel[:, None, :, None], groups=n)
    return flat.reshape(x.shape)


def _grey(x: Tensor, _strength: Tensor) -> Tensor:
    grey = sum(weight * x[:, i : i + 1] for i, weight in enumerate(GREY_WEIGHTS))
    assert isinstance(grey, Tensor)
    return grey.expand_as(x)


def _jpeg(x: Tensor, strength: Tensor) -> Tensor:
    """Coarser 8×8 cosine coefficients, the higher the frequency the coarser, as JPEG does."""
    side = x.shape[-1]
    whole = -(-side // 8) * 8
    a = torch.from_numpy(dct_matrix(8)).to(x, non_blocking=True)
    padded = F.pad(x, (0, whole - side, 0, whole - side), "replicate")
    blocks = padded.unfold(2, 8, 8).unfold(3, 8, 8)  # (B, 3, n, n, 8, 8)
    coefficients = a.T @ (blocks - 128) @ a
    frequency = torch.arange(8, device=x.device)
    step = 4 + (frequency[:, None] + frequency) * 8.0
    step = step * (0.5 + 3 * strength[:, 0])[:, None, None, None, None, None]
    blocks = a @ (torch.round(coefficients / step) * step) @ a.T + 128
    joined = blocks.permute(0, 1, 2, 4, 3, 5).reshape(*x.shape[:2], whole, whole)
    return joined[..., :side, :side]


def _low_res(x: Tensor, strength: Tensor) -> Tensor:
    """As if the face had been ½, ⅓ or ¼ as large in the photo."""
    side = x.shape[-1]
    choice = (strength[:, 0] * 3).long()
    out = x
    for number, factor in enumerate((2, 3, 4)):
        small = F.interpolate(x, (side // factor, side // factor), mode="area")
        back = F.interpolate(small, (side, side), mode="bilinear", align_corners=False)
        out = torch.where((choice == number)[:, None, None, None], back, out)
    return out


def _occlude(x: Tensor, strength: Tensor) -> Tensor:
    """A flat rectangle of a quarter to a half of the side, anywhere, of any grey."""
    side = x.shape[-1]
    size = side * (0.25 + 0.25 * strength[:, 2])
    at = torch.arange(side, device=x.device)
    top, left = ((side - size) * strength[:, i] for i in (0, 1))
    in_rows = (at >= top[:, None]) & (at < (top + size)[:, None])
    in_columns = (at >= left[:, None]) & (at < (left + size)[:, None])
    inside = (in_rows[:, :, None] & in_columns[:, None, :])[:, None]  # (B, 1, S, S)
    grey = (255 * (strength.sum(1) % 1.0))[:, None, None, None]
    return torch.where(inside, grey, x)
