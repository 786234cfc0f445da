"""A model on disk: a folder of weights (safetensors), a readable config and a model card.

Nothing in it can run code. The `model_id` is a fingerprint of what decides a face's code and table:
weights as stored, config, preprocessing. Codes are only comparable within one `model_id`.
"""

import json
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from opqn_app import paths
from opqn_app.errors import ModelIncompatible, ModelMissing
from opqn_app.opqn.config import OpqnConfig
from opqn_app.opqn.model import OpqnModel
from opqn_app.opqn.weights import State, as_loaded, check_state, fingerprint, stored_state
from opqn_app.types import Calibration

WEIGHTS_FILE = "model.safetensors"
CONFIG_FILE = "config.json"
CARD_FILE = "README.md"
FORMAT = "opqn-model"
FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True, eq=False)
class LoadedModel:
    """A model read from disk, in evaluation mode on the CPU."""

    model: OpqnModel
    model_id: str
    name: str
    calibration: Calibration | None
    folder: Path


def save_model(
    folder: Path,
    model: OpqnModel,
    *,
    calibration: Calibration | None = None,
    card: str = "",
    name: str = "",
    half: bool = True,
) -> str:
    """Write `model` into `folder`, made if missing; returns its model_id.

    Args:
        card: Markdown text about data, licence and measured figures.
        name: for people; the folder's name if empty.
        half: store matrices and kernels as float16 (what is loaded later is rounded to that);
            vectors (normalisation, slopes) always stay float32, counters int64.
    """
    folder.mkdir(parents=True, exist_ok=True)
    state = stored_state(model, half=half)
    description = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "name": name or folder.name,
        "model_id": fingerprint(model.config, state),
        "config": model.config.to_dict(),
        "calibration": _calibration_to_dict(calibration),
    }
    # The config goes last: a save that is cut off leaves a folder whose model_id does not fit.
    save_file(state, folder / f"{WEIGHTS_FILE}.tmp", metadata={"format": "pt"})
    os.replace(folder / f"{WEIGHTS_FILE}.tmp", folder / WEIGHTS_FILE)  # noqa: PTH105
    _write_text(folder / CARD_FILE, card or f"# {description['name']}\n")
    _write_text(folder / CONFIG_FILE, json.dumps(description, indent=2) + "\n")
    return str(description["model_id"])


def load_model(folder: Path) -> LoadedModel:
    """Read a model and check every part of it.

    Raises:
        ModelMissing: there is no such folder.
        ModelIncompatible: a file is missing or damaged, a tensor does not fit the config, the
            format is newer, or the weights are not those the model_id was made from.
    """
    description = read_description(folder)
    config = OpqnConfig.from_dict(description.get("config"), source=str(folder))
    state = _read_state(folder)
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
        calibration=_calibration_from_dict(description.get("calibration"), folder),
        folder=folder,
    )


def read_description(folder: Path) -> dict[str, Any]:
    """The config file of a model: format, name, model_id, config, calibration; weights unread.

    Raises:
        ModelMissing: there is no such folder.
        ModelIncompatible: it is not a model folder, or of a newer format.
    """
    if not folder.is_dir():
        raise ModelMissing(folder)
    try:
        description = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelIncompatible(folder, f"the folder has no {CONFIG_FILE}") from error
    except (OSError, ValueError) as error:
        raise ModelIncompatible(folder, f"its {CONFIG_FILE} can't be read: {error}") from error
    if not isinstance(description, dict) or description.get("format") != FORMAT:
        raise ModelIncompatible(folder, f"its {CONFIG_FILE} is not that of an OPQN model")
    version = description.get("format_version")
    if version != FORMAT_VERSION:
        reason = (
            f"its format version is {version} and this program reads {FORMAT_VERSION}; "
            "a newer program may read it"
        )
        raise ModelIncompatible(folder, reason)
    return description


def untrained_model(config: OpqnConfig) -> OpqnModel:
    """A model to load weights into; torch's random state is left as it was."""
    # Not on the "meta" device: its first use imports a second of torch's compiler.
    with torch.random.fork_rng(devices=[]):
        return OpqnModel(config)


def find_model(name_or_path: str | Path) -> Path:
    """The folder of a model: bundled, then imported, then a path.

    Raises:
        ModelMissing: none of the three.
        ModelIncompatible: a folder of that path is there and holds no model.
    """
    for parent in (bundled_folder(), imported_folder()):
        if _is_model(parent / name_or_path):
            return parent / name_or_path
    path = Path(name_or_path)
    if not str(name_or_path) or not path.is_dir():
        raise ModelMissing(name_or_path)
    if not _is_model(path):
        raise ModelIncompatible(path, f"the folder has no {CONFIG_FILE}")
    return path


def bundled_folder() -> Path:
    """Where the models shipped with the program lie."""
    return paths.resource("models")


def imported_folder() -> Path:
    """Where models the user imports go."""
    return paths.data_dir() / "models"


def bundled_models() -> list[str]:
    """Names of the models shipped with the program, sorted."""
    return _model_names(bundled_folder())


def imported_models() -> list[str]:
    """Names of the models the user imported, sorted."""
    return _model_names(imported_folder())


def _model_names(parent: Path) -> list[str]:
    return sorted(p.name for p in parent.iterdir() if _is_model(p)) if parent.is_dir() else []


def _is_model(folder: Path) -> bool:
    return (folder / CONFIG_FILE).is_file()


def _read_state(folder: Path) -> State:
    path = folder / WEIGHTS_FILE
    if not path.is_file():
        raise ModelIncompatible(folder, f"the folder has no {WEIGHTS_FILE}")
    try:
        state: State = load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        reason = f"its {WEIGHTS_FILE} is damaged ({error}); copy the model again"
        raise ModelIncompatible(folder, reason) from error
    return state


def _write_text(path: Path, text: str) -> None:
    temporary = path.with_name(f"{path.name}.tmp")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)  # noqa: PTH105 - the atomic step is the point


def _calibration_to_dict(calibration: Calibration | None) -> dict[str, float] | None:
    if calibration is None:
        return None
    return {"slope": calibration.slope, "intercept": calibration.intercept}


def _calibration_from_dict(values: object, source: Path) -> Calibration | None:
    if values is None:
        return None
    if not isinstance(values, dict):
        raise ModelIncompatible(source, "its calibration is not a JSON object")
    slope, intercept = values.get("slope"), values.get("intercept")
    if not _is_finite(slope) or not _is_finite(intercept) or slope <= 0:
        raise ModelIncompatible(source, "its calibration needs a slope above 0 and an intercept")
    return Calibration(slope=float(slope), intercept=float(intercept))


def _is_finite(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and math.isfinite(value)
