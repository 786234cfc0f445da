"""The tensors of a checkpoint: how they are stored, fingerprinted, and checked before use."""

from pathlib import Path

import torch
from torch import Tensor

from opqn_app.core.errors import ModelIncompatible
from opqn_app.opqn import weights
from opqn_app.opqn.config import OpqnConfig
from opqn_app.opqn.torch.model import OpqnModel

State = dict[str, Tensor]


def stored_state(model: OpqnModel, *, half: bool) -> State:
    """The tensors of `model` as a checkpoint holds them, on the CPU."""
    state = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
    return {name: _halved(value) if half else value for name, value in state.items()}


def fingerprint(config: OpqnConfig, state: State) -> str:
    """The model_id of a model with these tensors; see `opqn.weights.fingerprint`."""
    return weights.fingerprint(config, {name: value.numpy() for name, value in state.items()})


def check_state(state: State, expected: State, source: Path) -> None:
    """Compare names, shapes and kinds of all tensors.

    Raises:
        ModelIncompatible: naming the first tensor that does not fit, and how many do not.
    """
    missing = sorted(expected.keys() - state.keys())
    unknown = sorted(state.keys() - expected.keys())
    if missing:
        raise ModelIncompatible(source, _several("the tensor '{}' is missing", missing))
    if unknown:
        raise ModelIncompatible(source, _several("the tensor '{}' is not known", unknown))
    for name, value in state.items():
        want = expected[name]
        if value.shape != want.shape:
            shapes = f"{tuple(value.shape)} instead of {tuple(want.shape)}"
            raise ModelIncompatible(source, f"the tensor '{name}' has the shape {shapes}")
        if value.is_floating_point() != want.is_floating_point():
            raise ModelIncompatible(source, f"the tensor '{name}' has the type {value.dtype}")
        if not torch.isfinite(value).all():
            raise ModelIncompatible(source, f"the tensor '{name}' has values that are not numbers")


def _halved(value: Tensor) -> Tensor:
    if value.dim() < 2 or not value.is_floating_point():
        return value
    small = value.to(torch.float16)
    return small if torch.isfinite(small).all() else value  # beyond ±65504: keep float32


def as_loaded(value: Tensor) -> Tensor:
    return value.to(torch.float32) if value.is_floating_point() else value


def _several(sentence: str, names: list[str]) -> str:
    rest = f" (and {len(names) - 1} more)" if len(names) > 1 else ""
    return sentence.format(names[0]) + rest
