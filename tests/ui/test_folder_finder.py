"""A folder that was moved is found again on the Library page, by mouse and by keyboard."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel, QMessageBox, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from opqn_app.store.library import Library
from opqn_app.store.records import Root
from opqn_app.ui.library.folder_finder import ANOTHER, Asking, confirm_place
from opqn_app.ui.library.folder_header import FIND, GO_BACK
from opqn_app.ui.library.folder_list import FolderRole
from opqn_app.ui.library.library_page import LibraryPage
from opqn_app.ui.work.session import Session

LONG = 120_000  # ms; only reached by a test that fails
MISSING = (
    "Holiday is not where it was. Is a disk not plugged in, or was the folder moved? Its faces can "
    "still be searched."
)


class Answers:
    """What the user chooses, and what was asked."""

    def __init__(self) -> None:
        self.place: Path | None = None
        self.is_it = True
        self.asked: list[tuple[str, str]] = []

    def choose(self, _parent: QWidget, _root: Root) -> Path | None:
        return self.place

    def confirm(self, _parent: QWidget, title: str, text: str) -> bool:
        self.asked.append((title, text))
        return self.is_it


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def page(session: Session, qtbot: QtBot, answers: Answers) -> LibraryPage:
    made = LibraryPage(session, asking=Asking(answers.choose, answers.confirm))
    qtbot.addWidget(made)
    made.resize(900, 600)
    made.show()
    return made


@pytest.fixture
def holiday(people: Callable[..., Path], index_folder_of: Callable[[Path], None]) -> Path:
    people("Holiday/a.png", "red", "green")
    people("Holiday/trip/b.png", "blue")
    folder = people("Holiday/c.png", "red").parent
    index_folder_of(folder)
    return folder


def state(page: LibraryPage) -> str:
    row = page.folder_model.index(1)
    return str(row.data(FolderRole).state.text) if row.isValid() else ""


def action(page: LibraryPage, words: str) -> QAction:
    return next(each for each in page.header.findChildren(QAction) if each.text() == words)


def bar_button(page: LibraryPage) -> QPushButton:
    (found,) = (each for each in page.messages.findChildren(QPushButton) if each.text())
    return found


def faces(session: Session) -> list[tuple[int, str]]:
    with Library.open(session.library_path) as library:
        return [(photo.id, photo.path.name) for photo in library.photos()]


def missing(page: LibraryPage, session: Session, qtbot: QtBot, holiday: Path, to: Path) -> None:
    """The folder is moved while the page shows it."""
    page.show_folder(holiday)
    qtbot.waitUntil(lambda: len(page.photos.photos) == 3, timeout=LONG)
    assert not action(page, FIND).isVisible()
    to.parent.mkdir(exist_ok=True)
    holiday.rename(to)
    session.mark_changed()
    qtbot.waitUntil(lambda: page.messages.text == MISSING, timeout=LONG)
    qtbot.waitUntil(lambda: state(page) == "Disk unplugged", timeout=LONG)


@pytest.mark.parametrize("way", ["mouse", "keyboard"])
def test_a_moved_folder_is_found_and_goes_back(
    page: LibraryPage,
    session: Session,
    qtbot: QtBot,
    holiday: Path,
    tmp_path: Path,
    answers: Answers,
    way: str,
) -> None:
    before = faces(session)
    answers.place = tmp_path / "disk" / "Holiday 2025"
    missing(page, session, qtbot, holiday, answers.place)
    assert action(page, FIND).isVisible()
    find = bar_button(page)
    assert find.text() == FIND
    if way == "mouse":
        qtbot.mouseClick(find, Qt.MouseButton.LeftButton)
    else:
        find.setFocus()
        qtbot.keyClick(find, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: "is found in its new place" in page.messages.text, timeout=LONG)
    ((title, text),) = answers.asked
    assert title == "Is Holiday here now?"
    assert text.startswith("All 3 photos are there.")
    assert str(answers.place) in text
    assert page.header.title == "Holiday 2025"
    assert faces(session) == before
    qtbot.waitUntil(lambda: len(page.photos.photos) == 3, timeout=LONG)
    qtbot.waitUntil(lambda: not action(page, FIND).isVisible(), timeout=LONG)
    qtbot.waitUntil(lambda: action(page, GO_BACK).isVisible(), timeout=LONG)
    assert page.photos.photos[0].path.is_file()
    undo = bar_button(page)
    assert undo.text() == "Undo"
    if way == "mouse":
        qtbot.mouseClick(undo, Qt.MouseButton.LeftButton)
    else:
        undo.setFocus()
        qtbot.keyClick(undo, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: page.header.title == "Holiday", timeout=LONG)
    with Library.open(session.library_path) as library:
        (root,) = library.roots()
        assert (root.path, root.moved_from, root.is_available) == (holiday, None, False)
    assert faces(session) == before


def test_part_of_it_is_there_and_the_menu_leads_back(
    page: LibraryPage,
    session: Session,
    qtbot: QtBot,
    holiday: Path,
    tmp_path: Path,
    answers: Answers,
) -> None:
    answers.place = tmp_path / "moved"
    missing(page, session, qtbot, holiday, answers.place)
    shutil.rmtree(answers.place / "trip")
    page.messages.hide()
    action(page, FIND).trigger()
    qtbot.waitUntil(
        lambda: "2 of 3 photos are there, 1 is missing." in page.messages.text, timeout=LONG
    )
    qtbot.waitUntil(lambda: action(page, GO_BACK).isVisible(), timeout=LONG)
    with qtbot.waitSignal(page._reading.read, timeout=LONG):
        session.mark_changed()
    assert bar_button(page).text() == "Undo"  # what can't be reached is told later
    action(page, GO_BACK).trigger()
    qtbot.waitUntil(
        lambda: "in its former place again, and is not there" in page.messages.text, timeout=LONG
    )
    assert page.header.title == "Holiday"
    assert bar_button(page).text() == FIND
    answers.place.rename(holiday)
    session.mark_changed()
    qtbot.waitUntil(lambda: "1 photo in Holiday/trip can't" in page.messages.text, timeout=LONG)


def test_a_folder_that_went_back_and_is_there_is_missing_like_any_other_later(
    page: LibraryPage,
    session: Session,
    qtbot: QtBot,
    holiday: Path,
    tmp_path: Path,
    answers: Answers,
) -> None:
    answers.place = tmp_path / "moved"
    missing(page, session, qtbot, holiday, answers.place)
    bar_button(page).click()
    qtbot.waitUntil(lambda: "is found in its new place" in page.messages.text, timeout=LONG)
    answers.place.rename(holiday)
    bar_button(page).click()
    qtbot.waitUntil(lambda: "in its former place again:" in page.messages.text, timeout=LONG)
    qtbot.waitUntil(lambda: len(page.photos.photos) == 3, timeout=LONG)
    qtbot.waitUntil(lambda: state(page) != "Disk unplugged", timeout=LONG)
    holiday.rename(tmp_path / "away")
    session.mark_changed()
    qtbot.waitUntil(lambda: page.messages.text == MISSING, timeout=LONG)


def test_another_folder_is_refused_and_another_one_can_be_chosen(
    page: LibraryPage,
    session: Session,
    qtbot: QtBot,
    holiday: Path,
    tmp_path: Path,
    answers: Answers,
) -> None:
    place = tmp_path / "moved"
    missing(page, session, qtbot, holiday, place)
    answers.place = tmp_path / "empty"
    answers.place.mkdir()
    bar_button(page).click()
    qtbot.waitUntil(lambda: "another set of photos" in page.messages.text, timeout=LONG)
    assert answers.asked == []
    again = bar_button(page)
    assert again.text() == ANOTHER
    answers.place, answers.is_it = place, False
    again.click()
    qtbot.waitUntil(lambda: len(answers.asked) == 1, timeout=LONG)
    with Library.open(session.library_path) as library:
        assert library.roots()[0].path == holiday
    answers.place = None
    action(page, FIND).trigger()
    assert page.messages.text == ""


def test_a_folder_that_is_back_is_not_called_missing_any_more(
    page: LibraryPage, session: Session, qtbot: QtBot, holiday: Path, tmp_path: Path
) -> None:
    missing(page, session, qtbot, holiday, tmp_path / "moved")
    (tmp_path / "moved").rename(holiday)
    session.mark_changed()
    qtbot.waitUntil(lambda: page.messages.text == "", timeout=LONG)
    assert not action(page, FIND).isVisible()


def test_a_name_that_looks_like_markup_is_asked_about_as_it_is(page: LibraryPage) -> None:
    seen: list[Qt.TextFormat] = []

    def look() -> None:
        (box,) = page.findChildren(QMessageBox)
        seen.extend(each.textFormat() for each in box.findChildren(QLabel) if each.text())
        box.reject()

    QTimer.singleShot(0, look)
    assert not confirm_place(page, "Is <b>x</b> here now?", "<img src='x'>")
    assert seen == [Qt.TextFormat.PlainText] * 2
