"""Training runs as the page shows them: read from their folders, live from the child's events."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from opqn_app.core import paths, plain_json
from opqn_app.core.progress import counted
from opqn_app.ui.charts.chart_data import Axes, Curve
from opqn_app.ui.train.method_names import method_of

LOSS_AXES = Axes(
    title="Loss",
    x="epoch",
    y="loss",
    x_label="epoch",
    y_label="loss",
)
MAP_AXES = Axes(
    title="Accuracy on pictures kept aside",
    x="epoch",
    y="value",
    x_label="epoch",
    y_label="mAP and rank-1",
    y_range=(0.0, 1.0),
)


WEAK_MAP = 0.5  # below it, half of what is shown for a person is others; the user is asked first


def runs_folder() -> Path:
    """Where the window keeps its runs."""
    return paths.data_dir() / "runs"


@dataclass(slots=True)
class History:
    """The figures of a run, epoch by epoch; the same from metrics.jsonl and from live events."""

    epochs: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    checked: list[float] = field(default_factory=list)
    maps: list[float] = field(default_factory=list)
    rank1s: list[float] = field(default_factory=list)
    now: tuple[float, float] | None = None  # epoch and loss, within the current epoch

    def add_epoch(self, values: dict[str, Any]) -> None:
        """One line of metrics.jsonl, or one `epoch` event.

        Raises:
            KeyError, TypeError, ValueError: it is no such line.
        """
        epoch = float(values["epoch"])
        while self.epochs and self.epochs[-1] >= epoch:  # a resumed run does it again
            self.epochs.pop()
            self.losses.pop()
        while self.checked and self.checked[-1] >= epoch:
            self.checked.pop()
            self.maps.pop()
            self.rank1s.pop()
        self.epochs.append(epoch)
        self.losses.append(float(values["loss"]["total"]))
        if values["validation"]:
            self.checked.append(epoch)
            self.maps.append(float(values["validation"]["map"]))
            self.rank1s.append(float(values["validation"]["rank1"]))
        self.now = None

    def add_step(self, values: dict[str, Any]) -> None:
        """One `step` event: the mean loss of the epoch so far."""
        at = float(values["epoch"]) - 1 + float(values["step"]) / max(float(values["steps"]), 1.0)
        self.now = at, float(values["loss"])

    def loss_curves(self) -> list[Curve]:
        """The loss after each epoch, and where the current one stands."""
        x, y = list(self.epochs), list(self.losses)
        if self.now is not None:
            x.append(self.now[0])
            y.append(self.now[1])
        return [Curve("loss", {"epoch": np.array(x), "loss": np.array(y)})] if x else []

    def map_curves(self) -> list[Curve]:
        """mAP and rank-1 of the validation pictures."""
        if not self.checked:
            return []
        epochs = np.array(self.checked)
        named = {"mAP": self.maps, "rank-1": self.rank1s}
        return [Curve(n, {"epoch": epochs, "value": np.array(v)}) for n, v in named.items()]


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A run folder.

    Attributes:
        method: its name in tables.
        bits: length of the codes.
        done: finished epochs, of `epochs`.
        test: figures on the test pictures; None until the run is finished.
        has_weights: it can be taken as a model.
    """

    path: Path
    method: str
    bits: int
    preset: str
    done: int
    epochs: int
    best_map: float | None
    test: dict[str, Any] | None
    is_finished: bool
    has_weights: bool
    changed_at: float
    history: History

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def known_map(self) -> float | None:
        """mAP on the test pictures, or the best one that was measured on the way."""
        return self.best_map if self.test is None else float(self.test["map"])

    @property
    def is_weak(self) -> bool:
        """It is known to rank strangers among the faces of one person."""
        return self.known_map is not None and self.known_map < WEAK_MAP

    @property
    def can_resume(self) -> bool:
        return not self.is_finished

    def row(self, *, is_running: bool) -> list[str]:
        """Cells of the list of runs."""
        state = "running" if is_running else "finished" if self.is_finished else "stopped"
        test = self.test or {}
        return [
            self.name,
            self.method,
            state,
            f"{self.done:,} of {self.epochs:,}",
            f"{self.bits}",
            _figure(self.best_map),
            _figure(test.get("map")),
            _figure(test.get("rank1")),
        ]


