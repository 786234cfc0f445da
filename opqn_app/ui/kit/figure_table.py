"""A table of figures, each of which can be copied: one cell, a selection, or all of it."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from opqn_app.ui.kit.menus import offer_actions
from opqn_app.ui.kit.tips import plain


class FigureTable(QTableWidget):
    """Ctrl+C copies what is selected, with tabs, as spreadsheets take it.

    Args:
        rows_are_chosen: a click selects the whole row, and only one.
    """

    def __init__(
        self, name: str, *, rows_are_chosen: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("figureTable")
        self.setAccessibleName(name)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.horizontalHeader().setAccessibleName(f"Columns: {name}")
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        if rows_are_chosen:
            self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
            self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        copy = QAction("Copy", self)
        copy.setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
        copy.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        copy.triggered.connect(self.copy_selection)
        copy_all = QAction("Copy the table", self)
        copy_all.triggered.connect(self.copy_all)
        self.addActions([copy, copy_all])
        offer_actions(self)

    def show_figures(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Replace all; the first column is words, the others are numbers."""
        self.setColumnCount(len(heads))
        self.setHorizontalHeaderLabels(list(heads))
        self.setRowCount(len(rows))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        for i, row in enumerate(rows):
            for j, text in enumerate(row):
                item = QTableWidgetItem(text)
                item.setToolTip(plain(f"{heads[j]}: {text}"))
                if j:
                    item.setTextAlignment(right)
                self.setItem(i, j, item)
        for j in range(len(heads)):
            head = self.horizontalHeaderItem(j)
            if head is not None:
                head.setTextAlignment(right if j else left)
        self.resizeRowsToContents()

    def fit_height(self) -> None:
        """Be as high as the rows, for a page that scrolls as a whole."""
        bar = self.horizontalScrollBar().sizeHint().height()
        height = self.horizontalHeader().sizeHint().height() + self.verticalHeader().length()
        self.setFixedHeight(height + bar + 4)

    def copy_selection(self) -> None:
        """Copy the selected cells, row by row."""
        cells: dict[int, list[tuple[int, str]]] = {}
        for index in self.selectedIndexes():
            cells.setdefault(index.row(), []).append((index.column(), str(index.data())))
        lines = ["\t".join(text for _, text in sorted(cells[row])) for row in sorted(cells)]
        if lines:
            QApplication.clipboard().setText("\n".join(lines))

    def copy_all(self) -> None:
        """Copy heads and all cells."""
        columns = range(self.columnCount())
        heads = [self.model().headerData(j, Qt.Orientation.Horizontal) for j in columns]
        lines = [heads, *([self._text(i, j) for j in columns] for i in range(self.rowCount()))]
        QApplication.clipboard().setText("\n".join("\t".join(line) for line in lines))

    def _text(self, row: int, column: int) -> str:
        item = self.item(row, column)
        return "" if item is None else item.text()
