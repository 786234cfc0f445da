"""Crops from folders and tar files."""

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from opqn_app.core.errors import DataError
from trainer.data.picture_set import read_crops


def write_set(root: Path, side: int = 12) -> None:
    for number, name in enumerate(("train/ann/1.png", "train/ann/0.png", "val/bob/0.png")):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (side, side), (number * 40, 0, 0)).save(path)
    (root / "train" / "readme.txt").write_text("not a picture")


def test_folder_and_tar_give_the_same_set(tmp_path: Path) -> None:
    write_set(tmp_path / "set")
    with tarfile.open(tmp_path / "set.tar", "w") as tar:
        tar.add(tmp_path / "set", arcname=".")
    for source in (tmp_path / "set", tmp_path / "set.tar"):
        crops = read_crops([source])
        assert list(crops.files) == ["train/ann/0.png", "train/ann/1.png", "val/bob/0.png"]
        assert list(crops.people) == ["ann", "ann", "bob"]
        assert [int(image[0, 0, 0]) for image in crops.images] == [40, 0, 80]


def test_part_and_centre(tmp_path: Path) -> None:
    write_set(tmp_path)
    crops = read_crops([tmp_path], part="train")
    assert len(crops) == 2
    assert crops.centre(8).shape == (2, 8, 8, 3)
    assert np.array_equal(crops.centre(8), crops.images[:, 2:10, 2:10])


def test_missing_empty_mixed_and_broken_sets_say_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder or tar file"):
        read_crops([tmp_path / "nowhere"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no pictures"):
        read_crops([tmp_path / "empty"])
    write_set(tmp_path / "mixed")
    Image.new("RGB", (20, 20)).save(tmp_path / "mixed/val/bob/9.png")
    with pytest.raises(DataError, match="differ in size"):
        read_crops([tmp_path / "mixed"])
    write_set(tmp_path / "broken")
    whole = io.BytesIO()
    Image.new("RGB", (12, 12)).save(whole, "PNG")
    (tmp_path / "broken/val/bob/9.png").write_bytes(whole.getvalue()[:40])
    broken = read_crops([tmp_path / "broken"])
    assert [(entry.file, entry.reason) for entry in broken.left_out] == [
        ("val/bob/9.png", "the picture data is damaged")
    ]
    assert len(broken) == 3
    for picture in (tmp_path / "broken").rglob("*.png"):
        picture.write_bytes(whole.getvalue()[:40])
    with pytest.raises(DataError, match="none of its 4 pictures can be read"):
        read_crops([tmp_path / "broken" / "train", tmp_path / "broken" / "val"])
