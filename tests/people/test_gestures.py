"""What a user can say, what can't be, and what is undone together."""

import unicodedata

import pytest

from opqn_app.core.errors import LibraryError
from opqn_app.people import gestures
from opqn_app.people.kinds import Kind
from opqn_app.people.ledger import Ledger
from opqn_app.store.library import Library
from opqn_app.ui.work import people_gestures
from tests.people_world import World, true_box


def test_a_name_makes_a_person_and_then_means_that_person(ledger: Ledger) -> None:
    first = gestures.name_faces(ledger, [1], "Ann")
    again = gestures.name_faces(ledger, [4], " ANN ")
    (ann,) = ledger.persons()
    assert (ann.id, ann.name, ann.faces) == (first.rows[0].id, "Ann", (1, 4))
    assert again.people == {ann.id}
    gestures.name_faces(ledger, [7], "Ann", is_new=True)
    assert [person.faces for person in ledger.persons()] == [(1, 4), (7,)]
    with pytest.raises(gestures.SeveralPeople, match="2 people are called Ann"):
        gestures.name_faces(ledger, [10], "Ann")


def test_a_person_is_found_by_id_then_by_name(ledger: Ledger) -> None:
    ann = gestures.name_faces(ledger, [1], "Ann").rows[0].id
    gestures.take_in(ledger, "Picasa", [(str(ann), [2]), ("1984", [5])])
    assert gestures.find_person(ledger, "ann") == ann
    assert gestures.find_person(ledger, str(ann)) == ann
    assert gestures.find_person(ledger, "1984") == ledger.owner(5)
    assert gestures.find_person(ledger, ann) == ann
    with pytest.raises(gestures.PeopleError, match="Nobody is called Zoe"):
        gestures.find_person(ledger, "Zoe")


@pytest.mark.parametrize("name", ["13", " 007 "])
def test_a_number_is_no_name(ledger: Ledger, name: str) -> None:
    """`opqn name 12 13` forgot the name; and people are told apart by numbers."""
    with pytest.raises(gestures.PeopleError, match="is a number"):
        gestures.name_faces(ledger, [1], name)
    ann = gestures.name_faces(ledger, [1], "Ann").rows[0].id
    with pytest.raises(gestures.PeopleError, match="is a number"):
        gestures.rename(ledger, ann, name)
    gestures.rename(ledger, ann, "Agent 007")


@pytest.mark.parametrize(
    "name",
    [
        "\u0646\u06cc\u0645\u200c\u0631\u062e",  # Persian, with a non-joiner
        "\u0d28\u0d3e\u0d28\u0d4d\u200d",  # Malayalam, with a joiner
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",  # a family in one sign
        "Jose\u0301 & O'Neil-Müller, 3rd",
    ],
)
def test_names_of_all_scripts(ledger: Ledger, name: str) -> None:
    gestures.name_faces(ledger, [1], name)
    (person,) = ledger.persons()
    assert person.name == unicodedata.normalize("NFC", name)
    unjoined = name.replace("\u200c", "").replace("\u200d", "")
    assert gestures.find_person(ledger, unjoined) == person.id


BAD_NAMES = [
    *("", "  ", "a\x00b", "x" * 201, "a\u202eb", "a\u2066b", "\u200d", "\u200c \u200d", "a\x1bb"),
    *("a\nb", "a\u2028b", "a\r\nb", "a\x85b"),
]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_what_is_no_name(ledger: Ledger, name: str) -> None:
    with pytest.raises(gestures.PeopleError, match=r"A name (has|is one line)"):
        gestures.name_faces(ledger, [1], name)
    assert not ledger.can_undo


def test_nobody_is_on_a_photo_twice_unless_it_is_said(ledger: Ledger) -> None:
    gestures.name_faces(ledger, [1], "Ann")
    for faces in ([2], [4, 5]):
        with pytest.raises(gestures.TwiceOnPhoto, match=r"Ann would be twice on [12]\.jpg\."):
            gestures.name_faces(ledger, faces, "Ann")
    assert ledger.persons()[0].faces == (1,)
    gestures.name_faces(ledger, [2], "Ann", is_twice=True)
    assert ledger.persons()[0].faces == (1, 2)
    assert not ledger.people().may_join(1, 3)
    assert ledger.people().may_join(1, 2)


