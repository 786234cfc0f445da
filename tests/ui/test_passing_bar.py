"""A bar that goes leaves the keyboard where the user was."""

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from opqn_app.ui.kit.message_bar import MessageBar
from opqn_app.ui.kit.undo_bar import UndoBar
from opqn_app.ui.work.people_jobs import Doubt
from opqn_app.ui.work.session import Session

LEFT = Qt.MouseButton.LeftButton
Click = Callable[[QPushButton], object]


class Room(QWidget):
    """A page below something that comes first with Tab, as the sidebar does."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.first = QPushButton("Search")
        self.grid = QPushButton("where the user is")
        self.inner = QLineEdit(self.grid)
        self.messages = MessageBar()
        column = QVBoxLayout(self)
        for widget in (self.first, self.messages, self.grid):
            column.addWidget(widget)
        self.grid.setMinimumSize(400, 200)
        self.bar = UndoBar(session.people, self.grid)


@pytest.fixture
def room(session: Session, qtbot: QtBot) -> Room:
    made = Room(session)
    qtbot.addWidget(made)
    made.show()
    with qtbot.waitActive(made):
        made.activateWindow()
    made.grid.setFocus()
    return made


def by_mouse(button: QPushButton) -> None:
    QTest.mouseClick(button, LEFT)


def by_key(button: QPushButton) -> None:
    button.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(button, Qt.Key.Key_Space)


def ask(room: Room, decided: list[Any]) -> None:
    room.bar.ask(Doubt("Twice on a photo.", (("They are one person", decided.append),)))


@pytest.mark.parametrize("press", [by_mouse, by_key])
def test_after_a_choice_the_user_is_where_they_were(
    room: Room, monkeypatch: pytest.MonkeyPatch, press: Click
) -> None:
    decided: list[Any] = []
    monkeypatch.setattr(room.bar._desk, "decide", decided.append)
    ask(room, decided)
    press(room.bar.choices[0])
    assert len(decided) == 1
    assert room.grid.hasFocus()


def test_after_undo_and_after_the_cross(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room.bar._desk, "undo", lambda: None)
    for button in (room.bar.undo_button, room.bar._close):
        room.bar.tell("Done.")
        button.show()
        QTest.mouseClick(button, LEFT)
        assert room.bar.isHidden()
        assert room.grid.hasFocus()


def test_a_newer_message_takes_the_choices_away(room: Room) -> None:
    ask(room, [])
    room.bar.choices[0].setFocus()
    room.bar.tell("Something else was done.")
    assert room.grid.hasFocus()


def test_the_field_the_user_came_from_has_gone(room: Room) -> None:
    room.inner.setFocus()
    ask(room, [])
    room.bar.choices[0].setFocus()
    room.inner.hide()
    room.bar.hide()
    assert room.grid.hasFocus()


def test_who_is_elsewhere_stays_there(room: Room) -> None:
    ask(room, [])
    room.bar.choices[0].setFocus()
    room.first.setFocus()
    room.bar.hide()
    assert room.first.hasFocus()


@pytest.mark.parametrize("press", [by_mouse, by_key])
def test_a_message_with_a_button(room: Room, press: Click) -> None:
    done: list[bool] = []
    room.messages.say("There is more.", "Show", lambda: done.append(room.grid.hasFocus()))
    press(room.messages._button)
    assert done == [True]
    assert QApplication.focusWidget() is room.grid
