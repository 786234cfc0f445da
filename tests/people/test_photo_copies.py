"""A picture that is there more than once is shown once; near copies too, if that is wanted."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from opqn_app.people.photo_copies import NEAR_S, Once, near_once, once
from opqn_app.store.library import Library
from opqn_app.store.photo_list import PhotoList
from tests.people.grouping_fakes import N_WORDS
from tests.people.guess_world import GroupingEncoder, GuessWorld

ANNA, BEN = np.arange(4, dtype=np.uint8), np.arange(8, 12, dtype=np.uint8)


@pytest.fixture
def guess_world(library_path: Path) -> Iterator[GuessWorld]:
    with Library.open(library_path, write=True) as library:
        yield GuessWorld(library, GroupingEncoder())


def photos(world: GuessWorld) -> PhotoList:
    return world.library.photo_table.listed()


def shown(found: Once) -> dict[int, list[int]]:
    """Each photo and those that it stands for."""
    return {i: sorted(found.copies.get(i, PhotoList()).ids()) for i in found.photos.ids()}


def at(seconds: float) -> str:
    return f"2019-05-01T10:00:{seconds:02}"


def test_files_of_one_picture_are_one_photo(guess_world: GuessWorld) -> None:
    for picture in (b"a", b"b", b"a", b"c", b"a"):
        guess_world.add_photo([ANNA], picture=picture)
    assert shown(once(photos(guess_world))) == {1: [3, 5], 2: [], 4: []}


def test_a_file_that_is_there_stands_for_one_that_is_away(guess_world: GuessWorld) -> None:
    for _ in range(2):
        guess_world.add_photo([ANNA], picture=b"a")
    guess_world.library.writer.mark([1], [])
    assert shown(once(photos(guess_world))) == {2: [1]}


def test_near_copies_are_of_one_moment_and_of_the_same_people(guess_world: GuessWorld) -> None:
    guess_world.add_photo([ANNA, BEN], taken_at=at(10))
    guess_world.add_photo([ANNA, BEN], taken_at=at(11))  # the next of a burst
    guess_world.add_photo([BEN, ANNA], taken_at=at(11))  # they have changed places
    guess_world.add_photo([ANNA], taken_at=at(11))
    guess_world.add_photo([ANNA, BEN], taken_at=at(12 + int(NEAR_S)))
    guess_world.add_photo([ANNA, BEN])  # nobody knows when
    guess_world.add_photo([], taken_at=at(10))
    guess_world.add_photo([], taken_at=at(10))
    before = once(photos(guess_world))
    assert len(before.photos) == 8
    found = near_once(guess_world.library, before, guess_world.encoder)
    assert shown(found) == {1: [2], 3: [], 4: [], 5: [], 6: [], 7: [], 8: []}
    assert near_once(guess_world.library, before, None) is before
    assert near_once(guess_world.library, before, GroupingEncoder(links=None)) is before


def test_copies_of_a_near_copy_come_along(guess_world: GuessWorld) -> None:
    for picture, second in ((b"a", 10), (b"b", 11), (b"b", 11), (b"a", 10)):
        guess_world.add_photo([ANNA], taken_at=at(second), picture=picture)
    before = once(photos(guess_world))
    assert shown(before) == {1: [4], 2: [3]}
    found = near_once(guess_world.library, before, guess_world.encoder)
    assert shown(found) == {1: [2, 3, 4]}


def test_each_photo_is_shown_or_stood_for_just_once(guess_world: GuessWorld) -> None:
    draws = np.random.default_rng(3)
    people = draws.integers(N_WORDS, size=(3, 4)).astype(np.uint8)
    for _ in range(80):
        who = draws.integers(3, size=draws.integers(0, 3))
        guess_world.add_photo(
            list(people[who]),
            taken_at=at(int(draws.integers(60))) if draws.random() < 0.8 else None,
            picture=bytes([draws.integers(60)]),
        )
    found = near_once(guess_world.library, once(photos(guess_world)), guess_world.encoder)
    all_ids = [each for i, others in shown(found).items() for each in (i, *others)]
    assert sorted(all_ids) == list(range(1, 81))
    assert len(found.photos) < 60
    stands = shown(found)
    assert found.photos.ids() == [i for i in photos(guess_world).ids() if i in stands]
