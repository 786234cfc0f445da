"""Goes through a window with the Tab key, as somebody without a mouse does."""

from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

TIMEOUT = 120_000


def tab_through(qtbot: QtBot, window: QWidget, presses: int) -> Iterator[QWidget]:
    """What has the keyboard after each press of Tab.

    Until a window is the active one no widget of it has the keyboard, so that is waited for.
    """
    with qtbot.waitActive(window, timeout=TIMEOUT):
        window.activateWindow()
    for _ in range(presses):
        focused = QApplication.focusWidget()
        qtbot.keyClick(focused or window, Qt.Key.Key_Tab)
        reached = QApplication.focusWidget()
        assert reached is not None, "the keyboard has got lost"
        yield reached
