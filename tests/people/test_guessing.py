"""Groups that are kept in the library: new faces come to them, decisions cut them."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from opqn_app.people import gestures, guessing, neighbours
from opqn_app.people.guesses import Guesses
from opqn_app.people.guessing import update_groups
from opqn_app.people.ledger import Ledger
from opqn_app.store.library import Library
from opqn_app.store.records import ModelInfo
from tests import people_grouping_kill
from tests.people.grouping_fakes import codes_of_people
from tests.people.guess_world import GroupingEncoder, GuessWorld

KILLS = 16


@pytest.fixture
def guess_world(library_path: Path) -> Iterator[GuessWorld]:
    """Sixty photos of one face each, of five people."""
    with Library.open(library_path, write=True) as library:
        world = GuessWorld(library, GroupingEncoder())
        for code in codes_of_people(5, 60, 1):
            world.add_photo([code])
        yield world


def largest_of(groups: set[frozenset[int]]) -> frozenset[int]:
    return max(groups, key=lambda group: (len(group), -min(group)))


def test_nothing_is_guessed_of_an_empty_library(library_path: Path) -> None:
    with Library.open(library_path, write=True) as library:
        world = GuessWorld(library, GroupingEncoder())
        report = world.group()
        assert (report.faces, report.groups, report.new_faces) == (0, 0, 0)
        guesses = Guesses.load(library, world.encoder)
        ledger = Ledger(library)
        assert guesses.unnamed(ledger) == []
        assert guesses.resembles(ledger, [1]) == []


def test_groups_are_stored_and_told(guess_world: GuessWorld) -> None:
    report = guess_world.group()
    assert (report.faces, report.new_faces) == (60, 60)
    guesses, ledger = guess_world.guesses()
    groups = guesses.unnamed(ledger)
    assert {frozenset(group.faces) for group in groups} == guess_world.stored()
    assert report.groups == sum(len(group.faces) > 1 for group in groups) > 2
    sizes = [len(group.faces) for group in groups]
    assert sizes == sorted(sizes, reverse=True)
    for group in groups:
        assert sorted(face for part in group.parts for face in part) == sorted(group.faces)
        assert group.picture in group.faces
        assert group.photos == len(group.faces)
    parts = {frozenset(part) for group in groups for part in group.parts}
    assert parts == guess_world.stored_parts()
    again = guess_world.group()
    assert (again.groups, again.new_faces) == (report.groups, 0)


def test_the_rest_of_a_group_is_suggested(guess_world: GuessWorld) -> None:
    guess_world.group()
    guesses, ledger = guess_world.guesses()
    first = guesses.unnamed(ledger)[0]
    some, rest = first.faces[:3], first.faces[3:]
    assert guesses.resembles(ledger, rest) == []
    outcome = gestures.name_faces(ledger, some, "Ann")
    (ann,) = outcome.people
    assert not {face for group in guesses.unnamed(ledger) for face in group.faces} & set(
        first.faces
    )
    suggested = {face for each in guesses.suggestions(ledger, ann) for face in each.faces}
    assert set(rest) <= suggested
    assert guesses.resembles(ledger, rest)[0][0] == ann
    gestures.reject(ledger, rest[:1], ann)
    suggested = {face for each in guesses.suggestions(ledger, ann) for face in each.faces}
    assert rest[0] not in suggested
    assert any(rest[0] in group.faces for group in guesses.unnamed(ledger))
    ledger.undo()
    ledger.undo()
    assert guesses.unnamed(ledger)[0] == first


def test_new_faces_come_and_no_group_is_cut(guess_world: GuessWorld) -> None:
    guess_world.group()
    before = guess_world.stored()
    known_parts = guess_world.stored_parts()
    for code in codes_of_people(5, 30, 1):  # of the same people, and some words are others
        guess_world.add_photo([code])
    report = guess_world.group()
    assert (report.faces, report.new_faces) == (90, 30)
    after = guess_world.stored()
    assert all(any(group <= larger for larger in after) for group in before)
    parts = guess_world.stored_parts()
    assert all(any(part <= larger for larger in parts) for part in known_parts)
    assert all(any(part <= group for group in after) for part in parts)
    grown = [group for group in after if group & set(range(61, 91)) and group & set(range(1, 61))]
    assert grown


def test_faces_that_go_take_their_rows_along(guess_world: GuessWorld) -> None:
    guess_world.group()
    largest = sorted(largest_of(guess_world.stored()))
    photo, gone = guess_world.photo_of(largest[0]), largest[0]
    guess_world.delete(photo)
    guesses, ledger = guess_world.guesses()
    assert not any(gone in group.faces for group in guesses.unnamed(ledger))
    guess_world.group()
    guess_world.expire(photo)
    assert gone not in guess_world.library.group_table.guesses("grouping").face_ids
    guess_world.group()
    assert set(largest[1:]) <= largest_of(guess_world.stored())


def test_a_decision_cuts_its_group_and_no_other(guess_world: GuessWorld) -> None:
    guess_world.group()
    before = guess_world.stored()
    largest = largest_of(before)
    one, other = sorted(largest)[:2]
    _, ledger = guess_world.guesses()
    gestures.set_apart(ledger, [one], [other])
    guess_world.group()
    after = guess_world.stored()
    assert all(group in after for group in before - {largest})
    assert not any({one, other} <= group for group in after)
    ledger.undo()
    guess_world.group()
    assert any({one, other} <= group for group in guess_world.stored())


def test_two_named_people_in_a_group_let_it_fall_apart(guess_world: GuessWorld) -> None:
    guess_world.group()
    largest = sorted(largest_of(guess_world.stored()))
    _, ledger = guess_world.guesses()
    gestures.name_faces(ledger, largest[:2], "Ann")
    gestures.name_faces(ledger, largest[2:4], "Ben")
    guess_world.group()
    for group in guess_world.stored():
        assert not (group & set(largest[:2]) and group & set(largest[2:4]))


def test_a_face_that_comes_back_is_grouped_anew(guess_world: GuessWorld) -> None:
    """While it was away its group was cut; the piece that kept the number may not be its."""
    world = guess_world
    world.group()
    group = sorted(largest_of(world.stored()))
    gone = group.pop()
    photo = world.photo_of(gone)
    world.delete(photo)
    ledger = Ledger(world.library)
    gestures.name_faces(ledger, group[::2], "Ann")
    gestures.name_faces(ledger, group[1::2], "Ben")
    world.group()
    assert not any(gone in some for some in world.stored() | world.stored_parts())
    world.restore(photo)
    world.group()
    assert any(gone in some for some in world.stored())


def test_nobody_is_on_a_photo_twice_without_being_told(library_path: Path) -> None:
    code = codes_of_people(1, 1, 0)[0]
    with Library.open(library_path, write=True) as library:
        world = GuessWorld(library, GroupingEncoder())
        first, second = world.add_photo([code, code])
        world.add_photo([code])
        world.group()
        assert not any({first, second} <= group for group in world.stored())
        _, ledger = world.guesses()
        gestures.name_faces(ledger, [first, second], "Ann in a mirror", is_twice=True)
        world.group()
        assert any({first, second} <= group for group in world.stored())
        # All that there is has something new in it, but not each face: parts are made too.
        stored = library.group_table.guesses(world.encoder.model_id)
        parts = dict(zip(stored.face_ids.tolist(), stored.parts.tolist(), strict=True))
        assert parts[first] == parts[second] != 0


def test_what_is_no_face_is_in_no_group(guess_world: GuessWorld) -> None:
    guess_world.group()
    face = min(largest_of(guess_world.stored()))
    guesses, ledger = guess_world.guesses()
    gestures.mark_no_face(ledger, [face])
    assert not any(face in group.faces for group in guesses.unnamed(ledger))
    guess_world.group()
    assert not any(face in group for group in guess_world.stored())
    ledger.undo()
    guess_world.group()
    assert any(face in group and len(group) > 1 for group in guess_world.stored())


def test_another_model_takes_over_when_its_groups_are_made(guess_world: GuessWorld) -> None:
    guess_world.group()
    old = guess_world.stored()
    library, table = guess_world.library, guess_world.library.group_table
    encoder = guess_world.encoder = GroupingEncoder("better", seed=1)
    ids = np.arange(1, 61)
    codes = codes_of_people(5, 60, 2)
    model = ModelInfo.of(encoder)
    library.writer.use_model(model)
    library.writer.save_codes(model, ids[:30].tolist(), codes[:30])
    assert guess_world.group().groups == 0  # half of the faces have no code yet
    guesses, ledger = guess_world.guesses()
    assert {frozenset(group.faces) for group in guesses.unnamed(ledger)} == old
    library.writer.save_codes(model, ids[30:].tolist(), codes[30:])
    assert guess_world.group().groups > 0
    guesses.refresh(library)
    assert {frozenset(group.faces) for group in guesses.unnamed(ledger)} == guess_world.stored()
    assert table.state("grouping") is None
    assert not len(table.guesses("grouping").face_ids)


def test_a_model_without_links_groups_nothing(guess_world: GuessWorld) -> None:
    guess_world.encoder = GroupingEncoder(links=None)
    assert guess_world.group().groups == 0
    assert guess_world.stored() == set()


def test_a_run_that_was_given_up_goes_on(
    guess_world: GuessWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guessing, "BLOCK", 8)
    monkeypatch.setattr(neighbours, "AT_ONCE", 8)
    copy = guess_world.library.path.with_name("copy.sqlite")
    with sqlite3.connect(guess_world.library.path) as source, sqlite3.connect(copy) as target:
        source.backup(target)
    with Library.open_to_decide(copy) as library:
        whole = GuessWorld(library, guess_world.encoder)
        whole.group()
        expected = whole.stored(), whole.stored_parts()
    job = update_groups(guess_world.library, guess_world.encoder)
    stages = [next(job) for _ in range(4)]
    job.close()
    assert [(step.stage, step.done) for step in stages] == [("lists", 8 * i) for i in range(4)]
    report = guess_world.group()
    assert report.new_faces == 60 - 24
    assert (guess_world.stored(), guess_world.stored_parts()) == expected


def test_the_parts_of_any_faces_are_those_that_are_stored(guess_world: GuessWorld) -> None:
    guess_world.group()
    guesses = Guesses.load(guess_world.library, guess_world.encoder)
    stored = guess_world.stored_parts()
    every = sorted(face for part in stored for face in part)
    parts = guesses.parts_of(every)
    assert {frozenset(part) for part in parts} == stored
    assert [len(part) for part in parts] == sorted((len(part) for part in parts), reverse=True)
    some = every[::2]
    assert {face for part in guesses.parts_of([*some, 999_999]) for face in part} == set(some)
    assert guesses.parts_of([]) == []


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")
def test_a_kill_loses_at_most_the_block_being_written(tmp_path: Path) -> None:
    """And the next run goes on to the groups that one run makes."""
    tests = Path(people_grouping_kill.__file__).parent
    library = str(tmp_path / "library.sqlite")
    done = subprocess.run(
        [sys.executable, people_grouping_kill.__file__, library, "5", str(KILLS)],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tests), str(tests.parent)])},
    )
    trials, last, whole = json.loads(done.stdout)
    block, listed = people_grouping_kill.BLOCK, 0
    for trial in trials:
        # What was told of is kept; of what was not, a whole block more or nothing.
        more = trial["listed"] - listed - block * trial["told"]
        assert more in (0, block)
        listed = trial["listed"]
    unfinished = [t for t in trials if 0 < t["listed"] < people_grouping_kill.N_FACES]
    assert unfinished
    assert last == whole
    assert last[0] == people_grouping_kill.N_FACES
