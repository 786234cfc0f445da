"""The recipe that tunes the trunk, from crops to a trunk that heads can be made on."""

from pathlib import Path

import numpy as np
import pytest
import torch
from face_data import write_face_data

from opqn_app.opqn.sface import SFace
from trainer.data import read_crops
from trainer.recipes import tuned_trunk


def command(folder: Path, *more: str) -> list[str]:
    return [
        "--data", str(folder), "--trunk-file", str(folder / "sface.pt"),
        "--out", str(folder / "tuned.pt"), "--run", str(folder / "run"), "--batch", "32", *more,
    ]  # fmt: skip


@pytest.mark.slow
def test_the_recipe_tunes_the_last_layers_and_goes_on_where_it_stopped(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_face_data(tmp_path)
    torch.manual_seed(0)
    torch.save(SFace().state_dict(), tmp_path / "sface.pt")
    caplog.set_level("INFO")
    assert tuned_trunk.main(command(tmp_path, "--epochs", "1")) == 0
    before = torch.load(tmp_path / "sface.pt", weights_only=True)
    after = torch.load(tmp_path / "tuned.pt", weights_only=True)
    changed = {key for key in before if not torch.equal(before[key], after[key])}
    assert changed
    assert all(key.startswith(("blocks.12.", "map_bn.", "fc.", "out_bn.")) for key in changed)
    maps = np.load(tmp_path / "run" / "train-damaged.npy", mmap_mode="r")
    assert maps.shape == (104, 1024, 7, 7)
    made = (tmp_path / "run" / "train-plain.npy").stat().st_mtime_ns
    caplog.clear()
    assert tuned_trunk.main(command(tmp_path, "--epochs", "2")) == 0
    assert [line.split(":")[0].split(" (")[0] for line in caplog.messages] == [
        "published", "epoch 2", "mixed",
    ]  # fmt: skip
    assert (tmp_path / "run" / "train-plain.npy").stat().st_mtime_ns == made


def test_damaged_crops_are_the_same_each_time_and_unlike_the_good_ones(tmp_path: Path) -> None:
    write_face_data(tmp_path)
    crops = read_crops([tmp_path / "faces_0.tar"], part="train")
    one, other, another = (tuned_trunk.damaged(crops, seed=seed) for seed in (3, 3, 4))
    assert one.shape == (104, 112, 112, 3)
    assert np.array_equal(one, other)
    assert not np.array_equal(one, another)
    differs = (one != crops.centre(112)).any((1, 2, 3))
    assert differs.mean() > 0.9  # shifted or flipped at least


def test_a_trunk_that_is_missing_or_another_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tuned_trunk.main(command(tmp_path)) == 1
    assert "sface.pt, the weights of the trunk, is missing" in capsys.readouterr().err
    torch.save({"weight": torch.zeros(3)}, tmp_path / "sface.pt")
    assert tuned_trunk.main(command(tmp_path)) == 1
    assert "its tensors are not those of SFace" in capsys.readouterr().err
