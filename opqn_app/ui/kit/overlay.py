"""A sheet laid over a whole window: no second window, keeps the keyboard, Esc closes it."""

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QCloseEvent, QColor, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QWidget


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
        self._focus_before: QWidget | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.hide()
        parent.installEventFilter(self)

    def open_sheet(self) -> None:
        """Show it over the parent and take the keyboard."""
        if self.isHidden():
            self._focus_before = QApplication.focusWidget()
        self.setGeometry(self._covered.rect())
        self.show()
        self.raise_()
        self.setFocus(Qt.FocusReason.PopupFocusReason)

    def close_sheet(self) -> None:
        """Hide it and put the keyboard back where it was."""
        if self.isHidden():
            return
        self.hide()
        if self._focus_before is not None and self._focus_before.isVisible():
            self._focus_before.setFocus(Qt.FocusReason.PopupFocusReason)
        self._focus_before = None
        self.closed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and watched is self._covered:
            self.setGeometry(self._covered.rect())
        return False

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab stays inside: what lies under the sheet can't be reached."""
        stops = [self, *self.findChildren(QWidget)]
        stops = [w for w in stops if w.focusPolicy() & Qt.FocusPolicy.TabFocus and w.isEnabled()]
        stops = [w for w in stops if w.isVisibleTo(self) or w is self]
        now = QApplication.focusWidget()
        step = 1 if forward else -1
        place = stops.index(now) if now in stops else 0
        reason = Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason
        stops[(place + step) % len(stops)].setFocus(reason)
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
