"""A search becomes a person: what is likely is ticked, and one name is one gesture."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from opqn_app.ui.search.save_bar import SaveBar, to_tick
from opqn_app.ui.search.search_page import SearchPage

if TYPE_CHECKING:
    from opqn_app.ui.work.people_jobs import PeopleView

MakePeople = Callable[..., Path]
TIMEOUT = 120_000


@pytest.fixture
def album(varied_album: Path) -> Path:
    return varied_album


def wait_told(page: SearchPage, qtbot: QtBot, act: Callable[[], object]) -> str:
    with qtbot.waitSignal(page._session.people.told, timeout=TIMEOUT) as signal:
        act()
    return str(signal.args[0])


def open_bar(page: SearchPage) -> SaveBar:
    QTest.keyClick(page.results.grid, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert page.save_bar.isVisible()
    return page.save_bar


def test_keys_alone_save_a_search_as_a_person(page: SearchPage, qtbot: QtBot) -> None:
    bar = open_bar(page)
    assert bar.field.hasFocus()
    assert bar.save_button.text() == "Name 3 faces"
    QTest.keyClicks(bar.field, "Anna")
    words = wait_told(page, qtbot, lambda: QTest.keyClick(bar.field, Qt.Key.Key_Return))
    assert words == "3 faces are Anna."
    assert bar.isHidden()
    assert page.results.grid.hasFocus()
    assert wait_told(page, qtbot, page._session.people.undo) == "Undone: 3 faces are Anna."


def test_clicks_leave_faces_out_and_the_button_saves(page: SearchPage, qtbot: QtBot) -> None:
    page.save_bar.open_button.click()
    bar, grid = page.save_bar, page.results.grid
    left_out = page.results.model.face_ids([1])
    for row in (0, 1, 0):
        at = grid.picture_rect(page.results.model.index(row)).center()
        QTest.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert bar.save_button.text() == "Name 2 faces"
    assert "1 likely face not ticked" in bar.note
    QTest.keyClicks(bar.field, "Anna")
    wait_told(page, qtbot, bar.save_button.click)
    view = page._session.people.view
    assert view is not None
    assert left_out[0] not in view.owner
    assert len(view.owner) == 2


def test_space_ticks_and_escape_leaves_everything_as_it_was(page: SearchPage, qtbot: QtBot) -> None:
    bar, grid = open_bar(page), page.results.grid
    grid.setFocus()
    QTest.keyClick(grid, Qt.Key.Key_Space)
    assert bar.save_button.text() == "Name 2 faces"
    QTest.keyClick(grid, Qt.Key.Key_Escape)
    assert bar.isHidden()
    assert page.is_in_use
    assert not grid.selectedIndexes()
    with qtbot.waitSignal(page.look_wanted):
        QTest.keyClick(grid, Qt.Key.Key_Space)  # it looks at the photo again


def test_who_is_named_already_is_not_ticked(page: SearchPage, qtbot: QtBot) -> None:
    (first,) = page.results.model.face_ids([0])
    wait_told(page, qtbot, lambda: page._session.people.name([first], "Ben"))
    bar = open_bar(page)
    assert first not in bar.faces
    assert bar.save_button.text() == "Name 2 faces"


def test_what_was_rejected_is_not_named_with_the_rest(page: SearchPage, qtbot: QtBot) -> None:
    desk = page._session.people
    first, second, third = page.results.model.face_ids([0, 1, 2])
    wait_told(page, qtbot, lambda: desk.name([first], "Anna"))
    assert desk.view is not None
    (anna,) = desk.view.persons
    wait_told(page, qtbot, lambda: desk.reject([second], anna.id))
    bar = open_bar(page)
    assert bar.faces == [second, third]
    QTest.keyClicks(bar.field, "Anna")  # "The same Anna?" is what Enter takes
    wait_told(page, qtbot, lambda: QTest.keyClick(bar.field, Qt.Key.Key_Return))
    assert set(desk.view.owner) == {first, third}


def test_nobody_is_ticked_twice_on_a_photo() -> None:
    photo_of = {1: 10, 2: 10, 3: 11, 4: 12, 5: 13}
    view = cast("PeopleView", SimpleNamespace(photo_of=photo_of, owner={4: 7}))
    everybody: list[Any] = [2, 1, 3, 4, 5]
    assert to_tick(everybody, view) == [0, 2, 4]
    assert to_tick(everybody, view, taken=[1]) == [1, 2, 4]
    assert to_tick([], view) == []
