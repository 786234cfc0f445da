"""Where models lie and what their config files say; weights are left alone."""

import hashlib
import math
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeGuard

from opqn_app.core import paths, plain_json
from opqn_app.core.errors import ModelIncompatible, ModelMissing
from opqn_app.core.files import replace_json
from opqn_app.opqn.calibration import Calibration
from opqn_app.opqn.config import OpqnConfig
from opqn_app.opqn.links import Links, links_from_dict

WEIGHTS_FILE = "model.safetensors"
NETWORK_FILE = "model.onnx"
TRUNKS = "trunks"  # folder beside model folders, of trunks that several models share
CONFIG_FILE = "config.json"
CARD_FILE = "README.md"
PLAIN, PLAIN_ONNX = r"[a-z0-9][a-z0-9-]*", r"[a-z0-9][a-z0-9-]*\.onnx"  # no path in them
FORMAT = "opqn-model"
FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """What the config file of a model says, checked; weights and networks are unread.

    Attributes:
        trunk: weights of the trunk it shares with its neighbours, or None.
        networks: sha256 of its ONNX files by name, in the order in which a picture passes them;
            empty for a folder of an older version.
    """

    folder: Path
    name: str
    model_id: str
    config: OpqnConfig
    calibration: Calibration | None
    links: Links | None
    trunk: Path | None
    networks: dict[str, str]

    @property
    def has_networks(self) -> bool:
        return bool(self.networks)

    @property
    def weights(self) -> list[Path]:
        """The safetensors files that hold its weights."""
        own = self.folder / WEIGHTS_FILE
        return [own] if self.trunk is None else [self.trunk, own]

    def checked_networks(self) -> list[Path]:
        """Its ONNX files, in order.

        Raises:
            ModelIncompatible: one is missing or is not the one that was saved.
        """
        paths = []
        for name, digest in self.networks.items():
            path = (self.folder if name == NETWORK_FILE else self.folder.parent / TRUNKS) / name
            try:
                found = hashlib.sha256(path.read_bytes()).hexdigest()
            except OSError as error:
                raise ModelIncompatible(self.folder, f"it has no {name}") from error
            if found != digest:
                raise ModelIncompatible(
                    self.folder,
                    f"{name} and {CONFIG_FILE} do not belong together; copy the model again",
                )
            paths.append(path)
        return paths


def model_files(folder: Path) -> ModelFiles:
    """What a model folder holds.

    Raises:
        ModelMissing: there is no such folder.
        ModelIncompatible: its config file is not that of a model, or of a newer format.
    """
    said = read_description(folder)
    networks = said.get("networks") or {}
    if not isinstance(networks, dict) or not all(map(re.compile(PLAIN_ONNX).fullmatch, networks)):
        raise ModelIncompatible(folder, "its networks are not named by small letters and digits")
    trunk = trunk_file(folder, said.get("trunk"))
    if networks and (NETWORK_FILE not in networks or len(networks) != (1 if trunk is None else 2)):
        raise ModelIncompatible(folder, f"its networks are not {NETWORK_FILE} and its trunk's")
    in_order = sorted(networks.items(), key=lambda item: item[0] == NETWORK_FILE)
    return ModelFiles(
        folder=folder,
        name=str(said.get("name") or folder.name),
        model_id=str(said.get("model_id")),
        config=OpqnConfig.from_dict(said.get("config"), source=str(folder)),
        calibration=calibration_from_dict(said.get("calibration"), folder),
        links=links_from_dict(said.get("links"), folder),
        trunk=trunk,
        networks=dict(in_order),
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
        description = plain_json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
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


def write_description(folder: Path, description: dict[str, Any]) -> None:
    """Write the config file; a write that is cut off leaves the one before."""
    replace_json(folder / CONFIG_FILE, description)


def store_links(folder: Path, links: Links) -> None:
    """Give a model other links; all else stays.

    Raises:
        ModelMissing, ModelIncompatible: it can't be read.
    """
    write_description(folder, read_description(folder) | {"links": asdict(links)})


def trunk_file(folder: Path, name: object) -> Path | None:
    """Where the trunk that a model shares with its neighbours lies; None where it has its own.

    Args:
        name: the `trunk` entry of its config file.

    Raises:
        ModelIncompatible: it is no plain name.
    """
    if name is None:
        return None
    if not isinstance(name, str) or not re.fullmatch(PLAIN, name):
        raise ModelIncompatible(folder, "its trunk is not named by small letters and digits")
    return folder.parent / TRUNKS / f"{name}.safetensors"


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


def calibration_from_dict(values: object, source: Path) -> Calibration | None:
    """The `calibration` entry of a config file; None where the model has none.

    Raises:
        ModelIncompatible: it is no calibration.
    """
    if values is None:
        return None
    if not isinstance(values, dict):
        raise ModelIncompatible(source, "its calibration is not a JSON object")
    slope, intercept = values.get("slope"), values.get("intercept")
    if not _is_finite(slope) or not _is_finite(intercept) or slope <= 0:
        raise ModelIncompatible(source, "its calibration needs a slope above 0 and an intercept")
    usual, following = values.get("usual", 0.0), values.get("following", 0.0)
    if not _is_finite(usual) or not _is_finite(following) or not 0 <= following <= 1:
        raise ModelIncompatible(source, "its calibration does not say how it follows a library")
    return Calibration(float(slope), float(intercept), float(usual), float(following))


def _model_names(parent: Path) -> list[str]:
    return sorted(p.name for p in parent.iterdir() if _is_model(p)) if parent.is_dir() else []


def _is_model(folder: Path) -> bool:
    return (folder / CONFIG_FILE).is_file()


def _is_finite(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and math.isfinite(value)
