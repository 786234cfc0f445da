"""Plans become decisions: one gesture, one step back, and nothing new by doing it again."""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from opqn_app.core.progress import finished
from opqn_app.exchange.coming.taking_in import take_in
from opqn_app.exchange.coming.words import plan_in_words, report_in_words
from opqn_app.exchange.records import PhotoNames, Problem, Region
from opqn_app.people import gestures
from opqn_app.people.drawing import key_for
from opqn_app.people.kinds import Kind
from opqn_app.people.ledger import Ledger
from opqn_app.people.people import people_of
from opqn_app.store.decision_records import FaceKey, NewDecision
from opqn_app.store.library import Library
from tests import import_kill
from tests.exchange.imports import (
    SOURCE,
    at,
    elsewhere,
    imported,
    owners,
    path_of,
    planned,
    said,
)
from tests.library_fakes import fake_engine
from tests.people_world import HEIGHT, WIDTH, World

KILLS = 20
NAMES = ("Ann", "ann", "Ben", "Cid", "Dora")


def with_files(ledger: Ledger) -> None:
    """Photos of noise, without any face, where the library has them."""
    for number, photo in enumerate(ledger.library.photos()):
        photo.path.parent.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(number).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
        Image.fromarray(noise).save(photo.path, "PNG")


def test_an_import_is_one_gesture_that_one_step_undoes(ledger: Ledger) -> None:
    gestures.name_faces(ledger, [4], "Ann")
    before = owners(ledger)
    found = (
        said(ledger, 1, at(0, "ANN"), at(1, "Ben"), people=["Cid"]),
        said(ledger, 3, at(0, "Ben", content=2)),
    )
    report = imported(ledger, *found)
    assert [(n.name, n.faces, n.is_new) for n in report.names] == [
        ("Ben", 2, True),
        ("Ann", 1, False),
        ("Cid", 1, True),
    ]
    assert owners(ledger) == before | {1: "Ann", 2: "Ben", 3: "Cid", 7: "Ben"} | {
        13: "Ann",  # the copy of photo 1
        14: "Ben",
        15: "Cid",
    }
    rows = report.outcome.rows
    assert {(row.kind, row.source, row.gesture) for row in rows} == {
        (Kind.IMPORTED_FROM, SOURCE, rows[0].gesture)
    }
    ledger.undo()
    assert owners(ledger) == before
    ledger.redo()
    assert len(owners(ledger)) == 8


def test_only_the_names_that_are_ticked(ledger: Ledger) -> None:
    found = said(ledger, 1, at(0, "Ann"), at(1, "Ben"), elsewhere(0, "Cid"))
    assert imported(ledger, found, names=[]).outcome.rows == ()
    report = imported(ledger, found, names=["BEN"])
    assert [name.name for name in report.names] == ["Ben"]
    assert (report.faces, report.waiting) == (1, 0)


def test_boxes_are_drawn_and_become_faces(ledger: Ledger) -> None:
    with_files(ledger)
    engine = fake_engine(n_faces=0)
    found = said(ledger, 2, elsewhere(0, "Ann"), elsewhere(3, "Ben"), at(0, "Cid", content=1))
    report = imported(ledger, found, engine=engine)
    assert (report.faces, report.drawn, report.waiting) == (3, 2, 0)
    ann = ledger.person(gestures.find_person(ledger, "Ann"))
    assert ann is not None
    (face,) = ledger.library.faces(list(ann.faces))
    assert ann.drawn == ann.faces
    assert (face.photo.id, round(face.box.left), round(face.box.top)) == (2, 20, 250)
    again = imported(ledger, found, engine=engine)
    assert (again.outcome.rows, again.drawn) == ((), 0)
    assert planned(ledger, found).known == 3
    ledger.undo()
    assert owners(ledger) == {}
    assert planned(ledger, found).new == 3
    back = imported(ledger, found, engine=engine)
    assert (back.faces, back.drawn) == (3, 0)
    assert len(ledger.library.faces_of(2)) == 5


def test_boxes_wait_where_photos_cannot_be_read(ledger: Ledger) -> None:
    found = said(ledger, 2, elsewhere(0, "Ann"))
    report = imported(ledger, found, engine=fake_engine(n_faces=0))
    assert (report.faces, report.drawn, report.waiting) == (1, 0, 1)
    assert imported(ledger, found).outcome.rows == ()
    with_files(ledger)
    again = imported(ledger, found, engine=fake_engine(n_faces=0))
    assert (again.outcome.rows, again.drawn, again.waiting) == ((), 1, 0)
    assert set(owners(ledger).values()) == {"Ann"}


