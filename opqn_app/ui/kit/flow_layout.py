"""Widgets side by side, in as many lines as they need."""

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget


class FlowLayout(QLayout):
    """Widgets that can grow share what is left of their line, the first one first."""

    def __init__(self, parent: QWidget, *, spacing: int) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(spacing)

    def insert_widget(self, place: int, widget: QWidget) -> None:
        """Put a widget before the one at `place`."""
        self.addWidget(widget)
        self._items.insert(place, self._items.pop())

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation.Horizontal

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._arrange(QRect(0, 0, width, 0), moves=False)

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        size = QSize()
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        return size

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._arrange(rect, moves=True)

    def _arrange(self, rect: QRect, *, moves: bool) -> int:
        """Place the items into `rect`; returns the height they take."""
        y, shown = rect.y(), [item for item in self._items if not item.isEmpty()]
        while shown:
            line, width = [shown.pop(0)], 0
            width = self._width(line[0], rect)
            while shown and width + self.spacing() + self._width(shown[0], rect) <= rect.width():
                width += self.spacing() + self._width(shown[0], rect)
                line.append(shown.pop(0))
            height = max(item.sizeHint().height() for item in line)
            if moves:
                self._place(line, QRect(rect.x(), y, rect.width(), height), rect.width() - width)
            y += height + (self.spacing() if shown else 0)
        return y - rect.y()

    def _width(self, item: QLayoutItem, rect: QRect) -> int:
        """The least that an item takes: what it wishes, or what it needs if it can grow."""
        grows = bool(item.expandingDirections() & Qt.Orientation.Horizontal)
        return min((item.minimumSize() if grows else item.sizeHint()).width(), rect.width())

    def _place(self, line: list[QLayoutItem], rect: QRect, spare: int) -> None:
        """Put items side by side, each in the middle of the line's height."""
        x = rect.x()
        for item in line:
            width = self._width(item, rect)
            if item.expandingDirections() & Qt.Orientation.Horizontal:
                more = min(spare, item.maximumSize().width() - width)
                width, spare = width + more, spare - more
            height = item.sizeHint().height()
            top = rect.y() + (rect.height() - height) // 2
            item.setGeometry(QRect(x, top, width, height))
            x += width + self.spacing()
