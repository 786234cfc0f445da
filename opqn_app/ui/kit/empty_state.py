"""A page with nothing on it yet: one sentence that says why, one button that helps."""

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from opqn_app.ui.kit import theme
from opqn_app.ui.kit.controls import push_button, text_label

ICON_SIDE = 56
WIDTH = 400


class EmptyState(QWidget):
    """An icon, a sentence, a button; `button.clicked` is for the page to connect."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon = QLabel()
        self._icon_name = ""
        self._words = text_label(wraps=True, is_quiet=True)
        self._words.setFixedWidth(WIDTH)  # its height follows from it
        self.button = push_button("Add a folder", is_primary=True)
        stack = QVBoxLayout(self)
        stack.setSpacing(16)
        stack.addStretch(2)
        for widget in (self._icon, self._words, self.button):
            stack.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
        stack.addStretch(3)
        self._words.setAlignment(Qt.AlignmentFlag.AlignHCenter)

    @property
    def words(self) -> str:
        return self._words.text()

    def show_words(self, icon: str, words: str, button: str) -> None:
        """Say something; without `button` there is nothing to be done."""
        self._icon_name = icon
        self._show_icon()
        self._words.setText(words)
        self._fit_words()
        self.button.setText(button)
        self.button.setVisible(bool(button))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._fit_words()

    def _fit_words(self) -> None:
        # A layout that aligns a label asks for its hint, made before the style's font is known.
        self._words.setFixedHeight(self._words.heightForWidth(WIDTH))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._icon_name:
            self._show_icon()

    def _show_icon(self) -> None:
        colour, ratio = theme.colours().quiet, self.devicePixelRatioF()
        self._icon.setPixmap(theme.icon_pixmap(self._icon_name, ICON_SIDE, colour, ratio))
