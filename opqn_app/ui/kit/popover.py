"""A small card beside what it is about; it goes when the user turns to something else."""

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QFrame, QVBoxLayout, QWidget

from opqn_app.ui.kit.keyboard_loan import KeyboardLoan

GAP = 6  # pixels between the card and what it is about


class Popover(QFrame):
    """Lies on `sheet`, below a rectangle or above it; Esc closes it and gives the keyboard back.

    Signals:
        closed: it has been hidden.
    """

    closed = Signal()

    def __init__(self, sheet: QWidget) -> None:
        super().__init__(sheet)
        self.setObjectName("popover")
        self.setAutoFillBackground(True)
        self._sheet = sheet
        self._keyboard = KeyboardLoan(self)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(12, 10, 12, 12)
        self.column.setSpacing(8)
        QApplication.instance().focusChanged.connect(self._on_focus)  # type: ignore[union-attr]
        self.hide()

    def open_at(self, about: QRect, focus: QWidget) -> None:
        """Show it beside `about`, given in coordinates of the screen."""
        self.adjustSize()
        self.move(self._place(about))
        self._keyboard.show(focus)

    def close_card(self) -> None:
        """Hide it, and put the keyboard back where it was if it is still here."""
        if not self.isHidden():
            self._keyboard.hide()
            self.closed.emit()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            plain = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
            if event.modifiers() in plain:  # a key of the page below is not meant
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_card()

    def focusNextPrevChild(self, forward: bool) -> bool:
        self._keyboard.pass_on(forward)
        return True

    def _place(self, about: QRect) -> QPoint:
        sheet = self._sheet
        room = sheet.rect().adjusted(8, 8, -8, -8)
        here = QRect(sheet.mapFromGlobal(about.topLeft()), about.size())
        left = min(max(here.center().x() - self.width() // 2, room.left()), self._last(room).x())
        below, above = here.bottom() + GAP, here.top() - GAP - self.height()
        top = below if below <= self._last(room).y() or above < room.top() else above
        return QPoint(left, min(max(top, room.top()), self._last(room).y()))

    def _last(self, room: QRect) -> QPoint:
        """The lowest, rightmost place where the whole card is in sight."""
        return QPoint(
            max(room.left(), room.right() - self.width()),
            max(room.top(), room.bottom() - self.height()),
        )

    def _on_focus(self, _old: QObject | None, now: QWidget | None) -> None:
        if self.isHidden() or now is None or now is self or self.isAncestorOf(now):
            return
        if now.window() is self.window():  # not a list of names that hangs at the field
            self.close_card()
