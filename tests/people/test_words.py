"""What was done is said in words: just after it, undone, redone, and in the history of all."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from opqn_app.cli.who import reasons_in_words
from opqn_app.people import gestures, words
from opqn_app.people.forgetting import forget_person
from opqn_app.people.kinds import Kind
from opqn_app.people.ledger import Ledger, Outcome
from opqn_app.people.state import State
from opqn_app.people.words import past_gestures, words_of
from opqn_app.store.decision_records import Decision, NewDecision
from tests.people_world import key_of, true_box

ANN, EVE = 1, 2  # ids of the two people of `named`


@pytest.fixture
def named(ledger: Ledger) -> Ledger:
    gestures.name_faces(ledger, [1, 4], "Ann")
    gestures.name_faces(ledger, [2, 5, 7], "Eve")
    return ledger


def draw(ledger: Ledger) -> Outcome:
    key = key_of(0, true_box(0, 0.4))
    return ledger.decide(lambda: [NewDecision(Kind.BOX_DRAWN, [key])])


def draw_for_picasa(ledger: Ledger) -> Outcome:
    key = key_of(0, true_box(0, 0.4))
    return ledger.decide(lambda: [NewDecision(Kind.BOX_DRAWN, [key], source="Picasa")])


GESTURES: list[tuple[Callable[[Ledger], Outcome], str]] = [
    (lambda a: gestures.name_faces(a, [10], "Gus"), "1 face is Gus."),
    (lambda a: gestures.name_faces(a, [8, 10], "ann"), "2 faces are Ann."),
    (lambda a: gestures.reject(a, [8], ANN), "1 face is not Ann."),
    (lambda a: gestures.answer(a, ANN, yes=[10], no=[8, 9]), "1 face is Ann; 2 faces are not Ann."),
    (lambda a: gestures.set_apart(a, [8], [9]), "1 face is not the same as another face."),
    (
        lambda a: gestures.set_apart(a, [8, 10], [9, 11]),
        "2 faces are not the same as any of 2 other faces.",
    ),
    (
        lambda a: gestures.merge(a, ANN, EVE, is_twice=True),
        "Ann and Eve are one person.",
    ),
    (lambda a: gestures.split(a, EVE, [5], "Gus"), "1 face of Eve is now Gus."),
    (lambda a: gestures.split(a, EVE, [5, 7], "Gus"), "2 faces of Eve are now Gus."),
    (lambda a: gestures.split(a, EVE, [5, 7]), "2 faces of Eve are now a person without a name."),
    (lambda a: gestures.hide(a, EVE), "Eve is hidden."),
    (lambda a: gestures.hide(a, EVE, hidden=False), "Eve is shown."),
    (lambda a: gestures.hide_faces(a, [8, 9, 10]), "3 faces are hidden."),
    (lambda a: gestures.mark_no_face(a, [8]), "1 box is no face."),
    (lambda a: gestures.mark_no_face(a, [8, 9], is_face=True), "2 boxes are faces."),
    (draw, "1 face has a box drawn by hand."),
    (draw_for_picasa, "1 face has a box of Picasa."),
    (lambda a: gestures.rename(a, EVE, "Eva"), "Eve is now called Eva."),
    (lambda a: gestures.choose_picture(a, EVE, 5), "1 face stands for Eve."),
    (
        lambda a: gestures.take_in(a, "Picasa", [("Gus", [8]), ("Ann", [10, 11])]),
        "3 faces of 2 people taken over from Picasa.",
    ),
]


@pytest.mark.parametrize(("gesture", "words"), GESTURES)
def test_a_gesture_is_told_as_it_was_made_undone_and_redone(
    named: Ledger, gesture: Callable[[Ledger], Outcome], words: str
) -> None:
    assert words_of(named, gesture(named)) == words
    undone = named.undo()
    assert undone is not None
    assert words_of(named, undone) == f"Undone: {words}"
    redone = named.redo()
    assert redone is not None
    assert words_of(named, redone) == f"Redone: {words}"


def test_a_person_is_called_as_it_was_called_then(named: Ledger) -> None:
    gestures.rename(named, ANN, "Anna")
    gestures.split(named, EVE, [5])
    gestures.merge(named, ANN, EVE, is_twice=True)
    gestures.rename(named, EVE, "Both")
    last = gestures.rename(named, ANN, "Two")
    gestures.merge(named, ANN, gestures.name_faces(named, [12], "Two", is_new=True).rows[0].id)
    assert words_of(named, last) == "Both is now called Two."
    named.undo()
    told = past_gestures(named.library.decision_table.decisions())
    assert [each.words for each in told] == [
        "2 faces are Ann.",
        "3 faces are Eve.",
        "Ann is now called Anna.",
        "1 face of Eve is now a person without a name.",
        "Anna and Eve are one person.",
        "Anna is now called Both.",
        "Both is now called Two.",
        "1 face is Two.",
        "Two people called Two are one.",
    ]
    assert [each.counts for each in told] == [True] * 8 + [False]


def test_what_was_taken_back_for_another_stays_in_the_history(ledger: Ledger) -> None:
    gestures.name_faces(ledger, [1], "Mistake")
    ledger.undo()
    gestures.name_faces(ledger, [1], "Ann")
    told = past_gestures(ledger.library.decision_table.decisions())
    assert [(each.words, each.counts) for each in told] == [
        ("1 face is Mistake.", False),
        ("1 face is Ann.", True),
    ]


def test_the_history_says_when_a_gesture_was_undone(ledger: Ledger) -> None:
    for number, name in enumerate(("Ann", "Eve", "Gus"), start=1):
        gestures.name_faces(ledger, [number], name)
    for _ in range(3):
        ledger.undo()
    ledger.redo()
    rows = ledger.library.decision_table.decisions()
    told = past_gestures(rows)
    assert [each.undone_at for each in told] == [None, rows[4].time, rows[3].time]


def test_what_is_left_of_a_forgotten_person_is_told_in_plain_words(named: Ledger) -> None:
    zoe = gestures.name_faces(named, [1, 2], "Zoe", is_twice=True).rows[0].id
    forget_person(named, zoe)
    told = past_gestures(named.library.decision_table.decisions())
    assert told[-1].words == "2 faces were given to somebody who is forgotten now."


def test_many_parts_are_told_by_number(named: Ledger) -> None:
    rows = [
        NewDecision(Kind.RENAMED, person=EVE, name="Eva"),
        NewDecision(Kind.HIDDEN, person=EVE),
        NewDecision(Kind.HIDDEN, person=ANN),
        NewDecision(Kind.SHOWN, person=EVE),
    ]
    assert (
        words_of(named, named.decide(lambda: rows))
        == "Eve is now called Eva; Eva is hidden; and 2 more."
    )


def test_faces_that_go_to_somebody_hidden_do_so_in_words(named: Ledger) -> None:
    gestures.hide(named, ANN)
    outcome = gestures.name_faces(named, [10], "Ann")
    assert words_of(named, outcome) == "1 face is Ann, who is hidden."


def test_a_gesture_of_many_rows_is_put_into_words_once(
    named: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[int] = []
    real = words.sentence

    def sentence(state: State, rows: Sequence[Decision]) -> str:
        told.append(len(rows))
        return real(state, rows)

    named.decide(
        lambda: [NewDecision(Kind.RENAMED, person=ANN, name=f"Ann {i}") for i in range(30)]
    )
    monkeypatch.setattr(words, "sentence", sentence)
    past = past_gestures(named.library.decision_table.decisions())
    assert told == [1, 1, 30]
    assert past[-1].words.endswith("; and 28 more.")


def test_why_a_face_is_who_it_is_names_the_program_once(ledger: Ledger) -> None:
    gestures.take_in(ledger, "Picasa", [("Gus", [8])])
    (line,) = reasons_in_words(ledger, ledger.why(8))
    assert line.endswith("  imported Gus (from Picasa)")
    why = ledger.why(8)
    drawn = replace(why.rows[0], kind=Kind.BOX_DRAWN, name=None, person=None)
    (line,) = reasons_in_words(ledger, replace(why, rows=(drawn,)))
    assert line.endswith("  box drawn (from Picasa)")
