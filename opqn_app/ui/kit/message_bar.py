"""One message inside a page, instead of a dialog: what happened, and what can be done."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from opqn_app.ui.kit.controls import push_button, text_label, tool_button
from opqn_app.ui.kit.lying_bar import LyingBar


class MessageBar(LyingBar):
    """Hidden until `say` or `warn`; a new message replaces the old one.

    Args:
        over: the page that it lies over; None: it stands in a layout.
    """

    def __init__(self, over: QWidget | None = None) -> None:
        super().__init__(over)
        self.setObjectName("messageBar")
        self._label = text_label(wraps=True)
        self._label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._button = push_button("", self._on_button)
        self._close = tool_button("close", "Close this message", self.hide)
        self._act: Callable[[], None] | None = None
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 6, 6)
        row.addWidget(self._label, 1)
        row.addWidget(self._button)
        row.addWidget(self._close)
        self._button.hide()
        self.hide()

    @property
    def text(self) -> str:
        """The message that is shown; "" when none is."""
        return self._label.text() if not self.isHidden() else ""

    def say(self, text: str, button: str = "", act: Callable[[], None] | None = None) -> None:
        """Show a message, with a button that runs `act` if given."""
        self._show("note", text, button, act)

    def warn(self, text: str, button: str = "", act: Callable[[], None] | None = None) -> None:
        """Show a message about something that went wrong."""
        self._show("warning", text, button, act)

    def wanted_width(self, room: int) -> int:
        words = self._label.fontMetrics().horizontalAdvance(self._label.text()) + 48
        shown = [each for each in (self._button, self._close) if not each.isHidden()]
        for each in shown:
            each.ensurePolished()  # else its size is that of a button without a style
        return min(room, words + sum(each.sizeHint().width() + 8 for each in shown))

    def _show(self, kind: str, text: str, button: str, act: Callable[[], None] | None) -> None:
        if not button:
            self.give_back(self._button)
        self._label.setText(text)
        self._act = act
        self._button.setText(button)
        self._button.setVisible(bool(button))
        self.setProperty("kind", kind)
        self.style().unpolish(self)
        self.style().polish(self)
        self.setAccessibleName(text)
        self.show()
        self.place()
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, text))

    def _on_button(self) -> None:
        act = self._act
        self.hide()
        if act is not None:
            act()
