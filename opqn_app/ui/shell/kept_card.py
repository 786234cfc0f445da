"""One thing that this program keeps, as a card: what it is, how large, where, why, what to do."""

from collections.abc import Callable

from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout

from opqn_app.ui.kit.controls import CutLabel, push_button, text_label
from opqn_app.ui.kit.tips import plain


class KeptCard(QFrame):
    """Attributes:
    buttons: by their words.
    """

    def __init__(self, title: str) -> None:
        super().__init__()
        self.setObjectName("card")
        self.buttons: dict[str, QPushButton] = {}
        self._title = title
        self._size = text_label(is_quiet=True)
        self._place = CutLabel(is_quiet=True)
        self._holds = text_label(wraps=True)
        self._why = text_label(is_quiet=True, wraps=True)
        head = QHBoxLayout()
        head.addWidget(text_label(title, style="heading"))
        head.addStretch(1)
        head.addWidget(self._size)
        self._row = QHBoxLayout()
        self._row.setSpacing(8)
        self._row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(6)
        column.addLayout(head)
        for label in (self._holds, self._why, self._place):
            column.addWidget(label)
        column.addLayout(self._row)
        self.say("")

    def say(self, holds: str, *, why: str = "", size: str = "", place: str = "") -> None:
        """Show words; those that are empty take no room."""
        shown = ((self._holds, holds), (self._why, why), (self._size, size), (self._place, place))
        for label, words in shown:
            label.setText(words)
            label.setVisible(bool(words))
        self._place.setToolTip(plain(place))

    @property
    def words(self) -> str:
        """All that it says."""
        labels = (self._size, self._holds, self._why, self._place)
        return "\n".join([self._title, *(label.text() for label in labels)])

    def offer(self, words: str, act: Callable[[], object]) -> QPushButton:
        """Add a button."""
        button = push_button(words, act)
        button.setAutoDefault(False)
        button.setAccessibleDescription(self._title)
        self.buttons[words] = button
        self._row.addWidget(button)
        return button