def test_two_people_on_one_photo_are_one_only_if_it_is_said(ledger: Ledger) -> None:
    ann = gestures.name_faces(ledger, [1, 4], "Ann").rows[0].id
    ben = gestures.name_faces(ledger, [2, 7], "Ben").rows[0].id
    with pytest.raises(gestures.TwiceOnPhoto, match=r"Both are on 1\.jpg, so"):
        gestures.merge(ledger, ann, ben)
    gestures.merge(ledger, ann, ben, is_twice=True)
    assert [person.faces for person in ledger.persons()] == [(1, 2, 4, 7)]
    assert ledger.person(ben) == ledger.person(ann)
    with pytest.raises(gestures.PeopleError, match="same person already"):
        gestures.merge(ledger, ann, ben)


def test_a_face_that_moves_is_not_who_it_was(ledger: Ledger) -> None:
    ann = gestures.name_faces(ledger, [1, 4], "Ann").rows[0].id
    gestures.name_faces(ledger, [4], "Ben")
    ben = ledger.owner(4)
    assert ben is not None
    gestures.reject(ledger, [4], ben)
    people = ledger.people()
    assert people.rejected[4] == {ann, ben}
    assert not people.may_be(4, ann)
    assert not people.may_join(1, 4)
    gestures.confirm(ledger, [4], ann)
    assert ledger.people().rejected[4] == {ben}


def test_a_face_that_is_not_the_same_as_one_of_ann_is_not_ann(ledger: Ledger) -> None:
    gestures.set_apart(ledger, [4], [7])
    people = ledger.people()
    assert not people.may_join(4, 7)
    assert people.may_join(4, 10)
    gestures.name_faces(ledger, [1, 7], "Ann")
    ann = ledger.persons()[0].id
    people = ledger.people()
    assert not people.may_be(4, ann)
    assert not people.may_join(4, 1)
    assert people.may_join(5, 1)


def test_an_answered_page_is_one_gesture(ledger: Ledger) -> None:
    ann = gestures.name_faces(ledger, [1], "Ann").rows[0].id
    gestures.answer(ledger, ann, yes=[4, 7], no=[5, 10])
    assert ledger.persons()[0].faces == (1, 4, 7)
    undone = ledger.undo()
    assert undone is not None
    assert [row.kind for row in undone.rows] == [Kind.IS, Kind.IS_NOT]
    assert ledger.persons()[0].faces == (1,)
    assert ledger.people().rejected == {}
    ledger.redo()
    assert ledger.persons()[0].faces == (1, 4, 7)
    assert set(ledger.people().rejected) == {5, 10}


def test_undo_goes_back_to_the_start_and_redo_to_the_end(ledger: Ledger) -> None:
    states = [ledger.people()]
    for face in (1, 4, 7):
        gestures.name_faces(ledger, [face], "Ann")
        states.append(ledger.people())
    for state in states[-2::-1]:
        assert ledger.undo() is not None
        assert ledger.people() == state
    assert ledger.undo() is None
    for state in states[1:]:
        assert ledger.redo() is not None
        assert ledger.people() == state
    assert ledger.redo() is None
    ledger.undo()
    gestures.name_faces(ledger, [10], "Ben")
    assert ledger.redo() is None
    kinds = [row.kind for row in ledger.library.decision_table.decisions()]
    assert kinds == ["named", "is", "is", *["undone"] * 3, *["redone"] * 3, "undone", "named"]


def test_what_another_program_knows_goes_back_behind_the_users_word(ledger: Ledger) -> None:
    ann = gestures.name_faces(ledger, [1], "Ann").rows[0].id
    gestures.reject(ledger, [4], ann)
    gestures.mark_no_face(ledger, [7])
    rows = gestures.take_in(ledger, "Picasa", [("Ann", [4, 7, 10]), ("Ben", [1, 2])]).rows
    people = {person.name: person.faces for person in ledger.persons()}
    assert people == {"Ann": (1, 10), "Ben": (2,)}
    why = ledger.why(10)
    assert [(row.kind, row.source) for row in why.rows if row.source] == [
        ("imported_from", "Picasa")
    ]
    assert len(rows) == 2
    ledger.undo()
    assert [person.name for person in ledger.persons()] == ["Ann"]


