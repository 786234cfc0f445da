"""Several people in one query: noticed, and the user says what is meant."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton
from pytestqt.qtbot import QtBot

from opqn_app.ui.search.search_page import SearchPage
from opqn_app.ui.search.several_people_note import together_headline
from tests.ui.result_names import names_shown

MakePeople = Callable[..., Path]
Ask = Callable[..., None]


@pytest.fixture
def page(search_page: SearchPage, people: MakePeople, ask: Ask, qtbot: QtBot) -> SearchPage:
    """Asked with a red and a blue face."""
    sources = [people("q/red.png", "red"), people("q/blue.png", "blue")]
    ask(search_page.open_sources, sources)
    return search_page


def click(button: QAbstractButton) -> None:
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def press(button: QAbstractButton) -> None:
    """Reach the button with the keyboard and press it."""
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Space)


def test_two_people_are_noticed(page: SearchPage) -> None:
    assert page.several.isVisible()
    assert page.several.text == "These look like 2 people; the answer mixes them"
    assert len(page.several.tiles) == 2
    assert page.several.tiles[0].accessibleName() == "Only person 1, 1 face"


def test_two_photos_of_one_person_say_nothing(
    search_page: SearchPage, people: MakePeople, ask: Ask
) -> None:
    ask(search_page.open_sources, [people("q/1.png", "red"), people("q/2.png", "red")])
    assert not search_page.several.isVisible()


@pytest.mark.parametrize("act", [click, press])
def test_all_of_them_are_asked_for_where_nothing_was_noticed(
    search_page: SearchPage,
    people: MakePeople,
    ask: Ask,
    act: Callable[[Any], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As where two people look alike; and it is turned off again."""
    monkeypatch.setattr("opqn_app.search.query.people_among", lambda *_, **__: ((0, 1),))
    ask(search_page.open_sources, [people("q/red.png", "red")])
    several = search_page.several
    assert not several.by_hand.isVisible()
    ask(lambda: search_page.open_sources([people("q/blue.png", "blue")], add=True))
    assert not several.isVisible()
    assert several.by_hand.isVisible()
    assert several.by_hand.text() == "Photos with both"
    ask(act, several.by_hand)
    assert search_page.bar.title == "1 photo likely shows both"
    assert several.text == "Photos with both, each shown by its least certain face"
    assert not several.by_hand.isVisible()
    ask(act, several.one)
    assert search_page.query is not None
    assert search_page.query.together == ()
    assert not several.isVisible()
    assert several.by_hand.isVisible()


def test_what_was_noticed_is_offered_once(page: SearchPage, ask: Ask) -> None:
    assert not page.several.by_hand.isVisible()
    ask(page.several.one.click)
    assert page.several.by_hand.isVisible()
    ask(page.several.by_hand.click)
    assert page.bar.title == "1 photo likely shows both"


@pytest.mark.parametrize("act", [click, press])
def test_photos_with_both(
    page: SearchPage, ask: Ask, qtbot: QtBot, act: Callable[[Any], None]
) -> None:
    ask(act, page.several.together)
    page.results.show_less_likely(True)
    assert names_shown(page, qtbot) == ["both.png"]
    assert page.bar.title == "1 photo likely shows both"
    assert page.bar._source.text() == "2 faces asked for together"
    assert page.several.isVisible()
    assert not page.several.together.isVisible()
    outcome = page.results.outcome
    assert outcome is not None
    face_id = page.results.current_face_id()
    assert face_id is not None
    shares, table = outcome.explain(face_id)
    assert shares.sum() == pytest.approx(outcome.ranking.scores[0])
    assert np.all(shares <= table.max(axis=1))
    ask(page.go_back)
    assert page.several.text == "These look like 2 people; the answer mixes them"


def test_no_photo_with_all(page: SearchPage, people: MakePeople, ask: Ask) -> None:
    """An empty answer, but not an empty library."""
    ask(lambda: page.open_sources([people("q/green.png", "green")], add=True))
    ask(page.several.together.click)
    assert page.bar.title == "No photo of your library shows all 3"
    assert page.messages.isHidden()
    assert page.several.text == "Photos with all 3, each shown by its least certain face"


@pytest.mark.parametrize("act", [click, press])
def test_only_one_of_them(
    page: SearchPage, ask: Ask, qtbot: QtBot, act: Callable[[Any], None]
) -> None:
    ask(act, page.several.tiles[1])
    assert page.query is not None
    assert [face.source for face in page.query.faces] == ["blue.png"]
    assert names_shown(page, qtbot) == ["both.png"]
    assert not page.several.isVisible()


@pytest.mark.parametrize("act", [click, press])
def test_the_users_word_wins(page: SearchPage, ask: Ask, act: Callable[[Any], None]) -> None:
    before = page.results.model.rowCount()
    ask(act, page.several.one)
    assert not page.several.isVisible()
    assert page.results.model.rowCount() == before
    ask(page._on_library_changed)
    assert not page.several.isVisible()


def test_a_face_more_is_looked_at_anew(page: SearchPage, people: MakePeople, ask: Ask) -> None:
    ask(page.several.one.click)
    ask(lambda: page.open_sources([people("q/green.png", "green")], add=True))
    assert page.several.text == "These look like 3 people; the answer mixes them"
    assert page.several.together.text() == "Photos with all 3"


def test_words_for_photos_with_all() -> None:
    assert together_headline(0, 2) == "No photo of your library shows both"
    assert together_headline(2, 3) == "2 photos likely show all 3"
    assert (
        together_headline(2, 2, 0.2)
        == "2 photos with both, at the 20\N{NO-BREAK SPACE}% you ask for"
    )


def test_what_mixes_people_is_not_named_as_one(page: SearchPage, ask: Ask) -> None:
    """Naming waits until the user has said who is meant."""
    bar, grid = page.save_bar, page.results.grid
    for sentence in ("4 faces are likely one of them", "1 photo likely shows both"):
        assert page.bar.title == sentence
        assert not bar.open_button.isEnabled()
        QTest.keyClick(grid, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
        assert bar.isHidden()
        if page.several.together.isVisible():
            ask(page.several.together.click)
    ask(page.several.one.click)
    assert page.bar.title == "4 faces are likely this person"
    QTest.keyClick(grid, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert bar.isVisible()
