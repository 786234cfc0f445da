"""One line above the grid: whom the current tile resembles, a button each; else what keys do."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from opqn_app.ui.kit.controls import CutLabel, push_button
from opqn_app.ui.kit.tips import plain

SHOWN = 5
HEIGHT = 40  # also while there is nothing to say: the grid below must not move
KEYS = "Click below a face, or press N, to name it. Drag one onto another if both are one person."


class GuessStrip(QWidget):
    """Signals:
    picked: the number of a suggestion, from 0 on.
    """

    picked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label = CutLabel(is_quiet=True)
        self.buttons: list[QPushButton] = []
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for number in range(SHOWN):
            button = push_button("", partial(self.picked.emit, number))
            button.hide()
            self.buttons.append(button)
        self._label.setText(KEYS)
        for widget in self.buttons:
            row.addWidget(widget)
        row.addWidget(self._label, 1)
        self.setFixedHeight(HEIGHT)

    def show_guesses(self, guesses: Sequence[tuple[str, float]]) -> None:
        """Show names with how likely each is, likeliest first."""
        for number, button in enumerate(self.buttons):
            is_shown = number < len(guesses)
            button.setVisible(is_shown)
            if is_shown:
                name, chance = guesses[number]
                short = name if len(name) <= 20 else f"{name[:19]}…"
                button.setText(f"{number + 1}  {short}  {min(round(100 * chance), 99)} %")
                button.setAccessibleName(f"This is {name}, key {number + 1}")
        words = "Press the number of who it is." if guesses else KEYS
        self._label.setText(words)
        self._label.setToolTip(plain(words))
