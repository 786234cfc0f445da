"""The window as a whole: first start, pages, drops anywhere, names of controls, one way out."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QPalette
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QApplication,
    QComboBox,
    QScrollBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from opqn_app.core import paths
from opqn_app.ui.kit.theme import DARK, LIGHT
from opqn_app.ui.shell.main_window import MainWindow
from opqn_app.ui.work.session import Session
from tests.ui.keyboard import tab_through

MakePeople = Callable[..., Path]
TIMEOUT = 120_000


@pytest.fixture
def window(session: Session, qtbot: QtBot) -> MainWindow:
    made = MainWindow(session)
    qtbot.addWidget(made)
    with qtbot.waitExposed(made, timeout=TIMEOUT):
        made.show()
    return made


def mime_of(*paths: Path) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return data


def drag_enter(data: QMimeData) -> QDragEnterEvent:
    copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    return QDragEnterEvent(QPoint(300, 300), copy, data, left, Qt.KeyboardModifier.NoModifier)


def drop(data: QMimeData, keys: Qt.KeyboardModifier) -> QDropEvent:
    move = Qt.DropAction.CopyAction | Qt.DropAction.MoveAction
    return QDropEvent(QPointF(300, 300), move, data, Qt.MouseButton.LeftButton, keys)


def drop_on(
    window: MainWindow,
    data: QMimeData,
    keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> QDropEvent:
    QApplication.sendEvent(window, drag_enter(data))
    event = drop(data, keys)
    QApplication.sendEvent(window, event)
    return event


def test_an_empty_library_begins_with_the_welcome_page(
    window: MainWindow, session: Session, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(session.status_read, timeout=TIMEOUT):
        session.refresh_status()
    assert window.stack.currentWidget() is window.welcome


@pytest.mark.slow
def test_a_library_with_folders_begins_with_search(
    session: Session,
    people: MakePeople,
    index_folder_of: Callable[[Path], None],
    qtbot: QtBot,
) -> None:
    index_folder_of(people("album/red.png", "red").parent)
    window = MainWindow(session)
    qtbot.addWidget(window)
    with qtbot.waitSignal(session.status_read, timeout=TIMEOUT):
        session.refresh_status()
    assert window.stack.currentWidget() is window.search
    assert window.sidebar.buttons["search"].isChecked()


def test_the_pages_are_reached_by_keys_and_by_the_sidebar(window: MainWindow) -> None:
    ctrl = Qt.KeyboardModifier.ControlModifier
    QTest.keyClick(window, Qt.Key.Key_2, ctrl)
    assert window.stack.currentWidget() is window.library
    QTest.keyClick(window, Qt.Key.Key_3, ctrl)
    assert window.stack.currentWidget() is window.people
    QTest.keyClick(window, Qt.Key.Key_4, ctrl)
    assert window.stack.currentWidget() is window.evaluate
    QTest.keyClick(window, Qt.Key.Key_5, ctrl)
    assert window.stack.currentWidget() is window.train
    assert window.sidebar.buttons["train"].isChecked()
    QTest.keyClick(window, Qt.Key.Key_1, ctrl)
    assert window.stack.currentWidget() is window.search
    window.sidebar.buttons["library"].click()
    assert window.stack.currentWidget() is window.library


@pytest.mark.slow
def test_the_zoom_keys_belong_to_the_page_that_is_shown(window: MainWindow) -> None:
    ctrl, grid = Qt.KeyboardModifier.ControlModifier, window.search.results.grid
    side = grid.side
    window.search.drop_zone.choose.setFocus()
    QTest.keyClick(window.search.drop_zone.choose, Qt.Key.Key_Plus, ctrl)
    assert grid.side > side
    QTest.keyClick(window.search.drop_zone.choose, Qt.Key.Key_Minus, ctrl)
    assert grid.side == side
    window.show_page("library")
    window.library.setFocus()
    QTest.keyClick(window.library, Qt.Key.Key_Plus, ctrl)
    assert grid.side == side


@pytest.mark.slow
def test_a_photo_dropped_on_any_page_is_searched_for(
    window: MainWindow, session: Session, people: MakePeople, qtbot: QtBot
) -> None:
    window.show_page("library")
    data = mime_of(people("q.png", "red"))
    QApplication.sendEvent(window, drag_enter(data))
    assert window.veil.isVisible()
    assert window.veil.words == "Drop to search for this face"
    with qtbot.waitSignal(session.results_ready, timeout=TIMEOUT):
        event = drop_on(window, data)
    assert event.dropAction() == Qt.DropAction.CopyAction  # never "move": the file stays
    assert not window.veil.isVisible()
    assert window.stack.currentWidget() is window.search


@pytest.mark.slow
def test_ctrl_while_dropping_combines(
    window: MainWindow, session: Session, people: MakePeople, qtbot: QtBot
) -> None:
    for keys in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier):
        with qtbot.waitSignal(session.results_ready, timeout=TIMEOUT):
            drop_on(window, mime_of(people("q.png", "red")), keys)
    assert window.search.query is not None
    assert len(window.search.query.faces) == 2


@pytest.mark.slow
def test_leaving_with_the_drag_uncovers_the_window(
    window: MainWindow, people: MakePeople, tmp_path: Path
) -> None:
    people("album/red.png", "red")
    data = mime_of(tmp_path / "album")
    QApplication.sendEvent(window, drag_enter(data))
    assert "folder" in window.veil.words
    QApplication.sendEvent(window, QDragLeaveEvent())
    assert not window.veil.isVisible()


@pytest.mark.slow
def test_a_dropped_folder_is_indexed_once_the_user_agrees(
    window: MainWindow, session: Session, people: MakePeople, qtbot: QtBot
) -> None:
    album = people("album/red.png", "red").parent
    drop_on(window, mime_of(album))
    assert not session.is_indexing
    with qtbot.waitSignal(session.indexing_finished, timeout=TIMEOUT) as finished:
        window.search.messages._button.click()
    assert finished.args is not None
    assert finished.args[0] == album
    assert window.stack.currentWidget() is window.library


@pytest.mark.slow
def test_dark_and_light_can_be_chosen(window: MainWindow, session: Session) -> None:
    for choice, colours in (("dark", DARK), ("light", LIGHT)):
        session.remember(theme=choice)
        shown = window.palette().color(QPalette.ColorRole.Window).name()
        assert shown == colours.window
        painted = window.grab().toImage().pixelColor(window.width() - 4, window.height() // 2)
        assert painted.name() == colours.window


def controls_of(window: MainWindow) -> list[QWidget]:
    kinds = (QAbstractButton, QAbstractItemView, QAbstractSlider, QComboBox)
    found = [w for kind in kinds for w in window.findChildren(kind)]
    inner = (QScrollBar,)
    found = [w for w in found if not isinstance(w, inner) and not w.isHidden()]
    return [w for w in found if not _is_inside(w, QComboBox)]


def _is_inside(widget: QWidget, kind: type[QWidget]) -> bool:
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, kind):
            return True
        parent = parent.parentWidget()
    return False


@pytest.mark.slow
def test_every_control_has_a_name_for_screen_readers(
    window: MainWindow, session: Session, people: MakePeople, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(session.results_ready, timeout=TIMEOUT):
        window.search.open_sources([people("a.png", "red", "green"), people("b.png", "red")])
    window.show_page("evaluate")
    window.show_page("train")
    nameless = []
    for control in controls_of(window):
        words = control.text() if isinstance(control, QAbstractButton) else ""
        if (
            not (control.accessibleName() or words)
            and control.objectName() != "qt_menubar_ext_button"
        ):
            owner = type(control.parentWidget()).__name__
            nameless.append(f"{type(control).__name__} of {owner}")
    assert not nameless


@pytest.mark.slow
def test_tab_reaches_every_control_of_the_search_page(
    window: MainWindow,
    session: Session,
    people: MakePeople,
    index_folder_of: Callable[[Path], None],
    qtbot: QtBot,
) -> None:
    index_folder_of(people("album/a.png", "green", "red").parent)
    with qtbot.waitSignal(session.results_ready, timeout=TIMEOUT):
        window.search.open_sources([people("q.png", "red", "green")])
    page, results = window.search, window.search.results
    wanted = {
        *page.bar.tiles,
        *page.bar.strip,
        results.threshold.slider,
        results.sort,
        results.group,
        results.grid,
        results.band.button,
        results.why.search,
        results.why.open,
        results.why.show_file,
        *window.sidebar.buttons.values(),
    }
    reached = set(tab_through(qtbot, window, 60))
    missing = [f"{type(w).__name__} {w.accessibleName()}" for w in wanted - reached]
    assert not missing


@pytest.mark.slow
def test_space_shows_the_photo_and_escape_closes_it(
    window: MainWindow,
    session: Session,
    people: MakePeople,
    index_folder_of: Callable[[Path], None],
    qtbot: QtBot,
) -> None:
    index_folder_of(people("album/a.png", "red").parent)
    with qtbot.waitSignal(session.results_ready, timeout=TIMEOUT):
        window.search.open_sources([people("q.png", "red")])
    qtbot.waitUntil(lambda: window.search.results.current_record() is not None)
    QTest.keyClick(window.search.results.grid, Qt.Key.Key_Space)
    assert window.viewer.isVisible()
    qtbot.waitUntil(lambda: window.viewer.photo is not None, timeout=TIMEOUT)
    QTest.keyClick(window.viewer, Qt.Key.Key_Escape)
    assert not window.viewer.isVisible()
    assert window.search.query is not None


def test_the_sample_is_indexed_and_searched(
    window: MainWindow,
    session: Session,
    people: MakePeople,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    album = people("sample/photos/a.png", "red").parent
    query = people("sample/queries/q.png", "red")
    monkeypatch.setattr(session, "sample_photos", lambda: album)
    monkeypatch.setattr(session, "sample_queries", lambda: [query])
    with qtbot.waitSignals([session.indexing_finished, session.results_ready], timeout=TIMEOUT):
        window.search.drop_zone.sample.click()
    expected = "1 face is likely this person"
    qtbot.waitUntil(lambda: window.search.bar.title == expected, timeout=TIMEOUT)


def test_closing_while_indexing_keeps_what_was_done_and_ends_the_lanes(
    window: MainWindow, session: Session, people: MakePeople, qtbot: QtBot
) -> None:
    for number in range(40):
        folder = people(f"album/{number}.png", "red").parent
    with qtbot.waitSignal(session.indexing_progressed, timeout=TIMEOUT):
        session.index(folder)
    window.close()
    assert session.runner.is_shut_down


@pytest.mark.slow
def test_size_and_zoom_come_back_and_lie_in_the_data_folder(
    window: MainWindow, session: Session, qtbot: QtBot
) -> None:
    window.resize(790, 605)
    window.search.results.grid.set_side(200)
    window.close()
    assert (paths.data_dir() / "window.ini").is_file()
    again = MainWindow(session)
    qtbot.addWidget(again)
    assert (again.width(), again.height()) == (790, 605)
    assert again.search.results.grid.side == 200
