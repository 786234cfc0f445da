"""What the dialogs of names and photos have in common: a choice with its place, and a wait."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QProgressBar,
    QVBoxLayout,
)

from opqn_app.ui.kit.controls import push_button, text_label
from opqn_app.ui.kit.message_bar import MessageBar

CHOICES_WIDTH = 240


class ChoosingPane(QHBoxLayout):
    """Choices in a list; beside it how the chosen one goes, and its folder or file.

    Signals:
        browse_wanted: the user wants to point at the place.

    Attributes:
        more: room for what only one dialog has.
    """

    browse_wanted = Signal()

    def __init__(self, titles: Sequence[str], *, called: str) -> None:
        """Args:
        called: what the list is, for who does not see it.
        """
        super().__init__()
        self.choices = QListWidget()
        self.choices.setObjectName("choices")
        self.choices.setAccessibleName(called)
        self.choices.addItems(list(titles))
        self.choices.setFixedWidth(CHOICES_WIDTH)
        self.choices.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.how = text_label(wraps=True)
        self.place = QLineEdit()
        self.place.setClearButtonEnabled(True)
        self.browse_button = push_button("Choose…", self.browse_wanted.emit)
        self.browse_button.setAutoDefault(False)
        self.more = QVBoxLayout()
        self.more.setSpacing(12)
        self.messages = MessageBar()
        row = QHBoxLayout()
        row.addWidget(self.place, 1)
        row.addWidget(self.browse_button)
        right = QVBoxLayout()
        right.setSpacing(12)
        right.addWidget(self.how)
        right.addLayout(row)
        right.addLayout(self.more)
        right.addWidget(self.messages)
        right.addStretch(1)
        self.setSpacing(20)
        self.addWidget(self.choices)
        self.addLayout(right, 1)

    def ask_for_place(self, is_asked: bool) -> None:
        """Show the field for a place, or hide it."""
        self.place.setVisible(is_asked)
        self.browse_button.setVisible(is_asked)


class WaitingPane(QVBoxLayout):
    """What is done just now, and how much of it."""

    def __init__(self, called: str) -> None:
        """Args:
        called: what the bar is, for who does not see it.
        """
        super().__init__()
        self.words = text_label(wraps=True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(called)
        self.setSpacing(12)
        self.addWidget(self.words)
        self.addWidget(self.bar)
        self.addStretch(1)

    def show_progress(self, words: str, done: int = 0, total: int = 0) -> None:
        """Say what is done; a total of 0 is one that nobody knows."""
        self.words.setText(words)
        self.bar.setRange(0, total)
        self.bar.setValue(done)
