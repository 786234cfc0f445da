"""A page with nothing on it yet: one sentence that says why, one button that helps."""

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from opqn_app.ui.kit import theme
from opqn_app.ui.kit.controls import push_button, text_label

ICON_SIDE = 56
WIDTH = 400  # of the sentence, at most


class EmptyState(QWidget):
    """An icon, a sentence, a button; `button.clicked` is for the page to connect."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon = QLabel()
        self._icon_name = ""
        self._words = text_label(wraps=True, is_quiet=True)
        self._words.setMaximumWidth(WIDTH)
        self._words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.button = push_button("Add a folder", is_primary=True)
        stack = QVBoxLayout(self)
        stack.setSpacing(16)
        row = QHBoxLayout()  # not an aligned widget: it would not be narrower than its hint
        row.addStretch(1)
        row.addWidget(self._words, 1000)
        row.addStretch(1)
        stack.addStretch(2)
        stack.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignHCenter)
        stack.addLayout(row)
        stack.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        stack.addStretch(3)

    @property
    def words(self) -> str:
        return self._words.text()

    def show_words(self, icon: str, words: str, button: str) -> None:
        """Say something; without `button` there is nothing to be done."""
        self._icon_name = icon
        self._show_icon()
        self._words.setText(words)
        self.button.setText(button)
        self.button.setVisible(bool(button))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._icon_name:
            self._show_icon()

    def _show_icon(self) -> None:
        colour, ratio = theme.colours().quiet, self.devicePixelRatioF()
        self._icon.setPixmap(theme.icon_pixmap(self._icon_name, ICON_SIDE, colour, ratio))