def test_why_lists_what_made_a_face_ann(ledger: Ledger, world: World) -> None:
    ann = gestures.name_faces(ledger, [1], "Ann").rows[0].id
    other = gestures.name_faces(ledger, [4], "Anne").rows[0].id
    gestures.rename(ledger, ann, "Ann Lee")
    gestures.merge(ledger, ann, other)
    gestures.confirm(ledger, [7], ann)
    world.find_again(2, [0, 1, 2], 0.1)
    ledger.refresh()
    face = world.face(1, 0)
    why = ledger.why(face)
    assert why.person is not None
    assert why.person.name == "Ann Lee"
    assert [row.kind for row in why.rows] == ["named", "named", "renamed", "merged"]
    assert why.overlap is not None
    assert why.overlap == pytest.approx(true_box(0).overlap(true_box(0, 0.1)))
    assert ledger.why(12).rows == ()


def test_a_picture_stands_for_its_person_only(ledger: Ledger) -> None:
    ann = gestures.name_faces(ledger, [1, 4], "Ann").rows[0].id
    gestures.choose_picture(ledger, ann, 4)
    assert ledger.persons()[0].picture == 4
    with pytest.raises(gestures.PeopleError, match="Face 7 is not this person"):
        gestures.choose_picture(ledger, ann, 7)
    gestures.reject(ledger, [4], ann)
    assert ledger.persons()[0].picture is None


def test_hidden_strangers_of_one_photo_are_several_people(ledger: Ledger) -> None:
    gestures.hide_faces(ledger, [1, 2, 4])
    assert [(p.faces, p.is_hidden, p.name) for p in ledger.persons()] == [
        ((1, 4), True, None),
        ((2,), True, None),
    ]
    ledger.undo()
    assert ledger.persons() == []


def test_a_face_found_anew_meanwhile_is_decided_as_the_one_it_was(
    ledger: Ledger, world: World
) -> None:
    ann = gestures.name_faces(ledger, [1, 4], "Ann").rows[0]
    world.find_again(2, [0, 1, 2], 0.1)  # nobody has told the ledger
    row = gestures.reject(ledger, [world.face(1, 0)], ann.id).rows[0]
    assert row.faces == ann.faces[1:]
    assert ledger.persons()[0].faces == (1,)


def test_copies_of_a_face_named_at_once_are_one_wherever_each_was_found(
    ledger: Ledger, world: World
) -> None:
    copy = world.add_photo(0, [0, 1, 2], 0.12)
    first, second, _ = (face for _, face in world.faces_of(copy))
    row = gestures.name_faces(ledger, [1, first], "Ann").rows[0]
    assert len(set(row.faces)) == 1
    assert ledger.persons()[0].faces == (1, first)
    with pytest.raises(gestures.TwiceOnPhoto):
        gestures.name_faces(ledger, [3, second], "Ben")


def test_a_face_split_off_can_be_merged_back_for_good(ledger: Ledger) -> None:
    ann = gestures.name_faces(ledger, [1, 4], "Ann").rows[0].id
    other = gestures.split(ledger, ann, [4]).rows[0].id
    gestures.reject(ledger, [1], other)
    gestures.merge(ledger, ann, other)
    gestures.mark_no_face(ledger, [1, 4])
    gestures.mark_no_face(ledger, [1, 4], is_face=True)
    assert ledger.people().may_be(4, ann)
    assert ledger.people().may_be(1, ann)


def test_an_unknown_face_is_a_sentence(ledger: Ledger) -> None:
    with pytest.raises(LibraryError, match="has no face 99"):
        gestures.name_faces(ledger, [99], "Ann")


