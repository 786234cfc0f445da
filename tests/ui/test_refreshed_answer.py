"""An answer that comes by itself, as while a folder is indexed, takes nothing from the user."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from opqn_app.ui.search.search_page import SearchPage
from opqn_app.ui.shell.main_window import MainWindow
from opqn_app.ui.work.session import Session

MakePeople = Callable[..., Path]
TIMEOUT = 120_000
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def album(varied_album: Path) -> Path:
    return varied_album


@pytest.fixture
def window(
    session: Session,
    album: Path,
    index_folder_of: Callable[[Path], None],
    people: MakePeople,
    qtbot: QtBot,
) -> MainWindow:
    """Three red faces were found, all five are shown, and the first is current."""
    index_folder_of(album)
    made = MainWindow(session)
    qtbot.addWidget(made)
    made.show()
    with qtbot.waitActive(made, timeout=TIMEOUT):
        made.activateWindow()
    with qtbot.waitSignal(session.results_ready, timeout=TIMEOUT):
        made.search.open_sources([people("q.png", "red")])
    desk = session.people
    qtbot.waitUntil(lambda: desk.view is not None and len(desk.view.photo_of) == 5, timeout=TIMEOUT)
    qtbot.waitUntil(lambda: not session.runner._tasks, timeout=TIMEOUT)
    made.search.results.show_less_likely(True)
    return made


def refresh(page: SearchPage) -> None:
    """The same question is answered anew; what was first is second to last now."""
    outcome = page.results.outcome
    assert outcome is not None
    ranking = outcome.ranking
    ids = np.roll(ranking.face_ids, -1)
    page._session.results_ready.emit(replace(outcome, ranking=replace(ranking, face_ids=ids)))


def focused() -> QWidget:
    found = QApplication.focusWidget()
    assert found is not None
    return found


def test_the_answer_that_was_asked_for_has_the_keyboard(window: MainWindow) -> None:
    assert focused() is window.search.results.grid


def test_a_name_is_typed_through(window: MainWindow, qtbot: QtBot) -> None:
    page = window.search
    face = page.results.current_face_id()
    QTest.keyClick(page.results.grid, Qt.Key.Key_N)
    popover = page.faces.gestures.popover
    assert popover is not None
    QTest.keyClicks(focused(), "An")
    refresh(page)
    QTest.keyClicks(focused(), "na")
    assert popover.isVisible()
    assert popover.field.text() == "Anna"
    with qtbot.waitSignal(window._session.people.told, timeout=TIMEOUT):
        QTest.keyClick(focused(), Qt.Key.Key_Return)
    assert page._session.people.name_of(face or 0) == "Anna"


def test_the_next_name_is_for_the_face_that_was_current(window: MainWindow) -> None:
    page = window.search
    face = page.results.current_face_id()
    refresh(page)
    assert page.results.current_face_id() == face
    assert page.results.grid.currentIndex().row() == page.results.model.rowCount() - 1
    assert page.results.is_at_top  # nobody chose it: more answers may come


def test_what_is_selected_stays_selected(window: MainWindow) -> None:
    page, grid = window.search, window.search.results.grid
    grid.select_rows([1, 2])
    grid.selectionModel().setCurrentIndex(
        page.results.model.index(2), grid.selectionModel().SelectionFlag.NoUpdate
    )
    faces, current = page.results.ticked_ids(), page.results.current_face_id()
    refresh(page)
    assert page.results.ticked_ids() == faces
    assert page.results.current_face_id() == current
    assert grid.rows_selected() == [0, 1]
    assert not page.results.is_at_top


def test_the_faces_in_sight_stay_where_they_are(window: MainWindow) -> None:
    page, grid = window.search, window.search.results.grid
    window.resize(784, 560)
    grid.set_side(256)
    grid.verticalScrollBar().setValue(grid.verticalScrollBar().maximum())
    first = grid.rows_in(grid.viewport().rect()).start
    (face,) = page.results.model.face_ids([first])
    top = grid.visualRect(page.results.model.index(first)).top()
    refresh(page)
    row = page.results.model.row_of(face)
    assert row is not None
    assert grid.visualRect(page.results.model.index(row)).top() == top


def test_keys_in_the_field_of_the_chips_stay_there(window: MainWindow) -> None:
    page = window.search
    QTest.keyClick(page.results.grid, Qt.Key.Key_F, CTRL)
    QTest.keyClicks(focused(), "x")
    refresh(page)
    QTest.keyClicks(focused(), "n")
    assert page.chips.line.field.text() == "xn"


def test_the_viewer_keeps_the_keyboard(window: MainWindow) -> None:
    page = window.search
    QTest.keyClick(page.results.grid, Qt.Key.Key_Return)
    assert window.viewer.isVisible()
    refresh(page)
    QTest.keyClick(focused(), Qt.Key.Key_Escape)
    assert not window.viewer.isVisible()
    assert page.query is not None
    assert focused() is page.results.grid


def test_who_is_being_named_stays_ticked(window: MainWindow, qtbot: QtBot) -> None:
    page = window.search
    QTest.keyClick(page.results.grid, Qt.Key.Key_S, CTRL)
    faces = page.save_bar.faces
    QTest.keyClicks(focused(), "An")
    refresh(page)
    assert page.save_bar.isVisible()
    assert focused() is page.save_bar.field
    assert page.save_bar.faces == faces
    with qtbot.waitSignal(page._session.results_ready, timeout=TIMEOUT):  # asked when it closes
        page.save_bar.close_bar()


def test_what_comes_while_an_answer_is_under_way_is_asked_for_after_it(
    window: MainWindow, qtbot: QtBot
) -> None:
    page, session = window.search, window._session
    assert page.query is not None
    session.search_faces(page.query.crops)
    assert session.is_answering
    with qtbot.waitSignals([session.results_ready] * 2, timeout=TIMEOUT):
        session.library_changed.emit()


def test_what_waits_while_the_user_looks_comes_when_the_mouse_has_gone(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    page, session, grid = window.search, window._session, window.search.results.grid
    monkeypatch.setattr(Session, "is_indexing", True)
    monkeypatch.setattr(grid, "underMouse", lambda: True)
    grid.setCurrentIndex(page.results.model.index(1))
    session.library_changed.emit()
    assert not session.is_answering
    assert page.bar._title.text().endswith("so far")
    monkeypatch.setattr(grid, "underMouse", lambda: False)
    with qtbot.waitSignal(session.results_ready, timeout=TIMEOUT):
        grid.left.emit()
    assert not page.bar._title.text().endswith("so far")


def test_while_photos_come_in_the_headline_says_that_it_can_change(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, session = window.search, window._session
    final = page.bar.title
    monkeypatch.setattr(Session, "is_indexing", True)
    refresh(page)
    assert page.bar.title == f"{final}, among the photos read by now"
    assert "percentages can change" in page.bar._title.toolTip()
    monkeypatch.setattr(Session, "is_indexing", False)
    session.indexing_cancelled.emit(Path("folder"))
    assert page.bar.title == final
    assert not page.bar._title.toolTip()


def test_a_card_about_a_face_goes_with_its_page(window: MainWindow) -> None:
    page = window.search
    QTest.keyClick(page.results.grid, Qt.Key.Key_N)
    popover = page.faces.gestures.popover
    assert popover is not None
    assert popover.isVisible()
    window.show_page("library")
    assert popover.isHidden()


def test_another_page_keeps_the_keyboard(window: MainWindow) -> None:
    window.show_page("library")
    field = window.library.chips.line.field
    window.library.chips.line.show()
    field.setFocus()
    refresh(window.search)
    assert focused() is field


def test_a_question_while_a_name_is_typed_leaves_it_alone(
    window: MainWindow, people: MakePeople, qtbot: QtBot
) -> None:
    page = window.search
    page.chips.line.field.setFocus()
    QTest.keyClicks(focused(), "An")
    with qtbot.waitSignal(window._session.results_ready, timeout=TIMEOUT):
        page.open_sources([people("q2.png", "green")])
    assert focused() is page.chips.line.field


def test_a_question_from_another_page_brings_the_keyboard_along(
    window: MainWindow, people: MakePeople, qtbot: QtBot
) -> None:
    page = window.search
    page.chips.line.field.setFocus()
    window.show_page("library")
    window.library.grid.setFocus()
    with qtbot.waitSignal(window._session.results_ready, timeout=TIMEOUT):
        page.open_sources([people("q2.png", "green")])
    assert focused() is page.results.grid


def test_a_click_on_a_face_of_the_query_does_not_lose_the_keyboard(
    window: MainWindow, people: MakePeople, qtbot: QtBot
) -> None:
    page = window.search
    with qtbot.waitSignal(window._session.results_ready, timeout=TIMEOUT):
        page.open_sources([people("q2.png", "green"), people("q3.png", "red")])
    page.bar.tiles[0].setFocus()
    QTest.keyClick(page.bar.tiles[0], Qt.Key.Key_Space)
    assert focused() is page.bar.tiles[0]
