"""The recipe that tunes the trunk, from crops to a trunk that heads can be made on."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest
import torch

from opqn_app.core.files import replacing
from opqn_app.opqn.torch.sface import SFace
from tests.trainer.face_data import write_face_data
from trainer.data.picture_set import read_crops
from trainer.method.last_blocks import LastBlocksSettings, chunk_size, maps_of
from trainer.recipes import tuned_trunk


def command(folder: Path, *more: str) -> list[str]:
    return [
        "--data", str(folder), "--trunk-file", str(folder / "sface.pt"),
        "--out", str(folder / "tuned.pt"), "--run", str(folder / "run"),
        "--batch", "32", "--depth", "2", *more,
    ]  # fmt: skip


def write_trunk(folder: Path, seed: int) -> None:
    torch.manual_seed(seed)
    torch.save(SFace().state_dict(), folder / "sface.pt")


def same_weights(one: Path, other: Path) -> set[str]:
    """The names of the tensors that are equal in both files."""
    a, b = (torch.load(path, weights_only=True) for path in (one, other))
    return {key for key in a if torch.equal(a[key], b[key])}


@pytest.mark.slow
def test_the_recipe_tunes_the_last_layers_and_goes_on_where_it_stopped(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_face_data(tmp_path)
    write_trunk(tmp_path, seed=0)
    caplog.set_level("INFO")
    assert tuned_trunk.main(command(tmp_path, "--epochs", "2")) == 0
    whole = [line for line in caplog.messages if "epoch 2" in line or "mixed" in line]
    equal = same_weights(tmp_path / "sface.pt", tmp_path / "tuned.pt")
    changed = set(SFace().state_dict()) - equal
    assert changed
    assert all(
        key.startswith(("blocks.11.", "blocks.12.", "map_bn.", "fc.", "out_bn.")) for key in changed
    )
    (tmp_path / "tuned.pt").rename(tmp_path / "whole.pt")
    assert tuned_trunk.main(command(tmp_path, "--epochs", "2", "--published", "1")) == 0
    everything = set(SFace().state_dict())
    assert same_weights(tmp_path / "sface.pt", tmp_path / "tuned.pt") == everything

    stopped = tmp_path / "stopped"

    @contextmanager
    def write_one_epoch(path: Path) -> Iterator[BinaryIO]:
        with replacing(path) as file:
            yield file
        if path.name == "training.pt":
            raise KeyboardInterrupt

    more = ("--epochs", "2", "--run", str(stopped))
    monkeypatch.setattr(tuned_trunk, "replacing", write_one_epoch)
    with pytest.raises(KeyboardInterrupt):
        tuned_trunk.main(command(tmp_path, *more))
    monkeypatch.undo()
    caplog.clear()
    assert tuned_trunk.main(command(tmp_path, *more)) == 0
    assert same_weights(tmp_path / "whole.pt", tmp_path / "tuned.pt") == everything
    assert [line for line in caplog.messages if "mixed" in line] == whole[-1:]
    assert not any("epoch 1" in line for line in caplog.messages)

    write_trunk(tmp_path, seed=1)
    capsys.readouterr()
    assert tuned_trunk.main(command(tmp_path, "--epochs", "3")) == 1
    assert "it is that of another run (trunk, recipe, epochs)" in capsys.readouterr().err


@pytest.mark.slow
def test_damaged_crops_are_the_same_each_time_and_unlike_the_good_ones(tmp_path: Path) -> None:
    write_face_data(tmp_path)
    crops = read_crops([tmp_path / "faces_0.tar"], part="train")
    one, other, another = (tuned_trunk.damaged(crops.images, seed=seed) for seed in (3, 3, 4))
    assert one.shape == (104, 112, 112, 3)
    assert np.array_equal(one, other)
    assert not np.array_equal(one, another)
    differs = (one != crops.centre(112)).any((1, 2, 3))
    assert differs.mean() > 0.9  # shifted or flipped at least


@pytest.mark.slow
def test_views_are_fresh_and_drawn_by_chance_alone(tmp_path: Path) -> None:
    write_face_data(tmp_path)
    crops = read_crops([tmp_path / "faces_0.tar"], part="train")
    images = crops.images
    torch.manual_seed(0)
    trunk, rows = SFace().eval(), np.arange(40)
    views = tuned_trunk.FreshViews(trunk, crops, LastBlocksSettings(depth=2, damaged=0.5))
    one, same, later = (views.draw(rows, np.random.default_rng(s)) for s in (1, 1, 2))
    assert one.shape == (40, 512, 14, 14)
    assert torch.equal(one, same)
    assert not one.requires_grad
    ways = {"plain": images[:40, 6:118, 6:118], "mirrored": images[:40, 6:118, 117:5:-1]}
    cpu = torch.device("cpu")
    with torch.no_grad():  # in the chunks of `draw`, since products round with their sizes
        chunks = {
            way: torch.split(tuned_trunk._network_input(pixels, cpu), chunk_size(cpu))
            for way, pixels in ways.items()
        }
        maps = {way: torch.cat([maps_of(trunk, x, 2) for x in chunks[way]]) for way in ways}
    seen = [[way for way in ways if torch.equal(maps[way][i], one[i])] for i in range(40)]
    assert ["plain"] in seen
    assert ["mirrored"] in seen
    assert [] in seen
    assert not torch.equal(one, later)
    good = tuned_trunk.FreshViews(trunk, crops, LastBlocksSettings(depth=2, damaged=0.0))
    for i, map_ in enumerate(good.draw(rows, np.random.default_rng(1))):
        assert any(torch.equal(map_, maps[way][i]) for way in ways)


def test_a_trunk_that_is_missing_or_another_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tuned_trunk.main(command(tmp_path)) == 1
    assert "sface.pt can't be used: there is no such file" in capsys.readouterr().err
    torch.save({"weight": torch.zeros(3)}, tmp_path / "sface.pt")
    assert tuned_trunk.main(command(tmp_path)) == 1
    assert "do not fit the trunk SFace" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--epochs", "0"), "epochs must be 1 or more"),
        (("--learning-rate", "inf"), "learning rate must be above 0"),
        (("--batch", "1"), "batch size must be 2 or more"),
        (("--learning-rate", "0"), "learning rate must be above 0"),
        (("--published", "1.5"), "published must be from 0 to 1"),
    ],
)
def test_a_number_beyond_its_range_is_refused_before_the_work(
    more: tuple[str, str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        tuned_trunk.main(command(tmp_path, *more))
    assert said in capsys.readouterr().err


def test_compiling_without_a_compiler_is_refused_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CXX", str(tmp_path / "none"))
    with pytest.raises(SystemExit):
        tuned_trunk.main(command(tmp_path, "--compile"))
    assert (
        f"--compile takes a C++ compiler, and '{tmp_path / 'none'}' (CXX) is not there"
        in capsys.readouterr().err
    )


@pytest.mark.slow
def test_a_run_folder_that_is_none_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_face_data(tmp_path)
    write_trunk(tmp_path, seed=0)
    (tmp_path / "run").write_text("a file")
    assert tuned_trunk.main(command(tmp_path)) == 1
    assert "the run folder can't be made there" in capsys.readouterr().err
    (tmp_path / "run").unlink()
    (tmp_path / "run").mkdir()
    for damage in ("{", "[1, 2]", "", '{"recipe": 3}', '{"recipe": null}'):
        (tmp_path / "run/made_from.json").write_text(damage)
        assert tuned_trunk.main(command(tmp_path)) == 1
        assert "made_from.json" in (said := capsys.readouterr().err)
        assert "can't be read: take a new --run" in said
