"""Nothing is cut off in a narrow window: the query, the sheet of keys, what was done last."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QSize
from PySide6.QtGui import QScreen
from PySide6.QtWidgets import QApplication, QLabel, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from opqn_app.people.gestures import name_faces
from opqn_app.ui.search.query import Query
from opqn_app.ui.search.search_page import SearchPage
from opqn_app.ui.shell.main_window import MainWindow
from opqn_app.ui.shell.menus import PAGES
from opqn_app.ui.work.people_jobs import Doubt
from opqn_app.ui.work.session import Session

MakePeople = Callable[..., Path]
LONG = (
    "Anna Lindqvist and Carl Friedrich are on 6 photos together, and nobody is on a photo twice: "
    "if they are one person, these photos show a mirror or a printed picture."
)


def settle() -> None:
    """Let the layouts find their places."""
    for _ in range(3):
        QApplication.processEvents()


@pytest.fixture
def window(session: Session, qtbot: QtBot) -> Iterator[MainWindow]:
    made = MainWindow(session)
    qtbot.addWidget(made)
    made.show()
    yield made
    session.shut_down()


def is_whole(widget: QWidget) -> bool:
    """All that the widget wants to show can be seen."""
    wanted = widget.minimumSizeHint()
    is_large = widget.width() >= wanted.width() and widget.height() >= wanted.height()
    return is_large and widget.visibleRegion().boundingRect() == widget.rect()


@pytest.mark.parametrize("size", [(784, 560), (1280, 800)])
def test_all_faces_of_a_query_and_its_buttons_are_seen(
    search_page: SearchPage, people: MakePeople, ask: Callable[..., None], size: tuple[int, int]
) -> None:
    page = search_page
    page.resize(size[0] - 132, size[1] - 60)
    ask(page.open_sources, [people("q.png", *["red", "green", "blue"] * 3)])
    assert page.query is not None
    face = page.query.faces[0]
    for n_faces in (1, 2, 3, 6, 10, 40):
        page.bar.show_query(Query((face,) * n_faces, n_faces - 1))
        page.bar.say("1,234 faces are likely one of them")
        settle()
        assert all(is_whole(tile) for tile in (*page.bar.tiles, *page.bar.strip)), n_faces
        assert is_whole(page.bar._add)
        assert is_whole(page.bar._clear)
        title = page.bar._title
        assert title.height() >= title.heightForWidth(title.width())
        left = n_faces - len(page.bar.tiles)
        assert (f"{left} not shown" in page.bar._source.text()) == (left > 0)
        assert page.bar.tiles[-1].isChecked() == (n_faces > 1)


@pytest.mark.parametrize("size", [(784, 560), (800, 600), (1280, 800)])
def test_nothing_above_the_people_is_cut(
    window: MainWindow, qtbot: QtBot, size: tuple[int, int]
) -> None:
    window.resize(*size)
    window.show_page("people")
    page = window.people
    assert page is not None
    page._count.setText("1,234 names")
    settle()
    assert window.size().toTuple() == size
    for widget in (page.order, page.show_hidden, page.bring):
        assert widget.width() >= widget.sizeHint().width(), widget
        assert widget.visibleRegion().boundingRect() == widget.rect()
    assert page.search.width() >= page.search.minimumWidth()
    is_one_line = page.bring.mapTo(page, QPoint()).y() < page._count.mapTo(page, QPoint()).y() + 20
    assert is_one_line == (size[0] > 1000)


@pytest.mark.parametrize("width", [784, 880, 960])
def test_no_word_of_the_sheet_of_keys_is_cut(window: MainWindow, width: int) -> None:
    window.resize(width, 700)
    window.shortcuts.open_sheet()
    settle()
    area = window.shortcuts.findChild(QScrollArea)
    assert area is not None
    sheet = area.widget()
    assert sheet is not None
    assert sheet.width() <= area.viewport().width()
    for label in area.findChildren(QLabel):
        assert label.width() >= label.minimumSizeHint().width(), label.text()
        assert label.height() >= label.heightForWidth(label.width()), label.text()


@pytest.mark.parametrize("width", [784, 1080])
def test_a_long_question_is_read_to_its_end(window: MainWindow, width: int) -> None:
    window.resize(width, 700)
    bar = window.undo_bar
    gesture = partial(name_faces, face_ids=[1], name="Anna")
    for words in (LONG, "Two are called Anna. Which one?"):
        bar.ask(Doubt(words, (("They are one person", gesture), ("Keep them apart", gesture))))
        settle()
        label = bar._label
        assert label.height() >= label.heightForWidth(label.width())
        assert all(is_whole(button) for button in bar.choices)
        around = bar.parentWidget()
        assert around is not None
        assert around.rect().contains(bar.geometry())


def test_what_was_done_last_lies_above_every_page(window: MainWindow) -> None:
    window.undo_bar.refuse("That can't be.")
    for key in (*PAGES, "search"):
        window.show_page(key)
        (*_below, top) = [each for each in window.stack.children() if isinstance(each, QWidget)]
        assert top is window.undo_bar, key


def test_what_was_done_last_stays_while_the_keyboard_is_at_its_button(
    window: MainWindow, qtbot: QtBot
) -> None:
    with qtbot.waitActive(window):
        window.activateWindow()
    bar = window.undo_bar
    bar.refuse("That can't be.")
    bar._close.setFocus()
    bar._timer.timeout.emit()
    assert bar.isVisible()
    window.sidebar.setFocus()
    bar._close.clearFocus()
    bar._timer.timeout.emit()
    assert not bar.isVisible()


@pytest.mark.parametrize("room", [(1280, 720), (1920, 1080)])
def test_the_first_window_fits_the_screen(
    session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, room: tuple[int, int]
) -> None:
    """With what the desktop draws around it."""
    monkeypatch.setattr(QScreen, "availableSize", lambda _screen: QSize(*room))
    window = MainWindow(session)
    qtbot.addWidget(window)
    window.show()
    settle()
    assert window.width() <= room[0]
    assert window.height() <= room[1] - 40
    assert window.height() >= min(800, room[1] - 48)


@pytest.mark.parametrize("size", [(800, 600), (900, 600)])
@pytest.mark.parametrize("name", [None, "Anna Lindqvist"])
def test_why_a_face_matches_is_read_without_scrolling(
    window: MainWindow,
    qtbot: QtBot,
    album: Path,
    people: MakePeople,
    index_folder_of: Callable[[Path], None],
    size: tuple[int, int],
    name: str | None,
) -> None:
    index_folder_of(album)
    window.resize(*size)
    window.show_page("search")
    page = window.search
    assert page is not None
    page.open_sources([people("q.png", "red")])
    qtbot.waitUntil(lambda: bool(page.results.why._agreement.text()))
    why = page.results.why
    why.show_name(name)
    settle()
    assert window.size().toTuple() == size
    for each in (why._verdict, why._agreement, why.bars):
        assert each.visibleRegion().boundingRect() == each.rect(), each
        assert each.height() >= each.heightForWidth(each.width())


def test_nothing_of_the_header_is_cut_where_it_says_most(
    search_page: SearchPage, people: MakePeople, ask: Callable[..., None]
) -> None:
    """Several people are searched for, the active photo shows eight faces, and the bar is low."""
    page = search_page
    page.resize(800 - 132, 500)
    photos = [people("q1.png", "red"), people("q2.png", "red"), people("q3.png", "green", "blue")]
    ask(page.open_sources, photos)
    assert page.query is not None
    *first, last = page.query.faces
    page.bar.show_query(Query((*first, replace(last, others=last.others * 4)), 2))
    page.results.threshold.slider.setValue(20)
    settle()
    assert page.several.isVisible()
    assert len(page.bar.strip) == 8
    why, bar = page.results.why, page.bar
    buttons = (why.open, why.show_file, bar._add, bar._clear, page.results.threshold.reset)
    for each in (*bar.tiles, *bar.strip, *buttons):
        assert is_whole(each), each.accessibleName()
