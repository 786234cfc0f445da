"""Every key the window answers to, written down once, and the F1 sheet that shows them."""

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QKeyEvent, QKeySequence, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from opqn_app.ui.kit.overlay import Overlay


@dataclass(frozen=True, slots=True)
class Shortcut:
    """One thing the keyboard does.

    Attributes:
        keys: alternatives in Qt's portable spelling, such as "Ctrl+O".
        does: what happens, in the words of the page.
        also: keys that do the same on some keyboards and would only fill the sheet.
    """

    keys: tuple[str, ...]
    does: str
    also: tuple[str, ...] = ()


SHORTCUTS: dict[str, tuple[Shortcut, ...]] = {
    "Everywhere": (
        Shortcut(("Ctrl+1",), "Search"),
        Shortcut(("Ctrl+2",), "Library"),
        Shortcut(("Ctrl+3",), "People"),
        Shortcut(("Ctrl+4",), "Evaluate"),
        Shortcut(("Ctrl+5",), "Train"),
        Shortcut(("Ctrl+Z",), "Undo what was said of people"),
        Shortcut(("Ctrl+Shift+Z",), "Redo it", ("Ctrl+Y",)),
        Shortcut(("Ctrl+O",), "Choose a photo to search with"),
        Shortcut(("Ctrl+V",), "Search with the copied photo"),
        Shortcut(("Ctrl+Shift+O",), "Add a folder"),
        Shortcut(("Ctrl+Shift+I",), "Bring in names from other programs"),
        Shortcut(("Ctrl+Shift+E",), "Take photos with you, as copies"),
        Shortcut(("Ctrl+,",), "Settings"),
        Shortcut(("F1",), "This sheet"),
        Shortcut(("Ctrl+Q",), "Quit; what is indexed stays"),
    ),
    "Search": (
        Shortcut(("Ctrl+Shift+A",), "Add a photo of the same person"),
        Shortcut(("1", "…", "9"), "Take that face of the photo"),
        Shortcut(("Left", "Right", "Up", "Down"), "Go from face to face"),
        Shortcut(("Space", "Return"), "Look at the whole photo", ("Enter",)),
        Shortcut(("S", "Ctrl+Return"), "Search with this face"),
        Shortcut(("Shift+S",), "Add these faces to the search"),
        Shortcut(("Ctrl+S",), "Name this person"),
        Shortcut(("Ctrl+F",), "Only photos with …"),
        Shortcut(("Alt+Left",), "Back to the last search"),
        Shortcut(("Ctrl++", "Ctrl+-"), "Larger or smaller faces", ("Ctrl+=",)),
        Shortcut(("Esc",), "Clear the search"),
    ),
    "Library": (
        Shortcut(("Left", "Right", "Up", "Down"), "Go from photo to photo"),
        Shortcut(("Space", "Return"), "Look at the whole photo"),
        Shortcut(("1", "…", "9"), "Search with that face of the photo"),
        Shortcut(("Ctrl+F",), "Only photos with …"),
        Shortcut(("Ctrl++", "Ctrl+-"), "Larger or smaller photos"),
        Shortcut(("F5",), "Look for new photos in the folder"),
        Shortcut(("Del",), "On a folder: remove it from the library"),
    ),
    "A face, wherever it is shown": (
        Shortcut(("N",), "Say who it is"),
        Shortcut(("Y",), "It is the person searched for"),
        Shortcut(("Del",), "It is not that person"),
        Shortcut(("X",), "It is no face"),
        Shortcut(("P",), "It stands for its person"),
        Shortcut(("W",), "Why is it that person?"),
        Shortcut(("U",), "Undo"),
        Shortcut(("Ctrl+C",), "Copy the photo"),
        Shortcut(("O",), "Open the photo in its own program"),
        Shortcut(("Ctrl+Shift+F",), "Show it in its folder"),
    ),
    "People": (
        Shortcut(("Left", "Right", "Up", "Down"), "Go from person to person"),
        Shortcut(("N",), "Type a name"),
        Shortcut(("Return",), "Yes to “Anna?”; else open", ("Enter",)),
        Shortcut(("Del",), "No to “Anna?”"),
        Shortcut(("1", "…", "9"), "It is this one of the people offered"),
        Shortcut(("Space",), "Look at the person"),
        Shortcut(("M",), "The chosen ones are one person"),
        Shortcut(("H",), "Hide, or show again"),
        Shortcut(("U",), "Undo"),
    ),
    "One person": (
        Shortcut(("Return",), "Answer the row; a face: its photo", ("Enter",)),
        Shortcut(("1", "…", "9"), "A suggestion: yes, no, open again"),
        Shortcut(("Del",), "Not this person"),
        Shortcut(("A",), "All of this year, or of this part"),
        Shortcut(("S",), "Search with the chosen faces"),
        Shortcut(("N",), "Type a name"),
        Shortcut(("+", "-"), "Larger or smaller"),
        Shortcut(("Esc", "Alt+Left"), "Back to everybody"),
    ),
    "Charts": (
        Shortcut(("Left", "Right"), "Go from point to point"),
        Shortcut(("Up", "Down"), "Go from curve to curve"),
        Shortcut(("Return",), "Take the point as operating point", ("Enter",)),
        Shortcut(("+", "-", "0"), "Zoom in, zoom out, all of it", ("=",)),
    ),
    "Whole photo": (
        Shortcut(("Left", "Right"), "Previous or next photo"),
        Shortcut(("1", "…", "9"), "Search with that face"),
        Shortcut(("+", "-", "0"), "Zoom in, zoom out, fit"),
        Shortcut(("Tab",), "Go from face to face"),
        Shortcut(("B",), "Draw a box around a face, by the mouse or by arrows, Shift and Enter"),
        Shortcut(("Esc", "Space"), "Close"),
    ),
}

