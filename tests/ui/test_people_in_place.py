"""The People page: what stands where, what is chosen, and that its words are true meanwhile."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from opqn_app.core.settings import Settings
from opqn_app.index.progress import IndexProgress
from opqn_app.ui.people.page_state import groups_wait_for, state_of
from opqn_app.ui.people.people_grid import badge_rect
from opqn_app.ui.people.tiles import Wish
from opqn_app.ui.shell.status_line import StatusLine
from opqn_app.ui.work.grouping_run import GroupingRun
from opqn_app.ui.work.session import Session
from opqn_app.ui.work.tasks import Task
from tests.ui.people_room import PeopleRoom
from tests.ui.person_album import ANNA, BEN, Album, Face, album_engine

KEY = Qt.Key
CTRL = Qt.KeyboardModifier.ControlModifier
ORDER = "put in order when you come back"
CARL = [12, 13, 14, 15]


@pytest.fixture
def album(tmp_path: Path) -> Album:
    """Four faces of Anna (1 to 4), on the last two photos with Ben, who has three (5, 6, 7)."""
    album = Album(tmp_path / "library.sqlite")
    album.add(2020, Face(ANNA))
    album.add(2020, Face(ANNA, 900.0))  # the sharpest
    for faces in ([ANNA, BEN], [ANNA, BEN], [BEN], [CARL], [CARL]):
        album.add(2020, *map(Face, faces))
    return album


@pytest.fixture
def room(album: Album, qtbot: QtBot, themed: QApplication) -> Iterator[PeopleRoom]:
    session = Session(Settings(library=str(album.path)), engine_factory=album_engine)
    made = PeopleRoom(session, qtbot)
    made.start()
    yield made
    session.shut_down()


def headings(room: PeopleRoom) -> list[tuple[str, str]]:
    return [(each.title, each.note) for each in room.grid.sections() if each.title]


def name(room: PeopleRoom, row: int, words: str) -> str:
    room.click_name(row)
    said = room.give(words)
    room.press(KEY.Key_Escape)
    return said


def test_headings_count_what_stands_below_them(room: PeopleRoom) -> None:
    assert headings(room) == [("Not named yet", "3, those on most photos first")]
    name(room, 2, "Carl")
    assert room.words == ["4", "3", "Carl"], "nothing moves"
    assert headings(room) == [("1 named just now, 2 not named yet", ORDER)]
    room.window.show_page("search")
    room.window.show_page("people")
    name(room, 1, "Anna")
    assert headings(room) == [
        ("Named", "1, 1 more below, named just now"),
        ("1 named just now, 1 not named yet", ORDER),
    ]
    assert room.page._count.text() == "2 names"
    room.click(0)
    room.told(lambda: room.press(KEY.Key_H))
    assert headings(room)[0] == ("Named", "0, 1 more below, named just now")
    assert room.page._count.text() == "1 name"


def test_everybody_finds_their_place_after_a_person_was_opened(room: PeopleRoom) -> None:
    name(room, 2, "Carl")
    room.click(1)
    room.open(1)
    room.rest()
    room.press(KEY.Key_Escape)
    room.press(KEY.Key_Escape)
    room.wait(lambda: room.page.views.currentWidget() is room.page.everybody)
    assert room.words == ["Carl", "4", "3"]
    assert headings(room)[0] == ("Named", "1")
    assert room.grid.chosen_rows() == [2], "who was opened is still chosen"


def test_a_window_left_alone_is_sorted_even_under_the_pointer(
    room: PeopleRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(room.page), "underMouse", lambda _page: True)
    name(room, 2, "Carl")
    assert room.page._rest.isActive()
    before = room.page._rest.interval()
    monkeypatch.setattr(type(room.page), "underMouse", lambda _page: False)
    room.press(KEY.Key_Right)
    assert 0 < room.page._rest.interval() < before, "sooner where nothing is under the pointer"
    room.page._rest.timeout.emit()
    assert room.words == ["Carl", "4", "3"]


def test_nobody_is_chosen_until_the_user_does_it(room: PeopleRoom) -> None:
    assert room.grid.currentIndex().row() == 0, "the keyboard is somewhere"
    assert room.grid.chosen_rows() == []
    room.page._look_anew()  # as guesses come after a start
    assert room.grid.currentIndex().row() == 0
    assert room.grid.chosen_rows() == []
    for key in (KEY.Key_H, KEY.Key_M, KEY.Key_1, KEY.Key_Delete):
        room.press(key)
    room.rest()
    assert room.words == ["4", "3", "2"]
    assert not room.view.can_undo
    room.press(KEY.Key_Right)
    assert room.grid.chosen_rows() == [1]
    assert room.told(lambda: room.press(KEY.Key_H)) == "3 faces are hidden."


def test_what_was_taken_out_of_the_choice_is_not_acted_on(room: PeopleRoom) -> None:
    room.click(1)
    room.click(1, CTRL)
    room.press(KEY.Key_H)
    room.rest()
    assert not room.view.can_undo


def test_the_badge_says_what_it_counts(
    room: PeopleRoom, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    name(room, 0, "Anna")
    monkeypatch.setattr(room.page.hints, "n_waiting", lambda tile: 14 * (tile.name == "Anna"))
    face = room.grid.picture_rect(room.index(0))
    qtbot.mouseMove(room.grid.viewport(), badge_rect(room.grid, face, 14).center().toPoint())
    tip = room.grid.viewport().toolTip()
    assert tip == "14 faces may be Anna too: open to answer"
    qtbot.mouseMove(room.grid.viewport(), face.center())
    assert room.grid.viewport().toolTip() == ""


def test_a_window_that_opens_again_says_what_it_waits_for(
    room: PeopleRoom, album: Album, qtbot: QtBot
) -> None:
    name(room, 0, "Anna")
    room.window.close()
    again = Session(Settings(library=str(album.path)), engine_factory=album_engine)
    try:
        second = PeopleRoom(again, qtbot)
        again.load_engine = lambda: None  # type: ignore[method-assign]
        again._load_task = Task(lambda: None)  # it takes its time
        second.window.show()
        second.window.show_page("people")
        again.refresh_status()
        second.wait(lambda: second.words == ["Anna"])
        assert headings(second) == [("Named", "1"), ("Not named yet", "Getting ready …")]
        picture = second.tiles[0].picture
        again._load_task = None
        del again.load_engine
        with qtbot.waitSignal(second.desk.grouping.ended, timeout=20_000):
            again.load_engine()
        second.wait(lambda: second.words == ["Anna", "3", "2"])
        second.rest()
        assert second.tiles[0].picture == picture
        assert groups_wait_for(again) == ""
    finally:
        again.shut_down()


def test_one_sentence_from_the_first_photo_to_the_last(
    room: PeopleRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Session, "is_indexing", True)
    room.session.index_progress = IndexProgress("indexing", 16, 225, 21, 0, 1.0, None, "a.jpg")
    said = "16 of 225 photos so far, 21 faces found."
    words = (
        "The people on your photos appear here. Their faces are grouped when all photos are done"
    )
    for view in (None, room.desk.view):
        if view is not None:
            object.__setattr__(view, "n_grouped", 0)
        room.desk.view = view
        state = state_of(room.session, Wish(), 0)
        assert state is not None
        assert state.words == f"{words}: {said}"


def test_a_name_stays_in_its_tile_until_the_question_is_answered(
    room: PeopleRoom, qtbot: QtBot
) -> None:
    name(room, 0, "Anna")
    room.click_name(1)
    room.type("Anna")
    bar = room.window.undo_bar
    room.press(KEY.Key_Return)
    room.wait(lambda: len(bar.choices) == 2)
    assert bar.text == "Nothing was named yet: Anna is on 2 of these photos already."
    assert [each.text() for each in bar.choices] == [
        "Name only the other 1 face",
        "Anna is there twice, as in a mirror",
    ]
    room.window.resize(800, 600)
    assert bar._label.height() < 2 * bar.fontMetrics().lineSpacing(), "the words have room"
    assert all(bar.rect().contains(each.geometry()) for each in bar.choices)
    assert room.grid.unanswered.name(room.tiles[1]) == "Anna"
    assert room.grid.currentIndex().row() == 1, "the cursor does not go on"
    room.press(KEY.Key_N)
    assert room.grid.field.text() == "Anna"
    room.press(KEY.Key_Escape)
    room.told(lambda: qtbot.mouseClick(bar.choices[0], Qt.MouseButton.LeftButton))
    assert len(room.people["Anna"]) == 5
    assert not any(room.grid.unanswered.name(tile) for tile in room.tiles)


def test_the_foot_does_not_stay_with_a_grouping_that_has_ended(
    room: PeopleRoom, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    line, grouping = StatusLine(room.session), room.desk.grouping
    qtbot.addWidget(line)
    with monkeypatch.context() as running:
        running.setattr(GroupingRun, "is_running", True)
        grouping.started.emit()
        grouping.progressed.emit(None)
    assert "faces" in line.text
    assert "photos" not in line.text
    grouping.ended.emit("")
    assert line.text == "7 photos, 9 faces in your library"
    room.rest()


def test_the_list_of_names_stays_beside_its_field(room: PeopleRoom) -> None:
    room.window.resize(1000, 700)
    room.press(KEY.Key_N)
    room.give("Anna")
    room.type("a")
    field, names = room.grid.field, room.grid.field.list
    room.wait(names.isVisible)
    for size in ((800, 460), (1000, 700), (860, 520)):
        room.window.resize(*size)
        room.rest()
        assert room.window.rect().contains(names.geometry())
        at = field.mapTo(room.window, QPoint())
        near = names.geometry().adjusted(-12, -12, 12, 12)
        assert near.intersects(QRect(at, field.size()))
        assert not field.visibleRegion().isEmpty()
    bar = room.grid.verticalScrollBar()
    bar.setRange(0, 5000)
    bar.setValue(5000)  # far away
    assert not names.isVisible()
    assert field.text() == "a"
