"""One sheet of a dialog: what it is about, its body, the buttons below it."""

from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from opqn_app.ui.kit.controls import text_label


def sheet(title: str | QLabel, note: str, body: QBoxLayout, *buttons: QPushButton) -> QWidget:
    """The body takes the room that is left."""
    made = QWidget()
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(12)
    column.addWidget(text_label(title, style="title") if isinstance(title, str) else title)
    if note:
        column.addWidget(text_label(note, is_quiet=True, wraps=True))
    column.addLayout(body, 1)
    row = QHBoxLayout()
    row.addStretch(1)
    for button in buttons:
        row.addWidget(button)
    column.addLayout(row)
    return made
