"""A model on disk: a folder of weights, the network (ONNX), a readable config and a model card.

Models of one family may share a trunk: it then lies once in `trunks/` beside their folders.

Nothing in it can run code. The `model_id` is a fingerprint of what decides a face's code and table:
weights as stored, config, preprocessing. Codes are only comparable within one `model_id`.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from opqn_app.core.errors import ModelIncompatible
from opqn_app.core.files import replace_bytes, replace_text
from opqn_app.opqn.calibration import Calibration
from opqn_app.opqn.config import OpqnConfig
from opqn_app.opqn.links import Links, links_from_dict
from opqn_app.opqn.model_folder import (
    CARD_FILE,
    CONFIG_FILE,
    FORMAT,
    FORMAT_VERSION,
    WEIGHTS_FILE,
    calibration_from_dict,
    read_description,
    trunk_file,
    write_description,
)
from opqn_app.opqn.torch.export import trunk_network, write_networks
from opqn_app.opqn.torch.model import OpqnModel
from opqn_app.opqn.torch.weights import State, as_loaded, check_state, fingerprint, stored_state

TRUNK_PREFIX = "backbone.trunk."


@dataclass(frozen=True, slots=True, eq=False)
class LoadedModel:
    """A model read from disk, in evaluation mode on the CPU."""

    model: OpqnModel
    model_id: str
    name: str
    calibration: Calibration | None
    links: Links | None
    folder: Path


def save_model(
    folder: Path,
    model: OpqnModel,
    *,
    calibration: Calibration | None = None,
    links: Links | None = None,
    card: str = "",
    name: str = "",
    half: bool = True,
    trunk: str = "",
) -> str:
    """Write `model` into `folder`, made if missing; returns its model_id.

    Args:
        card: Markdown text about data, licence and measured figures.
        name: for people; the folder's name if empty.
        half: store matrices and kernels as float16 (what is loaded later is rounded to that);
            vectors (normalisation, slopes) always stay float32, counters int64.
        trunk: name under which the trunk is kept for all models beside this one; empty keeps it
            with the model.

    Raises:
        ModelIncompatible: another trunk is already kept under that name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    state = stored_state(model, half=half)
    description: dict[str, Any] = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "name": name or folder.name,
        "model_id": fingerprint(model.config, state),
        "config": model.config.to_dict(),
        "calibration": _calibration_to_dict(calibration),
    }
    if links is not None:
        description["links"] = asdict(links)
    shared = trunk_file(folder, trunk or None)
    if shared is not None:
        description["trunk"] = trunk
        own = {name: value for name, value in state.items() if name.startswith(TRUNK_PREFIX)}
        state = {name: value for name, value in state.items() if name not in own}
        _share_trunk(shared, own)
    # The config goes last: a save that is cut off leaves a folder whose model_id does not fit.
    _write_state(folder / WEIGHTS_FILE, state)
    description["networks"] = write_networks(folder, model, trunk or None)
    replace_text(folder / CARD_FILE, card or f"# {description['name']}\n")
    write_description(folder, description)
    return str(description["model_id"])


def store_calibration(folder: Path, calibration: Calibration, card: str) -> None:
    """Give a model another calibration and card; its weights and its model_id stay.

    Raises:
        ModelMissing, ModelIncompatible: it can't be read.
    """
    description = read_description(folder)
    description["calibration"] = _calibration_to_dict(calibration)
    replace_text(folder / CARD_FILE, card)
    write_description(folder, description)


def load_model(folder: Path) -> LoadedModel:
    """Read a model and check every part of it.

    Raises:
        ModelMissing: there is no such folder.
        ModelIncompatible: a file is missing or damaged, a tensor does not fit the config, the
            format is newer, or the weights are not those the model_id was made from.
    """
    description = read_description(folder)
    config = OpqnConfig.from_dict(description.get("config"), source=str(folder))
    state = _read_state(folder / WEIGHTS_FILE)
    shared = trunk_file(folder, description.get("trunk"))
    if shared is not None:
        state |= _read_state(shared)
    model = untrained_model(config)
    check_state(state, dict(model.state_dict()), folder)
    model_id = fingerprint(config, state)
    if model_id != description.get("model_id"):
        raise ModelIncompatible(
            folder, f"{WEIGHTS_FILE} and {CONFIG_FILE} do not belong together (model_id differs)"
        )
    model.load_state_dict({key: as_loaded(value) for key, value in state.items()}, assign=True)
    return LoadedModel(
        model=model.requires_grad_(False).eval(),
        model_id=model_id,
        name=str(description.get("name") or folder.name),
        calibration=calibration_from_dict(description.get("calibration"), folder),
        links=links_from_dict(description.get("links"), folder),
        folder=folder,
    )


def untrained_model(config: OpqnConfig) -> OpqnModel:
    """A model to load weights into; torch's random state is left as it was."""
    # Not on the "meta" device: its first use imports a second of torch's compiler.
    with torch.random.fork_rng(devices=[]):
        return OpqnModel(config)


def _read_state(path: Path) -> State:
    if not path.is_file():
        raise ModelIncompatible(path.parent, f"the folder has no {path.name}")
    try:
        state: State = load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        reason = f"its {path.name} is damaged ({error}); copy the model again"
        raise ModelIncompatible(path.parent, reason) from error
    return state


def _share_trunk(path: Path, state: State) -> None:
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        for mirrored in (False, True):  # of a lost trunk of this name, whose weights they fit
            trunk_network(path, mirrored=mirrored).unlink(missing_ok=True)
        _write_state(path, state)
        return
    kept = _read_state(path)
    if kept.keys() != state.keys() or any(not torch.equal(kept[k], state[k]) for k in kept):
        raise ModelIncompatible(path.parent, f"{path.name} holds another trunk than this model's")


def _write_state(path: Path, state: State) -> None:
    replace_bytes(path, save(state, metadata={"format": "pt"}))


def _calibration_to_dict(calibration: Calibration | None) -> dict[str, float] | None:
    if calibration is None:
        return None
    values = asdict(calibration)
    if not calibration.following:  # as models made before have it; `usual` says nothing then
        del values["usual"], values["following"]
    return values
