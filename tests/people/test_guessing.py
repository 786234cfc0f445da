"""Groups that are kept in the library: new faces come to them, decisions cut them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from opqn_app.people import gestures
from opqn_app.people.guesses import Guesses
from opqn_app.people.ledger import Ledger
from opqn_app.store.library import Library
from tests.people.grouping_fakes import codes_of_people
from tests.people.guess_world import GroupingEncoder, GuessWorld


@pytest.fixture
def guess_world(library_path: Path) -> Iterator[GuessWorld]:
    """Sixty photos of one face each, of five people."""
    with Library.open(library_path, write=True) as library:
        world = GuessWorld(library, GroupingEncoder())
        for code in codes_of_people(5, 60, 1):
            world.add_photo([code])
        yield world


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
    guesses, ledger = (
        Guesses.load(guess_world.library, guess_world.encoder),
        Ledger(guess_world.library),
    )
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
    guesses, ledger = (
        Guesses.load(guess_world.library, guess_world.encoder),
        Ledger(guess_world.library),
    )
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
