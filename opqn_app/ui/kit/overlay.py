"""A sheet laid over a whole window: no second window, keeps the keyboard, Esc closes it."""

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QCloseEvent, QColor, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from opqn_app.ui.kit.keyboard_loan import KeyboardLoan


class Overlay(QWidget):
    """Covers its parent while open and gives the keyboard back when closed.

    Signals:
        closed: it has been hidden.
    """

    closed = Signal()

    def __init__(self, parent: QWidget, shade: QColor) -> None:
        super().__init__(parent)
        self._covered = parent
        self._shade = shade
        self._keyboard = KeyboardLoan(self)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.hide()
        parent.installEventFilter(self)

    def open_sheet(self) -> None:
        """Show it over the parent and take the keyboard."""
        self.setGeometry(self._covered.rect())
        self._keyboard.show(self)

    def close_sheet(self) -> None:
        """Hide it and put the keyboard back where it was."""
        if not self.isHidden():
            self._keyboard.hide()
            self.closed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and watched is self._covered:
            self.setGeometry(self._covered.rect())
        return False

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab stays inside: what lies under the sheet can't be reached."""
        self._keyboard.pass_on(forward)
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_sheet()
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        event.ignore()
        self.close_sheet()

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(event.rect(), self._shade)
