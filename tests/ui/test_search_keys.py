"""What keys and clicks do on the results of a search."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
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


def test_a_double_click_searches_with_that_face(
    page: SearchPage, ask: Callable[..., None], people: MakePeople
) -> None:
    ask(page.open_sources, [people("q.png", "red")])
    grid = page.results.grid
    centre = grid.visualRect(grid.model().index(1, 0)).center()
    left = Qt.MouseButton.LeftButton
    QTest.mouseClick(grid.viewport(), left, pos=centre)
    ask(lambda: QTest.mouseDClick(grid.viewport(), left, pos=centre))
    assert page.query is not None
    assert page.query.source == "your library"


def test_keys_alone_preview_clear_and_undo(
    page: SearchPage, ask: Callable[..., None], people: MakePeople, qtbot: QtBot
) -> None:
    ask(page.open_sources, [people("q.png", "red")])
    grid = page.results.grid
    names_shown(page, qtbot)
    with qtbot.waitSignal(page.preview_requested) as preview:
        QTest.keyClick(grid, Qt.Key.Key_Right)
        QTest.keyClick(grid, Qt.Key.Key_Space)
    assert preview.args is not None
    assert preview.args[1].id == page.results.current_face_id()
    QTest.keyClick(grid, Qt.Key.Key_Escape)
    assert not page.is_in_use
    assert page.query is None
    assert page.drop_zone.choose.hasFocus()
    ask(QTest.keyClick, page, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert page.bar.title == "3 faces are likely this person"


def test_return_opens_the_photo_and_says_so_if_it_is_gone(
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
    QTest.keyClick(page.results.grid, Qt.Key.Key_Return)
    assert opened == [str(record.photo.path)]
    record.photo.path.unlink()
    QTest.keyClick(page.results.grid, Qt.Key.Key_Return)
    assert len(opened) == 1
    assert "plug it in" in page.messages.text
