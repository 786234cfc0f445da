"""A whole OPQN model small enough for tests: random weights, real format, about 2.5 MB.

Any test may `from tiny_checkpoint import make_tiny_checkpoint`.
"""

from pathlib import Path

import torch

from opqn_app.opqn.calibration import Calibration
from opqn_app.opqn.config import OpqnConfig
from opqn_app.opqn.torch.checkpoint import save_model
from opqn_app.opqn.torch.model import OpqnModel

TINY = OpqnConfig(n_books=4, n_words=16, feature_dim=96)  # d = 24: a non-square head
TINY_CALIBRATION = Calibration(slope=12.0, intercept=-6.0)


def make_tiny_model(config: OpqnConfig = TINY, seed: int = 0) -> OpqnModel:
    """A random model in evaluation mode; different faces get different codes."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = OpqnModel(config)
        # The released start of F gives almost uniform p; this one is as peaked as a trained one.
        torch.nn.init.normal_(model.quantizer.mlp, std=3.0 / config.sub_dim**0.5)
    return model.eval()


def make_tiny_checkpoint(
    folder: Path,
    *,
    config: OpqnConfig = TINY,
    seed: int = 0,
    calibration: Calibration = TINY_CALIBRATION,
) -> Path:
    """Write a random model into `folder`, calibrated, and return `folder`."""
    save_model(folder, make_tiny_model(config, seed), calibration=calibration, card="# Tiny\n")
    return folder
