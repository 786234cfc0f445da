"""What keys and clicks do on the results of a search."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QDrag, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from opqn_app.ui.search.search_page import SearchPage
from tests.ui.result_names import names_shown

MakePeople = Callable[..., Path]
TIMEOUT = 120_000


@pytest.fixture
def page(search_page: SearchPage) -> SearchPage:
    return search_page


def test_a_result_becomes_the_query_by_key_and_the_way_back(
    page: SearchPage, ask: Callable[..., None], people: MakePeople
) -> None:
    ask(page.open_sources, [people("q.png", "red")])
    page.results.show_less_likely(True)
    QTest.keyClick(page.results.grid, Qt.Key.Key_End)
    ask(QTest.keyClick, page.results.grid, Qt.Key.Key_S)
    assert page.query is not None
    assert page.query.source == "your library"
    assert page.bar.title == "1 face is likely this person"
    ask(QTest.keyClick, page.results.grid, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert page.query.source == "q.png"
    assert page.bar.title == "3 faces are likely this person"


def test_the_chips_have_a_key_only_where_they_are_seen(
    page: SearchPage, ask: Callable[..., None], people: MakePeople
) -> None:
    QTest.keyClick(page, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert not page.chips.line.field.hasFocus()
    ask(page.open_sources, [people("q.png", "red")])
    QTest.keyClick(page, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert page.chips.line.field.hasFocus()
    page.clear()
    assert not page.chips_action.isEnabled()


def test_selected_results_are_combined_into_one_query(
    page: SearchPage, ask: Callable[..., None], people: MakePeople
) -> None:
    ask(page.open_sources, [people("q.png", "red")])
    QTest.keyClick(page.results.grid, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert page.results.why.search.text() == "Search with these 3 faces"
    ask(page.results.why.search.click)
    assert page.query is not None
    assert len(page.query.faces) == 3
    assert page.results.why.search.text() == "Search with this face"


def test_a_double_click_opens_the_photo_with_the_face_among_the_others(
    page: SearchPage, ask: Callable[..., None], people: MakePeople, qtbot: QtBot
) -> None:
    ask(page.open_sources, [people("q.png", "red")])
    grid = page.results.grid
    centre = grid.visualRect(grid.model().index(1, 0)).center()
    left = Qt.MouseButton.LeftButton
    QTest.mouseClick(grid.viewport(), left, pos=centre)
    with qtbot.waitSignal(page.look_wanted) as wanted:
        QTest.mouseDClick(grid.viewport(), left, pos=centre)
    assert wanted.args == [page.results.model.all_ids(), 1]


def test_keys_alone_look_clear_and_go_back(
    page: SearchPage, ask: Callable[..., None], people: MakePeople, qtbot: QtBot
) -> None:
    ask(page.open_sources, [people("q.png", "red")])
    grid = page.results.grid
    names_shown(page, qtbot)
    QTest.keyClick(grid, Qt.Key.Key_Right)
    for key in (Qt.Key.Key_Space, Qt.Key.Key_Return):
        with qtbot.waitSignal(page.look_wanted) as wanted:
            QTest.keyClick(grid, key)
        assert wanted.args == [page.results.model.all_ids(), 1]
    QTest.keyClick(grid, Qt.Key.Key_Escape)
    assert not page.is_in_use
    assert page.query is None
    assert page.drop_zone.choose.hasFocus()
    ask(QTest.keyClick, page, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert page.bar.title == "3 faces are likely this person"


def test_a_key_opens_the_photo_outside_and_says_so_if_it_is_gone(
    page: SearchPage,
    ask: Callable[..., None],
    people: MakePeople,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened: list[str] = []
    target = "PySide6.QtGui.QDesktopServices.openUrl"
    monkeypatch.setattr(target, lambda url: opened.append(url.toLocalFile()) or True)  # type: ignore[func-returns-value]
    ask(page.open_sources, [people("q.png", "red")])
    names_shown(page, qtbot)
    record = page.results.current_record()
    assert record is not None
    QTest.keyClick(page.results.grid, Qt.Key.Key_O)
    assert opened == [str(record.photo.path)]
    record.photo.path.unlink()
    QTest.keyClick(page.results.grid, Qt.Key.Key_O)
    assert len(opened) == 1
    assert "plug it in" in page.messages.text


def test_copied_results_are_files_and_can_be_pasted_as_what_they_are(
    page: SearchPage, ask: Callable[..., None], people: MakePeople, qtbot: QtBot
) -> None:
    ask(page.open_sources, [people("q.png", "red")])
    QTest.keyClick(page.results.grid, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    faces = page.results.selected_ids()
    clipboard = QApplication.clipboard()
    with qtbot.waitSignal(clipboard.dataChanged, timeout=TIMEOUT):
        QTest.keyClick(page.results.grid, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    names = sorted(Path(url.toLocalFile()).name for url in clipboard.mimeData().urls())
    assert names == ["a_red.png", "b_red.png", "both.png"]
    ask(page.intake.paste)
    assert page.query is not None
    assert page.query.face_ids == tuple(faces)


def test_a_dragged_result_leaves_as_a_file(
    page: SearchPage,
    ask: Callable[..., None],
    people: MakePeople,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dropped: list[tuple[list[str], Qt.DropAction]] = []

    def run(drag: QDrag, actions: Qt.DropAction) -> Qt.DropAction:
        names = [Path(url.toLocalFile()).name for url in drag.mimeData().urls()]
        dropped.append((names, actions))
        return actions

    monkeypatch.setattr(QDrag, "exec", run)
    ask(page.open_sources, [people("q.png", "red")])
    names_shown(page, qtbot)
    grid, viewport = page.results.grid, page.results.grid.viewport()
    start = grid.picture_rect(grid.model().index(1, 0)).center()
    left = Qt.MouseButton.LeftButton
    QTest.mousePress(viewport, left, pos=start)
    for step in (4, 12, 24):
        drag_mouse(viewport, start + QPoint(step, step))
    QTest.mouseRelease(viewport, left, pos=start + QPoint(24, 24))
    record = page.results.current_record()
    assert record is not None
    assert dropped == [([record.photo.path.name], Qt.DropAction.CopyAction)]


def drag_mouse(widget: QWidget, at: QPoint) -> None:
    """Move the mouse with the left button down, which QTest.mouseMove does not."""
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    kind, where = QEvent.Type.MouseMove, QPointF(widget.mapToGlobal(at))
    event = QMouseEvent(kind, QPointF(at), where, Qt.MouseButton.NoButton, left, none)
    QApplication.sendEvent(widget, event)


def test_faces_that_came_take_no_keyboard_from_who_types(
    page: SearchPage, ask: Callable[..., None], people: MakePeople
) -> None:
    """Else the rest of the name would be keys for the current face: X says it is none."""
    ask(page.open_sources, [people("q.png", "red")])
    assert page.results.grid.hasFocus()
    field = page.chips.line.field
    field.setFocus()
    QTest.keyClicks(field, "Ma")
    ask(page._on_library_changed)
    assert field.hasFocus()
    QTest.keyClick(field, Qt.Key.Key_X)
    assert field.text() == "Max"
    page.bar._add.setFocus()
    ask(page._on_library_changed)
    assert page.bar._add.hasFocus()
