"""A run on disk: a folder that says what was trained, on what, with what, and how it went.

config.json        the TrainConfig
environment.json   git commit, versions, device, command, data: counts, manifest hash, duplicates
split.json         which picture had which role; usable by `--split-file`
metrics.jsonl      one object an epoch
last.pt            everything needed to go on, bit for bit
best.pt            the weights that were best on the validation split
result.json        figures of the best weights on the test split
model/             the model folder the app loads
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opqn_app.core import plain_json
from opqn_app.core.errors import DataError, OpqnError
from opqn_app.core.files import replace_json, replace_text
from trainer.config import TrainConfig


@dataclass(frozen=True, slots=True)
class RunDir:
    """Paths of a run, and how its files are written."""

    path: Path

    @classmethod
    def create(cls, path: Path, config: TrainConfig) -> "RunDir":
        """A new folder for a run.

        Raises:
            RunPlaceTaken: the place is taken.
            DataError: it can't be written.
        """
        check_is_free(path)
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DataError(path, f"the run can't be written there ({error})") from error
        replace_json(path / "config.json", config.to_dict())
        return cls(path)

    @classmethod
    def open(cls, path: Path) -> "RunDir":
        """A folder that holds a run.

        Raises:
            DataError: it does not.
        """
        if not (path / "config.json").is_file():
            raise DataError(path, "it holds no run (no config.json)")
        return cls(path)

    @property
    def last(self) -> Path:
        return self.path / "last.pt"

    @property
    def best(self) -> Path:
        return self.path / "best.pt"

    @property
    def split(self) -> Path:
        return self.path / "split.json"

    @property
    def model(self) -> Path:
        return self.path / "model"

    def config(self) -> TrainConfig:
        """The config the run was made with."""
        return TrainConfig.from_dict(self.read("config.json"))

    def read(self, name: str) -> dict[str, Any]:
        """A JSON file of the run; empty when it is not there (yet).

        Raises:
            DataError: it is damaged.
        """
        try:
            values = plain_json.loads((self.path / name).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise DataError(self.path / name, f"it can't be read ({error})") from error
        return dict(values)

    def write(self, name: str, values: dict[str, Any]) -> None:
        """Write a JSON file of the run in one step."""
        replace_json(self.path / name, values)

    def metrics(self) -> Iterator[dict[str, Any]]:
        """The lines of metrics.jsonl; a line cut off by a crash is left out."""
        path = self.path / "metrics.jsonl"
        for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
            try:
                yield plain_json.loads(line)
            except ValueError:
                return

    def add_metrics(self, values: dict[str, Any]) -> None:
        """Append one epoch."""
        with (self.path / "metrics.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(values) + "\n")

    def keep_metrics_before(self, epoch: int) -> None:
        """Drop epochs from `epoch` on: what a resumed run is about to write again."""
        kept = [json.dumps(line) + "\n" for line in self.metrics() if line["epoch"] < epoch]
        replace_text(self.path / "metrics.jsonl", "".join(kept))


class RunPlaceTaken(OpqnError):
    """A run can't be made where it was asked for."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"The folder {path} can't be used for the run: {reason}.")


def check_is_free(path: Path) -> None:
    """Whether a new run may be made at `path`.

    Raises:
        RunPlaceTaken: a run or something else is there.
    """
    try:
        names = [e.name for e in path.iterdir() if not e.name.startswith(".")]
    except FileNotFoundError:
        return
    except NotADirectoryError as error:
        raise RunPlaceTaken(path, "it is a file; choose another name for the run") from error
    except OSError as error:
        raise RunPlaceTaken(path, f"the run can't be written there ({error})") from error
    if "config.json" in names:
        reason = "a run is there already; go on with it (--resume) or choose another name"
        raise RunPlaceTaken(path, reason)
    if names:
        raise RunPlaceTaken(path, "it holds other files; choose another name for the run")


def find_runs(folder: Path) -> list[RunDir]:
    """The runs in `folder`, however deep, by name; `folder` itself may be one."""
    return [RunDir(file.parent) for file in sorted(folder.rglob("config.json")) if _is_run(file)]


def _is_run(config_file: Path) -> bool:
    try:
        values = plain_json.loads(config_file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(values, dict) and {"data", "method", "engine"} <= values.keys()
