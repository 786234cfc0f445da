"""Crops in, codes and tables out: types, batches, and what happens when memory is short."""

import logging
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from opqn_app.core.types import Crops
from opqn_app.opqn import lut
from opqn_app.opqn.face_encoder import FaceEncoder
from opqn_app.opqn.model_folder import bundled_models, find_model
from opqn_app.opqn.torch.encoder import TorchEncoder
from opqn_app.opqn.torch.model import OpqnModel
from opqn_app.opqn.torch.preprocess import to_network_input
from tests.sample_crops import sample_crops
from tests.tiny_checkpoint import TINY, TINY_CALIBRATION, make_tiny_model

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def encoder(tiny_folder: Path) -> TorchEncoder:
    return TorchEncoder.load(tiny_folder)


@pytest.fixture(scope="module")
def joint() -> TorchEncoder:
    """Its words, like those of a trained model, have sums about as long as a face."""
    config = replace(TINY, joint_words=True, query_form="linear", length_weight=2.0)
    model = make_tiny_model(config)
    torch.nn.init.normal_(model.quantizer.mlp, std=(4 * config.sub_dim) ** -0.5)
    return TorchEncoder(model)


def test_it_is_the_face_encoder_the_app_asks_for(encoder: TorchEncoder) -> None:
    face_encoder: FaceEncoder = encoder
    assert (face_encoder.n_books, face_encoder.n_words) == (4, 16)
    assert face_encoder.name == "tiny"
    assert face_encoder.calibration == TINY_CALIBRATION
    assert len(face_encoder.model_id) == 32


def test_codes_and_tables_are_those_of_the_model(encoder: TorchEncoder, crops: Crops) -> None:
    """Against the model called by hand with the loaded weights."""
    model = encoder._model
    with torch.no_grad():
        x = torch.cat([model(to_network_input(torch.from_numpy(c[None]), TINY)) for c in crops])
        p = model.quantizer.retrieval_log_assignment(x).exp().numpy()
    np.testing.assert_array_equal(encoder.encode(crops), p.argmax(2))
    np.testing.assert_allclose(encoder.luts(crops), p, atol=2**-22)
    np.testing.assert_allclose(encoder.features(crops), x.numpy(), rtol=1e-6, atol=1e-6)
    assert encoder.encode(crops).dtype == np.uint8
    assert len(np.unique(encoder.encode(crops), axis=0)) > 1


def test_tables_are_snapped(encoder: TorchEncoder, crops: Crops) -> None:
    tables = encoder.luts(crops)
    assert tables.dtype == np.float32
    np.testing.assert_array_equal(lut.snap(tables), tables)


def test_a_face_finds_itself_first(encoder: TorchEncoder, crops: Crops) -> None:
    codes, tables = encoder.encode(crops), encoder.luts(crops)
    for i, table in enumerate(tables):
        scores = lut.scores(table, codes)
        assert scores[i] == scores.max()
        assert scores[i] == table.max(axis=1).sum()


def test_a_face_keeps_its_code_whatever_comes_with_it(encoder: TorchEncoder, crops: Crops) -> None:
    """Bit for bit, features too: a resumed run gives what one run would have given."""
    whole = encoder.features(crops)
    for i in range(len(crops)):
        np.testing.assert_array_equal(encoder.features(crops[i : i + 1])[0], whole[i])
    order = np.random.default_rng(0).permutation(len(crops))
    np.testing.assert_array_equal(encoder.encode(crops[order]), encoder.encode(crops)[order])


