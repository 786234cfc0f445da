"""What was done last, over the foot of a page, with a button that undoes it."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import (
    QApplication,
    QBoxLayout,
    QHBoxLayout,
    QPushButton,
    QWidget,
)

from opqn_app.ui.kit.controls import push_button, text_label, tool_button
from opqn_app.ui.kit.lying_bar import LyingBar

if TYPE_CHECKING:
    from opqn_app.ui.work.people_desk import Gesture, PeopleDesk
    from opqn_app.ui.work.people_jobs import Doubt

SHOWN_MS = 12_000  # then it goes by itself; a question stays


class UndoBar(LyingBar):
    """Lies over `parent`, so that nothing below it moves.

    It follows the desk: what was done, with Undo; what could not be; and what is doubtful, with a
    button for each choice.
    """

    def __init__(self, desk: "PeopleDesk", parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("undoBar")
        self.setAccessibleName("What was done last")
        self._desk = desk
        self._label = text_label(wraps=True)
        self.undo_button = push_button("Undo", self._undo)
        self.choices: list[QPushButton] = []
        self._close = tool_button("close", "Close this message", self.hide)
        self._row = QHBoxLayout()
        self._row.setSpacing(8)
        self._row.addWidget(self.undo_button)
        self._row.addWidget(self._close)
        self._lines = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._lines.setContentsMargins(16, 8, 8, 8)
        self._lines.setSpacing(8)
        self._lines.addWidget(self._label, 1)
        self._lines.addLayout(self._row)
        self._timer = QTimer(self, singleShot=True, interval=SHOWN_MS)
        self._timer.timeout.connect(self._go)
        desk.told.connect(self.tell)
        desk.refused.connect(self.refuse)
        desk.doubted.connect(self.ask)
        self.hide()

    @property
    def text(self) -> str:
        """What the bar says; "" while it is hidden."""
        return self._label.text() if not self.isHidden() else ""

    def tell(self, words: str) -> None:
        """Say what was done; Undo undoes it, or does it again if it was undone."""
        view = self._desk.view
        is_undone = view is not None and words.startswith("Undone") and view.can_redo
        self.undo_button.setText("Redo" if is_undone else "Undo")
        self._show(words, can_undo=is_undone or (view is not None and view.can_undo))
        self._timer.start()

    def refuse(self, words: str) -> None:
        """Say why something was not done."""
        self._show(words, kind="warning")
        self._timer.start()

    def ask(self, doubt: "Doubt") -> None:
        """Offer what can be done instead."""
        self._show(doubt.words, kind="warning")
        for words, gesture in doubt.choices:
            button = push_button(words, partial(self._decide, gesture))
            self._row.insertWidget(self._row.count() - 1, button)
            button.show()  # a layout does so only later, and its width is asked for now
            self.choices.append(button)
        self.place()

    def _show(self, words: str, *, kind: str = "note", can_undo: bool = False) -> None:
        self._timer.stop()
        self.give_back(*self.choices, *(() if can_undo else (self.undo_button,)))
        for button in self.choices:
            self._row.removeWidget(button)
            button.hide()
            button.deleteLater()
        self.choices.clear()
        self.undo_button.setVisible(can_undo)
        self._label.setText(words)
        self.setProperty("kind", kind)
        self.style().unpolish(self)
        self.style().polish(self)
        self.show()
        self.place()
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, words))

    def wanted_width(self, room: int) -> int:
        words = self._label.fontMetrics().horizontalAdvance(self._label.text()) + 24
        shown = [self.undo_button, *self.choices, self._close]
        for each in shown:
            each.ensurePolished()  # else its size is that of a button without a style
        buttons = sum(each.sizeHint().width() + 8 for each in shown if not each.isHidden())
        # Long choices stand below the words, which would have no room beside them.
        way, is_narrow = QBoxLayout.Direction, buttons + words + 32 > room
        is_below = is_narrow and bool(self.choices)
        self._lines.setDirection(way.TopToBottom if is_below else way.LeftToRight)
        return min(room, max(words, buttons) + 32 if is_below else words + buttons + 32)

    def _go(self) -> None:
        focused = QApplication.focusWidget()
        if self.underMouse() or (focused is not None and self.isAncestorOf(focused)):
            self._timer.start()  # the user is about to press a button
        else:
            self.hide()

    def _undo(self) -> None:
        self.hide()
        if self.undo_button.text() == "Redo":
            self._desk.redo()
        else:
            self._desk.undo()

    def _decide(self, gesture: "Gesture") -> None:
        self.hide()
        self._desk.decide(gesture)
