"""The gate: shipped models reach their stored figures, and codes are the same everywhere."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from opqn_app.opqn.model_folder import bundled_models
from trainer.data.pictures import AlignedCrops
from trainer.recipes import gate

FOLDER = Path(__file__).resolve().parent.parent / "data"
FOUND = gate.Measured("m1", {"rank1": 0.9, "map": 0.8}, {"a": "0001020304", "b": "05060708ff"})


def as_stored(found: gate.Measured) -> dict[str, object]:
    return {"model_id": found.model_id, "figures": found.figures, "codes": found.codes}


@pytest.mark.slow
@pytest.mark.parametrize("name", bundled_models())
def test_a_shipped_model_does_what_is_stored(name: str) -> None:
    stored = gate.read_stored(FOLDER)
    assert name in stored, "after adding a model: python -m trainer.recipes.gate --write"
    assert gate.shortfalls(stored[name], gate.measure(name, FOLDER / gate.CROPS)) == []


def test_nothing_is_stored_of_models_that_are_not_shipped() -> None:
    assert set(gate.read_stored(FOLDER)) == set(bundled_models())


def test_the_set_is_ten_crops_of_forty_people() -> None:
    source = AlignedCrops(FOLDER / gate.CROPS)
    people, counts = np.unique(source.people, return_counts=True)
    assert len(people) == 40
    assert set(counts.tolist()) == {10}
    assert source.crop(0).shape == (112, 112, 3)


def test_a_lower_figure_falls_short_beyond_the_tolerance_only() -> None:
    inside = replace(FOUND, figures=FOUND.figures | {"map": 0.8 - gate.TOLERANCE / 2})
    beyond = replace(FOUND, figures=FOUND.figures | {"map": 0.8 - 2 * gate.TOLERANCE})
    better = replace(FOUND, figures={"rank1": 1.0, "map": 1.0})
    assert gate.shortfalls(as_stored(FOUND), inside) == []
    assert gate.shortfalls(as_stored(FOUND), better) == []
    (wrong,) = gate.shortfalls(as_stored(FOUND), beyond)
    assert wrong.startswith("map is 0.7900, stored 0.8000")


def test_other_codes_fall_short() -> None:
    (wrong,) = gate.shortfalls(
        as_stored(FOUND), replace(FOUND, codes={"a": "0001020304", "b": "05060708fe"})
    )
    assert wrong.startswith("10.00% of the stored code words differ")


def test_a_replaced_model_says_what_to_do() -> None:
    (wrong,) = gate.shortfalls(as_stored(FOUND), replace(FOUND, model_id="m2"))
    assert "gate --write" in wrong
