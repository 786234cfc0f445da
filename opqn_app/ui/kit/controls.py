"""Labels and buttons as the pages make them: words, icon, accessible name, action in one call."""

import re
from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QLayout, QPushButton, QSizePolicy, QToolButton

from opqn_app.core.harmless import in_text
from opqn_app.ui.kit.theme import set_icon
from opqn_app.ui.kit.tips import plain


def text_label(
    words: str = "", *, style: str = "", is_quiet: bool = False, wraps: bool = False
) -> QLabel:
    """Plain text, never markup: file names are shown as they are.

    Args:
        style: "title" or "heading" of the style sheet.
    """
    label = PlainLabel(words)
    label.setObjectName(style)
    label.setProperty("quiet", is_quiet)
    label.setWordWrap(wraps)
    return label


class PlainLabel(QLabel):
    """Text letter by letter: no markup, and no sign in a name turns the reading round."""

    def __init__(self, words: str = "") -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(words)

    def setText(self, words: str) -> None:
        super().setText(in_text(words))


class CutLabel(PlainLabel):
    """One line of plain text that ends in … where it is too long, rather than widen the window."""

    def __init__(self, *, style: str = "", is_quiet: bool = False) -> None:
        super().__init__()
        self.setObjectName(style)
        self.setProperty("quiet", is_quiet)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def paintEvent(self, event: QPaintEvent) -> None:
        rect = self.contentsRect()
        right = Qt.TextElideMode.ElideRight
        words = self.fontMetrics().elidedText(self.text(), right, rect.width())
        role = self.foregroundRole()
        self.style().drawItemText(
            QPainter(self), rect, self.alignment(), self.palette(), self.isEnabled(), words, role
        )


def push_button(
    words: str, act: Callable[[], object] | None = None, *, icon: str = "", is_primary: bool = False
) -> QPushButton:
    """A button with words."""
    button = QPushButton(words)
    button.setProperty("primary", is_primary)
    button.setAutoDefault(True)  # Enter presses it while it has the keyboard
    if icon:
        set_icon(button, icon)
    if act is not None:
        button.clicked.connect(lambda: act())
    return button


def tool_button(
    icon: str,
    name: str,
    act: Callable[[], object] | None = None,
    *,
    words: str = "",
    tip: str = "",
) -> QToolButton:
    """A quiet button: an icon, with words beside it if given.

    Args:
        name: what a screen reader says.
        tip: what the mouse is told; `name` if empty.
    """
    button = QToolButton()
    button.setAccessibleName(name)
    button.setToolTip(plain(tip or name))
    set_icon(button, icon)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    if words:
        button.setText(words)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    if act is not None:
        button.clicked.connect(lambda: act())
    return button


def empty_layout(layout: QLayout) -> None:
    """Take everything out of a layout and delete it."""
    while layout.count():
        item = layout.takeAt(0)
        widget = item.widget() if item is not None else None
        if widget is not None:
            widget.hide()
            widget.deleteLater()


def breakable(words: str, metrics: QFontMetrics, width: int) -> str:
    """The same words for a label that wraps; what is wider than a line may be broken anywhere."""
    return "".join(
        part if metrics.horizontalAdvance(part) <= width else "\u200b".join(part)
        for part in re.split(r"(?<=[ -])", words)
    )
