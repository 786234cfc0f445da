"""Two gloo processes against one with the same global batch."""

import socket
from pathlib import Path
from typing import Any

import pytest
import torch

from opqn_app.core.errors import SettingsError
from tests.tiny_training import child_context, tiny_config, tiny_data, train_in_world
from trainer.engine.distributed import World
from trainer.engine.feed import Feed
from trainer.engine.runs import RunDir
from trainer.engine.state import load_state
from trainer.engine.train import train

# What each process computes by itself alone must not depend on how pictures are shared out: no
# batch statistics (synchronised ones need CUDA) and no dropout (its draws differ by process).
SHARED: dict[str, dict[str, Any]] = {
    "method": {"dropout": 0.0},
    "engine": {"batch_norm": "frozen", "epochs": 2, "lr": 0.02, "batch_size": 8},
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.slow
def test_two_processes_equal_one(tmp_path: Path) -> None:
    config = tiny_config(**SHARED)
    alone = RunDir.create(tmp_path / "one", config)
    reports = list(train(config, alone, data=tiny_data(config)))
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
    for line, report in zip(both.metrics(), reports, strict=True):
        assert line["loss"]["total"] == pytest.approx(report.loss["total"], rel=1e-5)
        assert report.validation is not None
        assert line["validation"]["map"] == pytest.approx(report.validation.map, abs=1e-6)
    one, two = load_state(alone.last), load_state(both.last)
    for part in ("network", "loss"):
        for name, value in one[part].items():
            assert torch.allclose(two[part][name], value, atol=1e-4), name
    assert len(two["random"]) == 2
    assert both.read("environment.json")["processes"] == 2


def test_shares_of_unequal_size_are_refused() -> None:
    """Means over processes would weigh pictures unequally, and some losses gather rows."""
    config = tiny_config(engine={"batch_size": 9})
    made = {"uses_unlabelled": False, "generator": torch.Generator()}
    feed = Feed(config, tiny_data(config), World(size=2), **made)  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="9 can't be shared out evenly to 2 processes"):
        feed.bounds()


def test_one_process_is_a_world() -> None:
    world = World()
    assert world.is_main
    assert world.any(True)
    assert not world.any(False)
    assert world.gather("x") == ["x"]
    assert torch.equal(world.mean(torch.ones(2)), torch.ones(2))
