"""Each benchmark in its real layout, made of generated pictures; packs; pictures of any size."""

import os
import pickle
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import save_file

from opqn_app.core.errors import DataError, SettingsError
from tests.tiny_training import draw_people, write_people
from trainer.config import DataConfig
from trainer.data.benchmark_formats import read_cifar10, read_pairs
from trainer.data.benchmarks import BENCHMARKS, benchmark, cifar10_roles
from trainer.data.crop_set import CropSet
from trainer.data.packs import read_pack, write_pack
from trainer.data.picture_set import fit_square, read_pictures
from trainer.data.safe_pickles import read_arrays
from trainer.data.splits import draw_split

RNG = np.random.default_rng(0)


def planes(n: int) -> np.ndarray:
    """n flattened 3×32×32 pictures; the red plane of picture i starts with i."""
    vectors = RNG.integers(0, 256, (n, 3072), dtype=np.uint8)
    vectors[:, 0] = np.arange(n) % 256
    return vectors


def write_cifar10(root: Path, each: int = 24) -> Path:
    """The six batches with protocol 2 and bytes keys, as the official files."""
    folder = root / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    for name in (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"):
        batch = {b"data": planes(each), b"labels": [i % 10 for i in range(each)],
                 b"filenames": [b"x.png"] * each, b"batch_label": b"some batch"}  # fmt: skip
        (folder / name).write_bytes(pickle.dumps(batch, protocol=2))
    names = {b"label_names": [f"kind{i}".encode() for i in range(10)]}
    (folder / "batches.meta").write_bytes(pickle.dumps(names, protocol=2))
    return root


def test_cifar10_batches_are_read_in_order(tmp_path: Path) -> None:
    pictures = read_cifar10(write_cifar10(tmp_path))
    assert pictures.images.shape == (144, 32, 32, 3)
    assert pictures.files[24] == "data_batch_2/00000"
    assert list(pictures.people[:3]) == ["kind0", "kind1", "kind2"]
    assert [int(i) for i in pictures.images[:4, 0, 0, 0]] == [0, 1, 2, 3]


def test_cifar10_protocol_has_the_published_sizes() -> None:
    classes = np.array([f"k{i}" for i in RNG.permutation(np.repeat(np.arange(10), 6000))])
    roles = cifar10_roles(classes)
    counts = {role: int((roles == role).sum()) for role in ("test", "train", "gallery")}
    assert counts == {"test": 1000, "train": 5000, "gallery": 54000}
    for role, each in (("test", 100), ("train", 500)):
        assert set(np.unique(classes[roles == role], return_counts=True)[1]) == {each}
    order = sorted(range(60000), key=lambda i: (classes[i], i))
    assert sorted(np.flatnonzero(roles == "test")) == sorted(order[::60])


def test_cifar10_protocol_trains_through_the_split(tmp_path: Path) -> None:
    pictures, roles = benchmark("cifar10").load(write_cifar10(tmp_path), side=32)
    assert roles is not None
    assert set(roles) == {"train", "test"}  # so small a set has nothing left to search
    roles = cifar10_roles(pictures.people, labelled=5)
    split = draw_split(pictures, DataConfig(split="official", val_per_person=1), roles)
    assert len(split.test) == 3
    assert set(split.gallery) == set(np.flatnonzero(roles == "gallery"))


def test_cifar10_with_a_batch_missing_says_so(tmp_path: Path) -> None:
    write_cifar10(tmp_path)
    (tmp_path / "cifar-10-batches-py/data_batch_3").unlink()
    with pytest.raises(DataError, match="data_batch_3 is missing"):
        read_cifar10(tmp_path)


class Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, ("exploded",))


def test_a_pickle_that_asks_for_code_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "bad.pkl"
    path.write_bytes(pickle.dumps({"data": Bomb()}))
    with pytest.raises(DataError, match="mkdir"):
        read_arrays(path)
    assert not (tmp_path / "exploded").exists()
    path.write_bytes(b"\x80\x05 no pickle")
    with pytest.raises(DataError):
        read_arrays(path)