@pytest.mark.slow
def test_words_are_chosen_for_all_faces_at_once_and_are_those_of_each_alone(
    joint: TorchEncoder, crops: Crops, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bit for bit, although features come from one crop a pass."""
    sizes, quantizer = [], joint._model.quantizer
    choose = quantizer.codes

    def counted(x: torch.Tensor) -> torch.Tensor:
        sizes.append(len(x))
        return choose(x)

    monkeypatch.setattr(quantizer, "codes", counted)
    together = joint.encode(crops)
    assert sizes == [len(crops)]
    assert together.dtype == np.uint8
    assert len(np.unique(together, axis=0)) > 1
    for i in range(len(crops)):
        np.testing.assert_array_equal(joint.encode(crops[i : i + 1])[0], together[i])
    assert joint.encode(crops[:0]).shape == (0, 4)


@pytest.mark.slow
@pytest.mark.parametrize("name", bundled_models())
def test_a_bundled_model_codes_a_face_the_same_in_any_company(name: str) -> None:
    encoder, crops = TorchEncoder.load(find_model(name)), sample_crops()[:40]
    together = encoder.encode(crops)
    for some in (slice(0, 1), slice(1, 3), slice(3, 10), slice(10, 11), slice(11, 40)):
        np.testing.assert_array_equal(encoder.encode(crops[some]), together[some])


@pytest.mark.slow
def test_larger_batches_agree_within_rounding(tiny_folder: Path, crops: Crops) -> None:
    one, four = TorchEncoder.load(tiny_folder), TorchEncoder.load(tiny_folder, batch_size=4)
    np.testing.assert_allclose(four.features(crops), one.features(crops), rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(four.encode(crops), one.encode(crops))


def test_more_than_256_words_give_two_byte_codes(crops: Crops) -> None:
    config = type(TINY)(n_books=2, n_words=300, feature_dim=600)
    encoder = TorchEncoder(make_tiny_model(config))
    codes = encoder.encode(crops[:2])
    assert codes.dtype == np.uint16
    assert encoder.luts(crops[:2]).shape == (2, 2, 300)
    assert lut.scores(encoder.luts(crops[:1])[0], codes).shape == (2,)


def test_no_crops_give_nothing_of_the_right_shape(encoder: TorchEncoder, crops: Crops) -> None:
    none = crops[:0]
    assert encoder.encode(none).shape == (0, 4)
    assert encoder.encode(none).dtype == np.uint8
    assert encoder.luts(none).shape == (0, 4, 16)
    assert encoder.features(none).shape == (0, 96)


def test_crops_of_the_wrong_kind_are_refused(encoder: TorchEncoder, crops: Crops) -> None:
    for wrong in (crops[0], crops[..., :2], crops[:, :50]):
        with pytest.raises(ValueError, match="shape"):
            encoder.encode(wrong)
    with pytest.raises(ValueError, match="uint8"):
        encoder.encode(crops.astype(np.float32))


def test_crops_may_be_views_and_are_not_changed(encoder: TorchEncoder, crops: Crops) -> None:
    before = crops.copy()
    mirrored = crops[:2, :, ::-1]
    mirrored.flags.writeable = False
    np.testing.assert_array_equal(
        encoder.features(mirrored), encoder.features(np.ascontiguousarray(mirrored))
    )
    backwards = crops[1::-1]
    np.testing.assert_array_equal(encoder.features(backwards), encoder.features(crops[:2])[::-1])
    np.testing.assert_array_equal(crops, before)


class ShortOfMemory(torch.nn.Module):
    """A backbone whose card holds at most `limit` faces."""

    def __init__(self, backbone: torch.nn.Module, limit: int) -> None:
        super().__init__()
        self.backbone, self.limit = backbone, limit
        self.sizes: list[int] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.sizes.append(len(x))
        if len(x) > self.limit:
            raise torch.cuda.OutOfMemoryError("the card is full")
        out: torch.Tensor = self.backbone(x)
        return out


def short_of_memory(limit: int) -> tuple[TorchEncoder, ShortOfMemory]:
    model: OpqnModel = make_tiny_model()
    encoder = TorchEncoder(model, batch_size=8)
    model.backbone = ShortOfMemory(model.backbone, limit)
    return encoder, model.backbone


def test_a_full_graphics_card_gets_smaller_batches(
    crops: Crops, tiny_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    encoder, backbone = short_of_memory(limit=2)
    with caplog.at_level(logging.WARNING):
        features = encoder.features(crops)
    assert backbone.sizes == [8, 4, 2, 2, 2, 2, 1]
    assert len(caplog.messages) == 1
    expected = TorchEncoder(make_tiny_model()).features(crops)
    np.testing.assert_allclose(features, expected, rtol=1e-4, atol=1e-5)
    encoder.encode(crops[:3])
    assert backbone.sizes[-2:] == [2, 1]  # it stays with what fitted


def test_a_card_too_small_for_one_face_is_an_error(crops: Crops) -> None:
    encoder, backbone = short_of_memory(limit=0)
    with pytest.raises(torch.cuda.OutOfMemoryError):
        encoder.encode(crops[:1])
    assert backbone.sizes == [1]


@pytest.mark.slow
def test_two_lanes_may_share_it(encoder: TorchEncoder, crops: Crops) -> None:
    expected = encoder.features(crops)
    results: list[np.ndarray] = []
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


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA graphics card here")
def test_the_graphics_card_gives_the_codes_of_the_processor(tiny_folder: Path) -> None:
    pixels = np.random.default_rng(8).integers(0, 256, (200, 14, 14, 3), dtype=np.uint8)
    crops = pixels.repeat(8, axis=1).repeat(8, axis=2)
    cpu, cuda = TorchEncoder.load(tiny_folder), TorchEncoder.load(tiny_folder, device="cuda")
    np.testing.assert_allclose(cuda.features(crops), cpu.features(crops), rtol=1e-3, atol=1e-4)
    assert (cuda.encode(crops) == cpu.encode(crops)).mean() > 0.995
