"""Worse copies of crops: always the same, each kind where it should be."""

import numpy as np
import pytest

from opqn_app.core.types import Crops
from trainer.recipes.degrade import BATCH, EYES, KINDS, degraded


def crops(n: int = 3) -> Crops:
    return np.random.default_rng(0).integers(60, 256, (n, 112, 112, 3)).astype(np.uint8)


@pytest.mark.parametrize("kind", KINDS)
def test_copies_are_changed_and_always_the_same(kind: str) -> None:
    faces = crops()
    before = faces.copy()
    once = degraded(faces, kind)
    assert once.dtype == np.uint8
    assert (once != faces).any(axis=(1, 2, 3)).all()
    assert np.array_equal(once, degraded(faces, kind))
    assert not np.array_equal(once, degraded(faces, kind, seed=1))
    assert np.array_equal(faces, before)


def test_a_crop_does_not_depend_on_those_after_it() -> None:
    faces = crops(BATCH + 2)
    assert np.array_equal(degraded(faces, "mask")[:BATCH], degraded(faces[:BATCH], "mask"))


def test_sunglasses_cover_the_eyes_and_a_mask_the_mouth() -> None:
    faces = crops()
    glasses, mask = (degraded(faces, kind) != faces for kind in ("sunglasses", "mask"))
    for x, y in EYES:
        assert glasses[:, round(y), round(x)].any(-1).all()
        assert not mask[:, round(y), round(x)].any()
    assert mask[:, 92, 56].any(-1).all()
    assert not glasses[:, 80:].any()
    assert not mask[:, :60].any()


def test_low_light_is_dark_and_low_resolution_is_smooth() -> None:
    faces = crops()
    assert degraded(faces, "low light").mean() < 0.3 * faces.mean()
    small = degraded(faces, "low resolution")
    assert (
        np.diff(small.astype(float), axis=1).std()
        < 0.5 * np.diff(faces.astype(float), axis=1).std()
    )


def test_unknown_kinds_and_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="rain"):
        degraded(crops(), "rain")
    with pytest.raises(ValueError, match="112"):
        degraded(crops()[:, :100], "blur")
