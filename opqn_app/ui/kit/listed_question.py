"""A question about something that can't be undone: what goes, one thing a line, and what stays."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from opqn_app.ui.kit.choice_column import page_scroll
from opqn_app.ui.kit.controls import push_button, text_label

WIDTH, HIGHEST = 480, 520  # pixels


@dataclass(frozen=True, slots=True)
class Question:
    """Attributes:
    before: is said above the lines.
    after: is said below them.
    yes, no: the words of the buttons; `no` is the safe answer.
    """

    title: str
    before: str
    lines: Sequence[str]
    after: str
    yes: str
    no: str


class ListedQuestion(QDialog):
    """The safe answer is the default."""

    def __init__(self, asked: Question, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(asked.title)
        self.yes_button = push_button(asked.yes, self.accept)
        self.no_button = push_button(asked.no, self.reject)
        self.no_button.setDefault(True)
        content = QWidget()
        said = QVBoxLayout(content)
        said.setContentsMargins(0, 0, 8, 0)
        said.setSpacing(8)
        said.addWidget(text_label(asked.before, wraps=True))
        for line in asked.lines:
            said.addWidget(text_label(f"•  {line}", wraps=True))
        said.addWidget(text_label(asked.after, wraps=True, is_quiet=True))
        said.addStretch(1)
        self._scroll = page_scroll(content)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.yes_button)
        buttons.addWidget(self.no_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 20, 20, 16)
        column.setSpacing(12)
        column.addWidget(text_label(asked.title, style="heading", wraps=True))
        column.addWidget(self._scroll, 1)
        column.addLayout(buttons)
        self.setMinimumWidth(WIDTH)
        wanted = said.totalHeightForWidth(WIDTH - 60) + 120
        self.resize(WIDTH, min(HIGHEST, wanted))
        self.no_button.setFocus(Qt.FocusReason.OtherFocusReason)


def ask(parent: QWidget, asked: Question) -> bool:
    """Ask, and wait for the answer."""
    dialog = ListedQuestion(asked, parent)
    is_sure = dialog.exec() == QDialog.DialogCode.Accepted
    dialog.deleteLater()
    return is_sure
