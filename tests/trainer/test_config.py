"""Configs: from files, flags and presets, and back."""

from pathlib import Path
from typing import Any

import pytest

from opqn_app.core.errors import SettingsError
from trainer.choices import PRESETS
from trainer.config import TrainConfig, parse_assignment, read_toml
from trainer.presets import (
    CodeLength,
    code_length,
    code_lengths,
    code_values,
    feature_dim,
    merge,
    preset,
)


def test_a_config_survives_json() -> None:
    config = preset("code", input_size=112).with_values(
        {"data": {"sources": ["a", "b"]}, "engine": {"lr": 1, "ema": 0.99}}
    )
    assert TrainConfig.from_dict(config.to_dict()) == config
    assert config.engine.lr == 1.0
    assert config.data.sources == ("a", "b")


def test_a_file_gives_preset_and_values(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text('preset = "code"\n[method]\nmargin = 0.3\n[engine]\nepochs = 3\n')
    name, values = read_toml(path)
    config = preset(name).with_values(values)
    assert (config.preset, config.method.margin, config.engine.epochs) == ("code", 0.3, 3)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"metod": {}}, "there is no such section"),
        ({"method": {"margn": 1}}, "method.margn.*no such setting"),
        ({"method": {"margin": "big"}}, "method.margin.*a number from 0.0 to 2.0, not 'big'"),
        ({"method": {"flatten_bn": 1}}, "must be true or false, not 1"),
        ({"engine": {"epochs": True}}, "a whole number from 1 to 1000000, not True"),
        ({"engine": {"epochs": 0}}, "from 1 to 1000000, not 0"),
        ({"method": {"variant": "OPQN-X"}}, "one of OPQN, OPQN-l2q, .*, not 'OPQN-X'"),
        ({"method": {"stored_size": 30}}, "below method.input_size"),
        ({"method": {"pixel_mean": [1, 2]}}, "three numbers"),
        ({"method": {"pixel_std": [1, 0, 1]}}, "above 0"),
        ({"data": {"sources": 3}}, "must be a list of texts, not 3"),
    ],
)
def test_what_can_not_be_is_named(values: dict[str, dict[str, Any]], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        preset("paper").with_values(values)


def test_assignments_are_read_as_toml_or_text() -> None:
    assert parse_assignment("method.margin=0.5") == {"method": {"margin": 0.5}}
    assert parse_assignment("engine.device=cpu") == {"engine": {"device": "cpu"}}
    assert parse_assignment("method.flatten_bn=false") == {"method": {"flatten_bn": False}}
    for wrong in ("margin=0.5", "method.margin"):
        with pytest.raises(SettingsError, match=r"section\.field=value"):
            parse_assignment(wrong)


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text("lr = [")
    with pytest.raises(SettingsError, match=r"run\.toml"):
        read_toml(path)
    path.write_text("lr = 0.1")
    with pytest.raises(SettingsError, match="outside a section"):
        read_toml(path)


# What paper and code say: (name, input size, layout) → settings. Numbers D1 to D12 of the notes.
STATED: dict[tuple[str, int, str], dict[str, Any]] = {
    ("paper", 32, "facescrub"): {
        "method.scale": 40.0, "method.margin": 0.4, "engine.lr": 0.1, "engine.epochs": 200,
        "method.assignment": "raw", "method.flatten_bn": False, "augment.per": "image",
        "engine.p_at": 5, "engine.lr_step": 35,
    },
    ("code", 32, "facescrub"): {
        "method.scale": 20.0, "method.margin": 0.5, "engine.lr": 0.1, "engine.epochs": 200,
        "method.assignment": "raw", "method.flatten_bn": True, "augment.per": "batch",
        "engine.p_at": 50, "engine.lr_step": 35,
    },
    ("paper", 112, "vggface2"): {
        "method.scale": 40.0, "method.margin": 0.4, "engine.lr": 0.01, "engine.epochs": 200,
        "engine.p_at": 10, "engine.lr_step": 20, "method.stored_size": 120,
    },
    ("code", 112, "vggface2"): {
        "method.scale": 40.0, "method.margin": 0.5, "engine.lr": 0.1, "engine.epochs": 160,
        "engine.p_at": 50, "engine.lr_step": 20, "method.stored_size": 120,
    },
}  # fmt: skip


@pytest.mark.parametrize("key", STATED)
def test_presets_are_what_paper_and_code_state(key: tuple[str, int, str]) -> None:
    name, size, layout = key
    config = preset(name, input_size=size, layout=layout)
    plain = config.to_dict()
    for setting, value in STATED[key].items():
        section, _, field = setting.partition(".")
        assert plain[section][field] == value, setting
    assert config.engine.momentum == 0.9
    assert config.engine.weight_decay == 5e-4
    assert config.engine.batch_size == 256
    assert config.method.entropy_weight == 0.1


def test_cfw_has_its_own_pixel_statistics_in_the_paper_preset_only() -> None:
    """D9: the released code silently uses FaceScrub's for it."""
    own = preset("paper", layout="cfw60k").method.pixel_mean
    assert own == pytest.approx([255 * v for v in (0.507, 0.403, 0.344)])
    assert preset("code", layout="cfw60k").method.pixel_mean == preset("code").method.pixel_mean


def test_the_quick_preset_differs_from_the_paper_in_size_and_pace_only() -> None:
    quick, paper = preset("quick").to_dict(), preset("paper").to_dict()
    differing = {
        f"{section}.{key}"
        for section in ("data", "method", "augment", "engine")
        for key, value in quick[section].items()
        if value != paper[section][key]
    }
    assert differing == {
        "data.queries_per_person", "method.backbone", "engine.batch_size", "engine.epochs",
        "engine.lr_step",
    }  # fmt: skip


def test_options_beyond_the_paper_are_off_in_all_presets() -> None:
    for name in PRESETS:
        config = preset(name)
        engine, augment = config.engine, config.augment
        assert (engine.clip_norm, engine.ema, engine.warmup_epochs) == (0.0, 0.0, 0.0)
        assert not engine.no_decay_vectors
        assert not engine.trunk_frozen_epochs
        assert engine.trunk_lr_scale == 1.0
        assert config.method.distillation_weight == 0.0
        off = (augment.blur, augment.grey, augment.jpeg, augment.low_res, augment.occlusion)
        assert off == (0.0,) * 5


@pytest.mark.parametrize(
    ("size", "bits", "books", "words", "dim"),
    [
        (32, 16, 2, 256, 512), (32, 24, 4, 64, 512), (32, 36, 6, 64, 516), (32, 48, 8, 64, 512),
        (112, 24, 3, 256, 768), (112, 36, 4, 512, 2048), (112, 48, 6, 256, 1536),
        (112, 64, 8, 256, 2048), (112, 128, 16, 256, 4096), (32, 18, 3, 64, 513),
    ],
)  # fmt: skip
def test_code_lengths_of_the_paper(size: int, bits: int, books: int, words: int, dim: int) -> None:
    code = code_length(bits, size)
    assert (code.n_books, code.n_words, code.bits) == (books, words, bits)
    assert feature_dim(code, size) == dim
    preset("paper", input_size=size).with_values({"method": code_values(code, size)})


def test_three_by_eight_bits_at_32_px_needs_a_wider_layer() -> None:
    """Table V: K ≤ d, so 3 books of 256 words need D = 768."""
    assert feature_dim(CodeLength(3, 256), 32) == 768


def test_the_released_flags_are_understood() -> None:
    codes = code_lengths([16, 24, 36], [2, 4, 6], [256, 64, 64], 32)
    assert codes == [CodeLength(2, 256), CodeLength(4, 64), CodeLength(6, 64)]
    with pytest.raises(SettingsError, match="16 bits, not 24"):
        code_lengths([24], [2], [256], 32)
    with pytest.raises(SettingsError, match="same number"):
        code_lengths([16, 24], [2, 4], [256], 32)
    with pytest.raises(SettingsError, match="no number of 8- or 6-bit books"):
        code_length(17, 32)


def test_later_layers_win() -> None:
    merged = merge({"method": {"margin": 1, "scale": 2}}, {"method": {"margin": 3}})
    assert merged["method"] == {"margin": 3, "scale": 2}
    assert merged["engine"] == {}
