"""Sentences of imports: of a wrong place, of nothing new, of names written from right to left."""

from pathlib import Path

import pytest

from opqn_app.core.bidi import isolated
from opqn_app.exchange.coming.import_plan import Asked, Clash, ImportPlan, Left, PlannedName, Reason
from opqn_app.exchange.coming.taking_in import ImportReport
from opqn_app.exchange.coming.words import headline, plan_in_words, report_in_words
from opqn_app.exchange.going.copying import CopyReport
from opqn_app.exchange.going.words import copied
from opqn_app.people.ledger import Outcome

PHOTO = Path("/photos/party.jpg")
ASKED = Asked(1, PHOTO, ("Greta", "Hugo"), (1, 2, 3, 4))
DANA = "דנה"


def plan(
    photos: int = 3,
    *,
    names: tuple[PlannedName, ...] = (),
    asked: tuple[Asked, ...] = (),
    clashes: tuple[Clash, ...] = (),
    left: tuple[Left, ...] = (),
    marks: tuple[tuple[str, int], ...] = (),
) -> ImportPlan:
    return ImportPlan("Picasa", photos, names, clashes, asked, left, marks, ())


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (plan(0), "No Picasa names were found there."),
        (plan(names=(PlannedName("Ann", 1, known=3),)), "Nothing of it is new."),
        (plan(asked=(ASKED,)), "On 1 photo you have to say who is who."),
        (plan(left=(Left(PHOTO, "Ann", Reason.NOT_INDEXED),)), "Nothing of it can be taken in."),
    ],
)
def test_why_nothing_comes_is_told_as_it_is(made: ImportPlan, words: str) -> None:
    assert headline(made).endswith(words)
    nothing = report_in_words(ImportReport(Outcome((), frozenset())), made)
    assert nothing.splitlines()[0] == words


def test_names_that_are_left_are_told_with_their_photo() -> None:
    left = (Left(PHOTO, "Ann", Reason.NOT_THERE), Left(PHOTO, DANA, Reason.TWICE))
    assert plan_in_words(plan(left=left)).splitlines()[-4:] == [
        "1 name left: the photo is not there.",
        "  /photos/party.jpg: Ann",
        "1 name left: the person is on the photo already.",
        f"  /photos/party.jpg: \u2068{DANA}\u2069",
    ]


def test_a_name_that_can_not_be_shown_is_told_by_its_photo_alone() -> None:
    said = plan_in_words(plan(left=(Left(PHOTO, "A" * 5000, Reason.BAD_NAME),))).splitlines()
    assert said[-1] == "  /photos/party.jpg"


def test_faces_without_a_name_are_no_marks() -> None:
    said = plan_in_words(plan(marks=(("focus", 1), ("unnamed", 275)))).splitlines()
    assert said[-2:] == [
        "1 mark left that is no face: focus.",
        "275 faces have no name there either.",
    ]


def test_names_from_right_to_left_leave_the_words_around_them_in_place() -> None:
    name, photo = PlannedName(DANA, faces=(1, 2)), Path(f"/photos/{DANA}.jpg")
    lines = plan_in_words(plan(names=(name,), clashes=(Clash(photo, 1, DANA, "Ann"),))).splitlines()
    assert f"  \u2068{DANA}\u2069: 2 faces, somebody new" in lines
    assert f"  \u2068{photo}\u2069: \u2068{DANA}\u2069, where you said Ann" in lines
    folder = Path(f"/{DANA}")
    assert copied(CopyReport(folder, 2)).startswith(f"2 photos copied to \u2068{folder}\u2069.")


def test_what_is_written_from_left_to_right_stays_as_it_is() -> None:
    assert isolated("Zoë 12.jpg") == "Zoë 12.jpg"
    assert isolated("李") == "李"
