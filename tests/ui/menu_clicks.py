"""Opens the menus of a widget and chooses from them, as a mouse does."""

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QWidget


def right_click(widget: QWidget, at: QPoint) -> QMenu:
    """The menu that a right click on `widget` opens."""
    reason = QContextMenuEvent.Reason.Mouse
    event = QContextMenuEvent(reason, at, widget.mapToGlobal(at))
    QApplication.sendEvent(widget, event)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu), "no menu has opened"
    return menu


def words_of(menu: QMenu) -> list[str]:
    """What a menu offers; "" parts groups."""
    return [action.text().partition("\t")[0] for action in menu.actions()]


def entry(menu: QMenu, words: str) -> QAction:
    """The entry of these words."""
    found = [action for action in menu.actions() if action.text().partition("\t")[0] == words]
    assert len(found) == 1, f"{words!r} is not in {words_of(menu)}"
    return found[0]


def choose(menu: QMenu, words: str) -> None:
    """Click an entry."""
    at = menu.actionGeometry(entry(menu, words)).center()
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=at)
