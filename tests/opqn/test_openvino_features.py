"""OpenVINO in torch's place: the same codes, none of its reports, and torch where it fails."""

import importlib.util
import logging
import shutil
import subprocess
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

from opqn_app.core.errors import ModelIncompatible, ModelMissing
from opqn_app.core.types import Crops
from opqn_app.opqn.model_folder import bundled_models, find_model
from opqn_app.opqn.torch.encoder import OpqnEncoder
from opqn_app.opqn.torch.model import OpqnModel
from opqn_app.opqn.torch.openvino_features import VARIABLE
from tests.sample_crops import sample_crops
from tests.tiny_checkpoint import make_tiny_checkpoint, make_tiny_model

ROOT = Path(__file__).resolve().parents[2]
needs_openvino = pytest.mark.skipif(
    importlib.util.find_spec("openvino") is None, reason="the extra openvino is not installed"
)


@pytest.fixture(autouse=True)
def wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """An installed openvino that can convert nothing, until a test gives it more."""

    def convert_model(*_: Any, **__: Any) -> None:
        sys.stdout.write("Model Conversion arguments:\n")
        raise RuntimeError("no rule for aten::odd\nand much more about it")

    module = ModuleType("openvino")
    module.__spec__ = ModuleSpec("openvino", None)
    module.convert_model = convert_model  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "openvino", module)
    monkeypatch.setitem(sys.modules, "openvino_telemetry", None)
    return module


def by_torch(folder: Path) -> OpqnEncoder:
    return OpqnEncoder.load(folder, openvino=False)


@pytest.mark.slow
@needs_openvino
@pytest.mark.parametrize("name", bundled_models())
def test_codes_and_tables_of_bundled_models_are_torchs(name: str) -> None:
    folder, crops = find_model(name), sample_crops()
    ours, torchs = OpqnEncoder.load(folder), by_torch(folder)
    assert ours._compiled is not None
    assert torchs._compiled is None
    assert (ours.encode(crops) == torchs.encode(crops)).mean() >= 0.999  # of the words
    np.testing.assert_allclose(ours.luts(crops[:40]), torchs.luts(crops[:40]), rtol=0, atol=1e-5)
    assert not np.array_equal(ours.features(crops[:1]), torchs.features(crops[:1]))  # it did run


@needs_openvino
def test_a_face_keeps_its_features_whatever_comes_with_it(tiny_folder: Path, crops: Crops) -> None:
    """Bit for bit, in one process and in the next."""
    encoder = OpqnEncoder.load(tiny_folder)
    whole = encoder.features(crops)
    for i in range(len(crops)):
        np.testing.assert_array_equal(encoder.features(crops[i : i + 1])[0], whole[i])
    order = np.random.default_rng(0).permutation(len(crops))
    several = OpqnEncoder.load(tiny_folder, batch_size=4)
    assert several._compiled is not None
    np.testing.assert_array_equal(several.features(crops[order]), whole[order])


@needs_openvino
def test_no_crops_give_nothing_of_the_right_shape(tiny_folder: Path, crops: Crops) -> None:
    encoder = OpqnEncoder.load(tiny_folder)
    assert encoder.encode(crops[:0]).shape == (0, 4)
    assert encoder.luts(crops[:0]).shape == (0, 4, 16)
    assert encoder._compiled is not None


