"""The fingerprint of a model: everything that decides a face's code counts, nothing else does."""

from dataclasses import replace
from pathlib import Path

import pytest

from opqn_app.opqn.calibration import Calibration
from opqn_app.opqn.torch.checkpoint import save_model
from opqn_app.opqn.torch.model import OpqnModel
from opqn_app.opqn.torch.weights import fingerprint, stored_state
from tests.tiny_checkpoint import TINY


def test_the_model_id_is_that_of_what_is_stored(tiny_model: OpqnModel) -> None:
    half = fingerprint(TINY, stored_state(tiny_model, half=True))
    full = fingerprint(TINY, stored_state(tiny_model, half=False))
    assert half != full


@pytest.mark.parametrize("name", ["n_books", "pixel_std", "query_temperature", "resize_to"])
def test_every_part_of_the_config_counts_for_the_model_id(tiny_model: OpqnModel, name: str) -> None:
    other = {
        "n_books": replace(TINY, n_books=2),
        "pixel_std": replace(TINY, pixel_std=(128.0, 128.0, 127.5)),
        "query_temperature": TINY.with_query(temperature=2.0),
        "resize_to": replace(TINY, resize_to=120),
    }[name]
    state = stored_state(tiny_model, half=True)
    assert fingerprint(other, state) != fingerprint(TINY, state)


@pytest.mark.slow
def test_every_weight_counts_for_the_model_id_and_the_calibration_does_not(
    tiny_model: OpqnModel, tmp_path: Path
) -> None:
    state = stored_state(tiny_model, half=False)
    model_id = fingerprint(TINY, state)
    for name, value in state.items():
        changed = value.clone()
        changed.view(-1)[-1] += 1
        assert fingerprint(TINY, {**state, name: changed}) != model_id
    curve = Calibration(1.0, 0.0)
    assert save_model(tmp_path / "m", tiny_model, calibration=curve, half=False) == model_id
