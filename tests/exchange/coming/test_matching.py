"""Names and boxes of another program, matched to the faces of a library."""

from pathlib import Path

import pytest

from opqn_app.core.types import Box
from opqn_app.exchange.coming.import_plan import Clash, Reason
from opqn_app.exchange.coming.known_names import usable_name
from opqn_app.exchange.coming.matching import plan_import
from opqn_app.exchange.coming.same_face import matched
from opqn_app.exchange.records import PhotoNames, Problem, Progress, Region
from opqn_app.people import gestures
from opqn_app.people.ledger import Ledger
from tests.exchange.imports import (
    at,
    elsewhere,
    faces_by_name,
    fraction,
    imported,
    path_of,
    planned,
    said,
)
from tests.people_world import World, true_box


def test_boxes_mean_the_faces_they_overlap(ledger: Ledger) -> None:
    plan = planned(
        ledger,
        said(ledger, 1, at(0, "Ann", 0.1), at(2, "Ben")),
        said(ledger, 2, at(1, "ANN", content=1)),
    )
    assert faces_by_name(plan) == {"Ann": [1, 5], "Ben": [3]}
    assert (plan.photos, plan.new, plan.known) == (2, 3, 0)
    rest = (plan.clashes, plan.asked, plan.left, plan.marks, plan.problems)
    assert rest == ((), (), (), (), ())
    assert [name.person for name in plan.names] == [None, None]
    assert ledger.library.decision_table.decisions() == []


def test_a_box_of_the_whole_head_means_its_face() -> None:
    face = Box(100, 100, 200, 200)
    head = Box(50, 40, 260, 250)
    assert head.overlap(face) < 0.3
    assert matched([head], {7: face}) == {0: 7}
    assert matched([Box(150, 100, 350, 300)], {7: face}) == {}  # the middles are apart
    assert matched([Box(0, 0, 1000, 1000)], {7: Box(480, 480, 520, 520)}) == {}  # far too large
    assert matched([head, face], {7: face}) == {1: 7}  # each face is meant once
    assert matched([face, face.scaled(1.01)], {7: face, 8: face.scaled(1.02)}) == {0: 7, 1: 8}


def test_a_box_without_a_face_is_to_be_drawn(ledger: Ledger) -> None:
    plan = planned(ledger, said(ledger, 1, elsewhere(0, "Ann"), elsewhere(1, None)))
    (name,) = plan.names
    (box,) = name.boxes
    assert (name.faces, box.photo_id, box.photo) == ((), 1, path_of(ledger, 1))
    assert [round(side) for side in (box.box.left, box.box.right)] == [20, 80]
    assert plan.marks == (("unnamed", 1),)


def test_what_is_no_person_is_counted(ledger: Ledger) -> None:
    marks = [elsewhere(i, "Rex", kind) for i, kind in enumerate(["pet", "focus", "pet"])]
    plan = planned(ledger, said(ledger, 1, *marks, at(0, None)))
    assert plan.marks == (("focus", 1), ("pet", 2), ("unnamed", 1))
    assert (plan.names, plan.left) == ((), ())


def test_photos_that_are_not_known_are_told_apart(ledger: Ledger, tmp_path: Path) -> None:
    there = tmp_path / "new.jpg"
    there.write_bytes(b"")
    gone = tmp_path / "gone.jpg"
    some = (at(0, "Ann"), Region("Ann", None))
    plan = planned(ledger, PhotoNames(there, some, ("Ben",)), PhotoNames(gone, some))
    left = [(left.photo, left.name, left.reason) for left in plan.left]
    assert left == [
        (there, "Ann", Reason.NOT_INDEXED),
        (there, "Ben", Reason.NOT_INDEXED),
        (gone, "Ann", Reason.NOT_THERE),
    ]


def test_a_photo_is_found_through_a_link(ledger: Ledger, tmp_path: Path) -> None:
    photo = path_of(ledger, 1)
    photo.parent.mkdir(parents=True)
    photo.write_bytes(b"")
    link = tmp_path / "link.jpg"
    try:
        link.symlink_to(photo)
    except OSError:
        pytest.skip("links can't be made here")
    found = said(ledger, 1, at(0, "Ann"))
    plan = planned(ledger, PhotoNames(link, found.regions, (), found.frame))
    assert faces_by_name(plan) == {"Ann": [1]}


