"""The heads that are trained alike, from crops to rows of the table of figures."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from opqn_app.opqn.config import OpqnConfig
from opqn_app.opqn.torch.checkpoint import load_model
from opqn_app.opqn.torch.model import OpqnModel
from tests.trainer.face_data import write_face_data
from trainer.method.codewords import LearnedWords
from trainer.method.head import HeadSettings
from trainer.recipes import model_table, trained_heads
from trainer.recipes.embedded_crops import EmbeddedCrops

CONFIG = OpqnConfig(n_books=2, n_words=16, feature_dim=32)


def noise() -> trained_heads.Material:
    torch.manual_seed(0)
    views, labels = torch.randn(64, 1, 512), torch.arange(8).repeat_interleave(8)
    names = labels.numpy().astype(str)
    tuning = EmbeddedCrops(views[:, 0], views[:, 0], names, names)
    return trained_heads.Material(OpqnModel(CONFIG), views, labels, tuning)


def test_folded_words_code_and_rank_as_the_learned_ones() -> None:
    torch.manual_seed(0)
    model = OpqnModel(CONFIG)
    words = model.quantizer = LearnedWords(CONFIG, assignment_scale=20.0)
    plain, x = trained_heads.folded(model), torch.randn(20, 32)
    assert not isinstance(plain.quantizer, LearnedWords)
    assert plain.config.query_form == "linear"
    assert torch.equal(plain.quantizer.codes(x), words.codes(x))
    torch.testing.assert_close(plain.quantizer.tables(x), words.tables(x))


@pytest.mark.parametrize("variant", trained_heads.RATES)
def test_training_moves_the_head_and_leaves_the_trunk_alone(variant: str) -> None:
    given = noise()
    settings = HeadSettings(epochs=1, batch_size=16, learning_rate=0.1)
    start, end = (
        trained_heads.trained(variant, CONFIG, given, replace(settings, learning_rate=rate))
        for rate in (1e-12, 0.1)
    )
    assert not torch.allclose(start.quantizer.mlp, end.quantizer.mlp, atol=1e-4)
    trunk = given.trunk.trunk.state_dict()
    assert all(torch.equal(value, trunk[key]) for key, value in end.trunk.state_dict().items())


@pytest.mark.slow
def test_the_recipe_makes_both_heads_and_the_table_takes_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_face_data(tmp_path)
    out = tmp_path / "heads"
    command = [
        "--data", str(tmp_path), "--out", str(out), "--run", str(tmp_path / "run"),
        "--backbone", "mobilefacenet", "--trunk-file", str(tmp_path / "mobilefacenet_facexzoo.pt"),
        "--books", "4", "--words", "16", "--epochs", "1", "--batch", "32",
    ]  # fmt: skip
    assert trained_heads.main(command) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == (
        "| head | learning rate | query temperature | tuning half | reported half | LFW |"
    )
    assert [line.split(" | ")[0] for line in printed[2:]] == ["| OPQN", "| OPQN-l2q"]
    plain, learned = out / "opqn-16", out / "opqn-l2q-16"
    configs = [load_model(folder).model.config for folder in (plain, learned)]
    assert [config.query_form for config in configs] == ["probabilities", "linear"]
    assert all(config.mirror_average and config.feature_dim == 64 for config in configs)
    found = model_table.controls(learned, [plain, learned])
    assert list(found) == [
        "OPQN-l2q 4×4", "OPQN 4×4, trained head", "OPQN-l2q 4×4, trained head"
    ]  # fmt: skip


def test_a_missing_trunk_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["--data", str(tmp_path), "--trunk-file", str(tmp_path / "trunk.pt")]
    assert trained_heads.main([*command, "--run", str(tmp_path / "run")]) == 1
    assert "trunk.pt can't be used: there is no such file" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
