"""Any sequence of decisions, undo and redo among indexing keeps what the user said, and the laws.

A plain model beside it keeps the user's word by true faces, as copies of whole states. The library
is a real one; faces get new ids and boxes, photos are copied, moved, deleted and come back.
"""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from opqn_app.people import gestures
from opqn_app.people.kinds import Kind
from opqn_app.people.ledger import Ledger, Outcome
from opqn_app.people.people import people_of, person_now
from opqn_app.store.decision_records import NewDecision
from opqn_app.store.library import Library
from tests.people.indexing_machine import JITTER, ONE, IndexingMachine
from tests.people.said import Said
from tests.people_world import N_PLACES, Truth, key_of, true_box

NAMES = ("Ann", "Ben", "Cleo")
SOME = st.lists(st.integers(0, 30), min_size=1, max_size=4)


class LedgerMachine(IndexingMachine):
    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger(self.library)
        self.said = Said()
        self.past: list[Said] = []
        self.future: list[Said] = []

    # What the user says.

    def decide(
        self, gesture: Callable[[], Outcome], change: Callable[[Said, Outcome], Any]
    ) -> None:
        outcome = gesture()
        if not outcome.rows:
            return
        self.past.append(copy.deepcopy(self.said))
        self.future.clear()
        change(self.said, outcome)

    def some_faces(self, picks: list[int]) -> dict[int, Truth]:
        faces = sorted(self.world.faces().items())
        return dict(faces[pick % len(faces)] for pick in picks) if faces else {}

    def some_person(self, pick: int) -> int:
        people = sorted(self.said.names)
        return people[pick % len(people)]

    @rule(picks=SOME, name=st.sampled_from(NAMES))
    def name(self, picks: list[int], name: str) -> None:
        faces = self.some_faces(picks)
        if not faces:
            return
        truths = set(faces.values())
        known = [person for person, given in self.said.names.items() if given == name]
        person = known[0] if known else None
        if self.said.would_be_twice(truths, person):
            with pytest.raises(gestures.TwiceOnPhoto):
                gestures.name_faces(self.ledger, list(faces), name)
            return

        def change(said: Said, outcome: Outcome) -> None:
            who = outcome.rows[0].id if person is None else person
            said.names.setdefault(who, name)
            for truth in truths:
                said.give(truth, who)

        self.decide(lambda: gestures.name_faces(self.ledger, list(faces), name), change)

    @precondition(lambda self: self.said.names)
    @rule(picks=SOME, pick=ONE)
    def reject(self, picks: list[int], pick: int) -> None:
        faces, person = self.some_faces(picks), self.some_person(pick)

        def change(said: Said, _: Outcome) -> None:
            for truth in set(faces.values()):
                said.reject(truth, person)

        self.decide(lambda: gestures.reject(self.ledger, list(faces), person), change)

    @precondition(lambda self: self.said.names)
    @rule(picks=SOME, others=SOME, pick=ONE)
    def answer(self, picks: list[int], others: list[int], pick: int) -> None:
        """A page of yes and no."""
        yes, person = self.some_faces(picks), self.some_person(pick)
        no = {face: truth for face, truth in self.some_faces(others).items() if face not in yes}
        if self.said.would_be_twice(set(yes.values()), person):
            with pytest.raises(gestures.TwiceOnPhoto):
                gestures.answer(self.ledger, person, yes=list(yes), no=list(no))
            return

        def change(said: Said, _: Outcome) -> None:
            for truth in yes.values():
                said.give(truth, person)
            for truth in no.values():
                said.reject(truth, person)

        self.decide(
            lambda: gestures.answer(self.ledger, person, yes=list(yes), no=list(no)), change
        )

    @rule(picks=SOME)
    def hide_faces(self, picks: list[int]) -> None:
        faces = self.some_faces(picks)

        def change(said: Said, outcome: Outcome) -> None:
            left = list(dict.fromkeys(faces.values()))
            for row in outcome.rows:
                said.names[row.id] = None
                said.hidden.add(row.id)
                somebody = {content: (content, place) for content, place in reversed(left)}
                for truth in somebody.values():
                    said.give(truth, row.id)
                    left.remove(truth)
            assert not left

        self.decide(lambda: gestures.hide_faces(self.ledger, list(faces)), change)

    @rule(pick=ONE)
    def choose_picture(self, pick: int) -> None:
        for face, truth in self.some_faces([pick]).items():
            person = self.said.owner.get(truth)
            if person is not None:
                self.choose(face, truth, person)

    def choose(self, face: int, truth: Truth, person: int) -> None:
        self.decide(
            lambda: gestures.choose_picture(self.ledger, person, face),
            lambda said, _: said.pictures.update({person: truth}),
        )

    @rule(pick=ONE, other=ONE)
    def set_apart(self, pick: int, other: int) -> None:
        faces = self.some_faces([pick, other])
        truths = list(faces.values())
        if len(set(truths)) < 2:
            return
        ids = list(faces)

        def change(said: Said, _: Outcome) -> None:
            owner = said.owner.get(truths[0])
            if owner is not None and owner == said.owner.get(truths[1]):
                said.reject(truths[0], owner)
            said.apart.append((truths[0], truths[1]))

        self.decide(lambda: gestures.set_apart(self.ledger, ids[:1], ids[1:]), change)

    @precondition(lambda self: len(self.said.names) > 1)
    @rule(pick=ONE, other=ONE)
    def merge(self, pick: int, other: int) -> None:
        one, two = self.some_person(pick), self.some_person(other)
        if one == two:
            return
        theirs = {truth for truth, owner in self.said.owner.items() if owner == two}
        if self.said.would_be_twice(theirs, one):
            with pytest.raises(gestures.TwiceOnPhoto):
                gestures.merge(self.ledger, one, two)
            return

        def change(said: Said, _: Outcome) -> None:
            said.names[one] = said.names[one] or said.names[two]
            del said.names[two]
            if two not in said.hidden:
                said.hidden.discard(one)
            said.hidden.discard(two)
            if two in said.pictures:
                said.pictures.setdefault(one, said.pictures.pop(two))
            for people in said.rejected.values():
                if two in people:
                    people.remove(two)
                    people.add(one)
            for truth in theirs:
                said.owner[truth] = one
            for truth, owner in said.owner.items():
                said.rejected.get(truth, set()).discard(owner)

        self.decide(lambda: gestures.merge(self.ledger, one, two), change)

    @precondition(lambda self: self.said.names)
    @rule(picks=SOME, pick=ONE)
    def split(self, picks: list[int], pick: int) -> None:
        person = self.some_person(pick)
        faces = {
            face: truth
            for face, truth in self.some_faces(picks).items()
            if self.said.owner.get(truth) == person
        }
        if not faces:
            return

        def change(said: Said, outcome: Outcome) -> None:
            said.names[outcome.rows[0].id] = None
            for truth in set(faces.values()):
                said.give(truth, outcome.rows[0].id)

        self.decide(lambda: gestures.split(self.ledger, person, list(faces)), change)

    @precondition(lambda self: self.said.names)
    @rule(pick=ONE, hidden=st.booleans())
    def hide(self, pick: int, hidden: bool) -> None:
        person = self.some_person(pick)

        def change(said: Said, _: Outcome) -> None:
            (said.hidden.add if hidden else said.hidden.discard)(person)

        self.decide(lambda: gestures.hide(self.ledger, person, hidden=hidden), change)

    @precondition(lambda self: self.said.names)
    @rule(pick=ONE)
    def rename(self, pick: int) -> None:
        person = self.some_person(pick)
        name = f"Dora {person}"
        self.decide(
            lambda: gestures.rename(self.ledger, person, name),
            lambda said, _: said.names.update({person: name}),
        )

    @rule(picks=SOME, is_face=st.booleans())
    def no_face(self, picks: list[int], is_face: bool) -> None:
        faces = self.some_faces(picks)
        if not faces:
            return

        def change(said: Said, _: Outcome) -> None:
            for truth in set(faces.values()):
                if is_face:
                    said.no_face.discard(truth)
                else:
                    said.take(truth)
                    said.no_face.add(truth)

        self.decide(
            lambda: gestures.mark_no_face(self.ledger, list(faces), is_face=is_face), change
        )

    @rule(pick=ONE, jitter=JITTER)
    def draw(self, pick: int, jitter: float) -> None:
        """Around a face that is not found in one of the photos."""
        missing = [
            (photo, place)
            for photo in self.world.content_of
            for place in range(N_PLACES)
            if place not in dict(self.world.faces_of(photo))
        ]
        if not missing:
            return
        photo, place = missing[pick % len(missing)]
        truth = self.world.content_of[photo], place
        box = true_box(place, jitter, truth[0])
        content = self.library.decision_table.content_of_photo(photo)
        assert content is not None
        key = key_of(truth[0], box)._replace(content_hash=content)
        known = self.ledger.bindings.unbound_key(key.content_hash, photo, key.box)

        def change(said: Said, _: Outcome) -> None:
            said.drawn.add(truth)
            said.no_face.discard(truth)

        self.decide(
            lambda: self.ledger.decide(lambda: [NewDecision(Kind.BOX_DRAWN, [known or key])]),
            change,
        )
        self.world.draw(photo, box)

    @rule()
    def undo(self) -> None:
        assert (self.ledger.undo() is not None) == bool(self.past)
        if self.past:
            self.future.append(self.said)
            self.said = self.past.pop()

    @rule()
    def redo(self) -> None:
        assert (self.ledger.redo() is not None) == bool(self.future)
        if self.future:
            self.past.append(self.said)
            self.said = self.future.pop()

    @rule()
    def restart(self) -> None:
        self.library.close()
        self.library = Library.open(self.library.path, write=True)
        self.world.library = self.library
        self.ledger = Ledger(self.library)

    # The laws.

    @invariant()
    def every_law_is_kept(self) -> None:
        self.what_is_kept_in_memory_is_what_the_whole_ledger_gives()
        self.everybody_is_who_the_user_said()
        self.no_machine_may_go_against_it()
        self.nobody_is_on_a_photo_twice()

    def what_is_kept_in_memory_is_what_the_whole_ledger_gives(self) -> None:
        table, ledger = self.library.decision_table, self.ledger
        everybody = [person_now(ledger.state, ledger.bindings, i) for i in ledger.state.facts]
        assert ledger.persons(every=True) == sorted(everybody, key=lambda person: person.id)
        self.ledger.refresh()
        self.people = people_of(table.decisions(), table.placed_faces())
        assert self.ledger.people() == self.people
        assert self.ledger.can_undo == bool(self.past)
        assert self.ledger.can_redo == bool(self.future)

    def everybody_is_who_the_user_said(self) -> None:
        people, said = self.people, self.said
        faces = self.world.faces()
        assert people.owner == {f: said.owner[t] for f, t in faces.items() if t in said.owner}
        assert {p.id: p.name for p in people.persons.values()} == said.names
        for name in {*NAMES, *filter(None, said.names.values())}:
            called = sorted(person for person, given in said.names.items() if given == name)
            assert gestures.named(self.ledger, name.upper()) == called
        assert {p.id for p in people.persons.values() if p.is_hidden} == said.hidden
        for person in people.persons.values():
            mine = {face for face, owner in people.owner.items() if owner == person.id}
            assert set(person.faces) == mine
            shown = {face for face in mine if faces[face] == said.pictures.get(person.id)}
            assert person.picture in shown if shown else person.picture is None
            here = set(faces.values())
            gone = [t for t, owner in said.owner.items() if owner == person.id and t not in here]
            assert person.waiting == len(gone)
        drawn = {face.id for face in self.library.decision_table.placed_faces() if face.is_drawn}
        out = {f for f, t in faces.items() if t in said.no_face}
        out |= {f for f in drawn if faces[f] not in said.drawn}
        assert people.left_out == out

    def no_machine_may_go_against_it(self) -> None:
        people, said = self.people, self.said
        faces = self.world.faces()
        apart = {frozenset(pair) for pair in said.apart}
        for face, truth in faces.items():
            for person in people.persons:
                if person in said.rejected.get(truth, ()) or truth in said.owner:
                    assert not people.may_be(face, person)
            for other, theirs in faces.items():
                one, two = people.owner.get(face), people.owner.get(other)
                if one is not None and one == two:
                    continue
                is_decided = one is not None and two is not None
                is_one_photo = people.photo_of[face] == people.photo_of[other]
                if is_decided or is_one_photo or frozenset((truth, theirs)) in apart:
                    assert not people.may_join(face, other)

    def nobody_is_on_a_photo_twice(self) -> None:
        for person in self.people.persons.values():
            photos = [self.people.photo_of[face] for face in person.faces]
            assert len(photos) == len(set(photos))


@pytest.mark.slow
def test_any_sequence_keeps_every_law(tmp_path: Path) -> None:
    IndexingMachine.template = tmp_path / "template.sqlite"
    Library.open(IndexingMachine.template, write=True).close()
    case = LedgerMachine.TestCase
    case.settings = settings(max_examples=200, stateful_step_count=30)
    IndexingMachine.n_sequences = 0
    case().runTest()
    assert IndexingMachine.n_sequences >= 200
