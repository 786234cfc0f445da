"""The start and the training of a head, and the whole recipe at small scale."""

import argparse
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from opqn_app.opqn.config import OpqnConfig
from opqn_app.opqn.torch.backbone import EmbeddedTrunk
from opqn_app.opqn.torch.checkpoint import load_model
from opqn_app.opqn.torch.model import OpqnModel
from opqn_app.opqn.torch.sface import SFace
from tests.trainer.face_data import write_face_data
from trainer.method.head import HeadSettings, start_head, train_head
from trainer.method.joint_head import JointHeadSettings, start_joint_head
from trainer.recipes import bundled_head, fit_curves
from trainer.recipes.embedded_crops import EmbeddedCrops
from trainer.recipes.head_curve import FOLLOWING

RECIPE = HeadSettings(directions=16, iterations=8, epochs=3, batch_size=64, learning_rate=0.05)


def planted_embeddings(n_people: int, each: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """People differ along 16 directions; the other 496 are noise of each photo."""
    generator = torch.Generator().manual_seed(seed)
    basis = torch.linalg.qr(torch.randn(512, 512, generator=generator)).Q
    centres = torch.randn(n_people, 1, 16, generator=generator)
    photos = centres + 0.15 * torch.randn(n_people, each, 16, generator=generator)
    noise = 0.6 * torch.randn(n_people, each, 496, generator=generator)
    x = torch.cat([photos, noise], dim=-1).reshape(-1, 512) @ basis
    return x, torch.arange(n_people).repeat_interleave(each)


def tiny_model() -> OpqnModel:
    torch.manual_seed(0)
    return OpqnModel(OpqnConfig(n_books=4, n_words=32, feature_dim=128))


def features_of(model: OpqnModel, x: torch.Tensor) -> torch.Tensor:
    assert isinstance(model.backbone, EmbeddedTrunk)
    return model.backbone.from_embedding(x)


def rank1(model: OpqnModel, x: torch.Tensor, labels: torch.Tensor) -> float:
    model.eval()
    with torch.inference_mode():
        features = features_of(model, x)
        tables, codes = model.quantizer.tables(features), model.quantizer.codes(features)
    scores = torch.stack([tables[:, m][:, codes[:, m]] for m in range(4)]).sum(0)
    scores.fill_diagonal_(-1.0)
    return float((labels[scores.argmax(1)] == labels).float().mean())


def test_the_start_finds_the_directions_that_tell_people_apart() -> None:
    x, labels = planted_embeddings(80, 6, seed=1)
    untouched = rank1(tiny_model(), x, labels)
    model = tiny_model()
    start_head(model, x, labels, RECIPE)
    assert rank1(model, x, labels) > max(0.9, untouched + 0.2)


def test_words_are_unit_vectors_near_the_sub_vectors() -> None:
    x, labels = planted_embeddings(40, 6, seed=2)
    model = tiny_model()
    start_head(model, x, labels, RECIPE)
    words = model.quantizer.mlp.detach()
    assert torch.allclose(words.norm(dim=1), torch.ones(4, 32), atol=1e-4)
    with torch.inference_mode():
        sub = model.quantizer.sub_vectors(features_of(model, x))
    nearest = torch.einsum("bmd,mdk->bmk", F.normalize(sub, dim=-1), words).amax(-1)
    assert float(nearest.mean()) > 0.7


def test_the_lift_is_the_same_for_all_and_as_long_as_said() -> None:
    x, labels = planted_embeddings(40, 6, seed=5)
    model = tiny_model()
    start_head(model, x, labels, replace(RECIPE, lift=0.5))
    with torch.inference_mode():
        sub = model.quantizer.sub_vectors(features_of(model, x))  # (n, 4, 32)
    lifted, others = sub[..., 4], torch.cat([sub[..., :4], sub[..., 5:]], dim=-1)
    torch.testing.assert_close(lifted, lifted[:1].expand_as(lifted))
    usual = others.square().sum(-1).mean(0).sqrt()
    torch.testing.assert_close(lifted[0], 0.5 * usual, rtol=0.02, atol=0.0)


def test_directions_must_suit_the_books() -> None:
    x, labels = planted_embeddings(20, 6, seed=6)
    for directions in (18, 128):
        with pytest.raises(ValueError, match="can't be dealt"):
            start_head(tiny_model(), x, labels, replace(RECIPE, directions=directions))


def test_training_lowers_the_loss_and_leaves_the_trunk_alone() -> None:
    x, labels = planted_embeddings(40, 8, seed=3)
    model = tiny_model()
    start_head(model, x, labels, RECIPE)
    trunk = {key: value.clone() for key, value in model.trunk.state_dict().items()}
    reports = list(train_head(model, x[:, None], labels, RECIPE))
    assert [report.epoch for report in reports] == [1, 2, 3]
    assert reports[-1].total < reports[0].total
    assert all(torch.equal(value, trunk[key]) for key, value in model.trunk.state_dict().items())


def test_same_seed_same_head() -> None:
    x, labels = planted_embeddings(30, 6, seed=4)
    heads = []
    for _ in range(2):
        model = tiny_model()
        start_head(model, x, labels, RECIPE)
        list(train_head(model, x[:, None], labels, RECIPE))
        heads.append(model.quantizer.mlp.detach().clone())
    assert torch.equal(*heads)


def untrained_sface() -> SFace:
    """Its normalisations fit coarse noise, or all faces would look alike to it."""
    torch.manual_seed(1)
    trunk = SFace().train()
    for module in trunk.modules():
        if isinstance(module, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
            module.momentum = 1.0
    noise = torch.randn(8, 3, 7, 7)
    with torch.no_grad():
        trunk(F.interpolate(noise, scale_factor=16, mode="nearest"))
    return trunk


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Face data with a trunk of SFace: its 128 numbers are quick for faiss's OPQ, 512 are not."""
    folder = tmp_path_factory.mktemp("faces")
    write_face_data(folder)
    torch.save(untrained_sface().state_dict(), folder / "sface.pt")
    return folder


def command(data: Path, out: Path, *more: str) -> list[str]:
    """A run of the recipe; all share a run folder, so the crops are embedded once."""
    return [
        "--data", str(data), "--out", str(out), "--run", str(data / "run"),
        "--trunk-file", str(data / "sface.pt"),
        "--books", "4", "2", "--words", "16", "--directions", "16", *more,
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # faiss's own SWIG types
@pytest.mark.parametrize("more", [(), ("--separate", "--epochs", "1")], ids=["joint", "separate"])
def test_the_recipe_makes_a_model_that_loads(
    data: Path, tmp_path: Path, more: tuple[str, ...]
) -> None:
    """Embedding, start, training, choice, calibration, card; then again from the cache."""
    assert bundled_head.main(command(data, tmp_path, *more)) == 0
    tiny = tmp_path / "bundled-16"
    loaded = load_model(tiny)
    config = loaded.model.config
    assert config.mirror_average
    assert config.joint_words == (not more)
    assert load_model(tmp_path / "bundled-8").model.config.n_books == 2
    assert loaded.calibration is not None
    assert loaded.calibration.slope > 0
    card = (tiny / "README.md").read_text(encoding="utf-8")
    assert "faiss OPQ 4×4" in card
    assert "104 crops of 26 people" in card
    if config.joint_words:
        assert config.length_weight in bundled_head.LENGTH_WEIGHTS
        assert f"Weight of lengths {config.length_weight:g}," in card
    else:
        assert f"Query temperature {config.query_temperature:g}," in card
        assert "1 epochs" in card
    before = loaded.model_id
    assert bundled_head.main(command(data, tmp_path, *more)) == 0
    assert load_model(tiny).model_id == before
    assert_curves_can_be_fitted_anew(data, tmp_path, card)


def assert_curves_can_be_fitted_anew(data: Path, models: Path, card: str) -> None:
    """With the weights and the rest of the card as they are, and the curve the recipe found."""
    tiny = models / "bundled-16"
    made = load_model(tiny)
    description = json.loads((tiny / "config.json").read_text())
    description["calibration"] = {"slope": 1.0, "intercept": 0.0}
    (tiny / "config.json").write_text(json.dumps(description))
    (tiny / "README.md").write_text(card.replace("| said | true |", "| other | words |"))
    command = ["--data", str(data), "--models", str(models), "--run", str(data / "run")]
    assert fit_curves.main(command) == 0
    fitted = load_model(tiny)
    assert fitted.model_id == made.model_id
    assert fitted.calibration == made.calibration
    assert made.calibration is not None
    assert made.calibration.following == FOLLOWING
    seconds = re.compile(r"this head took \d+ minutes")
    now = (tiny / "README.md").read_text(encoding="utf-8")
    assert seconds.sub("", now) == seconds.sub("", card)
    (tiny / "README.md").write_text("# bundled-16\n")
    assert fit_curves.main(command) == 1


def arguments_of(*more: str) -> argparse.Namespace:
    return bundled_head.parse(["--data", "x", "--out", "y", "--trunk-file", "z", *more])


def test_heads_are_joint_unless_asked_to_be_separate() -> None:
    joint, separate = arguments_of(), arguments_of("--separate", "--epochs", "2")
    for books in (8, 16, 32, 5):
        config = bundled_head.family_config(joint, books)
        assert config.joint_words
        assert config.feature_dim == 256
        settings = bundled_head.head_settings(joint, books)
        assert isinstance(settings, JointHeadSettings)
        assert settings.directions <= config.feature_dim
        config = bundled_head.family_config(separate, books)
        assert not config.joint_words
        assert config.feature_dim == 256 * books
        settings = bundled_head.head_settings(separate, books)
        assert isinstance(settings, HeadSettings)
        assert settings.epochs == 2
    assert bundled_head.family_config(arguments_of("--words", "1024"), 8).feature_dim == 1024


@pytest.mark.parametrize("more", [(), ("--separate",)], ids=["joint", "separate"])
def test_directions_and_seed_of_the_command_line_win(more: tuple[str, ...]) -> None:
    usual = bundled_head.head_settings(arguments_of(*more), 8)
    asked = arguments_of(*more, "--directions", "48", "--seed", "7")
    assert bundled_head.head_settings(asked, 8) == replace(usual, directions=48, seed=7)


@pytest.mark.slow
def test_the_weight_of_lengths_is_the_best_on_the_tuning_half() -> None:
    x, labels = planted_embeddings(40, 6, seed=7)
    config = OpqnConfig(2, 16, 64, query_form="linear", joint_words=True)
    model = OpqnModel(config)
    list(start_joint_head(model, x, labels, JointHeadSettings(directions=16, turns=2)))
    y, people = planted_embeddings(30, 5, seed=8)
    names = np.array([f"p{person}" for person in people.tolist()])
    tuning = EmbeddedCrops(y, y, names, names)
    chosen = bundled_head.as_best_asked(model, tuning)
    reached = {}
    for weight in bundled_head.LENGTH_WEIGHTS:
        asked = OpqnModel(replace(config, length_weight=weight))
        asked.load_state_dict(model.state_dict())
        reached[weight] = bundled_head.retrieval(asked, tuning).mean_ap
    assert len(set(reached.values())) > 1
    assert reached[chosen.config.length_weight] == max(reached.values())
    assert torch.equal(chosen.quantizer.mlp, model.quantizer.mlp)


def test_missing_data_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folders = ["--out", str(tmp_path / "x"), "--run", str(tmp_path / "run")]
    trunk = ["--trunk-file", str(tmp_path / "trunk.pt")]
    assert bundled_head.main(["--data", str(tmp_path), *folders, *trunk]) == 1
    assert "can't be used" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
