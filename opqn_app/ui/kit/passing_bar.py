"""A bar that goes by itself, or when one of its buttons was pressed."""

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QFrame, QWidget
from shiboken6 import isValid

from opqn_app.ui.kit import keyboard


class PassingBar(QFrame):
    """When it goes, the keyboard is again where it was before it came into the bar."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._focus_before: QWidget | None = None
        QApplication.instance().focusChanged.connect(self._on_focus)  # type: ignore[union-attr]

    def setVisible(self, is_visible: bool) -> None:
        if not is_visible:
            self.give_back(self)
        super().setVisible(is_visible)

    def give_back(self, *going: QWidget) -> None:
        """Take the keyboard out of what goes; else Qt would give it to the next widget there is."""
        if not keyboard.is_in(keyboard.place_of(self), going):
            return
        to = self._focus_before
        while to is not None and isValid(to) and not to.isVisible() and not to.isWindow():
            to = to.parentWidget()  # a field in a grid goes, the grid stays
        if to is not None and isValid(to):
            to.setFocus()

    def _on_focus(self, old: QObject | None, now: QWidget | None) -> None:
        is_entered = keyboard.is_in(now, [self])
        if is_entered and isinstance(old, QWidget) and not keyboard.is_in(old, [self]):
            self._focus_before = old
