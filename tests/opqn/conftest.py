"""A tiny model, its folder, and random crops for the tests of the method library."""

from pathlib import Path

import numpy as np
import pytest

from opqn_app.core.types import Crops
from opqn_app.opqn.torch.model import OpqnModel
from tests.tiny_checkpoint import make_tiny_checkpoint, make_tiny_model


@pytest.fixture(scope="session")
def tiny_model() -> OpqnModel:
    """Shared: tests must not change it."""
    return make_tiny_model()


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved tiny model; shared: tests must not write into it."""
    return make_tiny_checkpoint(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def crops() -> Crops:
    """Nine coarse random pictures, (9, 112, 112, 3)."""
    blocks = np.random.default_rng(3).integers(0, 256, (9, 14, 14, 3), dtype=np.uint8)
    return blocks.repeat(8, axis=1).repeat(8, axis=2)
