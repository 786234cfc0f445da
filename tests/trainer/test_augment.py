"""Crops and flips: for each picture its own, the same for the same seed, and exactly those."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.config import AugmentConfig
from trainer.data.augment import EFFECTS, Draws, crop_and_flip, damage, draw


def pictures(n: int, side: int = 12, seed: int = 0) -> torch.Tensor:
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.integers(0, 256, (n, side, side, 3), dtype=np.uint8))


def drawn(n: int, seed: int, config: AugmentConfig | None = None, slack: int = 4) -> Draws:
    generator = torch.Generator().manual_seed(seed)
    return draw(n, config or AugmentConfig(), slack=slack, generator=generator)


@given(seed=st.integers(0, 2**31), slack=st.integers(0, 6))
@settings(max_examples=25, deadline=None)
def test_gather_equals_slicing_and_flipping_one_by_one(seed: int, slack: int) -> None:
    images = pictures(5, 8 + slack, seed)
    draws = drawn(5, seed, slack=slack)
    out = crop_and_flip(images, draws, 8)
    for i in range(5):
        top, left = draws.corner[i].tolist()
        assert 0 <= top <= slack
        assert 0 <= left <= slack
        crop = images[i, top : top + 8, left : left + 8]
        assert torch.equal(out[i], crop.flip(1) if draws.flip[i] else crop)


def test_pictures_of_one_batch_are_drawn_apart() -> None:
    """Invariant 16: the released code gave all 256 pictures one offset and one flip."""
    draws = drawn(64, seed=1)
    assert len(torch.unique(draws.corner, dim=0)) > 10
    assert draws.flip.any()
    assert not draws.flip.all()
    same = pictures(1).expand(64, -1, -1, -1)
    assert len(torch.unique(crop_and_flip(same, draws, 8).flatten(1), dim=0)) > 20


def test_a_batch_can_be_drawn_as_one_as_released() -> None:
    draws = drawn(64, 1, AugmentConfig(per="batch"))
    assert len(torch.unique(draws.corner, dim=0)) == 1
    assert len(torch.unique(draws.flip)) == 1


def test_same_seed_same_output() -> None:
    config = AugmentConfig(blur=0.5, grey=0.5, jpeg=0.5, low_res=0.5, occlusion=0.5)
    outs = []
    for _ in range(2):
        draws = drawn(8, 3, config)
        outs.append(damage(crop_and_flip(pictures(8), draws, 8), draws, config))
    assert torch.equal(*outs)


def test_switched_off_is_the_centre() -> None:
    draws = drawn(3, 0, AugmentConfig(crop=False, flip=False))
    assert torch.equal(crop_and_flip(pictures(3), draws, 8), pictures(3)[:, 2:10, 2:10])


def test_processes_share_the_draws_of_the_whole_batch() -> None:
    whole = drawn(10, 7)
    parts = [whole.part(rank, 2) for rank in range(2)]
    for name in ("corner", "flip", "chance", "strength"):
        together = torch.stack([getattr(p, name) for p in parts], 1).flatten(0, 1)
        assert torch.equal(together, getattr(whole, name))


def test_without_effects_pixels_stay_uint8() -> None:
    cropped = crop_and_flip(pictures(3), drawn(3, 0), 8)
    assert damage(cropped, drawn(3, 0), AugmentConfig()) is cropped


@pytest.mark.parametrize("name", EFFECTS)
def test_an_effect_touches_only_whom_it_falls_on(name: str) -> None:
    half: dict[str, Any] = {name: 0.5}
    config = AugmentConfig(**half)
    images = pictures(40, 16)
    draws = drawn(40, 5)
    out = damage(images, draws, config)
    chosen = draws.chance[:, EFFECTS.index(name)] < 0.5
    changed = (out != images.float()).flatten(1).any(1)
    assert torch.equal(changed, chosen)
    assert out.min() >= 0
    assert out.max() <= 255


def test_grey_pictures_have_equal_channels_and_blur_keeps_the_mean() -> None:
    images = pictures(4, 16)
    draws = drawn(4, 0)
    grey = damage(images, draws, AugmentConfig(grey=1.0))
    assert torch.allclose(grey[..., 0], grey[..., 2])
    flat = torch.full((4, 16, 16, 3), 77, dtype=torch.uint8)
    blurred = damage(flat, draws, AugmentConfig(blur=1.0))
    assert torch.allclose(blurred, flat.float(), atol=1e-3)