def test_the_users_word_stays(ledger: Ledger) -> None:
    gestures.name_faces(ledger, [1], "Cid")
    gestures.mark_no_face(ledger, [2])
    ann = gestures.name_faces(ledger, [4], "Ann").rows[0].id
    gestures.reject(ledger, [3], ann)
    gestures.hide_faces(ledger, [5])
    found = said(ledger, 1, at(0, "Ann"), at(1, "Ben"), at(2, "Ann"))
    plan = planned(ledger, found, said(ledger, 2, at(1, "Dora", content=1)))
    one, two = path_of(ledger, 1), path_of(ledger, 2)
    assert plan.clashes == (
        Clash(one, 1, "Ann", "Cid"),
        Clash(one, 2, "Ben", is_face=False),
        Clash(one, 3, "Ann"),
        Clash(two, 5, "Dora", "a person without a name"),
    )
    assert plan.new == 0


def test_what_is_known_already_is_counted(ledger: Ledger) -> None:
    ann = gestures.name_faces(ledger, [1, 4], "Ann").rows[0].id
    plan = planned(ledger, said(ledger, 1, at(0, "ann")), said(ledger, 3, at(0, "Ann", content=2)))
    (name,) = plan.names
    assert (name.person, name.faces, name.known) == (ann, (7,), 1)


def test_two_names_for_one_face_and_one_name_for_two(ledger: Ledger) -> None:
    plan = planned(
        ledger,
        said(ledger, 1, at(0, "Ann"), at(0, "Ben", 0.1), at(1, "Ann")),
        said(ledger, 2, elsewhere(0, "Cid"), elsewhere(0, "Dora")),
    )
    assert faces_by_name(plan) == {"Ann": [1], "Cid": []}
    left = [(left.name, left.reason) for left in plan.left]
    assert left == [
        ("Ben", Reason.TWO_NAMES),
        ("Ann", Reason.TWICE),
        ("Dora", Reason.TWO_NAMES),
    ]


def test_a_tiny_box_is_left(ledger: Ledger) -> None:
    tiny = Region("Ann", fraction(Box(300, 300, 306, 306)))
    (left,) = planned(ledger, said(ledger, 1, tiny)).left
    assert left.reason == Reason.TOO_SMALL


def test_copies_of_a_photo_are_one(ledger: Ledger) -> None:
    """Photo 5 is a copy of photo 1."""
    plan = planned(ledger, said(ledger, 1, at(0, "Ann")), said(ledger, 5, at(0, "Ann")))
    assert faces_by_name(plan) == {"Ann": [1, 13]}
    plan = planned(ledger, said(ledger, 1, at(0, "Ann")), said(ledger, 5, at(0, "Ben")))
    assert faces_by_name(plan) == {"Ann": [1]}
    assert [(left.name, left.reason) for left in plan.left] == [("Ben", Reason.TWO_NAMES)]


def test_a_name_without_a_place_is_taken_where_one_face_is_left(ledger: Ledger) -> None:
    found = said(ledger, 1, at(0, "Ann"), at(1, "Ben"), people=["Cid", "Ann"])
    plan = planned(ledger, found)
    assert faces_by_name(plan) == {"Ann": [1], "Ben": [2], "Cid": [3]}
    assert {name.name: name.guessed for name in plan.names}["Cid"] == (3,)


def test_a_name_without_a_place_is_asked_for_else(ledger: Ledger) -> None:
    gestures.name_faces(ledger, [1], "Ann")
    plan = planned(ledger, said(ledger, 1, Region("Ann", None), people=["Ben", "Cid"]))
    (asked,) = plan.asked
    assert (asked.photo_id, asked.names, asked.faces) == (1, ("Ben", "Cid"), (2, 3))
    assert plan.new == 0
    gestures.name_faces(ledger, [2, 3], "Somebody", is_twice=True)
    plan = planned(ledger, said(ledger, 1, people=["Ben"]))
    assert [(left.name, left.reason) for left in plan.left] == [("Ben", Reason.NO_FACE)]


def test_a_name_that_the_user_denied_is_not_guessed(ledger: Ledger) -> None:
    gestures.name_faces(ledger, [1, 2], "Ann", is_twice=True)
    ben = gestures.name_faces(ledger, [4], "Ben").rows[0].id
    gestures.reject(ledger, [3], ben)
    plan = planned(ledger, said(ledger, 1, people=["Ben"]))
    assert (plan.new, plan.asked[0].faces) == (0, (3,))


