"""Tiles that find their place by themselves take nothing from the user."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from opqn_app.core.settings import Settings
from opqn_app.store.library import Library
from opqn_app.ui.work import people_desk
from opqn_app.ui.work.session import Session
from tests.ui.people_room import TIMEOUT, PeopleRoom
from tests.ui.person_album import ANNA, BEN, Album, Face, album_engine

CARL = [12, 13, 14, 15]


@pytest.fixture
def room(tmp_path: Path, qtbot: QtBot, themed: QApplication) -> Iterator[PeopleRoom]:
    """Four faces of Anna, three of Ben, two of Carl."""
    album = Album(tmp_path / "library.sqlite")
    for code, times in ((ANNA, 4), (BEN, 3), (CARL, 2)):
        for _ in range(times):
            album.add(2020, Face(code))
    session = Session(Settings(library=str(album.path)), engine_factory=album_engine)
    made = PeopleRoom(session, qtbot)
    made.start()
    yield made
    session.shut_down()


def test_the_current_and_the_selected_tiles_stay_so(room: PeopleRoom) -> None:
    """By who they are: a group that was named is a person, and stands elsewhere."""
    room.click(1)
    room.click(2, Qt.KeyboardModifier.ControlModifier)
    carl = room.tiles[2].faces
    room.told(lambda: room.desk.name(carl, "Carl"))
    room.page._look_anew()
    assert room.words == ["Carl", "4", "3"]
    assert room.grid.rows_selected() == [0, 2]
    assert room.grid.currentIndex().row() == 0


def test_a_name_that_is_looked_for_is_typed_through(room: PeopleRoom) -> None:
    room.told(lambda: room.desk.name(room.tiles[0].faces, "Anna"))
    field = room.page.search
    field.setFocus()
    room.type("z")
    room.wait(lambda: room.page.stack.currentWidget() is room.page.empty)
    room.press(Qt.Key.Key_Backspace)
    room.type("a")
    room.wait(lambda: room.page.stack.currentWidget() is room.grid)
    room.qtbot.wait(1)  # what was put off until now has been done
    room.type("n")
    assert field.text() == "an"


def test_nothing_moves_while_a_tile_is_dragged(room: PeopleRoom) -> None:
    room.told(lambda: room.desk.name(room.tiles[2].faces, "Carl"))
    assert room.words == ["4", "3", "Carl"]
    room.grid.is_dragging = True
    room.page._on_rest()
    assert room.words == ["4", "3", "Carl"]
    room.grid.is_dragging = False


def test_groups_follow_what_was_said_after_a_quiet_while(
    room: PeopleRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two named people in one group let it fall apart; a new name is no news to the groups."""
    monkeypatch.setattr(people_desk, "QUIET_MS", 1)
    started: list[None] = []
    room.desk.grouping.started.connect(lambda: started.append(None))
    faces = room.tiles[0].faces
    with room.qtbot.waitSignal(room.desk.grouping.ended, timeout=TIMEOUT):
        room.told(lambda: room.desk.name(faces[:2], "Anna"))
    with room.qtbot.waitSignal(room.desk.grouping.ended, timeout=TIMEOUT):
        room.told(lambda: room.desk.name(faces[2:], "Anne"))
    with Library.open(room.session.library_path) as library:
        stored = library.group_table.guesses(album_engine().encoder.model_id)
    groups = dict(zip(stored.face_ids.tolist(), stored.groups.tolist(), strict=True))
    assert groups[faces[0]] == groups[faces[1]] != groups[faces[2]]
    runs = len(started)
    room.told(lambda: room.desk.rename(room.view.owner[faces[0]], "Annabel"))
    room.qtbot.wait(50)
    assert len(started) == runs