CARD_WIDTH = 880
WIDE = 960  # a narrower window shows the groups in one column
CAPS_WIDTH = 152  # the same in each group, so that the words stand in line

_ARROWS = {"Left": "←", "Right": "→", "Up": "↑", "Down": "↓", "Return": "↵"}


def key_caps(keys: str) -> tuple[str, ...]:
    """What is printed on the keys of one alternative: "Ctrl+O" → ("Ctrl", "O")."""
    if keys in ("+", "-", "…"):
        return (keys.replace("-", "−"),)
    names = keys.replace("++", "+plus").split("+")
    caps = []
    for name in names:
        cap = {"plus": "+", "-": "−"}.get(name) or _ARROWS.get(name, name)
        native = QKeySequence(name).toString(QKeySequence.SequenceFormat.NativeText)
        caps.append(native if name in ("Ctrl", "Shift", "Alt") and native else cap)
    return tuple(caps)


class ShortcutsSheet(Overlay):
    """All shortcuts on a card over the window; Esc, F1 or a click beside the card closes it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, QColor(0, 0, 0, 120))
        self.setAccessibleName("Keyboard shortcuts")
        self._card = QFrame(self)
        self._card.setObjectName("card")
        self._card.setAutoFillBackground(True)
        body = QVBoxLayout(self._card)
        body.setContentsMargins(32, 24, 32, 24)
        body.setSpacing(16)
        body.addLayout(self._header())
        content, self._columns = _columns()
        body.addWidget(_scrolled(content))
        outer = QHBoxLayout(self)
        outer.setContentsMargins(32, 32, 32, 32)
        outer.addStretch(1)
        outer.addWidget(self._card, 12)
        outer.addStretch(1)
        self._card.setMaximumSize(CARD_WIDTH, 600)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        side_by_side, below = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        is_wide = event.size().width() >= WIDE
        self._columns.setDirection(side_by_side if is_wide else below)
        self._card.setMaximumWidth(CARD_WIDTH if is_wide else CARD_WIDTH // 2 + 64)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_F1:
            self.close_sheet()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not self._card.geometry().contains(event.position().toPoint()):
            self.close_sheet()

    def _header(self) -> QHBoxLayout:
        title = QLabel("Keyboard shortcuts")
        title.setObjectName("title")
        close = QPushButton("Close")
        close.setAccessibleName("Close keyboard shortcuts")
        close.clicked.connect(self.close_sheet)
        row = QHBoxLayout()
        row.addWidget(title)
        row.addStretch(1)
        row.addWidget(close)
        return row


def _scrolled(content: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidget(content)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setAccessibleName("List of shortcuts")
    area.setObjectName("clear")
    content.setObjectName("clear")
    return area


def _columns() -> tuple[QWidget, QBoxLayout]:
    """The groups in two columns of about equal height, and the layout that can stack them."""
    content = QWidget()
    row = QBoxLayout(QBoxLayout.Direction.LeftToRight, content)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(24)
    names = list(SHORTCUTS)
    for column in (names[::2], names[1::2]):
        stack = QVBoxLayout()
        stack.setSpacing(24)
        for name in column:
            stack.addLayout(_group(name, SHORTCUTS[name]))
        stack.addStretch(1)
        row.addLayout(stack, 1)
    return content, row


def _group(name: str, shortcuts: tuple[Shortcut, ...]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(16)
    grid.setVerticalSpacing(8)
    grid.setColumnStretch(1, 1)
    grid.setColumnMinimumWidth(0, CAPS_WIDTH)
    heading = QLabel(name)
    heading.setObjectName("heading")
    grid.addWidget(heading, 0, 0, 1, 2)
    for line, shortcut in enumerate(shortcuts, start=1):
        grid.addWidget(_caps(shortcut), line, 0, Qt.AlignmentFlag.AlignRight)
        words = QLabel(shortcut.does)
        words.setWordWrap(True)
        words.setAccessibleName(f"{' or '.join(shortcut.keys)}: {shortcut.does}")
        grid.addWidget(words, line, 1)
    return grid


def _caps(shortcut: Shortcut) -> QWidget:
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(4)
    for keys in shortcut.keys:
        for cap in key_caps(keys):
            label = QLabel(cap)
            if cap != "…":
                label.setObjectName("keycap")
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            row.addWidget(label)
        if keys != shortcut.keys[-1]:
            row.addSpacing(4)
    return holder
