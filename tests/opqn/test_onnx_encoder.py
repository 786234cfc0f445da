"""The app's encoder: torch's features within rounding, the same codes, those of build ddc7dbf."""

import json
import shutil
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from opqn_app.core.errors import ModelIncompatible
from opqn_app.core.types import Crops
from opqn_app.opqn import lut
from opqn_app.opqn.config import OpqnConfig
from opqn_app.opqn.encoder import OnnxEncoder
from opqn_app.opqn.face_encoder import FaceEncoder
from opqn_app.opqn.load import load_encoder
from opqn_app.opqn.model_folder import bundled_models, find_model
from opqn_app.opqn.torch.checkpoint import load_model, save_model
from opqn_app.opqn.torch.encoder import TorchEncoder
from tests.sample_crops import TESTS, orl_crops, sample_crops
from tests.tiny_checkpoint import TINY, TINY_CALIBRATION, make_tiny_checkpoint, make_tiny_model

pytestmark = pytest.mark.slow

STORED = TESTS / "data" / "codes_ddc7dbf.npz"  # of the 162 sample crops and the 400 AT&T ones
SFACE = replace(TINY, backbone="sface", channel_order="rgb", mirror_average=True)
JOINT = replace(SFACE, joint_words=True, query_form="linear", length_weight=2.0)
CONFIGS = {
    "mobilefacenet": TINY,
    "sface, both views": SFACE,
    "joint words": JOINT,
    "resnet20, official rule": replace(TINY, backbone="resnet20", input_size=112, resize_to=120),
    "resnet20, small": replace(TINY, backbone="resnet20", input_size=32, resize_to=35),
    "narrow": replace(TINY, backbone="resnet20-narrow", input_size=32, resize_to=32),
    "linear, hot": replace(TINY, query_form="linear", query_temperature=3.0),
}
QUICK = ("narrow", "linear, hot")


@pytest.fixture(scope="module")
def encoder(tiny_folder: Path) -> OnnxEncoder:
    return load_encoder(tiny_folder)


@pytest.fixture
def folder(tiny_folder: Path, tmp_path: Path) -> Path:
    return shutil.copytree(tiny_folder, tmp_path / "tiny")


def older(folder: Path) -> Path:
    """The same model as a version without ONNX wrote it."""
    for file in folder.glob("*.onnx"):
        file.unlink()
    config = folder / "config.json"
    said = json.loads(config.read_text(encoding="utf-8"))
    del said["networks"]
    config.write_text(json.dumps(said), encoding="utf-8")
    return folder


def agree(folder: Path, crops: Crops) -> None:
    ours, torchs = load_encoder(folder), TorchEncoder.load(folder)
    expected = torchs.features(crops)
    np.testing.assert_allclose(ours.features(crops), expected, atol=2e-5 * np.abs(expected).max())
    np.testing.assert_array_equal(ours.codes_of(expected), torchs.codes_of(expected))
    np.testing.assert_allclose(ours.tables_of(expected), torchs.tables_of(expected), atol=2e-5)
    np.testing.assert_array_equal(ours.codebooks, torchs.codebooks)
    np.testing.assert_array_equal(ours.words, torchs.words)
    assert ours.model_id == torchs.model_id


def test_it_is_the_face_encoder_the_app_asks_for(encoder: OnnxEncoder) -> None:
    face_encoder: FaceEncoder = encoder
    assert (face_encoder.n_books, face_encoder.n_words) == (4, 16)
    assert face_encoder.name == "tiny"
    assert face_encoder.calibration == TINY_CALIBRATION
    assert len(face_encoder.model_id) == 32


@pytest.mark.parametrize(
    "config",
    [
        pytest.param(config, id=name, marks=[] if name in QUICK else pytest.mark.slow)
        for name, config in CONFIGS.items()
    ],
)
def test_every_kind_of_model_gives_what_torch_gives(
    config: OpqnConfig, crops: Crops, tmp_path: Path
) -> None:
    agree(make_tiny_checkpoint(tmp_path / "model", config=config), crops[:4])


@pytest.mark.slow
def test_facenets_network_gives_what_torch_gives(crops: Crops, tmp_path: Path) -> None:
    pytest.importorskip("facenet_pytorch")
    config = replace(TINY, backbone="inception-resnet-v1", channel_order="rgb")
    agree(make_tiny_checkpoint(tmp_path / "model", config=config), crops[:2])


@pytest.mark.slow
def test_full_precision_and_a_shared_trunk_give_what_torch_gives(
    crops: Crops, tmp_path: Path
) -> None:
    model = make_tiny_model(SFACE)
    save_model(tmp_path / "one", model, half=False, trunk="shared")
    save_model(tmp_path / "two", model, half=False, trunk="shared")
    assert {file.name for file in (tmp_path / "trunks").iterdir()} == {
        "shared-mirrored.onnx",
        "shared.safetensors",
    }
    for name in ("one", "two"):
        agree(tmp_path / name, crops[:2])


