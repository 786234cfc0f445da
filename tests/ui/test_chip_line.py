"""Chips above the results and above the photos: typed, turned, removed, by mouse and keyboard."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from opqn_app.people.photo_filter import PhotoFilter
from opqn_app.people.spans import Span
from opqn_app.store.library import Library
from opqn_app.ui.kit.chip_line import ChipLine
from opqn_app.ui.library.library_page import LibraryPage
from opqn_app.ui.search.search_page import SearchPage
from opqn_app.ui.work.session import Session
from tests.ui.menu_clicks import choose, words_of
from tests.ui.result_names import names_shown

MakePeople = Callable[..., Path]
Told = Callable[[Callable[[], object]], str]
TIMEOUT = 120_000


@pytest.fixture
def album(varied_album: Path) -> Path:
    return varied_album


@pytest.fixture
def named(
    session: Session,
    album: Path,
    index_folder_of: Callable[[Path], None],
    qtbot: QtBot,
    told: Told,
) -> Session:
    """Red is Anna, blue is Ben, who is on a photo with her; nobody named green."""
    index_folder_of(album)
    desk = session.people
    qtbot.waitUntil(lambda: desk.view is not None and len(desk.view.photo_of) == 5, timeout=TIMEOUT)
    with Library.open(session.library_path) as library:
        faces = {p.path.name: [f.id for f in library.faces_of(p.id)] for p in library.photos()}
    blue, red = faces["both.png"]  # the largest first
    told(lambda: desk.name([*faces["a_red.png"], *faces["b_red.png"], red], "Anna"))
    told(lambda: desk.name([blue], "Ben"))
    return session


@pytest.fixture
def library_page(named: Session, qtbot: QtBot) -> LibraryPage:
    page = LibraryPage(named)
    qtbot.addWidget(page)
    page.resize(1000, 700)
    page.show()
    qtbot.waitUntil(lambda: len(page.photos.photos) == 4, timeout=TIMEOUT)
    return page


@pytest.fixture
def search_page_of_red(
    named: Session, search_page: SearchPage, ask: Callable[..., None], people: MakePeople
) -> SearchPage:
    ask(search_page.open_sources, [people("q.png", "red")])
    return search_page


def type_chip(line: ChipLine, text: str) -> None:
    line.field.setFocus()
    line.field.selectAll()
    QTest.keyClicks(line.field, text)
    QTest.keyClick(line.field, Qt.Key.Key_Return)


def says(line: ChipLine) -> list[str]:
    return [chip.words.text() for chip in line.chips]


def photos_shown(page: LibraryPage) -> list[str]:
    return sorted(photo.path.name for photo in page.photos.photos)


def wait_for(page: LibraryPage, qtbot: QtBot, *names: str) -> None:
    qtbot.waitUntil(lambda: photos_shown(page) == sorted(names), timeout=TIMEOUT)


def test_chips_choose_photos_of_the_library(library_page: LibraryPage, qtbot: QtBot) -> None:
    page, line = library_page, library_page.chips.line
    type_chip(line, "Anna")
    wait_for(page, qtbot, "a_red.png", "b_red.png", "both.png")
    assert line.note == "3 photos."
    type_chip(line, "not ben")
    wait_for(page, qtbot, "a_red.png", "b_red.png")
    assert says(line) == ["Anna", "not Ben"]
    QTest.mouseClick(line.chips[1].words, Qt.MouseButton.LeftButton)
    assert says(line) == ["Anna", "Ben"]
    wait_for(page, qtbot, "both.png")
    QTest.mouseClick(line.chips[0].cross, Qt.MouseButton.LeftButton)
    type_chip(line, "alone")
    qtbot.waitUntil(lambda: line.note == "No photo shows that.", timeout=TIMEOUT)
    wait_for(page, qtbot)
    line._clear.click()
    wait_for(page, qtbot, "a_red.png", "b_red.png", "both.png", "green.png")
    assert says(line) == []
    assert line.note == ""


def test_the_keyboard_turns_and_removes_chips(library_page: LibraryPage, qtbot: QtBot) -> None:
    page, line = library_page, library_page.chips.line
    page.grid.setFocus()
    QTest.keyClick(page.grid, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert line.field.hasFocus()
    type_chip(line, "Ben")
    wait_for(page, qtbot, "both.png")
    line.chips[0].words.setFocus()
    QTest.keyClick(line.chips[0].words, Qt.Key.Key_Space)
    assert says(line) == ["not Ben"]
    assert line.chips[0].words.hasFocus()
    wait_for(page, qtbot, "a_red.png", "b_red.png", "green.png")
    QTest.keyClick(line.chips[0].words, Qt.Key.Key_Delete)
    assert line.filter.is_empty
    assert line.field.hasFocus()
    type_chip(line, "Ben")
    QTest.keyClicks(line.field, "x")
    for left in (["Ben"], []):  # what is typed goes first, then the last chip
        QTest.keyClick(line.field, Qt.Key.Key_Backspace)
        assert says(line) == left
    assert line.field.hasFocus()
    QTest.keyClick(line.field, Qt.Key.Key_Escape)
    assert page.grid.hasFocus()


def test_a_name_nobody_has_is_said(library_page: LibraryPage) -> None:
    line = library_page.chips.line
    type_chip(line, "Zoe")
    assert line.note.startswith("Nobody is called Zoe.")
    assert line._clear.isHidden()
    assert line.filter.is_empty
    assert line.field.text() == "Zoe"
    QTest.keyClicks(line.field, "A")
    assert line.note == ""


def test_enter_takes_the_only_name_that_is_offered(library_page: LibraryPage, qtbot: QtBot) -> None:
    line = library_page.chips.line
    type_chip(line, "An")
    assert says(line) == ["Anna"]
    assert line.field.text() == ""
    type_chip(line, "not be")
    assert says(line) == ["Anna", "not Ben"]
    wait_for(library_page, qtbot, "a_red.png", "b_red.png")


def test_of_several_names_one_has_to_be_chosen(
    library_page: LibraryPage, told: Told, named: Session
) -> None:
    line = library_page.chips.line
    view = named.people.view
    assert view is not None
    ben = next(person for person in view.persons if person.name == "Ben")
    told(lambda: named.people.rename(ben.id, "Anton"))
    type_chip(line, "An")
    assert line.note.startswith("More than one name goes on from An.")
    assert line.field.text() == "An"
    assert line.field.list.words == ["Anna", "Anton"]
    QTest.keyClick(line.field, Qt.Key.Key_Down)
    QTest.keyClick(line.field, Qt.Key.Key_Return)
    assert says(line) == ["Anna"]


def test_several_things_are_typed_at_once(library_page: LibraryPage, qtbot: QtBot) -> None:
    line = library_page.chips.line
    type_chip(line, "anna and Ben, Zoe")
    assert line.note.startswith("Nobody is called Zoe.")
    assert line.filter.is_empty
    type_chip(line, "anna and not ben, alone")
    assert says(line) == ["Anna", "not Ben", "alone"]
    wait_for(library_page, qtbot, "a_red.png", "b_red.png")


def test_years_and_folders_are_chips_too(library_page: LibraryPage, qtbot: QtBot) -> None:
    page, line = library_page, library_page.chips.line
    type_chip(line, "1871")
    qtbot.waitUntil(lambda: line.note == "No photo shows that.", timeout=TIMEOUT)
    line.clear()
    wait_for(page, qtbot, "a_red.png", "b_red.png", "both.png", "green.png")
    page.grid.setCurrentIndex(page.photos.index(0))
    line.more.click()
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    now = datetime.now(UTC)  # the photos have no date, their files have
    assert words_of(menu) == [
        "Nobody else on the photo",
        f"Only {now:%Y}",
        f"Only {now:%B %Y}",
        "Only the folder album",
        *("Photos with no face", "Photos with 1 face", "Photos with 2 faces"),
        "Photos with 3 faces or more",
    ]
    choose(menu, "Only the folder album")
    assert says(line) == ["in album"]
    qtbot.waitUntil(lambda: line.note == "4 photos.", timeout=TIMEOUT)
    type_chip(line, f"{now:%B %Y}")
    type_chip(line, "2+ faces")
    assert says(line) == [f"{now:%B %Y}", "2 faces or more", "in album"]
    wait_for(page, qtbot, "both.png")
    QTest.mouseClick(line.chips[0].cross, Qt.MouseButton.LeftButton)
    type_chip(line, "1 face")
    assert says(line) == ["1 face", "in album"]
    wait_for(page, qtbot, "a_red.png", "b_red.png", "green.png")


def test_the_photos_follow_what_is_decided(
    library_page: LibraryPage, qtbot: QtBot, told: Told, named: Session
) -> None:
    page = library_page
    type_chip(page.chips.line, "Ben")
    wait_for(page, qtbot, "both.png")
    told(named.people.undo)
    assert page.chips.line.filter.is_empty  # there is no Ben any more
    wait_for(page, qtbot, "a_red.png", "b_red.png", "both.png", "green.png")


def test_chips_keep_results_to_photos(
    search_page_of_red: SearchPage, qtbot: QtBot, ask: Callable[..., None], people: MakePeople
) -> None:
    page = search_page_of_red
    line = page.chips.line
    type_chip(line, "Ben")
    qtbot.waitUntil(lambda: page.bar.title == "1 face is likely this person", timeout=TIMEOUT)
    assert names_shown(page, qtbot) == ["both.png"]
    ask(page.open_sources, [people("green.png", "green")])
    assert page.bar.title == "No such photo"
    assert not page.results.nobody.isVisible()
    assert line.note == "No face like this is on such a photo."
    line._clear.click()
    qtbot.waitUntil(lambda: page.bar.title == "1 face is likely this person", timeout=TIMEOUT)
    assert names_shown(page, qtbot) == ["green.png"]
    assert line.note == ""


def test_many_chips_take_a_second_line(library_page: LibraryPage, named: Session) -> None:
    line = library_page.chips.line
    assert named.people.view is not None
    anna, ben = (person.id for person in named.people.view.persons)
    library_page.resize(560, 500)
    height = line.heightForWidth(300) if line.hasHeightForWidth() else line.sizeHint().height()
    dates = Span("2019", "2019")
    line.take(PhotoFilter((anna, ben), (), True, Path("/some/long folder name"), dates))
    library_page.grab()
    assert line.height() > height
    for chip in line.chips:
        assert chip.geometry().right() < line.width()
