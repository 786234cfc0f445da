"""What holds for every method, whatever it learns by."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from opqn_app.core.errors import SettingsError
from tests.tiny_training import (
    child_context,
    draw_people,
    tiny_config,
    tiny_data,
    train_in_world,
)
from tests.trainer.test_distributed import SHARED, free_port
from tests.trainer.test_train import OVERFIT, assert_same, without_times
from trainer.config import TrainConfig
from trainer.data.crop_set import CropSet
from trainer.data.loading import TrainingData
from trainer.engine.distributed import World
from trainer.engine.finish import finish
from trainer.engine.reports import Stopped
from trainer.engine.runs import RunDir
from trainer.engine.state import load_state
from trainer.engine.train import build_objective, train
from trainer.methods import METHODS
from trainer.presets import merge

pytestmark = pytest.mark.slow

RATES = {
    "opqn": 0.05,
    "dpq": 2e-3,
    "gpq": 2e-3,
    "pqn": 2e-3,
    "csq": 5e-3,
    "orthohash": 5e-3,
    "dcdh": 5e-3,
    "dcwh": 2e-3,
    "ddqh": 5e-3,
}  # fmt: skip - of `OVERFIT`
LONGER = {"dpq": 100}  # epochs: its soft codes start alike
BITS = {"method": {"n_books": 32, "n_words": 2, "feature_dim": 64}}
every_method = pytest.mark.parametrize("name", METHODS)


def config_of(name: str, **sections: dict[str, Any]) -> TrainConfig:
    """Of the sections on top of what the method implies."""
    named, listed = {"method": {"name": name}}, METHODS[name]
    bits = BITS if listed.is_binary else {}
    return tiny_config().with_values(merge(listed.settings, sections, bits, named))


def run_of(config: TrainConfig, folder: Path, data: TrainingData) -> RunDir:
    run = RunDir.create(folder, config)
    for _ in train(config, run, data=data):
        pass
    return run


@every_method
def test_eight_people_are_learned_and_shuffled_labels_are_not(tmp_path: Path, name: str) -> None:
    epochs = LONGER.get(name, OVERFIT["engine"]["epochs"])
    learned = {"lr": RATES[name], "lr_decay": 0.5, "epochs": epochs}
    config = config_of(name, **OVERFIT).with_values({"engine": learned})
    people = draw_people(8, 8)
    data = tiny_data(config, people)
    assert (
        finish(config, run_of(config, tmp_path / "true", data), data, "cpu")["test"]["map"] > 0.99
    )
    mixed = np.random.default_rng(0).permutation(people.people)
    data = tiny_data(config, CropSet(people.images, mixed, people.files))
    found = finish(config, run_of(config, tmp_path / "mixed", data), data, "cpu")
    assert found["test"]["map"] < 0.35


@every_method
def test_every_weight_gets_a_gradient(name: str) -> None:
    config = config_of(name)
    data = tiny_data(config)
    objective = build_objective(config, data, World()).train()
    pixels = torch.from_numpy(data.pictures.images[:12, 2:18, 2:18])
    total, parts = objective(pixels, torch.from_numpy(data.labels[:12]).clamp_min(0))
    total.backward()
    assert parts.shape == (len(objective.parts),)
    assert parts[0] == total
    lacking = [key for key, p in objective.named_parameters() if p.grad is None or not p.grad.any()]
    assert lacking == []


@every_method
def test_stopped_and_resumed_equals_uninterrupted(tmp_path: Path, name: str) -> None:
    config = config_of(
        name, engine={"epochs": 3, "ema": 0.9, "lr": RATES[name]}, data={"labelled_per_person": 3}
    )
    data = tiny_data(config)
    whole = run_of(config, tmp_path / "whole", data)
    run, asked = RunDir.create(tmp_path / "parts", config), iter(range(100))
    with pytest.raises(Stopped):
        list(train(config, run, data=data, should_stop=lambda: next(asked) == 4))
    list(train(config, run, data=data, is_resumed=True))
    assert_same(load_state(whole.last), load_state(run.last))
    assert_same(load_state(whole.best), load_state(run.best))
    assert without_times(whole) == without_times(run)


@every_method
def test_two_processes_equal_one(tmp_path: Path, name: str) -> None:
    # Adam divides by what a gradient's last bits can change.
    config = config_of(name, **SHARED).with_values(
        {"engine": {"optimiser": "sgd", "batch_size": 6}, "data": {"labelled_per_person": 3}}
    )
    alone = run_of(config, tmp_path / "one", tiny_data(config))
    context, port = child_context(), free_port()
    children = [
        context.Process(target=train_in_world, args=(config, str(tmp_path / "two"), rank, 2, port))
        for rank in range(2)
    ]
    for child in children:
        child.start()
    for child in children:
        child.join(120)
    assert [child.exitcode for child in children] == [0, 0]
    both = RunDir.open(tmp_path / "two")
    for first, second in zip(alone.metrics(), both.metrics(), strict=True):
        assert second["loss"] == pytest.approx(first["loss"], rel=1e-4, abs=1e-6)
    one, two = load_state(alone.last), load_state(both.last)
    for part in ("network", "loss"):
        for key, value in one[part].items():
            assert torch.allclose(two[part][key], value, atol=1e-4), key


def test_a_run_of_before_there_were_methods_is_opqn() -> None:
    values = tiny_config().to_dict()
    del values["method"]["name"]
    assert TrainConfig.from_dict(values).method.name == "opqn"


def test_an_unknown_method_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match=r"method\.name"):
        tiny_config(method={"name": "nothing"})