@pytest.mark.parametrize("trunk", ["", pytest.param("shared", marks=pytest.mark.slow)])
def test_a_trained_model_in_the_place_of_an_untrained_one_gives_what_torch_gives(
    trunk: str, crops: Crops, tmp_path: Path
) -> None:
    """Networks of untrained models lack weights, since those of equal values are merged."""
    config = SFACE if trunk else CONFIGS["narrow"]
    save_model(tmp_path / "model", make_tiny_model(config), trunk=trunk)
    for weights in (tmp_path / "trunks").glob("*.safetensors"):
        weights.unlink()  # lost; its networks stay
    trained = make_tiny_model(config)
    generator = torch.Generator().manual_seed(0)
    for name, values in trained.backbone.named_buffers():
        if name.endswith(("running_mean", "running_var")):
            values.uniform_(0.5, 1.5, generator=generator)
    save_model(tmp_path / "model", trained, trunk=trunk)
    agree(tmp_path / "model", crops[:2])


@pytest.mark.slow
@pytest.mark.parametrize("name", bundled_models())
def test_bundled_models_give_the_codes_they_gave_with_torch(name: str) -> None:
    """Stored with build ddc7dbf. Two words of a face may lie as close as features are apart."""
    stored = np.load(STORED)
    encoder = load_encoder(find_model(name))
    every = 1 if name == "bundled-256" else 4
    codes = encoder.encode(np.concatenate([sample_crops(), orl_crops()])[::every])
    assert codes.dtype == stored[name].dtype
    assert (codes != stored[name][::every]).any(axis=1).sum() <= 1  # of 562 faces


@pytest.mark.slow
def test_features_and_scores_are_those_they_were_with_torch() -> None:
    stored = np.load(STORED)
    encoder, crops = load_encoder(find_model("bundled-256")), sample_crops()[::8][:20]
    features = encoder.features(crops)
    peak = np.abs(stored["features"]).max()
    np.testing.assert_allclose(features, stored["features"], atol=1e-5 * peak)
    np.testing.assert_allclose(encoder.tables_of(features[:1]), stored["tables"], atol=2e-6)


