"""Whatever is decided, added and removed, in any order: what the user said holds in every guess."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from opqn_app.people import gestures
from opqn_app.people.gestures import PeopleError
from opqn_app.people.guesses import Guesses
from opqn_app.people.ledger import Ledger
from opqn_app.store.library import Library
from tests.people.grouping_fakes import codes_of_people
from tests.people.guess_world import GroupingEncoder, GuessWorld

CODES = codes_of_people(4, 200, 5, with_people=True, changed=0.15)[0]

faces = st.lists(st.integers(0, 40), min_size=1, max_size=4, unique=True)
steps = st.one_of(
    st.tuples(st.just("name"), faces, st.sampled_from(["Ann", "Ben", "Cy"])),
    st.tuples(st.just("reject"), faces, st.sampled_from(["Ann", "Ben", "Cy"])),
    st.tuples(st.just("apart"), faces, faces),
    st.tuples(st.just("merge"), st.just("Ann"), st.just("Ben")),
    st.tuples(st.just("hide"), faces, st.just(None)),
    st.tuples(st.just("no face"), faces, st.just(None)),
    st.tuples(st.just("undo"), st.just(None), st.just(None)),
    st.tuples(st.just("redo"), st.just(None), st.just(None)),
    st.tuples(st.just("add"), st.integers(1, 3), st.just(None)),
    st.tuples(st.just("delete"), st.integers(0, 30), st.just(None)),
    st.tuples(st.just("group"), st.just(None), st.just(None)),
)


class Play:
    """A library that steps are made in, and what is told of it after each."""

    def __init__(self, library: Library) -> None:
        self.world = GuessWorld(library, GroupingEncoder())
        self.faces: list[int] = []
        self._n = 0
        for _ in range(12):
            self.add(2)
        self.world.group()
        self.ledger = Ledger(library)
        self.guesses = Guesses.load(library, self.world.encoder)

    def make(self, step: tuple[str, Any, Any]) -> None:
        kind, one, other = step
        try:
            self._make(kind, one, other)
        except PeopleError:
            return  # it can't be, and nothing has changed

    def _make(self, kind: str, one: Any, other: Any) -> None:
        ledger = self.ledger
        if kind == "name":
            gestures.name_faces(ledger, self._ids(one), other)
        elif kind == "reject":
            gestures.reject(ledger, self._ids(one), gestures.find_person(ledger, other))
        elif kind == "apart":
            gestures.set_apart(ledger, self._ids(one), self._ids(other))
        elif kind == "merge":
            gestures.merge(
                ledger, gestures.find_person(ledger, one), gestures.find_person(ledger, other)
            )
        elif kind == "hide":
            gestures.hide_faces(ledger, self._ids(one))
        elif kind == "no face":
            gestures.mark_no_face(ledger, self._ids(one))
        elif kind == "undo":
            ledger.undo()
        elif kind == "redo":
            ledger.redo()
        elif kind == "add":
            self.add(one)
        elif kind == "delete":
            self._delete(one)
        else:
            self._group()

    def add(self, n: int) -> None:
        self.faces += self.world.add_photo(list(CODES[self._n : self._n + n]))
        self._n += n

    def _delete(self, which: int) -> None:
        photo = self.world.photo_of(self.faces[which % len(self.faces)])
        gone = {face.id for face in self.world.library.faces_of(photo)}
        if len(gone) < len(self.faces):
            self.world.delete(photo)
            self.faces = [face for face in self.faces if face not in gone]
            self.ledger.refresh()
            self.guesses.refresh(self.world.library)

    def _group(self) -> None:
        before = {group & set(self.faces) for group in self.world.stored()}
        was_told = self.ledger.last_decision
        known = self.world.library.group_table.state("grouping")
        self.world.group()
        if known is not None and known.decision == was_told:
            after = self.world.stored()
            assert all(any(group <= each for each in after) for group in before), (
                "an old one is cut"
            )
        self._check_stored()
        self.ledger.refresh()
        self.guesses.refresh(self.world.library)

    def _ids(self, places: list[int]) -> list[int]:
        return list(dict.fromkeys(self.faces[place % len(self.faces)] for place in places))

    def _check_stored(self) -> None:
        people = self.ledger.people()
        for group in self.world.stored():
            for one in group & set(self.faces):
                for other in group & set(self.faces) - {one}:
                    if people.owner.get(one) is None and people.owner.get(other) is None:
                        assert people.may_join(one, other)
                    assert one not in people.left_out
                    owners = {people.owner.get(one), people.owner.get(other)} - {None}
                    assert len(owners) <= 1, "two people are in a group"
                    for person in owners:
                        rejected = people.rejected.get(one, frozenset())
                        assert person not in rejected | people.rejected.get(other, frozenset())

    def check(self) -> None:
        people, shown = self.ledger.people(), set(self.faces)
        unnamed = self.guesses.unnamed(self.ledger)
        told = [face for group in unnamed for face in group.faces]
        assert len(told) == len(set(told))
        assert not set(told) & (set(people.owner) | people.left_out)
        assert set(told) <= shown
        assert unnamed == Guesses.load(self.world.library, self.world.encoder).unnamed(
            Ledger(self.world.library)
        ), "what was followed is what is read anew"
        for group in unnamed:
            sides = [dict(people.apart.get(face, ())) for face in group.faces]
            for one in sides:
                assert all(
                    other.get(row, side) == side for other in sides for row, side in one.items()
                )
        suggested = set()
        for person in people.persons:
            for each in self.guesses.suggestions(self.ledger, person):
                assert 0.5 <= each.probability <= 1
                assert all(people.may_be(face, person) for face in each.faces)
                suggested |= set(each.faces)
        assert all(people.owner.get(face) is None for face in suggested)
        grouped = {face for group in self.world.stored() for face in group} & shown
        lost = grouped - set(people.owner) - people.left_out - set(told) - suggested
        assert not lost, "a face is neither in a group nor suggested"


@given(st.lists(steps, max_size=14))
@settings(max_examples=60, deadline=None)
def test_any_sequence_keeps_what_was_said(sequence: list[tuple[str, Any, Any]]) -> None:
    with (
        TemporaryDirectory() as folder,
        Library.open(Path(folder) / "library.sqlite", write=True) as library,
    ):
        play = Play(library)
        for step in sequence:
            play.make(step)
            play.check()
        play.make(("group", None, None))
        play.check()
        assert np.all(library.group_table.guesses("grouping").groups >= 0)