def test_what_was_decided_after_the_plan_stays(ledger: Ledger) -> None:
    one = said(ledger, 1, at(0, "Ann"), at(1, "Ben"), at(2, "Cid"))
    plan = planned(ledger, one, said(ledger, 2, at(0, "Ann", content=1)))
    with Library.open_to_decide(ledger.library.path) as other:
        theirs = Ledger(other)
        gestures.name_faces(theirs, [1], "Zoe")
        gestures.mark_no_face(theirs, [2])
    report = finished(take_in(ledger, plan, None))
    assert [(name.name, name.faces) for name in report.names] == [("Ann", 1), ("Cid", 1)]
    assert owners(ledger) == {1: "Zoe", 13: "Zoe", 3: "Cid", 15: "Cid", 4: "Ann"}


def test_a_box_that_the_user_drew_is_not_drawn_again(ledger: Ledger) -> None:
    """Its face is not there yet, and nobody has said who it is."""
    found = said(ledger, 2, elsewhere(0, "Ann"))
    box = planned(ledger, found).names[0].boxes[0].box
    (photo,) = ledger.library.photo_table.of_ids([2])
    content = ledger.library.decision_table.content_of_photo(2)
    assert content is not None
    key = key_for(ledger, photo, content, box)
    ledger.decide(lambda: [NewDecision(Kind.BOX_DRAWN, [key])])
    rows = imported(ledger, found).outcome.rows
    assert [(row.kind, row.faces) for row in rows] == [(Kind.IMPORTED_FROM, (key,))]


def test_a_face_found_meanwhile_takes_the_place_of_a_box(ledger: Ledger, world: World) -> None:
    plan = planned(ledger, said(ledger, 2, elsewhere(0, "Ann")))
    (name,) = plan.names
    face = world.draw(2, name.boxes[0].box)
    ledger.library.writer._db.run("UPDATE faces SET is_drawn = 0 WHERE id = ?", [face])
    ledger.refresh()
    report = finished(take_in(ledger, plan, None))
    assert [row.kind for row in report.outcome.rows] == [Kind.IMPORTED_FROM]
    assert owners(ledger) == {face: "Ann"}


def test_photos_that_left_the_library_meanwhile_are_passed_over(
    ledger: Ledger, world: World
) -> None:
    found = said(ledger, 2, at(0, "Ann", content=1), elsewhere(0, "Ben"))
    plan = planned(ledger, found)
    world.delete(2)
    world.expire(2)
    ledger.refresh()
    assert finished(take_in(ledger, plan, None)).outcome.rows == ()


def test_words(ledger: Ledger) -> None:
    gestures.name_faces(ledger, [7], "Zoe")
    found = [
        said(ledger, 1, at(0, "Ann"), at(1, "Ben"), elsewhere(0, "Ann B"), people=["Cid"]),
        said(ledger, 3, at(0, "Ann", content=2), people=["Dora", "Eve"]),
        PhotoNames(Path("none.jpg"), (), ("Ann",)),
        said(ledger, 4, elsewhere(0, "Rex", "pet")),
    ]
    plan = planned(ledger, *found)
    words = plan_in_words(plan)
    assert words.splitlines()[:5] == [
        "Picasa knows names or faces on 4 photos. 4 faces would get a name, of 4 people.",
        "  Ann: 1 face, somebody new",
        "  Ann B: 1 face, somebody new",
        "  Ben: 1 face, somebody new",
        "  Cid: 1 face, somebody new",
    ]
    assert f"{path_of(ledger, 3)}: Ann, where you said Zoe" in words
    assert f"{path_of(ledger, 3)}: Dora, Eve (2 faces)" in words
    assert "1 name left: the photo is not there." in words
    broken = [Problem(Path(f"{number}.xmp"), "It is broken.") for number in range(40)]
    many = plan_in_words(replace(plan, problems=tuple(broken)))
    assert many.endswith(
        "40 files not read as a whole:\n"
        + "".join(f"  {problem.path}: It is broken.\n" for problem in broken[:30])
        + "  … and 10 more"
    )
    report = finished(take_in(ledger, plan, None))
    assert report_in_words(report, plan).startswith("4 faces got a name, of 4 people.")
    again = planned(ledger, *found)
    nothing = finished(take_in(ledger, again, None))
    assert report_in_words(nothing, again).startswith("Nothing of it is new. On 1 photo")
    assert "Nothing of it is new." in plan_in_words(again)


names = st.sampled_from(NAMES)
photos = st.integers(1, 5)
regions = st.one_of(
    st.builds(
        at,
        st.integers(0, 2),
        st.none() | names,
        st.sampled_from([0.0, 0.1, 0.3, 0.6]),
        st.integers(0, 3),
    ),
    st.builds(elsewhere, st.integers(0, 2), st.none() | names, st.sampled_from(["face", "pet"])),
    st.builds(Region, names, st.none()),
)
found = st.tuples(photos, st.lists(regions, max_size=4), st.lists(names, max_size=3))
faces = st.integers(1, 15)
decisions = st.one_of(
    st.tuples(st.just("name"), faces, names),
    st.tuples(st.just("no face"), faces, names),
    st.tuples(st.just("reject"), faces, names),
    st.tuples(st.just("hide"), faces, names),
    st.tuples(st.just("rename"), names, names),
    st.tuples(st.just("import"), faces, names),
    st.tuples(st.just("undo"), faces, names),
)


