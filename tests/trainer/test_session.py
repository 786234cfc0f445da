"""What a person at the terminal, a window, and TensorBoard are told."""

import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.tiny_training import tiny_config, tiny_data
from trainer.engine.distributed import World
from trainer.engine.reports import StepProgress
from trainer.engine.runs import RunDir
from trainer.engine.session import epoch_in_words, step_in_words
from trainer.engine.tensorboard import Curves
from trainer.engine.train import build_objective, train

ROOT = Path(__file__).resolve().parents[2]


def test_progress_in_words() -> None:
    progress = StepProgress(
        epoch=3, epochs=200, step=120, steps=407, loss=21.3141, images_per_s=1812.4, eta_s=3900
    )
    words = "epoch 3/200 · 120/407 · loss 21.314 · 1,812 images/s · 1 h 5 min left"
    assert step_in_words(progress) == words


def test_steps_are_told_with_speed_and_time_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainer.engine.train.SHOW_EVERY_S", 0.0)
    config = tiny_config()
    told: list[StepProgress] = []
    run = RunDir.create(tmp_path / "run", config)
    reports = list(train(config, run, data=tiny_data(config), on_step=told.append))
    assert [(p.epoch, p.step, p.steps) for p in told] == [
        (epoch, step, 3) for epoch in (1, 2) for step in (1, 2, 3)
    ]
    assert all(p.images_per_s > 0 and p.eta_s >= 0 for p in told)
    assert told[-1].eta_s == 0
    assert told[-1].loss == pytest.approx(reports[-1].loss["total"], rel=1e-6)
    words = epoch_in_words(reports[-1])
    assert words.startswith("epoch 2/2  loss ")
    assert "val mAP" in words


TWO_SIGNALS = """
import signal
from trainer.engine.stopping import stop_requests

before = signal.getsignal(signal.SIGINT)
with stop_requests() as stop:
    assert not stop.is_set()
    signal.raise_signal(signal.SIGINT)
    assert stop.is_set()
    try:
        signal.raise_signal(signal.SIGTERM)
    except KeyboardInterrupt:
        print("stopped at once")
assert signal.getsignal(signal.SIGINT) is before
"""


def test_a_second_ctrl_c_does_not_wait() -> None:
    """In a process of its own: what other tests have loaded changes what a signal meets."""
    done = subprocess.run(
        [sys.executable, "-c", TWO_SIGNALS], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "stopped at once\n"), done.stderr


class Writer:
    """Stands for TensorBoard's; keeps what it is given."""

    scalars: list[tuple[str, float, int]] = []  # noqa: RUF012 - reset by the test

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def add_scalar(self, name: str, value: float, epoch: int) -> None:
        self.scalars.append((name, value, epoch))

    def close(self) -> None:
        self.scalars.append(("closed", 0.0, 0))


def test_curves_go_to_tensorboard_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module: Any = types.ModuleType("torch.utils.tensorboard")
    module.SummaryWriter = Writer
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
    monkeypatch.setattr(Writer, "scalars", [])
    config = tiny_config(engine={"epochs": 1})
    run = RunDir.create(tmp_path / "run", config)
    curves = Curves(run)
    for report in train(config, run, data=tiny_data(config)):
        curves.add(report)
    curves.close()
    names = [name for name, _, _ in Writer.scalars]
    assert {"loss/total", "loss/entropy", "rate/head", "val/map", "speed/images_per_s"} <= {*names}
    assert names[-1] == "closed"


def test_memory_format_changes_no_loss() -> None:
    losses = []
    for channels_last in (False, True):
        config = tiny_config(engine={"channels_last": channels_last}, method={"dropout": 0.0})
        data = tiny_data(config)
        torch.manual_seed(0)
        objective = build_objective(config, data, World())
        pixels = torch.from_numpy(data.pictures.images[:8, :16, :16].copy())
        labels = torch.from_numpy(data.labels[:8])
        losses.append(float(objective(pixels, labels)[0].detach()))
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