def test_two_windows_see_each_others_answers(ledger: Ledger, world: World) -> None:
    """The second adds without the writer's lock, which indexing may hold meanwhile."""
    gestures.name_faces(ledger, [1], "Ann")
    with Library.open_to_decide(world.library.path) as library:
        other = Ledger(library)
        gestures.name_faces(other, [4], "Ann")
        gestures.name_faces(ledger, [7], "ann")
        other.catch_up()
        assert other.people() == ledger.people()
        assert other.undo() is not None
        assert other.undo() is not None
        assert ledger.redo() is not None
        other.catch_up()
        assert other.people() == ledger.people()
    assert [person.faces for person in ledger.persons()] == [(1, 4)]


def test_an_outcome_tells_of_people_whom_another_window_has_just_changed(
    ledger: Ledger, world: World
) -> None:
    """A window that shows what it is told of would miss them for good."""
    with Library.open_to_decide(world.library.path) as library:
        gestures.name_faces(Ledger(library), [1], "Ann")
        outcome = gestures.name_faces(ledger, [2], "Ben")
        assert {ledger.state.facts[i].name for i in outcome.people} == {"Ann", "Ben"}
        gestures.rename(Ledger(library), min(outcome.people), "Anna")
        undone = ledger.undo()
        assert undone is not None
        assert min(outcome.people) in undone.people


def test_whoever_is_on_photos_twice_is_told_one_and_how_many_more(ledger: Ledger) -> None:
    gestures.name_faces(ledger, [1, 4, 7], "Ann")
    with pytest.raises(gestures.TwiceOnPhoto, match=r"on 2\.jpg and 1 more photo[.]") as refused:
        gestures.name_faces(ledger, [5, 8], "Ann")
    assert "--" not in str(refused.value)
    assert "--twice" in refused.value.hint
    gestures.name_faces(ledger, [2, 5, 8], "Ben")
    with pytest.raises(gestures.TwiceOnPhoto, match=r"on 1\.jpg and 2 more photos"):
        gestures.merge(ledger, *[person.id for person in ledger.persons()])


def test_a_photo_that_is_away_can_not_be_named(ledger: Ledger, world: World) -> None:
    gestures.name_faces(ledger, [1], "Ann")
    gestures.name_faces(ledger, [2], "Ben")
    world.delete(1)
    ledger.refresh()
    with pytest.raises(gestures.TwiceOnPhoto, match="on a photo that is not here now"):
        gestures.merge(ledger, *[person.id for person in ledger.persons()])


@pytest.mark.parametrize("hidden", [0, 1])
def test_nobody_vanishes_by_being_somebody_hidden_too(ledger: Ledger, hidden: int) -> None:
    both = [gestures.name_faces(ledger, [i], name).rows[0].id for i, name in ((1, "A"), (4, "B"))]
    gestures.hide(ledger, both[hidden])
    gestures.merge(ledger, *both)
    assert [person.is_hidden for person in ledger.persons()] == [False]
    ledger.undo()
    assert [person.is_hidden for person in ledger.persons()] == [i == hidden for i in (0, 1)]
    gestures.hide(ledger, both[1 - hidden])
    gestures.merge(ledger, *both)
    assert [person.is_hidden for person in ledger.persons()] == [True]


def test_whose_faces_all_went_is_not_listed_and_keeps_the_name(
    ledger: Ledger, world: World
) -> None:
    ann = gestures.name_faces(ledger, [1], "Ann").rows[0].id
    gestures.reject(ledger, [1], ann)
    assert ledger.persons() == []
    assert [person.name for person in ledger.persons(every=True)] == ["Ann"]
    gestures.name_faces(ledger, [1], "Ann")
    world.delete(1)
    ledger.refresh()
    assert [(person.id, person.waiting) for person in ledger.persons()] == [(ann, 1)]


def test_a_face_that_another_window_has_just_named_is_not_its_person_twice(ledger: Ledger) -> None:
    (ann,) = gestures.name_faces(ledger, [1], "Ann").people
    people_gestures.merge(ann, (), [1, 4], ledger)
    assert [person.faces for person in ledger.persons()] == [(1, 4)]
    with pytest.raises(gestures.PeopleError, match="same person already"):
        people_gestures.merge(ann, (), [1, 4], ledger)
