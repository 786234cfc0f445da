"""What the keys of the People page do is done by the mouse alone, too: by the menu of a tile."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu

from tests.ui.menu_clicks import choose, right_click, words_of
from tests.ui.people_room import PeopleRoom

CTRL = Qt.KeyboardModifier.ControlModifier


def menu_of(room: PeopleRoom, row: int, *also: int) -> QMenu:
    """The menu of a right click on a tile; others are chosen with it."""
    room.click(row)
    for other in also:
        room.click(other, CTRL)
    return right_click(room.grid.viewport(), room.grid.picture_rect(room.index(row)).center())


def test_a_menu_opens_a_tile_and_the_field(room: PeopleRoom) -> None:
    choose(menu_of(room, 1), "Name")
    assert room.grid.field.hasFocus()
    assert room.give("Ben") == "3 faces are Ben."
    room.press(Qt.Key.Key_Escape)
    choose(menu_of(room, 1), "Change the name")
    assert room.grid.field.text() == "Ben"
    room.press(Qt.Key.Key_Escape)
    choose(menu_of(room, 1), "Open")
    room.wait(lambda: room.page.views.currentWidget() is room.page.person)
    room.rest()


@pytest.mark.parametrize("key", [None, Qt.Key.Key_Space, Qt.Key.Key_Return])
def test_a_tile_is_opened(room: PeopleRoom, key: Qt.Key | None) -> None:
    room.click(1)
    if key is None:
        room.open(1)
    else:
        room.press(key)
    room.wait(lambda: room.page.views.currentWidget() is room.page.person)
    room.rest()


def test_a_menu_hides_and_shows_again(room: PeopleRoom) -> None:
    assert room.told(lambda: choose(menu_of(room, 1), "Hide")) == "3 faces are hidden."
    assert room.words == ["4", "hidden", "2", "1"]
    room.told(room.desk.undo)
    assert room.words == ["4", "3", "2", "1"]


def test_a_menu_says_that_groups_show_no_faces(room: PeopleRoom) -> None:
    told = room.told(lambda: choose(menu_of(room, 2, 3), "Not faces"))
    assert "no face" in told
    assert room.view.left_out == {8, 9, 10}
    room.told(room.desk.undo)
    assert room.view.left_out == frozenset()


def test_a_menu_makes_tiles_one_person(room: PeopleRoom) -> None:
    room.click_name(0)
    room.give("Anna")
    room.press(Qt.Key.Key_Escape)
    menu = menu_of(room, 0, 2)
    assert "Not faces" not in words_of(menu), "a person is no group"
    room.told(lambda: choose(menu, "These are one person"))
    assert room.people == {"Anna": (1, 2, 3, 4, 8, 9)}


@pytest.mark.parametrize("is_so", [True, False])
def test_a_menu_answers_the_question_of_a_tile(asked: PeopleRoom, is_so: bool) -> None:
    words = "Yes, this is Anna" if is_so else "No, this is not Anna"
    asked.told(lambda: choose(menu_of(asked, 3), words))
    assert (10 in asked.people["Anna"]) == is_so
    asked.wait(lambda: asked.page.hints.guesses(asked.tiles[3]) == ())
