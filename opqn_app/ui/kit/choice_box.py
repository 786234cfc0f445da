"""A list of choices that opens with room for each of its rows."""

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QComboBox, QStyledItemDelegate, QWidget

from opqn_app.ui.kit.tips import plain


class ChoiceBox(QComboBox):
    """One of a few.

    Args:
        name: what a screen reader calls it.
        choices: value → words.
    """

    def __init__(
        self, name: str, choices: Mapping[str, str] | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setItemDelegate(QStyledItemDelegate(self))  # Qt's own takes no room for rows
        for value, words in (choices or {}).items():
            self.addItem(words, value)

    @property
    def value(self) -> str:
        return str(self.currentData())

    def choose(self, value: str) -> None:
        """Take a value; an unknown one changes nothing."""
        row = self.findData(value)
        if row >= 0:
            self.setCurrentIndex(row)


class QuietComboBox(ChoiceBox):
    """A choice that does not change under a wheel that scrolls the page."""

    def __init__(
        self, name: str, choices: Mapping[str, str] | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(name, choices, parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.currentIndexChanged.connect(lambda _row: self.setToolTip(plain(self.currentText())))

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()
