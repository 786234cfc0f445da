"""The learning rate of every epoch."""

import pytest

from trainer.config import EngineConfig
from trainer.engine.schedule import is_trunk_frozen, learning_rate, trunk_learning_rate
from trainer.presets import preset


def test_small_sets_halve_every_35_epochs() -> None:
    engine = preset("paper").engine
    rates = [learning_rate(engine, epoch) for epoch in range(engine.epochs)]
    assert rates[:35] == [0.1] * 35
    assert rates[35:70] == [0.05] * 35
    assert rates[175:200] == pytest.approx([0.1 * 0.5**5] * 25)


def test_vggface2_halves_every_20_epochs() -> None:
    engine = preset("code", input_size=112).engine
    assert [learning_rate(engine, e) for e in (0, 19, 20, 39, 40, 159)] == pytest.approx(
        [0.1, 0.1, 0.05, 0.05, 0.025, 0.1 * 0.5**7]
    )
    assert len(range(engine.epochs)) == 160


def test_warm_up_rises_step_by_step_to_the_full_rate() -> None:
    engine = EngineConfig(lr=0.4, warmup_epochs=2)
    rates = [learning_rate(engine, 0, p) for p in (0.0, 0.5)] + [learning_rate(engine, 1, 0.5)]
    assert rates == pytest.approx([0.0, 0.1, 0.3])
    assert learning_rate(engine, 2) == 0.4


def test_trunk_stands_still_then_warms_up_to_its_own_rate() -> None:
    engine = EngineConfig(lr=0.1, trunk_lr_scale=0.5, trunk_frozen_epochs=3, trunk_warmup_epochs=2)
    assert [is_trunk_frozen(engine, e) for e in (0, 2, 3)] == [True, True, False]
    assert [trunk_learning_rate(engine, e, 0.0) for e in (0, 2, 3, 4, 5)] == pytest.approx(
        [0, 0, 0, 0.025, 0.05]
    )
    assert learning_rate(engine, 0) == 0.1


def test_a_trunk_rate_of_zero_is_frozen_for_good() -> None:
    assert is_trunk_frozen(EngineConfig(trunk_lr_scale=0.0), 150)