@pytest.mark.parametrize("protocol", range(6))
def test_arrays_and_scalars_come_through_the_restricted_reader(
    tmp_path: Path, protocol: int
) -> None:
    held = (planes(3), np.arange(3), np.float64(0.5), [np.ones((2, 2), "f4"), b"text"])
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(held, protocol=protocol))
    again = read_arrays(tmp_path / "a.pkl")
    assert np.array_equal(again[0], held[0])
    assert np.array_equal(again[1], held[1])
    assert float(again[2]) == 0.5
    assert np.array_equal(again[3][0], np.ones((2, 2)))


def write_pickles(root: Path, parts: dict[str, int], *, scale: float = 1.0) -> Path:
    root.mkdir()
    for name, n in parts.items():
        vectors = planes(n) * scale if scale != 1.0 else planes(n)
        held = (vectors, np.arange(n) % 4)
        (root / f"{name}.pkl").write_bytes(pickle.dumps(held, protocol=2))
    return root


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("facescrub", {"facescrub_train": 20, "facescrub_test": 8}),
        ("youtube", {"ytf_train": 20, "ytf_test": 8}),
        ("cfw60k", {"attribute": 12, "classification": 8, "test": 8}),
    ],
)
def test_face_pickles_keep_their_official_split(
    tmp_path: Path, name: str, parts: dict[str, int]
) -> None:
    pictures, roles = benchmark(name).load(write_pickles(tmp_path / "p", parts), side=35)
    assert roles is not None
    assert pictures.images.shape == (28, 35, 35, 3)
    assert (roles == "test").sum() == 8
    split = draw_split(pictures, DataConfig(), roles)
    assert (len(split.test), len(split.gallery)) == (8, 20)


def test_pickled_floats_from_0_to_1_are_pixels(tmp_path: Path) -> None:
    parts = {"train": 4, "test": 4}
    pictures, _ = benchmark("youtube").load(
        write_pickles(tmp_path / "p", parts, scale=1 / 255), side=32
    )
    assert [int(i) for i in pictures.images[:4, 0, 0, 0]] == [0, 1, 2, 3]


def test_a_missing_side_of_the_pickles_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="'test' in its name"):
        benchmark("facescrub").load(write_pickles(tmp_path / "p", {"train": 4}), side=32)


@pytest.mark.parametrize("name", ["facescrub", "cfw60k", "vggface2", "youtube"])
def test_the_released_folder_layout_keeps_its_split(tmp_path: Path, name: str) -> None:
    people = draw_people(3, 5)
    write_people(tmp_path / "train", people)
    write_people(tmp_path / "test", people.where(np.arange(15) % 5 == 0))
    pictures, roles = benchmark(name).load(tmp_path, side=16)
    assert roles is not None
    assert (len(pictures), int((roles == "test").sum())) == (18, 3)
    assert pictures.files[roles == "test"][0] == "test/p00/00.png"
    assert benchmark(name).check(tmp_path).is_usable


def test_vggface2_people_are_split_by_seed_with_50_queries(tmp_path: Path) -> None:
    entry = benchmark("vggface2")
    assert entry.defaults["data"]["queries_per_person"] == 50
    _, roles = entry.load(write_people(tmp_path / "v", draw_people(2, 3)), side=16)
    assert roles is None


def test_cross_domain_people_are_searched_not_trained(tmp_path: Path) -> None:
    write_people(tmp_path / "cross_train", draw_people(2, 3))
    write_people(tmp_path / "cross_test", draw_people(2, 2))
    _, roles = benchmark("vggface2-cross").load(tmp_path, side=16)
    assert roles is not None
    assert set(roles) == {"gallery", "test"}


