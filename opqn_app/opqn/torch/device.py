"""Where the network runs: one policy, one log line."""

import logging

import torch

from opqn_app.core.errors import SettingsError

logger = logging.getLogger(__name__)


def pick_device(name: str = "auto") -> str:
    """ "cpu" or "cuda" for the setting `name`.

    Args:
        name: "auto" (CUDA where there is one), "cpu" or "cuda".

    Raises:
        SettingsError: CUDA is asked for and absent, or `name` is none of the three.
    """
    if name not in ("auto", "cpu", "cuda"):
        raise SettingsError("device", f"'{name}' is not one of auto, cpu, cuda")
    has_cuda = name != "cpu" and torch.cuda.is_available()
    if name == "cuda" and not has_cuda:
        raise SettingsError("device", "no CUDA graphics card is usable here; choose auto or cpu")
    chosen = "cuda" if has_cuda else "cpu"
    logger.info("device: %s", torch.cuda.get_device_name() if has_cuda else chosen)
    return chosen
