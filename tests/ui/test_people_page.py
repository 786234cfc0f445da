"""The People page by mouse and by keyboard, in the real window."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QToolButton
from pytestqt.qtbot import QtBot

from opqn_app.core.settings import Settings
from opqn_app.ui.people.people_page import REST_MS, REST_UNDER_MOUSE_MS, PeoplePage
from opqn_app.ui.shell.status_line import StatusLine
from opqn_app.ui.work.session import Session
from tests.ui.people_room import PeopleRoom
from tests.ui.person_album import ANNA, Album, Face, album_engine
from tests.ui.tint_engine import TintEncoder

KEY = Qt.Key
CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def test_names_are_typed_one_after_the_other(room: PeopleRoom) -> None:
    assert room.words == ["4", "3", "2", "1"]
    room.press(KEY.Key_Right)
    room.press(KEY.Key_Left)
    room.press(KEY.Key_N)
    assert room.give("Anna") == "4 faces are Anna."
    assert room.window.undo_bar.text == "4 faces are Anna."
    assert room.give("Ben") == "3 faces are Ben."  # the next one was under the cursor
    room.press(KEY.Key_Escape)
    assert room.words == ["Anna", "Ben", "2", "1"]
    assert room.people == {"Anna": (1, 2, 3, 4), "Ben": (5, 6, 7)}


def test_a_click_below_a_face_opens_the_field(room: PeopleRoom) -> None:
    room.click_name(1)
    assert room.grid.field.hasFocus()
    room.give("Ben")
    assert room.people == {"Ben": (5, 6, 7)}
    room.click(0)  # elsewhere
    assert not room.grid.is_naming


def test_enter_in_an_empty_field_opens_the_group(room: PeopleRoom) -> None:
    room.click_name(1)
    room.press(KEY.Key_Return)
    assert room.page.person is not None
    assert room.page.views.currentWidget() is room.page.person
    room.rest()
    room.press(KEY.Key_Escape)
    room.wait(lambda: room.page.views.currentWidget() is room.page.everybody)


def test_a_known_name_is_completed_with_a_face_and_asked_about(room: PeopleRoom) -> None:
    room.press(KEY.Key_N)
    room.give("Anna Maria")
    room.type("mar")
    names = room.grid.field.list
    assert names.words == ["Anna Maria"]
    room.type("\b\b\banna maria")
    assert names.words == ["The same Anna Maria?", "Another anna maria"]
    room.press(KEY.Key_Return)
    room.wait(lambda: room.people == {"Anna Maria": (1, 2, 3, 4, 5, 6, 7)})
    room.rest()
    room.type("ANNA MARIA")
    room.press(KEY.Key_Down)
    room.told(lambda: room.press(KEY.Key_Return))
    assert [len(p.faces) for p in room.view.persons] == [7, 2]


def test_a_name_is_chosen_from_the_list_by_mouse(room: PeopleRoom, qtbot: QtBot) -> None:
    room.press(KEY.Key_N)
    room.give("Anna")
    room.type("a")
    names = room.grid.field.list
    place = names.visualRect(names.model().index(0, 0)).center()
    room.told(lambda: qtbot.mouseClick(names.viewport(), Qt.MouseButton.LeftButton, pos=place))
    assert room.people == {"Anna": (1, 2, 3, 4, 5, 6, 7)}


def test_nothing_moves_until_the_page_is_looked_at_anew(room: PeopleRoom) -> None:
    room.click_name(2)
    room.give("Carl")
    room.press(KEY.Key_Escape)
    assert room.words == ["4", "3", "Carl", "1"]
    room.window.show_page("search")
    room.window.show_page("people")
    assert room.words == ["Carl", "4", "3", "1"]


@pytest.mark.parametrize("is_over", [True, False])
def test_what_was_answered_finds_its_place_sooner_where_the_mouse_has_gone(
    room: PeopleRoom, monkeypatch: pytest.MonkeyPatch, is_over: bool
) -> None:
    monkeypatch.setattr(room.page, "underMouse", lambda: is_over)
    room.click_name(2)
    room.give("Carl")
    room.press(KEY.Key_Escape)
    assert room.words == ["4", "3", "Carl", "1"]
    assert room.page._rest.interval() == (REST_UNDER_MOUSE_MS if is_over else REST_MS)
    room.page._rest.timeout.emit()
    assert room.words == ["Carl", "4", "3", "1"]


def test_yes_by_a_click(asked: PeopleRoom) -> None:
    yes, _ = asked.grid.button_rects(asked.index(3))
    asked.told(lambda: asked.click_at(yes.center()))
    assert asked.people == {"Anna": (1, 2, 3, 4, 5, 6, 7, 10)}
    assert asked.words == ["Anna", "is Anna", "2", "is Anna"]


def test_yes_by_enter_or_by_a_number(asked: PeopleRoom) -> None:
    for key in (KEY.Key_Return, KEY.Key_1):
        asked.click(3)
        asked.told(partial(asked.press, key))
        assert asked.people == {"Anna": (1, 2, 3, 4, 5, 6, 7, 10)}
        asked.told(lambda: asked.press(KEY.Key_U))
        assert asked.words == ["Anna", "is Anna", "2", "1"]
        asked.wait(lambda: asked.page.hints.guess(asked.tiles[3]) is not None)


def test_yes_by_the_button_above_the_grid(asked: PeopleRoom, qtbot: QtBot) -> None:
    asked.click(3)
    button = asked.page.strip.buttons[0]
    asked.wait(button.isVisible)
    assert "Anna" in button.text()
    asked.told(lambda: qtbot.mouseClick(button, Qt.MouseButton.LeftButton))
    assert asked.people == {"Anna": (1, 2, 3, 4, 5, 6, 7, 10)}


def test_no_is_never_asked_again(asked: PeopleRoom) -> None:
    asked.click(3)
    assert asked.told(lambda: asked.press(KEY.Key_Delete)) == "1 face is not Anna."
    asked.wait(lambda: asked.page.hints.guesses(asked.tiles[3]) == ())
    asked.press(KEY.Key_Delete)  # there is no question now, so nothing happens
    asked.rest()
    assert asked.people == {"Anna": (1, 2, 3, 4, 5, 6, 7)}
    assert asked.words == ["Anna", "is Anna", "2", "1"]


def test_no_by_a_click(asked: PeopleRoom) -> None:
    _, no = asked.grid.button_rects(asked.index(3))
    assert asked.told(lambda: asked.click_at(no.center())) == "1 face is not Anna."


def test_the_field_offers_whom_the_faces_resemble(asked: PeopleRoom) -> None:
    asked.click(3)
    asked.press(KEY.Key_N)
    asked.wait(lambda: asked.grid.field.list.words == ["Anna"])
    asked.press(KEY.Key_Down)
    asked.told(lambda: asked.press(KEY.Key_Return))
    assert asked.people == {"Anna": (1, 2, 3, 4, 5, 6, 7, 10)}


def test_a_person_says_how_many_faces_wait(asked: PeopleRoom) -> None:
    asked.wait(lambda: asked.page.hints.n_waiting(asked.tiles[0]) == 1)


def test_several_tiles_are_merged(room: PeopleRoom) -> None:
    room.press(KEY.Key_N)
    room.give("Anna")
    room.press(KEY.Key_Escape)
    room.click(0)
    room.click(1, CTRL)
    room.click(3, CTRL)
    room.told(lambda: room.press(KEY.Key_M))
    assert room.people == {"Anna": (1, 2, 3, 4, 5, 6, 7, 10)}
    assert room.words == ["Anna", "is Anna", "2", "is Anna"]
    room.told(lambda: room.press(KEY.Key_Z, CTRL))
    assert room.words == ["Anna", "3", "2", "1"]


def test_groups_without_a_name_get_one_together(room: PeopleRoom) -> None:
    room.click(1)
    room.click(2, CTRL)
    room.press(KEY.Key_M)
    assert room.grid.field.hasFocus()
    room.give("Ben")
    assert room.people == {"Ben": (5, 6, 7, 8, 9)}


def test_a_tile_dropped_onto_another_is_the_same_person(room: PeopleRoom) -> None:
    room.click_name(1)
    room.give("Ben")
    room.press(KEY.Key_Escape)
    room.told(lambda: room.drag(2, 1))
    assert room.people == {"Ben": (5, 6, 7, 8, 9)}
    room.told(lambda: room.press(KEY.Key_Z, CTRL))
    room.told(lambda: room.drag(1, 2))  # the other way round, the name stays
    assert room.people == {"Ben": (5, 6, 7, 8, 9)}
    assert room.window.undo_bar.isVisible()


def test_two_groups_dropped_together_ask_for_a_name(room: PeopleRoom) -> None:
    room.drag(2, 1)
    assert room.grid.field.hasFocus()
    assert room.grid.field.placeholderText() == "One name for both"
    assert room.grid.named_along == (2,)
    room.window.grab()
    room.give("Ben")
    assert room.people == {"Ben": (5, 6, 7, 8, 9)}


def test_a_tile_dropped_onto_itself_or_beside_does_nothing(room: PeopleRoom) -> None:
    room.drag(1, 1)
    room.rest()
    assert room.people == {}
    assert not room.grid.is_naming


def test_hidden_people_are_behind_a_switch(room: PeopleRoom, qtbot: QtBot) -> None:
    room.click(1)
    assert room.told(lambda: room.press(KEY.Key_H)) == "3 faces are hidden."
    assert room.words == ["4", "hidden", "2", "1"]
    box = room.page.show_hidden
    qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(10, box.height() // 2))
    room.rest()
    assert [tile.is_hidden for tile in room.tiles] == [True, False, False, False]
    room.click(0)
    room.told(lambda: room.press(KEY.Key_H))
    assert not any(tile.is_hidden for tile in room.tiles)


def test_a_name_is_changed(room: PeopleRoom) -> None:
    room.press(KEY.Key_N)
    room.give("Ana")
    room.press(KEY.Key_Escape)
    room.click(0)
    room.press(KEY.Key_N)
    assert room.grid.field.text() == "Ana"
    assert room.give("Anna") == "Ana is now called Anna."


def test_everything_can_be_undone_and_redone(room: PeopleRoom) -> None:
    room.press(KEY.Key_N)
    room.give("Anna")
    room.give("Ben")
    room.press(KEY.Key_Escape)
    assert room.window.undo_action.text() == "&Undo: 3 faces are Ben"
    for _ in range(2):
        room.told(lambda: room.press(KEY.Key_Z, CTRL))
    assert room.words == ["4", "3", "2", "1"]
    assert not room.window.undo_action.isEnabled()
    room.told(lambda: room.press(KEY.Key_Z, CTRL | SHIFT))
    room.told(lambda: room.press(KEY.Key_Y, CTRL))
    assert room.words == ["Anna", "Ben", "2", "1"]
    assert room.window.redo_action.text() == "&Redo"


def test_undo_by_the_button_of_the_bar(room: PeopleRoom, qtbot: QtBot) -> None:
    room.press(KEY.Key_N)
    room.give("Anna")
    bar = room.window.undo_bar
    room.told(lambda: qtbot.mouseClick(bar.undo_button, Qt.MouseButton.LeftButton))
    assert bar.text == "Undone: 4 faces are Anna."
    room.told(lambda: qtbot.mouseClick(bar.undo_button, Qt.MouseButton.LeftButton))
    assert room.people == {"Anna": (1, 2, 3, 4)}


def test_ctrl_z_in_the_empty_field_undoes_the_last_name(room: PeopleRoom) -> None:
    room.press(KEY.Key_N)
    room.give("Anna")
    room.told(lambda: room.press(KEY.Key_Z, CTRL))
    assert room.people == {}


def test_a_double_click_opens_a_person_and_escape_comes_back(room: PeopleRoom) -> None:
    room.press(KEY.Key_N)
    room.give("Anna")
    room.press(KEY.Key_Escape)
    room.open(0)
    room.rest()
    person = room.page.person
    assert person is not None
    assert person.subject is not None
    room.wait(lambda: room.page.views.currentWidget() is person)
    room.press(KEY.Key_Escape)
    room.wait(lambda: room.page.views.currentWidget() is room.page.everybody)
    room.wait(room.grid.hasFocus)


def test_a_part_of_a_name_finds_people(room: PeopleRoom) -> None:
    room.press(KEY.Key_N)
    room.give("Anna")
    room.give("Anne")
    room.press(KEY.Key_Escape)
    room.page.search.setFocus()
    room.type("ann")
    room.wait(lambda: room.words == ["Anna", "Anne"])
    room.type("x")
    room.wait(lambda: "“annx”" in room.page.empty.words)
    room.page.search.clear()
    room.wait(lambda: len(room.tiles) == 4)


def test_named_people_by_name_or_by_number_of_photos(room: PeopleRoom) -> None:
    room.press(KEY.Key_N)
    room.give("Zoe")
    room.give("Anna")
    room.press(KEY.Key_Escape)
    room.page.order.setCurrentIndex(1)
    assert room.words == ["Anna", "Zoe", "2", "1"]
    room.page.order.setCurrentIndex(0)
    assert room.words == ["Zoe", "Anna", "2", "1"]


def test_a_question_offers_its_answers_in_the_bar(room: PeopleRoom, qtbot: QtBot) -> None:
    room.press(KEY.Key_N)
    room.give("Anna")
    room.give("Ben")
    room.press(KEY.Key_Escape)
    room.click(1)
    room.press(KEY.Key_N)
    room.press(KEY.Key_A, CTRL)
    room.type("Anna")
    room.press(KEY.Key_Escape)  # the list of names: the name is meant as it is typed
    bar = room.window.undo_bar
    room.press(KEY.Key_Return)
    room.wait(lambda: len(bar.choices) == 2)
    assert bar.text == "Nothing was named yet: somebody else is called Anna already."
    room.told(lambda: qtbot.mouseClick(bar.choices[0], Qt.MouseButton.LeftButton))
    assert room.people == {"Anna": (1, 2, 3, 4, 5, 6, 7)}


def test_what_can_not_be_is_said_in_the_bar(room: PeopleRoom) -> None:
    room.desk.rename(999, "Anna")
    room.wait(lambda: "999" in room.window.undo_bar.text)
    assert not room.window.undo_bar.undo_button.isVisible()


def test_names_are_there_when_the_window_opens_again(room: PeopleRoom, qtbot: QtBot) -> None:
    room.press(KEY.Key_N)
    room.give("Anna")
    path = room.session.library_path
    room.window.close()
    again = Session(Settings(library=str(path)), engine_factory=album_engine)
    try:
        second = PeopleRoom(again, qtbot)
        second.start()
        assert second.words == ["Anna", "3", "2", "1"]
        second.told(lambda: second.press(KEY.Key_U))
        assert second.words == ["4", "3", "2", "1"]
    finally:
        again.shut_down()


def test_an_empty_library_offers_a_folder(
    session: Session, qtbot: QtBot, themed: QApplication
) -> None:
    page = PeoplePage(session)
    qtbot.addWidget(page)
    page.show()
    with qtbot.waitSignal(session.status_read):
        session.refresh_status()
    assert page.empty.button.text() == "Add a folder"
    with qtbot.waitSignal(page.folder_wanted):
        qtbot.mouseClick(page.empty.button, Qt.MouseButton.LeftButton)


def test_a_model_that_can_not_group_says_so(
    session: Session,
    album: Path,
    index_folder_of: Callable[[Path], None],
    monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
) -> None:
    monkeypatch.setattr(TintEncoder, "links", None)
    page = PeoplePage(session)
    qtbot.addWidget(page)
    page.show()
    index_folder_of(album)
    qtbot.waitUntil(lambda: "can't group" in page.empty.words, timeout=60_000)
    with qtbot.waitSignal(page.settings_wanted):
        qtbot.mouseClick(page.empty.button, Qt.MouseButton.LeftButton)


def test_grouping_can_be_paused_resumed_and_stopped(tmp_path: Path, qtbot: QtBot) -> None:
    album = Album(tmp_path / "library.sqlite")
    for _ in range(3):
        album.add(2020, Face(ANNA))
    session = Session(Settings(library=str(album.path)), engine_factory=album_engine)
    try:
        page, grouping = PeoplePage(session), session.people.grouping
        qtbot.addWidget(page)
        page.show()
        grouping.started.connect(grouping.pause)
        with qtbot.waitSignal(grouping.paused, timeout=60_000):
            session.load_engine()
            session.refresh_status()
        assert grouping.is_paused
        grouping.started.disconnect(grouping.pause)
        with qtbot.waitSignal(grouping.ended, timeout=60_000) as signal:
            grouping.cancel()
        assert signal.args[0].startswith("Stopped grouping")
        qtbot.waitUntil(lambda: page.empty.button.text() == "Group them", timeout=60_000)
        qtbot.mouseClick(page.empty.button, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: len(page.model.tiles) == 1, timeout=60_000)
    finally:
        session.shut_down()


def test_the_line_at_the_foot_pauses_and_stops_grouping(tmp_path: Path, qtbot: QtBot) -> None:
    album = Album(tmp_path / "library.sqlite")
    album.add(2020, Face(ANNA))
    session = Session(Settings(library=str(album.path)), engine_factory=album_engine)
    try:
        line, grouping = StatusLine(session), session.people.grouping
        qtbot.addWidget(line)
        line.show()
        grouping.started.connect(grouping.pause)
        with qtbot.waitSignal(grouping.paused, timeout=60_000):
            session.load_engine()
            session.refresh_status()
        buttons = {button.accessibleName(): button for button in line.findChildren(QToolButton)}
        resume, cancel = buttons["Resume grouping"], buttons["Cancel grouping"]
        qtbot.mouseClick(cancel, Qt.MouseButton.LeftButton)
        assert line.text.startswith("Stopped grouping")
        assert not grouping.is_running
        session.people.group()
        assert grouping.is_paused
        with qtbot.waitSignal(grouping.ended, timeout=60_000):
            qtbot.mouseClick(resume, Qt.MouseButton.LeftButton)
        assert not resume.isVisible()
    finally:
        session.shut_down()