def test_the_description_is_all_that_is_read_at_first(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    encoder = load_encoder(folder)
    assert encoder.n_words == 16
    with pytest.raises(ModelIncompatible, match=r"no model\.safetensors"):
        encoder.prepare()


def test_a_face_finds_itself_first(encoder: OnnxEncoder, crops: Crops) -> None:
    codes, tables = encoder.encode(crops), encoder.luts(crops)
    assert len(np.unique(codes, axis=0)) > 1
    np.testing.assert_array_equal(lut.snap(tables), tables)
    for i, table in enumerate(tables):
        scores = lut.scores(table, codes)
        assert scores[i] == scores.max() == table.max(axis=1).sum()


@pytest.mark.slow
@pytest.mark.parametrize("config", [TINY, JOINT], ids=["pieces", "joint words"])
def test_a_face_keeps_its_code_and_table_whatever_comes_with_it(
    config: OpqnConfig, crops: Crops, tmp_path: Path
) -> None:
    """Bit for bit, features too: a resumed run gives what one run would have given."""
    encoder = load_encoder(make_tiny_checkpoint(tmp_path / "model", config=config))
    features, codes, tables = encoder.features(crops), encoder.encode(crops), encoder.luts(crops)
    for i in range(len(crops)):
        np.testing.assert_array_equal(encoder.features(crops[i : i + 1])[0], features[i])
        np.testing.assert_array_equal(encoder.encode(crops[i : i + 1])[0], codes[i])
        np.testing.assert_array_equal(encoder.luts(crops[i : i + 1])[0], tables[i])
    order = np.random.default_rng(0).permutation(len(crops))
    np.testing.assert_array_equal(encoder.encode(crops[order]), codes[order])


def test_no_crops_give_nothing_of_the_right_shape(encoder: OnnxEncoder, crops: Crops) -> None:
    none = crops[:0]
    assert encoder.encode(none).shape == (0, 4)
    assert encoder.encode(none).dtype == np.uint8
    assert encoder.luts(none).shape == (0, 4, 16)
    assert encoder.features(none).shape == (0, 96)


@pytest.mark.slow
def test_more_than_256_words_give_two_byte_codes(crops: Crops, tmp_path: Path) -> None:
    config = OpqnConfig(n_books=2, n_words=300, feature_dim=600)
    encoder = load_encoder(make_tiny_checkpoint(tmp_path / "model", config=config))
    codes, tables = encoder.encode(crops[:2]), encoder.luts(crops[:2])
    assert codes.dtype == np.uint16
    assert tables.shape == (2, 2, 300)
    assert lut.scores(tables[0], codes).shape == (2,)


def test_crops_of_the_wrong_kind_are_refused(encoder: OnnxEncoder, crops: Crops) -> None:
    for wrong in (crops[0], crops[..., :2], crops[:, :50]):
        with pytest.raises(ValueError, match="shape"):
            encoder.encode(wrong)
    with pytest.raises(ValueError, match="uint8"):
        encoder.encode(crops.astype(np.float32))


def test_crops_may_be_views_and_are_not_changed(encoder: OnnxEncoder, crops: Crops) -> None:
    before = crops.copy()
    mirrored = crops[:2, :, ::-1]
    mirrored.flags.writeable = False
    np.testing.assert_array_equal(
        encoder.features(mirrored), encoder.features(np.ascontiguousarray(mirrored))
    )
    np.testing.assert_array_equal(crops, before)


def test_two_lanes_may_share_it(encoder: OnnxEncoder, crops: Crops) -> None:
    expected = encoder.features(crops)
    results: list[NDArray[np.float32]] = []
    lanes = [
        threading.Thread(target=lambda: results.append(encoder.features(crops))) for _ in range(2)
    ]
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join()
    assert len(results) == 2
    for result in results:
        np.testing.assert_array_equal(result, expected)


@pytest.mark.slow
def test_a_folder_of_an_older_version_is_converted_once(folder: Path, crops: Crops) -> None:
    before = (folder / "model.onnx").read_bytes()
    model_id = load_encoder(folder).model_id
    encoder = load_encoder(older(folder))
    assert encoder.model_id == model_id
    assert (folder / "model.onnx").read_bytes() == before
    written = (folder / "model.onnx").stat().st_mtime_ns
    again = load_encoder(folder)
    assert (folder / "model.onnx").stat().st_mtime_ns == written
    np.testing.assert_array_equal(again.encode(crops[:2]), encoder.encode(crops[:2]))


def test_without_torch_the_sentence_says_what_to_install(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older(folder)
    monkeypatch.setitem(sys.modules, "opqn_app.opqn.torch.convert", None)
    with pytest.raises(ModelIncompatible, match=r"takes torch\. .*opqn-photo-search\[train\]"):
        load_encoder(folder)
    assert not (folder / "model.onnx").exists()


def test_a_folder_that_cannot_be_written_to_is_not_converted(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    older(folder)
    monkeypatch.setattr("opqn_app.opqn.torch.convert.write_networks", refuse)
    with pytest.raises(ModelIncompatible, match=r"can't be written to .* copy it to another place"):
        load_encoder(folder)


@pytest.mark.slow
def test_weights_that_were_changed_are_noticed(folder: Path) -> None:
    save_model(folder, make_tiny_model(seed=1))
    other = (folder / "model.safetensors").read_bytes()
    save_model(folder, make_tiny_model(seed=0))
    (folder / "model.safetensors").write_bytes(other)
    with pytest.raises(ModelIncompatible, match="do not belong together"):
        load_encoder(folder).prepare()


@pytest.mark.parametrize("damage", ["gone", "cut", "another"])
def test_a_network_that_was_changed_is_noticed(folder: Path, damage: str, tmp_path: Path) -> None:
    network = folder / "model.onnx"
    if damage == "gone":
        network.unlink()
    elif damage == "cut":
        network.write_bytes(network.read_bytes()[:1000])
    else:
        other = make_tiny_checkpoint(tmp_path / "other", config=replace(TINY, feature_dim=64))
        network.write_bytes((other / "model.onnx").read_bytes())
    with pytest.raises(ModelIncompatible, match=r"model\.onnx"):
        load_encoder(folder).prepare()


def test_networks_hold_no_weights(folder: Path) -> None:
    """They name places in the safetensors file: nothing lies twice on disk."""
    network, weights = folder / "model.onnx", folder / "model.safetensors"
    assert network.stat().st_size < 0.1 * weights.stat().st_size
    n_values = sum(value.numel() for value in load_model(folder).model.state_dict().values())
    assert weights.stat().st_size < 4 * n_values


@pytest.mark.slow
def test_the_order_of_networks_in_the_config_does_not_matter(tmp_path: Path, crops: Crops) -> None:
    folder = tmp_path / "one"
    save_model(folder, make_tiny_model(SFACE), trunk="shared")
    expected = load_encoder(folder).features(crops[:1])
    config = folder / "config.json"
    said = json.loads(config.read_text(encoding="utf-8"))
    config.write_text(json.dumps(said, sort_keys=True), encoding="utf-8")
    assert list(json.loads(config.read_text(encoding="utf-8"))["networks"]) == sorted(
        said["networks"]
    )
    np.testing.assert_array_equal(load_encoder(folder).features(crops[:1]), expected)
    del said["networks"]["shared-mirrored.onnx"]
    config.write_text(json.dumps(said), encoding="utf-8")
    with pytest.raises(
        ModelIncompatible, match=r"its networks are not model\.onnx and its trunk's"
    ):
        load_encoder(folder)