def test_one_copy_settles_what_another_leaves_open(ledger: Ledger, world: World) -> None:
    """Whatever comes first."""
    open_one = said(ledger, 1, people=["Ann", "Ben", "Cid"])
    places = said(ledger, 5, at(0, "Ann"), at(1, "Ben"))
    for order in ([open_one, places], [places, open_one]):
        plan = planned(ledger, *order)
        assert {name.name for name in plan.names if name.new} == {"Ann", "Ben", "Cid"}
        assert plan.asked == ()
    assert world.content_of[1] == world.content_of[5]


def test_what_is_guessed_in_one_copy_leaves_one_in_another(ledger: Ledger, world: World) -> None:
    """In the copy one face alone was found."""
    copy = world.add_photo(1, [0])
    gestures.name_faces(ledger, [6], "Cid")
    ledger.refresh()
    both = said(ledger, 2, people=["Ann", "Ben", "Cid"])
    for order in (
        [both, said(ledger, copy, people=["Ann"])],
        [said(ledger, copy, people=["Ann"]), both],
    ):
        plan = planned(ledger, *order)
        assert faces_by_name(plan) == {"Ann": [16], "Ben": [5]}
        assert plan.asked == ()


def test_a_name_means_who_has_it_else_whom_an_import_took_it_for(ledger: Ledger) -> None:
    report = imported(
        ledger, said(ledger, 1, at(0, "Mum")), said(ledger, 2, at(0, "Ann", content=1))
    )
    by_name = {name.name: name.person for name in report.names}
    gestures.rename(ledger, by_name["Mum"], "Jane")
    gestures.merge(ledger, gestures.name_faces(ledger, [7], "Anna").rows[0].id, by_name["Ann"])
    more = said(ledger, 4, at(0, "mum", content=3), at(1, "Ann", content=3))
    plan = planned(ledger, more)
    anna = gestures.find_person(ledger, "Anna")
    assert {name.name: name.person for name in plan.names} == {"mum": by_name["Mum"], "Ann": anna}
    other = planned(ledger, more, source="digiKam")
    assert [name.person for name in other.names] == [None, None]
    for face in (10, 11):
        gestures.name_faces(ledger, [face], "Mum", is_new=True)
    plan = planned(ledger, said(ledger, 3, at(1, "Mum", content=2)))
    assert [name.person for name in plan.names] == [by_name["Mum"]]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("  Ann \n B ", "Ann B"),
        ("\u200fدנה\u200e", "دנה"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("Zoe\u0308", "Zoë"),
        ("A\0nn\x07", "Ann"),
        ("42", "42"),
        ("True", "True"),
        ("N" * 200, "N" * 200),
        ("N" * 201, None),
        ("\u200e", None),
        ("\u200d", None),
        (" ", None),
    ],
)
def test_names_become_what_the_library_can_hold(name: str, wanted: str | None) -> None:
    assert usable_name(name) == wanted


def test_a_name_that_cannot_be_held_is_told(ledger: Ledger) -> None:
    plan = planned(ledger, said(ledger, 1, at(0, "N" * 300), people=["\u200e", ""]))
    assert {(len(left.name), left.reason) for left in plan.left} == {
        (300, Reason.BAD_NAME),
        (1, Reason.BAD_NAME),
    }
    assert plan.marks == (("unnamed", 1),)
    assert plan.new == 0


def test_problems_and_progress_are_passed_on(ledger: Ledger) -> None:
    problem = Problem(Path("a"), "It is broken.")
    one = said(ledger, 1, at(0, "Ann"))
    job = plan_import(ledger, [Progress(1, 2), problem, one], "XMP")
    assert next(job) == Progress(1, 2)
    with pytest.raises(StopIteration) as stopped:
        next(job)
    assert stopped.value.value.problems == (problem,)
    assert list(plan_import(ledger, [one], "XMP")) == [Progress(1)]  # a reader that tells nothing


def test_boxes_of_the_stored_picture_are_turned_by_the_photo(ledger: Ledger) -> None:
    """Which must be there for it; else the names remain."""
    found = PhotoNames(path_of(ledger, 1), (at(0, "Ann"),), ("Ben",))
    plan = planned(ledger, found)
    assert [problem.path for problem in plan.problems] == [found.photo]
    assert [asked.names for asked in plan.asked] == [("Ann", "Ben")]
    assert true_box(0).width == 100
