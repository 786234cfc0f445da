"""A config that cannot be a model is refused with a sentence; a good one survives JSON."""

import json
from typing import Any

import numpy as np
import pytest

from opqn_app.errors import ModelIncompatible
from opqn_app.opqn.config import OpqnConfig

PAPER_SIZES = [  # bits, M, K, D (method: small sets, then VGGFace2)
    (16, 2, 256, 512),
    (24, 4, 64, 512),
    (36, 6, 64, 516),
    (48, 8, 64, 512),
    (24, 3, 256, 768),
    (36, 4, 512, 2048),
    (48, 6, 256, 1536),
    (64, 8, 256, 2048),
]


@pytest.mark.parametrize(("bits", "n_books", "n_words", "feature_dim"), PAPER_SIZES)
def test_the_papers_sizes_give_the_papers_bits(
    bits: int, n_books: int, n_words: int, feature_dim: int
) -> None:
    config = OpqnConfig(n_books, n_words, feature_dim)
    assert config.code_bits == bits
    assert config.sub_dim * n_books == feature_dim


def test_up_to_256_words_fit_a_byte_and_more_take_two() -> None:
    assert np.dtype(OpqnConfig(2, 256, 512).code_dtype) == np.uint8
    assert OpqnConfig(2, 256, 512).code_bytes == 2
    assert np.dtype(OpqnConfig(2, 257, 600).code_dtype) == np.uint16
    assert OpqnConfig(2, 257, 600).code_bytes == 4
    assert OpqnConfig(2, 257, 600).bits_per_book == 9


def test_json_brings_the_same_config_back() -> None:
    config = OpqnConfig(6, 64, 516, "resnet20", 32, 35, "rgb", (1.5, 2.0, 3.0), (4.0, 5.0, 6.0))
    asked = config.with_query(temperature=4.0, form="linear")
    assert OpqnConfig.from_dict(json.loads(json.dumps(asked.to_dict()))) == asked
    assert asked != config


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"n_words": 257}, "orthonormal"),
        ({"feature_dim": 2047}, "equal pieces"),
        ({"n_books": 0}, "n_books"),
        ({"n_books": True}, "n_books"),
        ({"n_books": 8.0}, "n_books"),
        ({"n_words": 1}, "n_words"),
        ({"n_words": "256"}, "n_words"),
        ({"n_books": 1, "feature_dim": 65536}, "too large"),
        ({"n_words": 8192, "feature_dim": 65536}, "too large"),
        ({"backbone": "vgg"}, "backbone"),
        ({"backbone": ["resnet20"]}, "backbone"),
        ({"input_size": 64}, "takes pictures"),
        ({"input_size": 32}, "takes pictures"),
        ({"resize_to": 100}, "resize_to"),
        ({"channel_order": "gbr"}, "channel_order"),
        ({"pixel_mean": 127.5}, "pixel_mean"),
        ({"pixel_mean": (0.0, 0.0, float("nan"))}, "pixel_mean"),
        ({"pixel_std": (1.0, 0.0, 1.0)}, "pixel_std"),
        ({"query_temperature": 0}, "query_temperature"),
        ({"query_temperature": float("inf")}, "query_temperature"),
        ({"query_form": "cubic"}, "query_form"),
    ],
)
def test_a_value_that_does_not_fit_is_named(changes: dict[str, Any], words: str) -> None:
    good = OpqnConfig(8, 256, 2048).to_dict()
    plain = {k: tuple(v) if isinstance(v, list) else v for k, v in good.items()}
    with pytest.raises(ValueError, match=words):
        OpqnConfig(**{**plain, **changes})
    with pytest.raises(ModelIncompatible, match=words):
        OpqnConfig.from_dict({**good, **changes}, source="somewhere")


@pytest.mark.parametrize("values", [None, [], 3, {}, {"n_books": 8}])
def test_anything_else_than_a_whole_config_is_refused(values: object) -> None:
    with pytest.raises(ModelIncompatible, match="config"):
        OpqnConfig.from_dict(values)


def test_an_unknown_entry_is_refused_rather_than_ignored() -> None:
    values = {**OpqnConfig(8, 256, 2048).to_dict(), "sharpness": 3}
    with pytest.raises(ModelIncompatible, match="sharpness"):
        OpqnConfig.from_dict(values)
