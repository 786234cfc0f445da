"""A model folder: what is written comes back, and nothing that does not fit is accepted."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from opqn_app.core import paths
from opqn_app.core.errors import ModelIncompatible, ModelMissing
from opqn_app.opqn.calibration import Calibration
from opqn_app.opqn.model_folder import bundled_models, find_model, imported_models, read_description
from opqn_app.opqn.torch.checkpoint import load_model, save_model
from opqn_app.opqn.torch.model import OpqnModel
from tests.tiny_checkpoint import TINY, TINY_CALIBRATION, make_tiny_checkpoint, make_tiny_model

pytestmark = pytest.mark.slow

CURVE = {"slope": 1, "intercept": 0}


@pytest.fixture
def folder(tiny_folder: Path, tmp_path: Path) -> Path:
    """A copy of the tiny model that a test may spoil."""
    return Path(shutil.copytree(tiny_folder, tmp_path / "copy"))


def edit_config(folder: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    path = folder / "config.json"
    description = json.loads(path.read_text(encoding="utf-8"))
    edit(description)
    path.write_text(json.dumps(description), encoding="utf-8")


def edit_weights(folder: Path, edit: Callable[[dict[str, torch.Tensor]], object]) -> None:
    state = load_file(folder / "model.safetensors")
    edit(state)
    save_file(state, folder / "model.safetensors")


def test_full_precision_comes_back_bit_by_bit(tiny_model: OpqnModel, tmp_path: Path) -> None:
    model_id = save_model(tmp_path / "m", tiny_model, half=False)
    loaded = load_model(tmp_path / "m")
    assert loaded.model_id == model_id
    before, after = tiny_model.state_dict(), loaded.model.state_dict()
    assert before.keys() == after.keys()
    for name, value in before.items():
        assert after[name].dtype == value.dtype
        assert torch.equal(after[name], value)
    assert torch.equal(loaded.model.quantizer.codebooks, tiny_model.quantizer.codebooks)


@pytest.mark.slow
def test_half_precision_rounds_matrices_and_only_them(
    tiny_model: OpqnModel, tiny_folder: Path
) -> None:
    before, after = tiny_model.state_dict(), load_model(tiny_folder).model.state_dict()
    for name, value in before.items():
        if value.dim() >= 2:
            assert torch.equal(after[name], value.half().float())
        else:
            assert torch.equal(after[name], value)
    stored = load_file(tiny_folder / "model.safetensors")
    assert stored["backbone.embed.weight"].dtype == torch.float16
    assert stored["backbone.last_bn.running_var"].dtype == torch.float32
    assert stored["backbone.last_bn.num_batches_tracked"].dtype == torch.int64
    assert not any("codebooks" in name for name in stored)


@pytest.mark.slow
def test_a_matrix_beyond_half_precision_stays_whole(tmp_path: Path) -> None:
    model = make_tiny_model()
    with torch.no_grad():
        model.quantizer.mlp[0, 0, 0] = 70000.0
    save_model(tmp_path / "m", model)
    assert load_model(tmp_path / "m").model.quantizer.mlp[0, 0, 0].item() == 70000.0


def test_the_loaded_model_is_ready_to_use(tiny_folder: Path) -> None:
    loaded = load_model(tiny_folder)
    assert loaded.name == "tiny"
    assert loaded.calibration == TINY_CALIBRATION
    assert loaded.model.config == TINY
    assert not loaded.model.training
    assert not any(p.requires_grad for p in loaded.model.parameters())


@pytest.mark.slow
def test_a_curve_that_follows_the_library_is_stored(tiny_model: OpqnModel, tmp_path: Path) -> None:
    curve = Calibration(slope=12.0, intercept=-6.0, usual=-0.01, following=0.5)
    save_model(tmp_path / "m", tiny_model, calibration=curve)
    assert load_model(tmp_path / "m").calibration == curve


@pytest.mark.slow
def test_a_model_without_calibration_says_so(tiny_model: OpqnModel, tmp_path: Path) -> None:
    save_model(tmp_path / "plain", tiny_model, name="Plain")
    loaded = load_model(tmp_path / "plain")
    assert loaded.calibration is None
    assert loaded.name == "Plain"
    assert (tmp_path / "plain" / "README.md").read_text(encoding="utf-8") == "# Plain\n"


def test_the_config_is_readable_by_people(tiny_folder: Path) -> None:
    description = json.loads((tiny_folder / "config.json").read_text(encoding="utf-8"))
    assert description["format"] == "opqn-model"
    assert description["format_version"] == 1
    assert description["config"]["n_books"] == 4
    assert description["calibration"] == {"slope": 12.0, "intercept": -6.0}
    assert read_description(tiny_folder) == description


@pytest.mark.slow
def test_the_model_id_survives_saving_again(tiny_folder: Path, tmp_path: Path) -> None:
    """In half or full precision: the rounded values are the same values."""
    loaded = load_model(tiny_folder)
    for half in (True, False):
        assert save_model(tmp_path / str(half), loaded.model, half=half) == loaded.model_id
        assert load_model(tmp_path / str(half)).model_id == loaded.model_id


def test_loading_runs_no_code(tiny_folder: Path) -> None:
    """Only safetensors, ONNX, JSON and text: nothing that pickle reads."""
    assert sorted(p.name for p in tiny_folder.iterdir()) == [
        "README.md",
        "config.json",
        "model.onnx",
        "model.safetensors",
    ]


def test_weights_that_were_changed_are_noticed(folder: Path) -> None:
    edit_weights(folder, lambda s: s["quantizer.mlp"].mul_(2))
    with pytest.raises(ModelIncompatible, match="do not belong together"):
        load_model(folder)


def test_a_config_that_was_changed_is_noticed(folder: Path) -> None:
    edit_config(folder, lambda d: d["config"].update(query_temperature=2.0))
    with pytest.raises(ModelIncompatible, match="do not belong together"):
        load_model(folder)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda s: s.pop("backbone.last_bn.bias"), "'backbone.last_bn.bias' is missing"),
        (lambda s: [s.pop(k) for k in list(s)[:5]], r"is missing \(and 4 more\)"),
        (lambda s: s.update(extra=torch.ones(1)), "'extra' is not known"),
        (lambda s: s.update({"quantizer.mlp": torch.ones(4, 16, 24)}), r"\(4, 16, 24\) instead"),
        (
            lambda s: s.update({"quantizer.mlp": torch.ones(4, 24, 16, dtype=torch.int64)}),
            "the type torch.int64",
        ),
        (
            lambda s: s.update({"quantizer.mlp": torch.full((4, 24, 16), float("nan"))}),
            "not numbers",
        ),
    ],
)
def test_a_tensor_that_does_not_fit_is_named(
    folder: Path, edit: Callable[[dict[str, torch.Tensor]], object], words: str
) -> None:
    edit_weights(folder, edit)
    with pytest.raises(ModelIncompatible, match=words):
        load_model(folder)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda d: d.update(format_version=2), "format version is 2"),
        (lambda d: d.update(format="other"), "not that of an OPQN model"),
        (lambda d: d.pop("config"), "not a JSON object"),
        (lambda d: d["config"].update(n_words=64), "orthonormal"),
        (lambda d: d["config"].update(n_words=8), "instead of"),
        (lambda d: d.update(calibration=[1]), "calibration"),
        (lambda d: d.update(calibration={"slope": -1, "intercept": 0}), "slope"),
        (lambda d: d.update(calibration={"slope": 1}), "intercept"),
        (lambda d: d.update(calibration={**CURVE, "following": 2}), "follows"),
        (lambda d: d.update(calibration={**CURVE, "usual": float("nan")}), "follows"),
        (lambda d: d.update(calibration={"slope": float("nan"), "intercept": 0}), "slope"),
        (lambda d: d.update(calibration={"slope": 1, "intercept": float("inf")}), "intercept"),
    ],
)
def test_a_config_that_does_not_fit_is_explained(
    folder: Path, edit: Callable[[dict[str, Any]], object], words: str
) -> None:
    edit_config(folder, edit)
    with pytest.raises(ModelIncompatible, match=words):
        load_model(folder)


def test_damaged_and_missing_files_are_explained(folder: Path, tmp_path: Path) -> None:
    weights, config = folder / "model.safetensors", folder / "config.json"
    content = weights.read_bytes()
    for damaged in (b"", content[:1000], content[:-1], b"\xff" * 100):
        weights.write_bytes(damaged)
        with pytest.raises(ModelIncompatible, match="damaged"):
            load_model(folder)
    weights.unlink()
    with pytest.raises(ModelIncompatible, match=r"no model\.safetensors"):
        load_model(folder)
    for text in ("{", "[]", "\x00"):
        config.write_text(text, encoding="utf-8")
        with pytest.raises(ModelIncompatible, match=r"config\.json"):
            load_model(folder)
    config.write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(ModelIncompatible, match="can't be read"):
        load_model(folder)
    config.unlink()
    with pytest.raises(ModelIncompatible, match=r"no config\.json"):
        load_model(folder)
    with pytest.raises(ModelMissing, match="nowhere"):
        load_model(tmp_path / "nowhere")


@pytest.mark.slow
def test_saving_over_a_model_replaces_it(folder: Path) -> None:
    before = load_model(folder).model_id
    after = save_model(folder, make_tiny_model(seed=1))
    assert load_model(folder).model_id == after != before
    assert not list(folder.glob("*.tmp"))


@pytest.mark.slow
def test_names_find_bundled_then_imported_models_then_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = tmp_path / "resources"
    monkeypatch.setattr(paths, "resource", lambda name: shipped / name)
    assert bundled_models() == imported_models() == []
    ours = make_tiny_checkpoint(shipped / "models" / "one")
    make_tiny_checkpoint(paths.data_dir() / "models" / "one")
    theirs = make_tiny_checkpoint(paths.data_dir() / "models" / "two")
    (paths.data_dir() / "models" / "notes").mkdir()
    elsewhere = make_tiny_checkpoint(tmp_path / "elsewhere")
    assert bundled_models() == ["one"]
    assert imported_models() == ["one", "two"]
    assert find_model("one") == ours
    assert find_model("two") == theirs
    assert find_model(str(elsewhere)) == find_model(elsewhere) == elsewhere


@pytest.mark.parametrize("name", ["three", "", "../models"])
def test_a_name_without_a_model_is_said(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelMissing):
        find_model(name)


def test_a_folder_that_is_no_model_is_not_found_but_explained(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    with pytest.raises(ModelIncompatible, match=r"no config\.json"):
        find_model(tmp_path / "photos")


def test_loading_leaves_the_random_state_of_a_training_run_alone(tiny_folder: Path) -> None:
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    load_model(tiny_folder)
    assert torch.equal(torch.rand(3), expected)
