"""Checkpoints: everything a run needs to go on as if it had never stopped, written in one step."""

import pickle
from pathlib import Path
from typing import Any

import torch

from opqn_app.core.errors import ModelIncompatible
from opqn_app.core.files import replacing

FORMAT = "opqn-training"
VERSION = 1

State = dict[str, Any]


def save_state(path: Path, state: State) -> None:
    """Write `state` so that a crash at any moment leaves the old file or the new one.

    Args:
        state: tensors and plain values in dicts and lists.
    """
    with replacing(path) as file:
        torch.save({"format": FORMAT, "version": VERSION, **state}, file)


def load_state(path: Path) -> State:
    """Read a checkpoint onto the CPU; nothing in it is run.

    Raises:
        ModelIncompatible: it is missing, damaged, or not one of ours.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, ValueError, KeyError, EOFError, pickle.UnpicklingError) as error:
        raise ModelIncompatible(path, f"the checkpoint can't be read ({error})") from error
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise ModelIncompatible(path, "it is not a checkpoint of this trainer")
    if state.get("version") != VERSION:
        found = state.get("version")
        raise ModelIncompatible(path, f"its version is {found}, this program reads {VERSION}")
    return state


def random_state() -> State:
    """The generators that dropout draws from, of this process."""
    cuda = torch.cuda.get_rng_state() if torch.cuda.is_available() else None
    return {"cpu": torch.get_rng_state(), "cuda": cuda}


def restore_random_state(state: State) -> None:
    """Put back what `random_state` gave."""
    torch.set_rng_state(state["cpu"])
    if state["cuda"] is not None and torch.cuda.is_available():
        torch.cuda.set_rng_state(state["cuda"])
