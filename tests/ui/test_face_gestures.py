"""What is said of faces on the Search page: by key, by menu, and of several at once."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from opqn_app.ui.search.result_model import FaceRole
from opqn_app.ui.search.search_page import SearchPage
from opqn_app.ui.work.people_jobs import PeopleView
from tests.ui.menu_clicks import choose, right_click, words_of

MakePeople = Callable[..., Path]
TIMEOUT = 20_000


@pytest.fixture
def album(varied_album: Path) -> Path:
    return varied_album


Told = Callable[[Callable[[], object]], str]


def view_of(page: SearchPage) -> PeopleView:
    view = page._session.people.view
    assert view is not None
    return view


def type_name(page: SearchPage, name: str) -> None:
    """Answer the field that has opened."""
    popover = page.faces.gestures.popover
    assert popover is not None
    assert popover.isVisible()
    QTest.keyClicks(popover.field, name)
    QTest.keyClick(popover.field, Qt.Key.Key_Return)
    assert popover.isHidden()


def press(page: SearchPage, key: Qt.Key) -> None:
    QTest.keyClick(page.results.grid, key)


def name_by_key(page: SearchPage, name: str) -> None:
    press(page, Qt.Key.Key_N)
    type_name(page, name)


def names_of(page: SearchPage) -> list[str | None]:
    model = page.results.model
    return [model.index(row).data(FaceRole.NAME) for row in range(model.rowCount())]


def show_menu(page: SearchPage, row: int = 0) -> object:
    grid = page.results.grid
    at = grid.picture_rect(page.results.model.index(row)).center()
    QTest.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=at)
    return right_click(grid.viewport(), at)


def test_a_face_is_named_and_shows_its_name_everywhere_on_the_page(
    page: SearchPage, told: Told
) -> None:
    height = page.results.grid.cell_size.height()
    assert told(lambda: name_by_key(page, "Anna")) == "1 face is Anna."
    assert names_of(page) == ["Anna", None, None]
    assert page.results.why._name.text() == "Anna"
    assert page.results.grid.cell_size.height() > height
    assert page.results.grid.hasFocus()
    spoken = page.results.model.index(0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert "Anna" in spoken
    page.grab()


def test_escape_leaves_the_face_without_a_name(page: SearchPage) -> None:
    press(page, Qt.Key.Key_N)
    popover = page.faces.gestures.popover
    assert popover is not None
    QTest.keyClicks(popover.field, "An")
    while popover.isVisible():  # the list of names goes first
        QTest.keyClick(popover.field, Qt.Key.Key_Escape)
    assert page.results.grid.hasFocus()
    assert page.is_in_use
    assert not view_of(page).persons


def test_several_faces_get_one_name_in_one_gesture(
    page: SearchPage, told: Told, qtbot: QtBot
) -> None:
    grid = page.results.grid
    for row in (1, 2):
        at = grid.picture_rect(page.results.model.index(row)).center()
        control = Qt.KeyboardModifier.ControlModifier if row == 2 else Qt.KeyboardModifier(0)
        QTest.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, control, at)
    menu = right_click(grid.viewport(), at)
    choose(menu, "Name these 2 faces…")
    assert told(lambda: type_name(page, "Anna")) == "2 faces are Anna."
    assert names_of(page) == [None, "Anna", "Anna"]
    page.activateWindow()
    qtbot.waitUntil(page.results.grid.hasFocus, timeout=TIMEOUT)
    assert told(lambda: press(page, Qt.Key.Key_U)) == "Undone: 2 faces are Anna."
    assert names_of(page) == [None] * 3


def test_a_name_that_is_known_means_that_person(page: SearchPage, told: Told) -> None:
    told(lambda: name_by_key(page, "Anna"))
    press(page, Qt.Key.Key_Right)
    press(page, Qt.Key.Key_N)
    popover = page.faces.gestures.popover
    assert popover is not None
    QTest.keyClicks(popover.field, "ann")
    assert popover.field.list.isVisible()
    QTest.keyClick(popover.field, Qt.Key.Key_Down)
    told(lambda: QTest.keyClick(popover.field, Qt.Key.Key_Return))
    (anna,) = view_of(page).persons
    assert len(anna.faces) == 2


@pytest.mark.parametrize("by_menu", [False, True])
def test_a_face_is_said_not_to_be_who_it_was(page: SearchPage, told: Told, by_menu: bool) -> None:
    told(lambda: name_by_key(page, "Anna"))
    if by_menu:
        words = told(lambda: choose(show_menu(page), "Not Anna"))  # type: ignore[arg-type]
    else:
        words = told(lambda: press(page, Qt.Key.Key_Delete))
    assert words == "1 face is not Anna."
    assert names_of(page) == [None] * 3


@pytest.mark.parametrize("by_menu", [False, True])
def test_what_is_no_face_goes_and_comes_back(page: SearchPage, told: Told, by_menu: bool) -> None:
    press(page, Qt.Key.Key_Right)
    second, third = page.results.model.face_ids([1, 2])
    if by_menu:
        told(lambda: choose(show_menu(page, 1), "Not a face"))  # type: ignore[arg-type]
    else:
        told(lambda: press(page, Qt.Key.Key_X))
    assert second not in page.results.model.all_ids()
    assert page.results.current_face_id() == third  # nothing else moves
    assert page.bar.title == "2 faces are likely this person"
    told(page._session.people.undo)
    assert second in page.results.model.all_ids()


@pytest.mark.parametrize("by_menu", [False, True])
def test_a_face_stands_for_its_person_and_says_why_it_is_hers(
    page: SearchPage, told: Told, qtbot: QtBot, by_menu: bool
) -> None:
    def say(key: Qt.Key, words: str) -> None:
        if by_menu:
            choose(show_menu(page, 2), words)  # type: ignore[arg-type]
        else:
            press(page, key)

    QTest.keyClick(page.results.grid, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    told(lambda: name_by_key(page, "Anna"))
    QTest.mouseClick(
        page.results.grid.viewport(),
        Qt.MouseButton.LeftButton,
        pos=page.results.grid.picture_rect(page.results.model.index(2)).center(),
    )
    told(lambda: say(Qt.Key.Key_P, "Make this Anna’s picture"))
    (anna,) = view_of(page).persons
    assert anna.picture == page.results.current_face_id()
    say(Qt.Key.Key_W, "Why is this Anna?")
    reasons = page.faces.gestures.reasons
    assert reasons is not None
    qtbot.waitUntil(reasons.isVisible, timeout=TIMEOUT)
    assert "3 faces are Anna." in reasons.reasons
    QTest.keyClick(reasons, Qt.Key.Key_Escape)
    assert reasons.isHidden()
    assert page.is_in_use


def test_a_search_for_somebody_known_asks_whether_it_is_them(
    page: SearchPage, told: Told, ask: Callable[..., None], qtbot: QtBot
) -> None:
    told(lambda: name_by_key(page, "Anna"))
    ask(lambda: press(page, Qt.Key.Key_S))
    page.results.grid.selectionModel().setCurrentIndex(
        page.results.model.index(1), QItemSelectionModel.SelectionFlag.ClearAndSelect
    )
    menu = show_menu(page, 1)
    assert {"This is Anna", "Not Anna"} <= set(words_of(menu))  # type: ignore[arg-type]
    menu.close()  # type: ignore[attr-defined]
    page.activateWindow()
    qtbot.waitUntil(page.results.grid.hasFocus, timeout=TIMEOUT)
    told(lambda: press(page, Qt.Key.Key_Y))
    assert sorted(map(str, names_of(page))) == ["Anna", "Anna", "None"]
    press(page, Qt.Key.Key_Right)
    told(lambda: press(page, Qt.Key.Key_Delete))
    assert "not Anna" in view_of(page).undo_words


def test_a_menu_offers_nothing_of_a_person_for_a_face_that_nobody_named(page: SearchPage) -> None:
    menu = show_menu(page)
    offered = words_of(menu)  # type: ignore[arg-type]
    assert "Name this face…" in offered
    assert not any(words.startswith(("Not this", "Why", "Make", "This is")) for words in offered)
    menu.close()  # type: ignore[attr-defined]


def test_a_key_means_no_face_that_is_out_of_sight(page: SearchPage, told: Told) -> None:
    told(lambda: name_by_key(page, "Anna"))
    grid, said = page.results.grid, list[str]()
    page._session.people.told.connect(said.append)
    page.resize(700, 560)
    grid.set_side(256)
    grid.setCurrentIndex(page.results.model.index(0))
    bar = grid.verticalScrollBar()
    for key in (Qt.Key.Key_X, Qt.Key.Key_Delete):
        bar.setValue(bar.maximum())
        assert not grid.is_in_sight(grid.currentIndex())
        press(page, key)
        assert grid.is_in_sight(grid.currentIndex()), "it is shown first"
    told(lambda: press(page, Qt.Key.Key_Delete))
    assert said == ["1 face is not Anna."], "the keys before said nothing"


def test_a_long_name_is_not_cut_beside_a_result(page: SearchPage, told: Told, qtbot: QtBot) -> None:
    name = "Maximiliane-Wilhelmine-Friederike von Hohenfriedberg-Sonderburg"
    told(lambda: name_by_key(page, name))
    label = page.results.why._name
    words = label.text()
    assert words.replace("\u200b", "") == name

    def fits() -> bool:
        flag = Qt.TextFlag.TextWordWrap
        room = label.fontMetrics().boundingRect(label.contentsRect(), flag, words)
        return label.contentsRect().contains(room)

    qtbot.waitUntil(fits, timeout=TIMEOUT)  # a layout follows later
