"""The left side of Evaluate and Train: choices one below the other, and the button at its foot."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from opqn_app.ui.kit.controls import text_label

WIDTH = 288
MARGIN = 16


def page_scroll(content: QWidget) -> QScrollArea:
    """Lets a page that is too high for the window scroll, and Tab pass through it."""
    scroll = QScrollArea()
    scroll.setObjectName("clear")
    scroll.setWidget(content)
    scroll.setWidgetResizable(True)
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return scroll


class ChoiceColumn(QFrame):
    """Add fields, then what belongs at the foot; the fields scroll when the window is low."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("folderSide")
        self.setFixedWidth(WIDTH)
        inner = QWidget()
        inner.setObjectName("clear")
        self._fields = QVBoxLayout(inner)
        self._fields.setContentsMargins(MARGIN, 4, MARGIN, 16)
        self._fields.setSpacing(4)
        self._fields.addStretch(1)
        heading = text_label(title, style="title")
        heading.setContentsMargins(MARGIN, 12, MARGIN, 4)
        self._foot = QVBoxLayout()
        self._foot.setContentsMargins(MARGIN, 8, MARGIN, 12)
        self._foot.setSpacing(8)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(heading)
        scroll = page_scroll(inner)
        self._bar = scroll.verticalScrollBar()
        self._bar.rangeChanged.connect(lambda _least, _most: self._keep_right_edge())
        column.addWidget(scroll, 1)
        column.addLayout(self._foot)

    def add_field(self, label: str, *widgets: QWidget) -> QLabel:
        """A label with its field, and perhaps words below it."""
        words = text_label(label, style="heading")
        words.setContentsMargins(0, 8, 0, 0)
        words.setBuddy(widgets[0])
        for widget in (words, *widgets):
            self._fields.insertWidget(self._fields.count() - 1, widget)
        return words

    def add_foot(self, *widgets: QWidget) -> None:
        """Widgets that are always in sight."""
        for widget in widgets:
            self._foot.addWidget(widget)

    def _keep_right_edge(self) -> None:
        """Fields end where the button at the foot does, with and without a scroll bar."""
        taken = self._bar.sizeHint().width() if self._bar.maximum() > 0 else 0
        self._fields.setContentsMargins(MARGIN, 4, MARGIN - taken, 16)


class QuietSpinBox(QSpinBox):
    """A number that does not change under a wheel that scrolls the page."""

    def __init__(
        self,
        name: str,
        *,
        least: int,
        most: int,
        value: int,
        unset: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setRange(least, most)
        self.setSpecialValueText(unset)
        self.setValue(value)
        self.setGroupSeparatorShown(True)
        self.lineEdit().setTextMargins(6, 0, 6, 0)  # Fusion takes no padding from a style sheet

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()
