"""Who trains, chooses, asks and is searched; never two at once, and the same again."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opqn_app.core.errors import DataError
from tests.tiny_training import draw_people
from trainer.config import DataConfig
from trainer.data.crop_set import CropSet
from trainer.data.splits import (
    Split,
    draw_split,
    duplicates_across,
    load_split,
    manifest_hash,
    save_split,
)

PEOPLE = draw_people(8, 7, side=4)


def some(sizes: list[int]) -> CropSet:
    names = [f"p{i}" for i, n in enumerate(sizes) for _ in range(n)]
    files = [f"{name}/{row}.png" for row, name in enumerate(names)]
    return CropSet(np.zeros((len(names), 2, 2, 3), np.uint8), np.array(names), np.array(files))


@given(
    sizes=st.lists(st.integers(1, 9), min_size=3, max_size=8),
    queries=st.integers(0, 3),
    val=st.integers(0, 2),
    seed=st.integers(0, 99),
)
@settings(max_examples=60, deadline=None)
def test_single_domain_roles_never_overlap(
    sizes: list[int], queries: int, val: int, seed: int
) -> None:
    pictures = some(sizes)
    config = DataConfig(queries_per_person=queries, val_per_person=val, split_seed=seed)
    able = [f"p{i}" for i, n in enumerate(sizes) if n >= max(queries + val + 1, 2)]
    if not able:
        if queries or max(sizes) < 2:
            with pytest.raises(DataError):
                draw_split(pictures, config)
        return
    split = draw_split(pictures, config)
    roles = [set(r) for r in (split.train, split.val, split.test)]
    assert sum(map(len, roles)) == len(set().union(*roles))
    assert set(split.gallery) == roles[0] | roles[1]
    for name in able:
        assert (pictures.people[split.test] == name).sum() == queries
        assert (pictures.people[split.val] == name).sum() == val
        assert (pictures.people[split.train] == name).any()


def test_the_seed_decides_the_split() -> None:
    first, again, other = (
        draw_split(PEOPLE, DataConfig(queries_per_person=2, split_seed=s)) for s in (1, 1, 2)
    )
    assert np.array_equal(first.test, again.test)
    assert not np.array_equal(first.test, other.test)


def test_unseen_people_are_on_one_side_only() -> None:
    split = draw_split(PEOPLE, DataConfig(split="unseen", unseen_share=0.25))
    sides = [set(PEOPLE.people[rows]) for rows in (split.train, split.val, split.test)]
    assert [len(side) for side in sides] == [4, 2, 2]
    assert len(set().union(*sides)) == 8
    assert split.is_leave_one_out
    assert np.array_equal(split.gallery, split.test)


def test_people_with_too_few_pictures_are_left_out() -> None:
    split = draw_split(some([9, 2, 8]), DataConfig(min_photos=3, queries_per_person=1))
    assert set(some([9, 2, 8]).people[np.concatenate([split.train, split.test])]) == {"p0", "p2"}


def test_fewer_people_can_be_drawn() -> None:
    split = draw_split(PEOPLE, DataConfig(people=3, queries_per_person=1))
    assert len(set(PEOPLE.people[split.train])) == 3
    assert set(PEOPLE.people[split.test]) == set(PEOPLE.people[split.train])


def test_official_folders_say_who_asks() -> None:
    pictures = some([4, 4])
    files = np.array([f"{'test' if i % 4 == 0 else 'train'}/{f}" for i, f in
                      enumerate(pictures.files)])  # fmt: skip
    split = draw_split(
        CropSet(pictures.images, pictures.people, files),
        DataConfig(split="official", val_per_person=1),
    )
    assert list(split.test) == [0, 4]
    assert (len(split.train), len(split.val), len(split.gallery)) == (4, 2, 6)
    with pytest.raises(DataError, match="no 'train' pictures"):
        draw_split(pictures, DataConfig(split="official"))


def test_a_recorded_split_fits_the_same_files_in_another_order(tmp_path: Path) -> None:
    split = draw_split(PEOPLE, DataConfig(queries_per_person=2))
    save_split(tmp_path / "split.json", split, PEOPLE)
    turned = CropSet(PEOPLE.images[::-1], PEOPLE.people[::-1], PEOPLE.files[::-1])
    again = load_split(tmp_path / "split.json", turned)
    for role in ("train", "val", "test", "gallery"):
        before = set(PEOPLE.files[getattr(split, role)])
        assert set(turned.files[getattr(again, role)]) == before
    with pytest.raises(DataError, match="pictures lack"):
        load_split(tmp_path / "split.json", PEOPLE.where(np.arange(56) > 20))
    (tmp_path / "other.json").write_text("{}")
    with pytest.raises(DataError):
        load_split(tmp_path / "other.json", PEOPLE)


def test_equal_pixels_on_both_sides_are_found() -> None:
    images = PEOPLE.images.copy()
    rows = np.arange(8)
    images[5] = images[1]  # test row 5 shows what train row 1 shows
    images[6] = images[7]  # both test
    split = Split("single", rows[:4], rows[4:5], rows[5:], rows[:5])
    pictures = CropSet(images[:8], PEOPLE.people[:8], PEOPLE.files[:8])
    assert duplicates_across(split, pictures) == [("p00/01.png", "p00/05.png")]


def test_the_manifest_changes_with_every_part_of_the_data() -> None:
    whole = manifest_hash(PEOPLE)
    assert whole == manifest_hash(draw_people(8, 7, side=4))
    images = PEOPLE.images.copy()
    images[3, 0, 0, 0] ^= 1
    assert manifest_hash(CropSet(images, PEOPLE.people, PEOPLE.files)) != whole
    renamed = PEOPLE.people.copy()
    renamed[0] = "p01"
    assert manifest_hash(CropSet(PEOPLE.images, renamed, PEOPLE.files)) != whole
