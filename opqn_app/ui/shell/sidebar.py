"""The narrow bar at the left: an icon and a word for each page, settings and help at its foot."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QToolButton, QVBoxLayout, QWidget

from opqn_app.ui.kit.theme import set_icon

WIDTH = 132


class Sidebar(QFrame):
    """Signals:
    page_chosen: the page's key.
    foot_chosen: the key of a button at the foot.
    """

    page_chosen = Signal(str)
    foot_chosen = Signal(str)

    def __init__(
        self, pages: dict[str, str], foot: dict[str, str], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("sidebar")
        self.setFixedWidth(WIDTH)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(8, 16, 8, 12)
        self._column.setSpacing(4)
        self.buttons = {key: self._add_page(key, word) for key, word in pages.items()}
        self._column.addStretch(1)
        for key, word in foot.items():
            self._button(key, word).clicked.connect(lambda _=False, k=key: self.foot_chosen.emit(k))

    def show_page(self, key: str) -> None:
        """Mark the page that is shown; a page without a button marks none."""
        for name, button in self.buttons.items():
            button.setChecked(name == key)

    def _add_page(self, key: str, word: str) -> QToolButton:
        button = self._button(key, word)
        button.setCheckable(True)
        button.clicked.connect(lambda: self._choose(key))
        return button

    def _choose(self, key: str) -> None:
        # Not a button group: in one of those Tab reaches the checked button only.
        self.show_page(key)
        self.page_chosen.emit(key)

    def _button(self, key: str, word: str) -> QToolButton:
        button = QToolButton()
        button.setText(f"  {word}")  # Qt sets icon and word close together
        button.setAccessibleName(word)
        button.setIconSize(QSize(20, 20))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setFixedSize(WIDTH - 16, 40)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        set_icon(button, key)
        self._column.addWidget(button)
        return button
