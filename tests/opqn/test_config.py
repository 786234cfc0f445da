"""A config that cannot be a model is refused with a sentence; a good one survives JSON."""

import json
from typing import Any

import numpy as np
import pytest

from opqn_app.core.errors import ModelIncompatible
from opqn_app.opqn.config import OpqnConfig
from opqn_app.opqn.model_folder import bundled_folder, bundled_models, read_description

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
        ({"joint_words": True}, "query_form must be linear"),
        ({"joint_words": "no"}, "must be true or false"),
        ({"mirror_average": 1}, "must be true or false"),
        ({"joint_words": True, "query_form": "linear", "n_books": 1024}, "too large"),
        ({"joint_words": True, "query_form": "linear", "feature_dim": 255}, "orthonormal"),
        ({"length_weight": -0.5}, "length_weight"),
        ({"length_weight": float("nan")}, "length_weight"),
        ({"length_weight": True}, "length_weight"),
        ({"length_weight": "2"}, "length_weight"),
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


def joint(**changes: Any) -> OpqnConfig:
    sizes = {"n_books": 6, "n_words": 64, "feature_dim": 100}
    return OpqnConfig(**{**sizes, "query_form": "linear", "joint_words": True, **changes})


def test_with_joint_words_a_book_reads_all_features_and_codes_are_as_long_as_ever() -> None:
    """So the features need not be divisible by the books, nor as many as all words."""
    assert joint().sub_dim == 100
    assert joint().code_bits == 36
    assert joint().code_bytes == 6
    with pytest.raises(ValueError, match="equal pieces"):
        joint(joint_words=False)


def test_joint_words_survive_json_and_a_change_of_the_question() -> None:
    config = joint(length_weight=0.5)
    assert OpqnConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config
    assert config.with_query(temperature=2.0, form="linear").joint_words
    with pytest.raises(ValueError, match="linear"):
        config.with_query(temperature=2.0)


def test_a_value_keeps_the_way_it_is_written() -> None:
    """2 and 2.0 are the same setting, yet a model_id is made of the text."""
    values = {**OpqnConfig(8, 256, 2048).to_dict(), "pixel_mean": [127, 0, 1.5]}
    values["query_temperature"] = 2
    text = json.dumps(values)
    assert json.dumps(OpqnConfig.from_dict(json.loads(text)).to_dict()) == text


@pytest.mark.parametrize("name", bundled_models())
def test_bundled_configs_are_read_and_written_to_the_letter(name: str) -> None:
    stored = read_description(bundled_folder() / name)["config"]
    assert json.dumps(OpqnConfig.from_dict(stored).to_dict()) == json.dumps(stored)


def test_a_file_from_before_joint_words_reads_and_writes_the_same() -> None:
    """A model's fingerprint is made of these values."""
    names = {"joint_words", "length_weight"}
    before = OpqnConfig(8, 256, 2048).to_dict()
    assert not names & before.keys()
    read = OpqnConfig.from_dict(before)
    assert not read.joint_words
    assert read.length_weight == 0
    assert read.to_dict() == before
    assert joint().to_dict().keys() - before.keys() == {"joint_words"}
    assert joint(length_weight=2.0).to_dict().keys() - before.keys() == names
