"""Names, merges and groups in the view of one person."""

from typing import Any

import pytest
from PySide6.QtCore import Qt

from opqn_app.ui.people.forget_dialog import Forgetting
from tests.ui.menu_clicks import choose
from tests.ui.person.person_room import CTRL, KEY, LEFT, SHIFT, Room
from tests.ui.person_album import BEN, LIKE_ANNA, Album, Face


def test_n_or_a_click_renames(room: Room, anna: list[int]) -> None:
    room.view.grid.take_focus()
    room.press(KEY.Key_N)
    field = room.view.head.field
    assert field.hasFocus()
    assert field.selectedText() == "Anna"
    room.press(KEY.Key_Escape)
    assert room.n_closed == 0
    room.qtbot.mouseClick(room.view.head.name_label, LEFT)
    room.qtbot.keyClicks(field, "Johanna")
    room.told(lambda: room.press(KEY.Key_Return))
    assert room.faces_of("Johanna") == set(anna)
    assert room.view.head.name_label.text() == "Johanna"
    assert room.view.head.name_label.isVisible()


def test_merging_into_somebody_goes_on_with_them(room: Room, album: Album, anna: list[int]) -> None:
    (ben,) = album.add(2023, Face(BEN))
    room.told(lambda: room.desk.name([ben], "Ben"))
    room.view.head.merge_action.trigger()
    room.qtbot.keyClicks(room.view.head.field, "Ben")
    room.told(lambda: room.press(KEY.Key_Return))
    assert room.faces_of("Ben") == {*anna, ben}
    assert room.view.head.name_label.text() == "Ben"
    assert set(room.shown) == {*anna, ben}


def test_merging_into_nobody_says_so(room: Room, anna: list[int]) -> None:
    room.view.head.merge_action.trigger()
    room.qtbot.keyClicks(room.view.head.field, "Zoe")
    room.press(KEY.Key_Return)
    assert room.view.messages.text == "Nobody is called Zoe."
    assert room.faces_of("Anna") == set(anna)


def test_hiding_closes_the_view(room: Room, anna: list[int]) -> None:
    room.told(room.view.head.hide_action.trigger)
    assert room.n_closed == 1
    assert room.people.persons[0].is_hidden


def test_forgetting_asks_first(room: Room, anna: list[int]) -> None:
    room.view.head.forget_action.trigger()
    room.rest()
    assert room.asked == ["Anna, 6"]
    assert room.faces_of("Anna") == set(anna)
    room.forgetting = Forgetting(with_faces=False)
    room.view.head.forget_action.trigger()
    room.wait(lambda: room.n_closed == 1)
    room.rest()
    assert room.people.persons == ()
    assert not room.people.can_undo


@pytest.mark.parametrize(
    ("key", "modifiers"),
    [(KEY.Key_Escape, CTRL & SHIFT), (KEY.Key_Left, Qt.KeyboardModifier.AltModifier)],
)
def test_escape_and_alt_left_go_back(
    room: Room, anna: list[int], key: Qt.Key, modifiers: Any
) -> None:
    room.press(key, modifiers)
    assert room.n_closed == 1


def test_a_group_waits_for_a_name_and_becomes_a_person(room: Room, annas: list[int]) -> None:
    room.start()
    room.show_group(annas)
    field = room.view.head.field
    assert field.hasFocus()
    assert room.view.strip.isHidden()
    room.qtbot.keyClicks(field, "Anna")
    room.told(lambda: room.press(KEY.Key_Return))
    assert room.faces_of("Anna") == set(annas)
    assert room.view.head.name_label.text() == "Anna"
    assert room.view.head.name_label.isVisible()
    room.told(room.desk.undo)
    assert room.view.subject is not None
    assert room.view.subject.person is None
    assert set(room.shown) == set(annas)


def test_faces_are_taken_out_of_a_group(room: Room, annas: list[int]) -> None:
    room.start()
    room.show_group(annas)
    room.click(annas[0])
    room.told(lambda: room.press(KEY.Key_Delete))
    assert set(room.shown) == set(annas[1:])
    room.told(room.desk.undo)
    assert set(room.shown) == set(annas)


def test_hiding_a_group_closes_the_view(room: Room, annas: list[int]) -> None:
    room.start()
    room.show_group(annas)
    room.told(room.view.head.hide_action.trigger)
    assert room.n_closed == 1


def test_a_group_is_told_whom_it_resembles(room: Room, album: Album, annas: list[int]) -> None:
    more = [album.add(2018, Face(LIKE_ANNA))[0] for _ in range(2)]
    room.start()
    room.name(annas, "Anna")
    room.show_group(more)
    field = room.view.head.field
    assert field.hasFocus()
    assert any("Anna" in words for words in field.list.words)


def test_the_menu_of_the_person_does_nothing_by_itself(room: Room, anna: list[int]) -> None:
    before = room.people
    room.qtbot.mouseClick(room.view.head.menu_button, LEFT)
    menu = room.view.head.menu
    assert menu.isVisible()
    shown = [each.text() for each in menu.actions() if each.isVisible() and each.text()]
    take = "Take photos with you…\tCtrl+Shift+E"
    assert shown == ["Rename…", "Merge into somebody else…", take, "Hide", "Forget…"]
    assert room.people is before
    room.told(lambda: choose(menu, "Hide"))
    assert room.people.persons[0].is_hidden