def decide(ledger: Ledger, what: str, one: int | str, name: str) -> None:
    """One thing that a user does; what can't be is not done."""
    try:
        if what == "name":
            gestures.name_faces(ledger, [int(one)], name)
        elif what == "no face":
            gestures.mark_no_face(ledger, [int(one)])
        elif what == "reject":
            gestures.reject(ledger, [int(one)], gestures.find_person(ledger, name))
        elif what == "hide":
            gestures.hide_faces(ledger, [int(one)])
        elif what == "rename":
            gestures.rename(ledger, gestures.find_person(ledger, one), name)
        elif what == "import":
            gestures.take_in(ledger, SOURCE, [(name, [int(one)])])
        else:
            ledger.undo()
    except gestures.PeopleError:
        return


class AllSaid(NamedTuple):
    """What the decisions of a ledger say."""

    owner: dict[FaceKey, int]
    names: dict[int, str | None]
    rejected: dict[FaceKey, frozenset[int]]
    not_faces: dict[FaceKey, None]
    drawn: dict[FaceKey, None]


def all_said(ledger: Ledger) -> AllSaid:
    state = ledger.state
    names = {person: facts.name for person, facts in state.facts.items()}
    return AllSaid(
        *(dict(state.owner), names, dict(state.rejected)),
        *(dict(state.not_faces), dict(state.drawn)),
    )


@pytest.mark.slow
@settings(max_examples=150)
@given(
    st.lists(decisions, max_size=6), st.lists(found, max_size=5), st.lists(decisions, max_size=2)
)
def test_whatever_was_decided_and_whatever_comes(
    before: list[tuple[str, int | str, str]],
    coming: list[tuple[int, list[Region], list[str]]],
    after: list[tuple[str, int | str, str]],
) -> None:
    """The user's word stays, nobody is twice on a photo by it, and again changes nothing."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "library.sqlite"
        with Library.open(path, write=True) as library:
            world = World(library)
            for content in range(4):
                world.add_photo(content, [0, 1, 2])
            world.add_photo(0, [0, 1, 2])
            ledger = Ledger(library)
            for step in before:
                decide(ledger, *step)
            found = [said(ledger, n, *some, people=people) for n, some, people in coming]
            earlier = all_said(ledger)
            owner, named = earlier.owner, earlier.names
            plan = planned(ledger, *found)
            report = finished(take_in(ledger, plan, None))
            new = {key: p for key, p in ledger.state.owner.items() if key not in owner}
            assert ledger.state.owner == {**new, **owner}
            assert {p: ledger.state.facts[p].name for p in named} == named
            assert ledger.state.rejected == earlier.rejected
            assert ledger.state.not_faces == earlier.not_faces
            assert not any(person in ledger.state.not_these(key) for key, person in new.items())
            assert len(new) == report.faces
            places = [(key.content_hash, person) for key, person in new.items()]
            assert len(set(places)) == len(places)
            once = all_said(ledger)
            for _ in range(2):
                again = planned(ledger, *found)
                assert again.new == 0
                assert finished(take_in(ledger, again, None)).outcome.rows == ()
            assert all_said(ledger) == once
            if report.outcome.rows:
                ledger.undo()
                assert all_said(ledger) == earlier
                ledger.redo()
            for step in after:
                decide(ledger, *step)
            finished(take_in(ledger, planned(ledger, *found), None))
            assert planned(ledger, *found).new == 0
            table = library.decision_table
            assert ledger.people() == people_of(table.decisions(), table.placed_faces())


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a forked process")
def test_a_kill_leaves_all_decisions_or_none_and_the_import_goes_on(tmp_path: Path) -> None:
    tests = Path(import_kill.__file__).parent
    done = subprocess.run(
        [sys.executable, import_kill.__file__, str(tmp_path / "library.sqlite"), "5", str(KILLS)],
        cwd=tests.parent,
        env=os.environ | {"PYTHONPATH": str(tests.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    before, whole, trials = json.loads(done.stdout)
    assert len(trials) == KILLS
    assert whole["waiting"] == 0
    assert whole["names"]["Ann"] == import_kill.N_PHOTOS
    for trial in trials:
        left = trial["left"]
        assert left["is_whole"]
        assert left["rows"] in (before["rows"], whole["rows"])
        assert bool(left["rows"]) or trial["told"] < 2
        assert trial["then"] == whole
    waiting = {trial["left"]["waiting"] for trial in trials}
    assert len(waiting) > 5  # they were killed at many stages
