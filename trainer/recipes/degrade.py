"""Worse copies of aligned crops, always the same: what models are measured on besides good photos.

Low resolution and blur are those of training (`trainer.data.augment`); sunglasses, mask and
low light are made here, at the places where the alignment puts eyes, nose and mouth.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from opqn_app.core.types import Crops
from trainer.config import AugmentConfig
from trainer.data import augment

BATCH = 256
SIDE = 112
EYES = ((38.3, 51.7), (73.5, 51.5))  # x, y in px, as the alignment puts them
LENS = (17.0, 12.0)  # half axes in px
BRIDGE = (48, 54, 38, 74)  # top, bottom, left, right in px
MASK_TOP, MASK_SAG, MASK_HALF_WIDTH = 66.0, 7.0, 46.0  # over the nose, higher than at the cheeks
GAIN, NOISE = (0.08, 0.25), 3.0  # share of the light, and σ in grey levels of the dark picture

KINDS = {
    "low resolution": "as if the face had been 56, 37 or 28 px large",
    "blur": "Gaussian of σ from 0.4 to 2 px",
    "low light": "8 to 25 % of the light, with noise of 3 grey levels",
    "sunglasses": "dark lenses over both eyes",
    "mask": "nose, mouth and chin covered by one colour",
}


def degraded(crops: Crops, kind: str, *, seed: int = 0) -> Crops:
    """Copies of (n, 112, 112, 3) crops with one of `KINDS` done to them; each crop its own draw.

    Raises:
        ValueError: an unknown kind, or crops of another size.
    """
    if kind not in KINDS:
        raise ValueError(f"a crop can't be degraded by '{kind}'")
    if crops.shape[1:] != (SIDE, SIDE, 3):
        raise ValueError(f"crops must be {SIDE} px, not {crops.shape[1:]}")
    out = np.empty_like(crops)
    generator = torch.Generator().manual_seed(seed)
    chance = np.random.default_rng(seed)
    for start in range(0, len(crops), BATCH):
        batch = crops[start : start + BATCH]
        if kind in ("low resolution", "blur"):
            changed = _by_training(batch, kind, generator)
        elif kind == "low light":
            changed = _low_light(batch, chance)
        else:
            changed = _covered(batch, _lenses() if kind == "sunglasses" else _mask(), kind, chance)
        out[start : start + BATCH] = np.clip(np.rint(changed), 0, 255)
    return out


def _by_training(batch: Crops, kind: str, generator: torch.Generator) -> NDArray[np.float32]:
    config = AugmentConfig(blur=float(kind == "blur"), low_res=float(kind == "low resolution"))
    draws = augment.draw(len(batch), config, slack=0, generator=generator)
    found = augment.damage(torch.from_numpy(np.ascontiguousarray(batch)), draws, config)
    return np.asarray(found.numpy(), np.float32)


def _low_light(batch: Crops, chance: np.random.Generator) -> NDArray[np.float32]:
    gain = chance.uniform(*GAIN, size=(len(batch), 1, 1, 1))
    noise = NOISE * chance.standard_normal(batch.shape)
    return (batch * gain + noise).astype(np.float32)


def _covered(
    batch: Crops, inside: NDArray[np.bool_], kind: str, chance: np.random.Generator
) -> NDArray[np.float32]:
    dark = (5.0, 50.0) if kind == "sunglasses" else (40.0, 240.0)
    colour = chance.uniform(*dark, size=(len(batch), 1, 1, 3))
    return np.where(inside[None, :, :, None], colour, batch).astype(np.float32)


def _lenses() -> NDArray[np.bool_]:
    """(112, 112) both lenses and the bridge between them."""
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float64)
    inside = np.zeros((SIDE, SIDE), bool)
    for eye_x, eye_y in EYES:
        inside |= ((x - eye_x) / LENS[0]) ** 2 + ((y - eye_y) / LENS[1]) ** 2 <= 1.0
    top, bottom, left, right = BRIDGE
    inside[top:bottom, left:right] = True
    return inside


def _mask() -> NDArray[np.bool_]:
    """(112, 112) all below a line that is highest over the nose."""
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float64)
    aside = (x - SIDE / 2) / MASK_HALF_WIDTH
    inside: NDArray[np.bool_] = (y >= MASK_TOP + MASK_SAG * aside**2) & (np.abs(aside) <= 1.0)
    return inside