RUN_HEADS = ("Run", "Method", "State", "Epochs", "Bits", "Best mAP", "Test mAP", "Test rank-1")


def read_runs(folder: Path) -> list[Run]:
    """The runs below a folder, the newest first; runs in a lane."""
    found = []
    for config in folder.glob("*/config.json"):
        try:
            found.append(_read_run(config.parent))
        except (OSError, ValueError, KeyError, TypeError):  # no run, or one being written
            continue
    return sorted(found, key=lambda run: run.changed_at, reverse=True)


def _read_run(path: Path) -> Run:
    config = plain_json.loads((path / "config.json").read_text(encoding="utf-8"))
    method, engine = config["method"], config["engine"]
    result = _json(path / "result.json")
    history = read_history(path)
    files = [path / name for name in ("metrics.jsonl", "config.json")]
    return Run(
        path=path,
        method=method_of(method),
        bits=int(method["n_books"]) * (int(method["n_words"]) - 1).bit_length(),
        preset=str(config["preset"]),
        done=len(history.epochs),
        epochs=int(engine["epochs"]),
        best_map=max(history.maps, default=None),
        test=result.get("test"),
        is_finished=bool(result),
        has_weights=(path / "best.pt").is_file(),
        changed_at=max(file.stat().st_mtime for file in files if file.is_file()),
        history=history,
    )


def read_history(path: Path) -> History:
    """What metrics.jsonl of a run says; a line that was cut off ends it."""
    history, file = History(), path / "metrics.jsonl"
    for line in file.read_text(encoding="utf-8").splitlines() if file.is_file() else ():
        try:
            history.add_epoch(plain_json.loads(line))
        except (ValueError, KeyError, TypeError):
            break
    return history


def _json(path: Path) -> dict[str, Any]:
    try:
        values = plain_json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def run_name(data: Path, taken: Sequence[str]) -> str:
    """A new run's name: the data's and the day's, numbered if it is taken."""
    first = f"{data.name.partition('.')[0]} {time.strftime('%Y-%m-%d')}".strip()
    number, name = 1, first
    used = {other.casefold() for other in taken}  # some disks know no upper and lower case
    while name.casefold() in used:
        number += 1
        name = f"{first} {number}"
    return name


def step_in_words(values: dict[str, Any]) -> str:
    """ "Epoch 3 of 200 · loss 21.3 · 812 pictures a second"."""
    return (
        f"Epoch {values['epoch']:,} of {values['epochs']:,} · loss {values['loss']:.3f} · "
        f"{values['images_per_s']:,.0f} pictures a second"
    )


def share_done(values: dict[str, Any]) -> float:
    """How much of the training a `step` event has done, 0 to 1."""
    epochs = float(values["epoch"]) - 1 + float(values["step"]) / max(float(values["steps"]), 1.0)
    return epochs / max(float(values["epochs"]), 1.0)


def data_in_words(values: dict[str, Any]) -> str:
    """What a `data` event says of the pictures."""
    words = (
        f"{values['train']:,} pictures of {values['people']:,} people train, "
        f"{values['val']:,} choose the best weights, {values['test']:,} test them."
    )
    if values["duplicates"]:
        words += f" {values['duplicates']:,} test pictures also train (the same pixels)."
    if values.get("left_out"):
        words += f" {counted(values['left_out'], 'picture')} took no part"
        lost = values["people_without_a_picture"]
        more = f" and {len(lost) - 3:,} more" if len(lost) > 3 else ""
        words += f", and none is left of {', '.join(lost[:3])}{more}." if lost else "."
        words += " The run's environment.json says why."
    if values.get("read_in_part"):
        number = counted(values["read_in_part"], "picture")
        words += f" {number} could be read only in part; environment.json says which."
    return words


def result_in_words(values: dict[str, Any]) -> str:
    """What a `result` event says."""
    test = values.get("test")
    if not test:
        return "Training is finished. No pictures were left to test it with."
    return (
        f"Training is finished. On the test pictures: mAP {test['map']:.4f}, rank-1 "
        f"{test['rank1']:.4f} ({test['queries']:,} asked, {test['gallery']:,} were searched)."
    )


def model_name(run: Run, taken: Sequence[str]) -> str:
    """A name for the model of a run that no other model has."""
    number, name = 1, run.name
    while name in taken:
        number += 1
        name = f"{run.name} {number}"
    return name


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
