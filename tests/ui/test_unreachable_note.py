"""The Library page when a part of a folder is away: what it says, and what can be answered."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from opqn_app.store.records import UnreachableFolder
from opqn_app.ui.kit.message_bar import MessageBar
from opqn_app.ui.kit.photo_thumbnails import is_stand_in
from opqn_app.ui.library.folder_list import FolderRole
from opqn_app.ui.library.library_page import LibraryPage
from opqn_app.ui.library.unreachable_note import UnreachableNote, unreachable_in_words
from opqn_app.ui.work.session import Session

MakePeople = Callable[..., Path]
LONG = 120_000  # ms; only reached by a test that fails
N_AWAY = 10
SAID = (
    "10 photos in Holiday/trip can't be reached. Is a disk not plugged in? Nothing was forgotten; "
    "their faces can still be searched."
)


class Answers:
    def __init__(self) -> None:
        self.was_deleted = False
        self.asked: list[str] = []

    def confirm(self, _parent: QWidget, _title: str, text: str) -> bool:
        self.asked.append(text)
        return self.was_deleted


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def page(session: Session, qtbot: QtBot, answers: Answers) -> LibraryPage:
    made = LibraryPage(session, confirm_deletion=answers.confirm)
    qtbot.addWidget(made)
    made.resize(900, 600)
    made.show()
    return made


@pytest.fixture
def holiday(people: MakePeople) -> Path:
    for i in range(N_AWAY):
        people(f"Holiday/trip/{i}.png", *["red", "green"][: 1 + i % 2])
    people("Holiday/b.png", "blue")
    return people("Holiday/c.png", "red", "blue", "green").parent


def state(page: LibraryPage) -> str:
    row = page.folder_model.index(1)
    return str(row.data(FolderRole).state.text) if row.isValid() else ""


def action(page: LibraryPage) -> QAction:
    words = "Photos that can't be reached were deleted…"
    return next(each for each in page.header.findChildren(QAction) if each.text() == words)


def test_what_is_away_is_said_and_kept_until_the_user_says_it_was_deleted(
    page: LibraryPage,
    session: Session,
    qtbot: QtBot,
    index_folder_of: Callable[[Path], None],
    holiday: Path,
    tmp_path: Path,
    answers: Answers,
) -> None:
    index_folder_of(holiday)
    page.show_folder(holiday)
    whole = "12 photos, 19 faces"
    qtbot.waitUntil(lambda: page.header.counts == whole, timeout=LONG)
    assert not action(page).isVisible()
    away = (holiday / "trip").rename(tmp_path / "away")
    (holiday / "trip").mkdir()
    index_folder_of(holiday)
    qtbot.waitUntil(lambda: page.messages.text == SAID, timeout=LONG)
    assert page.header.counts == f"{whole} · 10 can't be reached"
    assert state(page) == "10 not reachable"
    assert len(page.photos.photos) == 4  # each picture once
    page.header.view.once.trigger()
    qtbot.waitUntil(lambda: len(page.photos.photos) == 12, timeout=LONG)
    photo = next(each for each in page.photos.photos if each.rel_path == "trip/1.png")

    def is_drawn_from_faces() -> bool:
        pixmap = page.thumbs.pixmap(photo)
        return pixmap is not None and not pixmap.isNull() and is_stand_in(pixmap)

    qtbot.waitUntil(is_drawn_from_faces, timeout=LONG)
    page.messages._button.click()
    assert len(answers.asked) == 1
    assert "10 photos will no longer be shown" in answers.asked[0]
    assert not session.is_indexing, "they were not deleted"
    page.refresh()
    qtbot.wait(50)
    assert page.messages.text == "", "said once"

    shutil.rmtree(holiday / "trip")
    away.rename(holiday / "trip")
    index_folder_of(holiday)
    qtbot.waitUntil(lambda: page.header.counts == whole, timeout=LONG)
    assert state(page) == "Up to date"
    shutil.rmtree(holiday / "trip")
    index_folder_of(holiday)
    qtbot.waitUntil(lambda: page.messages.text == SAID, timeout=LONG)
    answers.was_deleted = True
    with qtbot.waitSignal(session.indexing_finished, timeout=LONG):
        action(page).trigger()
    qtbot.waitUntil(lambda: page.header.counts == "2 photos, 4 faces", timeout=LONG)
    assert page.messages.text == ""
    assert state(page) == "Up to date"
    assert not action(page).isVisible()


def folder(path: str, photos: int) -> UnreachableFolder:
    return UnreachableFolder(Path("/p/Holiday"), Path("/p/Holiday") / path, photos, 0)


def test_the_largest_folder_is_named() -> None:
    assert unreachable_in_words(()) == ""
    words = unreachable_in_words([folder("a", 3), folder("b/c", 1200), folder("d", 4)])
    assert words.startswith("1,200 photos in Holiday/b/c and 7 elsewhere can't be reached.")
    assert unreachable_in_words([folder("", 1)]).startswith("1 photo in Holiday can't be reached.")


def test_a_note_leaves_the_message_of_another_alone(qtbot: QtBot) -> None:
    bar = MessageBar()
    qtbot.addWidget(bar)
    accepted: list[Path] = []
    note = UnreachableNote(bar, lambda *_: True, accepted.append)
    note.show([folder("a", 12)])
    assert bar.text.startswith("12 photos in Holiday/a")
    bar.say("Something else.")
    note.show([folder("a", 12)])
    note.show([])
    assert bar.text == "Something else."
    note.ask()
    assert accepted == [], "there is nothing to ask"
    note.show([folder("a", 12), folder("b", 13)])
    note.ask()
    assert accepted == [Path("/p/Holiday")]
    note.show([])
    assert bar.text == ""