@needs_openvino
def test_it_reports_nothing_to_anybody(tiny_folder: Path) -> None:
    """In a process of its own: no socket is opened, and what would send is never imported."""
    code = (
        "import sys\n"
        "seen = []\n"
        "watched = ('socket.', 'subprocess.', 'os.system', 'os.posix_spawn', 'os.fork')\n"
        "sys.addaudithook(lambda e, a: seen.append(e) if e.startswith(watched) else None)\n"
        "from opqn_app.opqn.torch.encoder import OpqnEncoder\n"
        "del seen[:]\n"  # what importing torch does
        f"encoder = OpqnEncoder.load({str(tiny_folder)!r})\n"
        "import openvino.tools.ovc as ovc\n"
        "print(encoder._compiled is not None, sys.modules['openvino_telemetry'],\n"
        "      type(ovc.telemetry).__module__, seen)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["True", "None", "openvino.tools.ovc.telemetry_stub", "[]"]


def test_without_it_torch_encodes_and_says_nothing(
    tiny_folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert OpqnEncoder.load(tiny_folder)._compiled is None
    assert not caplog.messages


def test_what_it_cant_convert_torch_encodes_with_one_line(
    fake: ModuleType,
    tiny_folder: Path,
    crops: Crops,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with caplog.at_level(logging.WARNING):
        encoder = OpqnEncoder.load(tiny_folder)
    assert capsys.readouterr().out == ""  # which is for results
    (line,) = caplog.messages
    assert line.endswith("torch encodes faces instead: no rule for aten::odd")
    np.testing.assert_array_equal(encoder.encode(crops), by_torch(tiny_folder).encode(crops))
    assert len(caplog.messages) == 1


def test_other_features_than_torchs_are_refused(
    fake: ModuleType, tiny_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Core:
        def compile_model(self, *_: Any) -> Any:
            return self

        def create_infer_request(self) -> Any:
            return self

        def infer(self, _: Any) -> Any:
            return [np.full((1, 96), np.nan, np.float32)]

    fake.convert_model = lambda *_, **__: None  # type: ignore[attr-defined]
    fake.Core = Core  # type: ignore[attr-defined]
    assert OpqnEncoder.load(tiny_folder)._compiled is None
    assert "its features differ from torch's" in caplog.text


@pytest.mark.parametrize("how", ["variable", "argument"])
def test_it_can_be_turned_off(
    how: str,
    fake: ModuleType,
    tiny_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    if how == "variable":
        monkeypatch.setenv(VARIABLE, "torch")
    assert OpqnEncoder.load(tiny_folder, openvino=how == "variable")._compiled is None
    assert not caplog.messages  # it was not tried: that would have failed


def test_when_it_fails_later_torch_takes_over_for_good(
    crops: Crops, caplog: pytest.LogCaptureFixture
) -> None:
    calls: list[int] = []

    def fails(x: torch.Tensor) -> torch.Tensor:
        calls.append(len(x))
        raise RuntimeError("out of memory")

    model = make_tiny_model()
    with caplog.at_level(logging.WARNING):
        codes = OpqnEncoder(model, features=fails).encode(crops)
    assert calls == [1]
    assert len(caplog.messages) == 1
    np.testing.assert_array_equal(codes, OpqnEncoder(model).encode(crops))


def test_the_weights_it_stands_in_for_are_let_go_of_and_come_back_when_it_fails(
    crops: Crops, caplog: pytest.LogCaptureFixture
) -> None:
    model, kept = make_tiny_model(), make_tiny_model()
    expected = OpqnEncoder(kept).features(crops)
    fails, reloads = [False], [False, True]

    def stands_in(x: torch.Tensor) -> torch.Tensor:
        if fails[0]:
            raise RuntimeError("out of memory")
        return kept.features(x)

    def again() -> OpqnModel:
        if not reloads.pop(0):
            raise ModelMissing("tiny")
        return make_tiny_model()

    encoder = OpqnEncoder(model, features=stands_in, again=again)
    assert all(weights.is_meta for weights in encoder._model.backbone.parameters())
    np.testing.assert_array_equal(encoder.features(crops), expected)
    fails[0] = True
    with pytest.raises(ModelMissing):  # the disk is away for a moment
        encoder.features(crops)
    np.testing.assert_array_equal(encoder.features(crops), expected)
    assert not reloads
    assert encoder._compiled is None


@needs_openvino
def test_a_model_that_was_replaced_meanwhile_is_refused(
    tiny_folder: Path, tmp_path: Path, crops: Crops, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_folder, folder)
    encoder, torchs = OpqnEncoder.load(folder), by_torch(folder)

    def fails(_: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(encoder, "_compiled", fails)
    make_tiny_checkpoint(folder, seed=9)
    with pytest.raises(ModelIncompatible, match="changed while it was in use"):
        encoder.encode(crops)
    shutil.rmtree(folder)
    shutil.copytree(tiny_folder, folder)
    np.testing.assert_array_equal(encoder.encode(crops), torchs.encode(crops))
