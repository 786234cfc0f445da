"""Backups in the window: listed with the time here, made, restored and taken back."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from opqn_app.people import gestures
from opqn_app.people.ledger import Ledger
from opqn_app.store import backups
from opqn_app.store.library import Library
from opqn_app.ui.kit.listed_question import Question
from opqn_app.ui.shell.backups_dialog import NONE_YET, RESTORE, BackupsDialog
from opqn_app.ui.work.session import Session

TIMEOUT = 120_000


class User:
    def __init__(self) -> None:
        self.asked: list[Question] = []
        self.is_sure = True

    def ask(self, _parent: object, question: Question) -> bool:
        self.asked.append(question)
        return self.is_sure


@pytest.fixture
def user() -> User:
    return User()


@pytest.fixture
def dialog(
    session: Session,
    varied_album: Path,
    index_folder_of: Callable[[Path], None],
    user: User,
    qtbot: QtBot,
) -> BackupsDialog:
    """Of a library in which face 1 is Anna."""
    index_folder_of(varied_album)
    with Library.open_to_decide(session.library_path) as library:
        gestures.name_faces(Ledger(library), [1], "Anna")
    made = BackupsDialog(session, ask=user.ask)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitUntil(lambda: made._column.count() > 0, timeout=TIMEOUT)
    return made


def names(session: Session) -> list[str | None]:
    with Library.open(session.library_path) as library:
        return [person.name for person in Ledger(library).persons()]


def make(dialog: BackupsDialog, qtbot: QtBot) -> None:
    before = len(dialog.cards)
    dialog.make_button.click()
    qtbot.waitUntil(lambda: len(dialog.cards) == before + 1, timeout=TIMEOUT)


def forget_anna(session: Session) -> None:
    """As if the library had been begun anew: no forgetting, which would reach the backups."""
    with Library.open(session.library_path, write=True) as library, library.writer.change():
        library.decision_table.erase_all()


def test_one_is_made_and_told(dialog: BackupsDialog, session: Session, qtbot: QtBot) -> None:
    assert NONE_YET in {label.text() for label in dialog.findChildren(QLabel)}
    make(dialog, qtbot)
    words = dialog.cards[0].words
    assert "1 person (1 with a name), 1 decision, 1 folder, 0 saved searches." in words
    assert "made by you · " in words
    (made,) = backups.listed(session.library_path)
    assert f"{made.made.astimezone():%Y-%m-%d %H:%M}" in words
    assert dialog.messages.text == "A backup was made."


def test_nothing_is_missing(dialog: BackupsDialog, user: User, qtbot: QtBot) -> None:
    make(dialog, qtbot)
    dialog.cards[0].buttons[RESTORE].click()
    qtbot.waitUntil(lambda: "Nothing is missing" in dialog.messages.text, timeout=TIMEOUT)
    assert user.asked == []


def test_what_comes_back_is_asked_told_and_taken_back(
    dialog: BackupsDialog, session: Session, user: User, qtbot: QtBot
) -> None:
    make(dialog, qtbot)
    forget_anna(session)
    user.is_sure = False
    dialog.cards[0].buttons[RESTORE].click()
    qtbot.waitUntil(lambda: len(user.asked) == 1, timeout=TIMEOUT)
    assert user.asked[0].lines == [
        "1 decision about who is who, with names that the library does not have: Anna"
    ]
    assert names(session) == []
    user.is_sure = True
    dialog.cards[0].buttons[RESTORE].click()
    qtbot.waitUntil(lambda: "Restored: 1 decision." in dialog.messages.text, timeout=TIMEOUT)
    assert names(session) == ["Anna"]
    dialog.messages._on_button()
    qtbot.waitUntil(lambda: "is taken back" in dialog.messages.text, timeout=TIMEOUT)
    assert names(session) == []


def test_a_damaged_one_is_shown_as_such(
    dialog: BackupsDialog, session: Session, qtbot: QtBot
) -> None:
    make(dialog, qtbot)
    backups.files(session.library_path)[0].write_bytes(b"")
    dialog._look()
    qtbot.waitUntil(lambda: "Can't be used: " in dialog.cards[0].words, timeout=TIMEOUT)
    assert dialog.cards[0].buttons == {}
