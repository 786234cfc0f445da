"""Menus that never act by themselves: what opened one can't choose from it."""

from collections.abc import Callable, Iterable

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QMouseEvent
from PySide6.QtWidgets import QAbstractScrollArea, QMenu, QWidget

_CHOOSING = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)


class QuietMenu(QMenu):
    """Takes the release of a button only after a press on the menu itself.

    A QMenu opens under the mouse while the button is down. Where the hand moves a little, it takes
    the release of that very button for a choice. The same holds for a key that is held down.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._was_pressed = False
        self.setToolTipsVisible(True)
        self.aboutToShow.connect(self._forget_press)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._was_pressed = True
        super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._was_pressed:
            super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not (event.isAutoRepeat() and event.key() in _CHOOSING):
            super().keyPressEvent(event)

    def _forget_press(self) -> None:
        self._was_pressed = False


def open_menu(parent: QWidget, actions: Iterable[QAction | None], at: QPoint) -> QuietMenu:
    """Open a menu of actions that others own; None parts groups.

    Args:
        at: in coordinates of the screen.
    """
    menu = QuietMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    for action in actions:
        if action is None:
            menu.addSeparator()
        elif action.isVisible():
            menu.addAction(action)
    menu.popup(at)
    return menu


def add_action(
    page: QWidget,
    text: str,
    keys: str,
    act: Callable[[], object],
    place: QWidget | None = None,
) -> QAction:
    """An action of the whole window, or only while `place` has the keyboard."""
    action = QAction(text, page)
    action.setShortcut(QKeySequence(keys))
    if place is not None:
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
    action.triggered.connect(lambda _checked=False: act())
    (place or page).addAction(action)
    return action


def offer_actions(widget: QWidget) -> None:
    """Let a right click on `widget`, or the menu key, open a menu of its actions."""
    surface = widget.viewport() if isinstance(widget, QAbstractScrollArea) else widget
    widget.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
    widget.customContextMenuRequested.connect(
        lambda at: open_menu(widget, widget.actions(), surface.mapToGlobal(at))
    )
