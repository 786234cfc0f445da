"""Pictures one at a time, from folders and tar files, whole and broken."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from opqn_app.core.errors import DataError, NoFaceFound, PhotoUnreadable
from opqn_app.core.types import Box, DetectedFace
from opqn_app.vision.align import TEMPLATE
from tests.trainer.evaluation_people import pack_tar, write_people
from trainer.data.crop_set import CropSet
from trainer.data.packs import write_pack
from trainer.data.picture_files import Dropped
from trainer.data.picture_set import read_crops, read_pictures
from trainer.data.pictures import AlignedCrops, JoinedPictures, PackedCrops, PhotoCrops


def test_folder_and_tar_give_the_same_crops(tmp_path: Path) -> None:
    folder = write_people(tmp_path / "set", [2, 1])
    plain = AlignedCrops(folder)
    assert plain.files.tolist() == ["p00/00.png", "p00/01.png", "p01/00.png"]
    assert plain.people.tolist() == ["p00", "p00", "p01"]
    for name, mode in (("a.tar", "w"), ("b.tar.gz", "w:gz")):
        packed = AlignedCrops(pack_tar(folder, tmp_path / name, mode))
        assert packed.people.tolist() == plain.people.tolist()
        for row in range(3):
            assert np.array_equal(packed.crop(row), plain.crop(row))


def test_larger_crops_give_their_centre(tmp_path: Path) -> None:
    source = AlignedCrops(write_people(tmp_path, [1], side=124))
    with Image.open(tmp_path / "p00" / "00.png") as image:
        expected = np.asarray(image)[6:118, 6:118]
    assert np.array_equal(source.crop(0), expected)


def test_small_crops_stay_as_they_are(tmp_path: Path) -> None:
    assert AlignedCrops(write_people(tmp_path, [1], side=35)).crop(0).shape == (35, 35, 3)


@pytest.mark.parametrize("side", [35, 112, 124])
def test_a_pack_gives_the_crops_of_its_folder(tmp_path: Path, side: int) -> None:
    """Also when it was not written in the order of its names."""
    folder = write_people(tmp_path / "set", [2, 1], side=side)
    pictures = read_pictures([folder], side=side)
    turned = CropSet(pictures.images[::-1], pictures.people[::-1], pictures.files[::-1])
    write_pack(tmp_path / "set.safetensors", turned)
    plain, packed = AlignedCrops(folder), PackedCrops(tmp_path / "set.safetensors")
    assert packed.files.tolist() == plain.files.tolist()
    assert packed.people.tolist() == plain.people.tolist()
    for row in range(3):
        assert np.array_equal(packed.crop(row), plain.crop(row))
    assert read_crops([tmp_path / "set.safetensors"]).files.tolist() == plain.files.tolist()


def test_a_set_without_pictures_says_what_there_is_instead(tmp_path: Path) -> None:
    (tmp_path / "ann").mkdir()
    (tmp_path / "ann" / "1.mp4").write_bytes(b"film")
    with pytest.raises(DataError, match=r"1 \.mp4 file"):
        AlignedCrops(tmp_path)


def test_a_broken_picture_is_told_by_name_when_it_is_read(tmp_path: Path) -> None:
    write_people(tmp_path, [2])
    (tmp_path / "p00" / "00.png").write_bytes(b"\x89PNG nothing")
    source = AlignedCrops(tmp_path)
    with pytest.raises(PhotoUnreadable, match=r"p00/00\.png"):
        source.crop(0)
    assert source.crop(1).shape == (112, 112, 3)


def test_pictures_in_no_persons_folder_are_reported(tmp_path: Path) -> None:
    write_people(tmp_path, [1])
    Image.new("RGB", (124, 124)).save(tmp_path / "loose.png")
    (tmp_path / "p00" / "._00.png").write_bytes(b"resource fork")
    source = AlignedCrops(tmp_path)
    assert len(source.files) == 1
    assert [entry.file for entry in source.left_out] == ["loose.png"]


@pytest.mark.parametrize("kind", ["missing", "empty", "text", "undecodable"])
def test_what_is_no_set_is_refused_in_a_sentence(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "set"
    if kind in ("empty", "undecodable"):
        path.mkdir()
    if kind == "text":
        path.write_text("hello")
    if kind == "undecodable":
        (path / "ann").mkdir()
        (path / "ann" / "1.png").write_bytes(b"no")
    with pytest.raises(DataError):
        AlignedCrops(path)


class OneLargeFace:
    """Finds a small face on the left and a large one on the right of bright pictures."""

    def __init__(self) -> None:
        self.calls = 0

    def detect(self, image: Image.Image, _pixels: int = 0) -> list[DetectedFace]:
        self.calls += 1
        if np.asarray(image).mean() < 10:
            return []
        faces = []
        for left, scale in ((0.0, 0.3), (100.0, 1.0)):
            landmarks = (TEMPLATE * scale + (left, 0)).astype(np.float32)
            box = Box(left, 0.0, left + 112 * scale, 112 * scale)
            faces.append(DetectedFace(box, landmarks, 0.99))
        return faces


def test_photos_give_their_largest_face_once(tmp_path: Path) -> None:
    folder = tmp_path / "ann"
    folder.mkdir()
    picture = np.full((112, 212, 3), 200, np.uint8)
    picture[:, 100:] = 90
    Image.fromarray(picture).save(folder / "face.png")
    Image.new("RGB", (212, 112)).save(folder / "dark.png")
    (folder / "torn.jpg").write_bytes(b"\xff\xd8\xff torn")
    detector = OneLargeFace()
    source = PhotoCrops(tmp_path, detector)
    rows = {str(name): row for row, name in enumerate(source.files)}
    crop = source.crop(rows["ann/face.png"])
    assert np.array_equal(crop[:, 5:], np.full((112, 107, 3), 90))
    with pytest.raises(NoFaceFound):
        source.crop(rows["ann/dark.png"])
    with pytest.raises(PhotoUnreadable):
        source.crop(rows["ann/torn.jpg"])
    calls = detector.calls
    assert np.array_equal(source.crop(rows["ann/face.png"]), crop)
    with pytest.raises(NoFaceFound):
        source.crop(rows["ann/dark.png"])
    assert detector.calls == calls


def test_joined_sets_keep_their_order(tmp_path: Path) -> None:
    one = AlignedCrops(write_people(tmp_path / "a", [2]))
    two = AlignedCrops(write_people(tmp_path / "b", [1, 1]))
    joined = JoinedPictures([one, two])
    assert joined.files.tolist() == ["0/p00/00.png", "0/p00/01.png", "1/p00/00.png", "1/p01/00.png"]
    assert np.array_equal(joined.crop(1), one.crop(1))
    assert np.array_equal(joined.crop(3), two.crop(1))


def test_a_link_to_nowhere_is_nobody(tmp_path: Path) -> None:
    people = write_people(tmp_path / "set", [4, 4])
    (people / "p01" / "gone").symlink_to(people / "nothing")
    found = read_pictures([people], side=16)
    reason = "it is a link to something that is not there"
    assert found.left_out == (Dropped("p01/gone", reason),)
    assert found.left_out[0].person == "p01"
