import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence, QShortcut
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from opqn_app.ui.shell.main_window import MainWindow
from opqn_app.ui.shell.shortcuts import SHORTCUTS, ShortcutsSheet, key_caps
from opqn_app.ui.work.session import Session

DIGITS = "123456789"


@pytest.mark.parametrize(
    ("keys", "caps"),
    [
        ("Ctrl+O", ("Ctrl", "O")),
        ("Ctrl++", ("Ctrl", "+")),
        ("Ctrl+-", ("Ctrl", "−")),
        ("Left", ("←",)),
        ("Return", ("↵",)),
        ("+", ("+",)),
    ],
)
def test_keys_are_shown_as_they_are_printed(keys: str, caps: tuple[str, ...]) -> None:
    assert key_caps(keys) == caps


def test_the_sheet_names_every_shortcut_of_the_window(session: Session, qtbot: QtBot) -> None:
    window = MainWindow(session)
    qtbot.addWidget(window)
    used = {
        key.toString(QKeySequence.SequenceFormat.PortableText)
        for action in window.findChildren(QAction)
        for key in action.shortcuts()
    }
    for shortcut in window.findChildren(QShortcut):
        used.add(shortcut.key().toString(QKeySequence.SequenceFormat.PortableText))
    listed = {
        QKeySequence(keys).toString(QKeySequence.SequenceFormat.PortableText)
        for group in SHORTCUTS.values()
        for shortcut in group
        for keys in (DIGITS if "…" in shortcut.keys else shortcut.keys + shortcut.also)
    }
    assert {key for key in used if key} <= listed
    session.shut_down()


@pytest.mark.parametrize(
    "key", [Qt.Key.Key_Escape, pytest.param(Qt.Key.Key_F1, marks=pytest.mark.slow)]
)
def test_a_key_closes_the_sheet(session: Session, qtbot: QtBot, key: Qt.Key) -> None:
    window = QWidget()
    window.resize(900, 600)
    qtbot.addWidget(window)
    sheet = ShortcutsSheet(window)
    window.show()
    sheet.open_sheet()
    assert sheet.isVisible()
    assert sheet.size() == window.size()
    window.resize(1000, 700)
    assert sheet.size() == window.size()
    with qtbot.waitSignal(sheet.closed):
        qtbot.keyClick(sheet, key)
    assert sheet.isHidden()


@pytest.mark.slow
def test_every_line_of_the_sheet_says_key_and_deed_to_a_screen_reader(
    session: Session, qtbot: QtBot
) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    sheet = ShortcutsSheet(window)
    told = {label.accessibleName() for label in sheet.findChildren(QLabel)}
    for group in SHORTCUTS.values():
        for shortcut in group:
            assert f"{' or '.join(shortcut.keys)}: {shortcut.does}" in told
