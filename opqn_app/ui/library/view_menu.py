"""The button that says how photos are shown: under which headings, and copies once."""

from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QToolButton, QWidget

from opqn_app.ui.kit.menus import QuietMenu
from opqn_app.ui.kit.theme import set_icon
from opqn_app.ui.library.photo_rows import HEADINGS, Look

NAME = "How photos are shown"


class ViewMenu(QToolButton):
    """Signals:
    changed: the Look that is chosen now.
    """

    changed = Signal(object)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.setAccessibleName(NAME)
        self.setToolTip(NAME)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        set_icon(self, "view")
        menu = QuietMenu(self)
        group = QActionGroup(self)
        self.headings: dict[str, QAction] = {}
        for key, words in HEADINGS.items():
            action = menu.addAction(words)
            action.setCheckable(True)
            action.setChecked(key == look.headings)
            action.triggered.connect(lambda _on, key=key: self._choose(headings=key))
            group.addAction(action)
            self.headings[key] = action
        menu.addSeparator()
        self.once = self._switch(menu, "Each picture once", look.once)
        self.once.setToolTip("Where the same picture lies in several files, one stands for all.")
        self.once.triggered.connect(lambda on: self._choose(once=on))
        self.near = self._switch(menu, "Near copies once too", look.near)
        self.near.setToolTip("Photos of one moment with the same people, such as a burst.")
        self.near.triggered.connect(lambda on: self._choose(near=on))
        self.setMenu(menu)
        self._show()

    def show_words(self, is_wide: bool) -> None:
        """Say the order in words, or show the icon only."""
        style = Qt.ToolButtonStyle
        self.setToolButtonStyle(
            style.ToolButtonTextBesideIcon if is_wide else style.ToolButtonIconOnly
        )

    def _switch(self, menu: QuietMenu, words: str, is_on: bool) -> QAction:
        action = menu.addAction(words)
        action.setCheckable(True)
        action.setChecked(is_on)
        return action

    def _choose(self, **choice: object) -> None:
        self.look = replace(self.look, **choice)  # type: ignore[arg-type]
        self._show()
        self.changed.emit(self.look)

    def _show(self) -> None:
        self.near.setEnabled(self.look.once)
        self.setText(HEADINGS[self.look.headings])
