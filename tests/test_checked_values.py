"""A value that a config can't have is named together with what it could be."""

from typing import Annotated, Any

import numpy as np
import pytest

from opqn_app.core.checked_values import above, between, checked, in_words, kinds_of, one_of
from opqn_app.opqn.config import OpqnConfig
from trainer.config import AugmentConfig, DataConfig, EngineConfig, MethodConfig

EIGHTH = Annotated[int, between(1, 8)]
SHARE = Annotated[float, between(0.0, 0.5)]
SCALE = Annotated[float, above(0.0, 1e9)]
ORDER = Annotated[str, one_of(("rgb", "b.r"))]


@pytest.mark.parametrize(
    ("value", "kind", "wanted"),
    [
        (8, EIGHTH, 8),
        (1, float, 1.0),
        (np.float64(0.25), SHARE, 0.25),
        ("b.r", ORDER, "b.r"),
        (False, bool, False),
        (["a"], tuple[str, ...], ("a",)),
        ([1, 2.5, 3], tuple[SCALE, SCALE, SCALE], (1.0, 2.5, 3.0)),
    ],
)
def test_what_is_allowed_comes_back_in_its_type(value: object, kind: Any, wanted: object) -> None:
    made = checked(value, kind)
    assert made == wanted
    assert type(made) is type(wanted)


@pytest.mark.parametrize(
    ("value", "kind", "words"),
    [
        (9, EIGHTH, "must be a whole number from 1 to 8, not 9"),
        (8.0, EIGHTH, "must be a whole number from 1 to 8, not 8.0"),
        (True, EIGHTH, "must be a whole number from 1 to 8, not True"),
        ("3", EIGHTH, "must be a whole number from 1 to 8, not '3'"),
        (float("nan"), SHARE, "must be a number from 0.0 to 0.5, not nan"),
        (0, SCALE, "must be a number above 0 and at most 1e+09, not 0"),
        (float("inf"), SCALE, "must be a number above 0 and at most 1e+09, not inf"),
        ("bxr", ORDER, "must be one of rgb, b.r, not 'bxr'"),
        ("rgb\n", ORDER, "must be one of rgb, b.r, not 'rgb\\n'"),
        (["rgb"], ORDER, "must be one of rgb, b.r, not ['rgb']"),
        (1, bool, "must be true or false, not 1"),
        ("a", tuple[str, ...], "must be a list of texts, not 'a'"),
        ([1, 2], tuple[float, float, float], "must be three numbers, not [1, 2]"),
    ],
)
def test_what_is_not_allowed_is_said_plainly(value: object, kind: Any, words: str) -> None:
    with pytest.raises(ValueError, match="must be") as caught:
        checked(value, kind)
    assert str(caught.value) == words


def test_every_field_of_every_config_can_be_put_into_words() -> None:
    configs = (OpqnConfig, DataConfig, MethodConfig, AugmentConfig, EngineConfig)
    said = {in_words(kind) for config in configs for kind in kinds_of(config).values()}
    assert "one of single, unseen, official" in said
    assert "three numbers above 0 and at most 1e+09" in said
