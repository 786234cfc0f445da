"""A menu never acts by itself: what opens it can't choose from it."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QKeyEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QWidget
from pytestqt.qtbot import QtBot

from opqn_app.ui.kit.menus import QuietMenu, offer_actions
from opqn_app.ui.shell.main_window import MainWindow
from opqn_app.ui.work.session import Session
from tests.ui.menu_clicks import choose, right_click, words_of


def send_mouse(menu: QMenu, kind: QEvent.Type, at: QPoint, held: Qt.MouseButton) -> None:
    button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else held
    down = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else held
    where = QPointF(menu.mapToGlobal(at))
    none = Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(menu, QMouseEvent(kind, QPointF(at), where, button, down, none))


def open_at_once(menu: QMenu) -> list[str]:
    """Two entries, open with the second one under the mouse."""
    chosen: list[str] = []
    for words in ("Copy", "Forget"):
        menu.addAction(words, lambda words=words: chosen.append(words))
    menu.popup(QPoint(200, 200))
    return chosen


def drag_over(menu: QMenu) -> None:
    """The hand moves while the button that opened the menu is still down, and lets it go."""
    right = Qt.MouseButton.RightButton
    for entry in menu.actions():
        at = menu.actionGeometry(entry).center()
        send_mouse(menu, QEvent.Type.MouseMove, at, right)
    send_mouse(menu, QEvent.Type.MouseButtonRelease, at, right)


@pytest.mark.parametrize(("kind", "acts"), [(QMenu, ["Forget"]), (QuietMenu, [])])
def test_letting_go_of_the_button_that_opened_a_menu_chooses_nothing(
    qtbot: QtBot, kind: type[QMenu], acts: list[str]
) -> None:
    """Qt's own menu acts: it is here to show that the test tells the two apart."""
    menu = kind()
    qtbot.addWidget(menu)
    chosen = open_at_once(menu)
    drag_over(menu)
    assert chosen == acts
    if not acts:
        choose(menu, "Forget")
        assert chosen == ["Forget"]
    menu.close()


def test_a_key_that_is_held_down_chooses_nothing(qtbot: QtBot) -> None:
    menu = QuietMenu()
    qtbot.addWidget(menu)
    chosen = open_at_once(menu)
    QTest.keyClick(menu, Qt.Key.Key_Down)
    none = Qt.KeyboardModifier.NoModifier
    held = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Return, none, "\r", autorep=True)
    QApplication.sendEvent(menu, held)
    assert chosen == []
    QTest.keyClick(menu, Qt.Key.Key_Return)
    assert chosen == ["Copy"]


def test_a_right_click_offers_the_actions_of_a_widget(qtbot: QtBot) -> None:
    widget, chosen = QWidget(), []
    qtbot.addWidget(widget)
    action = QAction("Copy", widget)
    action.triggered.connect(lambda: chosen.append(1))
    widget.addAction(action)
    offer_actions(widget)
    widget.show()
    menu = right_click(widget, QPoint(5, 5))
    assert (words_of(menu), chosen) == (["Copy"], [])
    choose(menu, "Copy")
    assert chosen == [1]


@pytest.fixture
def window(session: Session, qtbot: QtBot) -> Iterator[MainWindow]:
    made = MainWindow(session)
    qtbot.addWidget(made)
    for page in ("evaluate", "train"):
        made.show_page(page)
    yield made
    session.shut_down()


def test_every_menu_of_the_window_is_a_quiet_one(window: MainWindow) -> None:
    bar = {action.menu() for action in window.menuBar().actions()}
    others = [menu for menu in window.findChildren(QMenu) if menu not in bar]
    assert others
    assert all(isinstance(menu, QuietMenu) for menu in others)


def test_no_widget_opens_a_menu_of_its_actions_in_qts_own_way(window: MainWindow) -> None:
    by_itself = Qt.ContextMenuPolicy.ActionsContextMenu
    assert all(each.contextMenuPolicy() != by_itself for each in window.findChildren(QWidget))