def test_lfw_pairs_are_read_with_their_folds(tmp_path: Path) -> None:
    write_people(tmp_path / "lfw", draw_people(2, 3))
    pictures, _ = benchmark("lfw").load(tmp_path, side=16)
    assert len(pictures) == 6
    lines = ["2\t1", "Ann_A\t1\t4", "Ann_A\t2\tBob\t1", "Bob\t1\t2", "Bob\t3\tAnn_A\t11"]
    (tmp_path / "pairs.txt").write_text("\n".join(lines) + "\n")
    pairs = read_pairs(tmp_path / "pairs.txt")
    assert [p.is_same for p in pairs] == [True, False, True, False]
    assert [p.fold for p in pairs] == [0, 0, 1, 1]
    assert pairs[3].second == "Ann_A/Ann_A_0011.jpg"
    (tmp_path / "pairs.txt").write_text("\n".join(lines[:-1]))
    with pytest.raises(DataError, match="3 pairs instead of 4"):
        read_pairs(tmp_path / "pairs.txt")


def test_every_benchmark_says_where_what_and_how(tmp_path: Path) -> None:
    for entry in BENCHMARKS:
        assert all((entry.where, entry.terms, entry.layout, entry.protocol))
        assert not entry.check(tmp_path / "nowhere").is_usable
        with pytest.raises(DataError, match="no such folder"):
            entry.load(tmp_path / "nowhere", side=32)
    with pytest.raises(SettingsError, match="facescrub"):
        benchmark("imagenet")


def test_pictures_of_any_size_become_squares(tmp_path: Path) -> None:
    for number, size in enumerate(((30, 20), (64, 64), (9, 40))):
        path = tmp_path / "set/ann" / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", size, (number, 0, 0)).save(path)
    Image.new("L", (25, 25), 200).save(tmp_path / "set/ann/grey.pgm")
    pictures = read_pictures([tmp_path / "set"], side=16)
    assert pictures.images.shape == (4, 16, 16, 3)
    assert [int(i[0, 0, 0]) for i in pictures.images] == [0, 1, 2, 200]


def test_the_cut_takes_the_centre_and_scales_it() -> None:
    pixels = np.zeros((10, 10, 3), np.uint8)
    pixels[2:8, 2:8] = 250
    assert fit_square(Image.fromarray(pixels), side=6, cut=6).min() == 250
    assert fit_square(Image.fromarray(pixels), side=10).min() == 0


def test_folder_tar_and_pack_give_the_same_pictures(tmp_path: Path) -> None:
    folder = write_people(tmp_path / "set", draw_people(3, 4))
    with tarfile.open(tmp_path / "set.tar", "w") as tar:
        tar.add(folder, arcname=".")
    from_folder = read_pictures([folder], side=16)
    write_pack(tmp_path / "set.safetensors", from_folder)
    for source in (tmp_path / "set.tar", tmp_path / "set.safetensors"):
        again = read_pictures([source], side=16)
        assert np.array_equal(again.images, from_folder.images)
        assert list(again.files) == list(from_folder.files)
        assert list(again.people) == list(from_folder.people)


def test_several_shards_are_one_sorted_set(tmp_path: Path) -> None:
    people = draw_people(4, 3, side=16)
    odd = np.arange(12) % 2 == 1
    write_pack(tmp_path / "a.safetensors", people.where(odd))
    folder = write_people(tmp_path / "b", people.where(~odd))
    joined = read_pictures([tmp_path / "a.safetensors", folder], side=16)
    assert list(joined.files) == list(people.files)
    assert np.array_equal(joined.images, people.images)


def test_a_part_of_a_pack_and_a_broken_pack(tmp_path: Path) -> None:
    people = draw_people(2, 2, side=16)
    files = np.array(["train/a/0.png", "train/a/1.png", "val/b/0.png", "val/b/1.png"])
    write_pack(tmp_path / "p.safetensors", CropSet(people.images, people.people, files))
    assert list(read_pack(tmp_path / "p.safetensors", part="val").files) == list(files[2:])
    (tmp_path / "broken.safetensors").write_bytes(b"nothing")
    with pytest.raises(DataError, match="damaged or cut off"):
        read_pack(tmp_path / "broken.safetensors")
    with pytest.raises(DataError, match="no such pack"):
        read_pack(tmp_path / "missing.safetensors")
    save_file({"weights": np.zeros(3)}, tmp_path / "model.safetensors")
    with pytest.raises(DataError, match="no pack of pictures"):
        read_pack(tmp_path / "model.safetensors")
