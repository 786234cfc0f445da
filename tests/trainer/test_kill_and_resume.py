"""A real kill -9, five times at random points, against the run that was left alone."""

import random
from pathlib import Path

import pytest

from tests.tiny_training import child_context, tiny_config, train_in_child
from trainer.engine.runs import RunDir
from trainer.engine.state import load_state


def run_until(folder: Path, config: object, steps: int | None) -> bool:
    """Train in a child; kill it after `steps` steps. Returns whether it came to its end."""
    context = child_context()
    here, there = context.Pipe()
    child = context.Process(target=train_in_child, args=(config, str(folder), there))
    child.start()
    there.close()
    seen, is_done = 0, False
    try:
        while not is_done and (steps is None or seen < steps):
            is_done = here.recv() == "end"
            seen += 1
    except EOFError:
        pytest.fail("the training process ended by itself")
    if not is_done:
        child.kill()
    child.join(30)
    here.close()
    return is_done


@pytest.mark.slow
def test_five_kills_change_no_bit(tmp_path: Path) -> None:
    config = tiny_config(
        engine={"epochs": 4, "checkpoint_steps": 2, "batch_size": 4, "ema": 0.9},
        augment={"grey": 0.5},
    )
    assert run_until(tmp_path / "whole", config, None)
    points = random.Random(11)
    kills = 0
    for _ in range(5):
        kills += not run_until(tmp_path / "killed", config, points.randint(1, 6))
    assert kills == 5
    assert run_until(tmp_path / "killed", config, None)
    whole, killed = RunDir(tmp_path / "whole"), RunDir(tmp_path / "killed")
    from tests.trainer.test_train import assert_same, without_times

    assert_same(load_state(whole.last), load_state(killed.last))
    assert_same(load_state(whole.best), load_state(killed.best))
    assert without_times(whole) == without_times(killed)
