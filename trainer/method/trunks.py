"""Pretrained trunks, read from files and put into networks."""

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from opqn_app.core.errors import ModelIncompatible


def load_trunk(trunk: nn.Module, path: Path) -> None:
    """Fill a trunk from a plain state dict; nothing in the file is run.

    Raises:
        ModelIncompatible: it is missing or can't be read, or its tensors are not the trunk's.
    """
    if not path.is_file():
        raise ModelIncompatible(path, "there is no such file")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, ValueError, KeyError, EOFError, pickle.UnpicklingError) as error:
        reason = "it is not a PyTorch file of plain tensors, or it is damaged"
        raise ModelIncompatible(path, reason) from error
    if not isinstance(state, Mapping):
        raise ModelIncompatible(path, "it is not a state dict")
    fill_trunk(trunk, state, path)


def fill_trunk(trunk: nn.Module, state: Mapping[str, Any], source: Path) -> None:
    """Fill a trunk with tensors of the file `source`.

    Raises:
        ModelIncompatible: they are not the trunk's.
    """
    plain = {str(k).removeprefix("module."): v for k, v in state.items()}
    plain = {k: v for k, v in plain.items() if not k.startswith("logits.")}  # facenet's classifier
    own = trunk.state_dict()
    lacking = sorted((own.keys() - plain.keys()) | (plain.keys() - own.keys()))
    lacking += [k for k in own.keys() & plain.keys() if own[k].shape != plain[k].shape]
    if lacking:
        kind = type(trunk).__name__
        reason = f"{len(lacking)} tensors do not fit the trunk {kind}, among them '{lacking[0]}'"
        raise ModelIncompatible(source, reason)
    trunk.load_state_dict(plain)
