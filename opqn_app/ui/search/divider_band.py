"""The line between the faces that count and the less likely ones, which it folds away."""

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from opqn_app.core.progress import counted
from opqn_app.ui.kit.controls import push_button, text_label

HEIGHT = 48


class DividerBand(QWidget):
    """Signals:
    toggled: True to show the less likely faces, False to fold them away.
    """

    toggled = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label = text_label(style="heading")
        self._note = text_label(is_quiet=True)
        line = QFrame()
        line.setProperty("divider", True)
        line.setFixedHeight(1)
        self.button = push_button("Show", self._on_clicked)
        self._is_open = False
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 8, 4)
        row.setSpacing(12)
        row.addWidget(self._label)
        row.addWidget(line, 1)
        row.addWidget(self._note)
        row.addWidget(self.button)

    def sizeHint(self) -> QSize:
        return QSize(320, HEIGHT)

    def show_count(self, n_less: int, *, is_open: bool, nobody: bool, note: str = "") -> None:
        """Say how many faces lie below, and whether they are unfolded."""
        self._is_open = is_open
        self._label.setText("Nearest faces" if nobody else "Less likely")
        self._note.setText(note)
        word = "Hide" if is_open else "Show"
        self.button.setText(f"{word} {counted(n_less, 'face')}")
        self.button.setAccessibleName(f"{word} {counted(n_less, 'less likely face')}")

    def _on_clicked(self) -> None:
        self.toggled.emit(not self._is_open)
