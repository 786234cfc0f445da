"""A grid of faces whose geometry is arithmetic: a million rows lay out as fast as ten."""

from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QRegion,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QStyle, QStyleOptionViewItem, QWidget

Index = QModelIndex | QPersistentModelIndex

MIN_SIDE, MAX_SIDE, SIDE_STEP = 96, 256, 16
MARGIN = 12  # around the whole grid
GAP = 6  # around a face, so that the focus ring has room
CAPTION = 28  # below a face

Move = QAbstractItemView.CursorAction


class FaceGrid(QAbstractItemView):
    """Square faces with a caption, in rows; a band may part the likely rows from the others.

    Signals:
        side_changed: the faces are drawn at another size, in logical pixels.
        picked: a face (index) was double-clicked.
    """

    side_changed = Signal(int)
    picked = Signal(QModelIndex)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.side = 128
        self.is_dimmed = False
        self._divider: int | None = None
        self._band: QWidget | None = None
        self.setFrameShape(QAbstractItemView.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.doubleClicked.connect(self.picked)

    # What is shown

    def set_band(self, widget: QWidget) -> None:
        """The widget between likely and less likely rows; hidden until `set_divider`."""
        widget.setParent(self.viewport())
        widget.hide()
        self._band = widget

    def set_divider(self, row: int | None) -> None:
        """Put the band before `row` (which may be one past the last); None hides it."""
        self._divider = row
        self.updateGeometries()
        self.viewport().update()

    def set_side(self, side: int) -> None:
        """Draw the faces `side` logical pixels wide, within the limits; keeps its place."""
        side = max(MIN_SIDE, min(MAX_SIDE, side))
        if side == self.side:
            return
        anchor = self.currentIndex() if self.currentIndex().isValid() else self._first_visible()
        self.side = side
        self.updateGeometries()
        if anchor.isValid():
            self.scrollTo(anchor)
        self.viewport().update()
        self.side_changed.emit(side)

    def set_dimmed(self, is_dimmed: bool) -> None:
        """Draw the faces faintly, since a newer answer is on its way."""
        self.is_dimmed = is_dimmed
        self.viewport().update()

    # Geometry

    @property
    def _usable(self) -> int:
        # Less the scroll bar even while there is none: else it would change the columns by coming.
        return self.width() - self.verticalScrollBar().sizeHint().width() - 2 * MARGIN

    @property
    def columns(self) -> int:
        return max(1, self._usable // (self.side + 2 * GAP))

    @property
    def cell_size(self) -> QSize:
        width = max(self.side + 2 * GAP, self._usable // self.columns)
        return QSize(width, self.side + CAPTION + 2 * GAP)

    def row_count(self) -> int:
        model = self.model()
        return model.rowCount() if model is not None else 0

    def content_height(self) -> int:
        """Height of all rows and the band, in pixels."""
        first, second = self._sections()
        lines = _lines(first, self.columns) + _lines(second, self.columns)
        return 2 * MARGIN + lines * self.cell_size.height() + self._band_height()

    def rows_in(self, rect: QRect) -> range:
        """The rows whose cells may touch `rect`, in viewport pixels."""
        top, bottom = rect.top() + self.verticalOffset(), rect.bottom() + self.verticalOffset()
        return range(self._row_at_height(top), self._row_at_height(bottom, is_end=True))

    def visualRect(self, index: Index) -> QRect:
        if not index.isValid():
            return QRect()
        size, columns = self.cell_size, self.columns
        first, _ = self._sections()
        row, top = index.row(), MARGIN
        if row >= first:
            top += _lines(first, columns) * size.height() + self._band_height()
            row -= first
        corner = QPoint(MARGIN + row % columns * size.width(), top + row // columns * size.height())
        return QRect(corner - QPoint(0, self.verticalOffset()), size)

    def face_rect(self, index: Index) -> QRect:
        """Where the picture of a face is, in viewport pixels."""
        cell = self.visualRect(index)
        return QRect(
            cell.x() + (cell.width() - self.side) // 2, cell.y() + GAP, self.side, self.side
        )

    def indexAt(self, point: QPoint) -> QModelIndex:
        for row in self.rows_in(QRect(point, QSize(1, 1))):
            index = self.model().index(row, 0)
            if self.visualRect(index).contains(point):
                return index
        return QModelIndex()

    def _sections(self) -> tuple[int, int]:
        count = self.row_count()
        first = count if self._divider is None else min(self._divider, count)
        return first, count - first

    def _band_height(self) -> int:
        if self._band is None or self._divider is None:
            return 0
        return self._band.sizeHint().height() + 8

    def _row_at_height(self, y: int, *, is_end: bool = False) -> int:
        """The first row of the line at `y` of the content; with `is_end`, one past its last."""
        height, columns = self.cell_size.height(), self.columns
        first, second = self._sections()
        line = max(0, (y - MARGIN) // height)
        if line < _lines(first, columns):
            return min(first, (line + is_end) * columns)
        below = y - MARGIN - _lines(first, columns) * height - self._band_height()
        line = max(0, below // height) if below >= 0 else -1
        if line < 0:
            return first
        return first + min(second, (line + is_end) * columns)

    def _first_visible(self) -> QModelIndex:
        rows = self.rows_in(self.viewport().rect())
        return self.model().index(rows.start, 0) if rows else QModelIndex()

    # What QAbstractItemView asks for

    def horizontalOffset(self) -> int:
        return 0

    def verticalOffset(self) -> int:
        return self.verticalScrollBar().value()

    def isIndexHidden(self, index: Index) -> bool:
        return False

    def scrollTo(
        self,
        index: Index,
        hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible,
    ) -> None:
        rect, view = self.visualRect(index), self.viewport().rect()
        if not rect.isValid():
            return
        bar = self.verticalScrollBar()
        if hint == QAbstractItemView.ScrollHint.PositionAtCenter:
            bar.setValue(bar.value() + rect.center().y() - view.center().y())
        elif rect.top() < 0:
            bar.setValue(bar.value() + rect.top() - MARGIN)
        elif rect.bottom() > view.bottom():
            bar.setValue(bar.value() + rect.bottom() - view.bottom() + MARGIN)

    def moveCursor(self, action: Move, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        count = self.row_count()
        if not count:
            return QModelIndex()
        row = self.currentIndex().row()
        if row < 0:
            return self.model().index(0, 0)
        return self.model().index(max(0, min(count - 1, self._target(row, action))), 0)

    def _target(self, row: int, action: Move) -> int:
        if action in (Move.MoveLeft, Move.MovePrevious):
            return row - 1
        if action in (Move.MoveRight, Move.MoveNext):
            return row + 1
        if action == Move.MoveHome:
            return 0
        if action == Move.MoveEnd:
            return self.row_count() - 1
        lines = 1
        if action in (Move.MovePageUp, Move.MovePageDown):
            lines = max(1, self.viewport().height() // self.cell_size.height())
        is_up = action in (Move.MoveUp, Move.MovePageUp)
        return self._lines_away(row, -lines if is_up else lines)

    def _lines_away(self, row: int, lines: int) -> int:
        """The row `lines` lines below (or above) in the same column, or the nearest there is."""
        rect = self.visualRect(self.model().index(row, 0)).translated(0, self.verticalOffset())
        y = rect.center().y() + lines * rect.height()
        first, _ = self._sections()
        below_band = MARGIN + _lines(first, self.columns) * self.cell_size.height()
        if row < first and y >= below_band:
            y += self._band_height()
        elif row >= first and y < below_band + self._band_height():
            y -= self._band_height()
        if y < 0:
            return row
        start = self._row_at_height(y)
        column = (row - first if row >= first else row) % self.columns
        return min(start + column, max(start, self._row_at_height(y, is_end=True) - 1))

    def setSelection(
        self, rect: QRect, command: QItemSelectionModel.SelectionFlag
    ) -> None:  # from rect.topLeft() to rect.bottomRight() in reading order, not a rectangle
        start, end = self._nearest(rect.topLeft()), self._nearest(rect.bottomRight())
        selection = QItemSelection()
        if start is not None and end is not None:
            low, high = min(start, end), max(start, end)
            model = self.model()
            selection.select(model.index(low, 0), model.index(high, 0))
        self.selectionModel().select(selection, command)

    def _nearest(self, point: QPoint) -> int | None:
        index = self.indexAt(point)
        if index.isValid():
            return index.row()
        rows = self.rows_in(QRect(point, QSize(1, 1)))
        return rows.stop - 1 if rows else None

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:
        region = QRegion()
        for row in self.rows_in(self.viewport().rect()):
            index = self.model().index(row, 0)
            if selection.contains(index):
                region += self.visualRect(index)
        return region

    def updateGeometries(self) -> None:
        super().updateGeometries()
        bar, height = self.verticalScrollBar(), self.viewport().height()
        bar.setPageStep(height)
        bar.setSingleStep(self.cell_size.height() // 3)
        bar.setRange(0, max(0, self.content_height() - height))
        self._place_band()

    def _place_band(self) -> None:
        if self._band is None:
            return
        self._band.setVisible(self._divider is not None)
        if self._divider is None:
            return
        first, _ = self._sections()
        top = MARGIN + _lines(first, self.columns) * self.cell_size.height()
        width = self._usable
        self._band.setGeometry(
            MARGIN, top - self.verticalOffset(), width, self._band.sizeHint().height()
        )

    # Events

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        hovered = self.indexAt(self.viewport().mapFromGlobal(self.cursor().pos()))
        for row in self.rows_in(event.rect()):
            index = self.model().index(row, 0)
            option = QStyleOptionViewItem()
            self.initViewItemOption(option)
            option.rect = self.visualRect(index)
            option.state &= ~(QStyle.StateFlag.State_HasFocus | QStyle.StateFlag.State_MouseOver)
            if self.selectionModel().isSelected(index):
                option.state |= QStyle.StateFlag.State_Selected
            if index == self.currentIndex() and self.hasFocus():
                option.state |= QStyle.StateFlag.State_HasFocus
            if index == hovered and self.underMouse():
                option.state |= QStyle.StateFlag.State_MouseOver
            self.itemDelegate().paint(painter, option, index)

    def resizeEvent(self, event: QResizeEvent) -> None:
        anchor = self._first_visible()
        super().resizeEvent(event)
        self.updateGeometries()
        if anchor.isValid() and event.oldSize().width() != event.size().width():
            self.verticalScrollBar().setValue(
                self.verticalScrollBar().value() + self.visualRect(anchor).top() - MARGIN
            )

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self._place_band()
        self.viewport().update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            step = SIDE_STEP if event.angleDelta().y() > 0 else -SIDE_STEP
            self.set_side(self.side + step)
            event.accept()
            return
        super().wheelEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # The page's actions answer to letters and Space; the view would take them for a search
        # by typing or for a change of the selection.
        if event.text().strip() or event.key() == Qt.Key.Key_Space:
            is_select_all = event.modifiers() & Qt.KeyboardModifier.ControlModifier
            if not is_select_all:
                event.ignore()
                return
        super().keyPressEvent(event)


def _lines(count: int, columns: int) -> int:
    return -(-count // columns)
