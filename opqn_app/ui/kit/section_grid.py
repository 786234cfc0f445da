"""A view of pictures in a grid, under headings: a hundred thousand rows scroll as ten do."""

from collections.abc import Sequence

from PySide6.QtCore import (
    QEvent,
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
from PySide6.QtWidgets import QAbstractItemView, QApplication, QStyle, QStyleOptionViewItem, QWidget

from opqn_app.ui.kit.grid_headings import action_rect, paint_band, paint_heading
from opqn_app.ui.kit.grid_layout import GridLayout, GridSection

Index = QModelIndex | QPersistentModelIndex

MIN_SIDE, MAX_SIDE, SIDE_STEP = 96, 256, 16
MARGIN = 12  # around the whole grid
GAP = 6  # around a picture, so that the focus ring has room
CAPTION = 28  # below a picture

Move = QAbstractItemView.CursorAction


class SectionGrid(QAbstractItemView):
    """Pictures with a caption, in lines; a click on a heading selects what is under it.

    Dragging from beside the pictures selects those that a rectangle touches.

    Signals:
        side_changed: the pictures are drawn at another size, in logical pixels.
        picked: a picture (index) was double-clicked.
        section_acted: the words at the right of a section's heading were clicked; its number.
        drag_wanted: the selected pictures are dragged, where `setDragEnabled` allows it.
        left: the pointer has gone, so that things may move.
    """

    side_changed = Signal(int)
    picked = Signal(QModelIndex)
    section_acted = Signal(int)
    drag_wanted = Signal()
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.side = 128
        self.shape = 1.0  # width to height of a picture
        self.caption = CAPTION
        self._given: tuple[GridSection, ...] = ()
        self._laid_out: tuple[object, GridLayout, QSize] | None = None
        self._bar_width = self.verticalScrollBar().sizeHint().width()
        self._band_from: QPoint | None = None  # where a rectangle began, in the content
        self._band_to = QPoint()
        self.setFrameShape(QAbstractItemView.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.doubleClicked.connect(self.picked)

    # What is shown

    def set_sections(self, sections: Sequence[GridSection]) -> None:
        """Put the rows of the model under headings; their numbers add up to its rows."""
        self._given = tuple(sections)
        self.updateGeometries()
        self.viewport().update()

    def sections(self) -> Sequence[GridSection]:
        """How the rows of the model stand now; without `set_sections` all together."""
        return self._given or (GridSection(self.row_count()),)

    def select_section(self, section: int, *, adds: bool = False) -> None:
        """Select all that is under a heading; with `adds`, besides what is selected."""
        rows = self.layout_now().rows_of(section)
        if not rows:
            return
        flag = QItemSelectionModel.SelectionFlag
        model, chosen = self.model(), self.selectionModel()
        chosen.setCurrentIndex(model.index(rows[0], 0), flag.NoUpdate)
        selection = QItemSelection(model.index(rows[0], 0), model.index(rows[-1], 0))
        chosen.select(selection, flag.Select if adds else flag.ClearAndSelect)

    def select_rows(self, rows: Sequence[int]) -> None:
        """Select just these rows, ascending."""
        model, selection = self.model(), QItemSelection()
        first = 0
        for place, row in enumerate(rows):
            if place + 1 == len(rows) or rows[place + 1] != row + 1:  # the last of neighbours
                selection.select(model.index(rows[first], 0), model.index(row, 0))
                first = place + 1
        flag = QItemSelectionModel.SelectionFlag.ClearAndSelect
        self.selectionModel().select(selection, flag)

    def rows_selected(self) -> list[int]:
        """The numbers of the rows that are selected, ascending; fast for a hundred thousand too."""
        selection = self.selectionModel().selection()
        ranges = [selection.at(i) for i in range(selection.size())]
        return sorted(row for each in ranges for row in range(each.top(), each.bottom() + 1))

    def set_side(self, side: int) -> None:
        """Draw the pictures `side` logical pixels wide, within the limits; keeps its place."""
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

    def zoom(self, steps: int) -> None:
        """Draw the pictures larger (positive) or smaller."""
        self.set_side(self.side + steps * SIDE_STEP)

    # Geometry

    @property
    def usable_width(self) -> int:
        # Less the scroll bar even while there is none: else it would change the columns by coming.
        return self.width() - self._bar_width - 2 * MARGIN

    @property
    def columns(self) -> int:
        return self.layout_now().columns

    @property
    def picture_size(self) -> QSize:
        return QSize(self.side, round(self.side / self.shape))

    @property
    def cell_size(self) -> QSize:
        return self._lay_out()[1]

    def row_count(self) -> int:
        model = self.model()
        return model.rowCount() if model is not None else 0

    def content_height(self) -> int:
        """Height of all rows and headings, in pixels."""
        return self.layout_now().height

    def layout_now(self) -> GridLayout:
        """Where everything lies."""
        return self._lay_out()[0]

    def _lay_out(self) -> tuple[GridLayout, QSize]:
        """The layout and the size of its cells. It is asked for with each tile that is drawn."""
        sections, width = self.sections(), self.usable_width
        made_of = (sections, width, self.side, self.shape, self.caption)
        if self._laid_out is None or self._laid_out[0] != made_of:
            least = self.side + 2 * GAP
            columns = max(1, width // least)
            height = self.picture_size.height() + self.caption + 2 * GAP
            cell = QSize(max(least, width // columns), height)
            layout = GridLayout(sections, columns=columns, cell_height=height, margin=MARGIN)
            self._laid_out = (made_of, layout, cell)
        return self._laid_out[1:]

    def rows_in(self, rect: QRect) -> range:
        """The rows whose cells may touch `rect`, in viewport pixels."""
        offset = self.verticalOffset()
        return self.layout_now().rows_between(rect.top() + offset, rect.bottom() + offset)

    def visualRect(self, index: Index) -> QRect:
        if not index.isValid():
            return QRect()
        layout, size = self._lay_out()
        column, top = layout.place_of(index.row())
        return QRect(QPoint(MARGIN + column * size.width(), top - self.verticalOffset()), size)

    def picture_rect(self, index: Index) -> QRect:
        """Where the picture of a row is, in viewport pixels."""
        cell, size = self.visualRect(index), self.picture_size
        corner = QPoint(cell.x() + (cell.width() - size.width()) // 2, cell.y() + GAP)
        return QRect(corner, size)

    def is_in_sight(self, index: Index) -> bool:
        """Half of the picture of a row, or more, can be seen."""
        picture = self.picture_rect(index)
        seen = picture.intersected(self.viewport().rect())
        return 2 * seen.height() >= picture.height() > 0

    def place_on_screen(self, row: int) -> QRect | None:
        """Where the picture of a row is seen, in coordinates of the screen; None if it is not."""
        index = self.model().index(row, 0)
        if not self.is_in_sight(index):
            return None
        place = self.picture_rect(index).intersected(self.viewport().rect())
        return QRect(self.viewport().mapToGlobal(place.topLeft()), place.size())

    def heading_rect(self, section: int) -> QRect:
        """Where the heading of a section is, in viewport pixels."""
        layout = self.layout_now()
        top = layout.header_top(section) - self.verticalOffset()
        return QRect(MARGIN, top, self.usable_width, layout.sections[section].header)

    def indexAt(self, point: QPoint) -> QModelIndex:
        for row in self.rows_in(QRect(point, QSize(1, 1))):
            index = self.model().index(row, 0)
            if self._drawn_rect(index).contains(point):
                return index
        return QModelIndex()

    def _drawn_rect(self, index: Index) -> QRect:
        """Picture and caption, without the space around them."""
        return self.picture_rect(index).adjusted(0, 0, 0, self.caption)

    def _heading_at(self, point: QPoint) -> int | None:
        y = point.y() + self.verticalOffset()
        for section in self.layout_now().headers_between(y, y):
            if self.layout_now().sections[section].title and self.heading_rect(section).contains(
                point
            ):
                return section
        return None

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
        top = rect.top() - self._header_over(index.row())  # its heading comes along
        if hint == QAbstractItemView.ScrollHint.PositionAtCenter:
            bar.setValue(bar.value() + rect.center().y() - view.center().y())
        elif top < 0:
            bar.setValue(bar.value() + top - MARGIN)
        elif rect.bottom() > view.bottom():
            bar.setValue(bar.value() + rect.bottom() - view.bottom() + MARGIN)

    def _header_over(self, row: int) -> int:
        """Pixels of the heading just above a row; 0 where another line is between."""
        layout = self.layout_now()
        section = layout.section_of(row)
        is_first_line = row - layout.rows_of(section).start < layout.columns
        return layout.sections[section].header if is_first_line else 0

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
        return self.layout_now().row_away(row, -lines if is_up else lines)

    def setSelection(self, rect: QRect, command: QItemSelectionModel.SelectionFlag) -> None:
        model, selection = self.model(), QItemSelection()
        if self.state() == QAbstractItemView.State.DragSelectingState:
            band = rect.normalized()
            for row in self.rows_in(band):
                index = model.index(row, 0)
                if self._drawn_rect(index).intersects(band):
                    selection.select(index, index)
        else:  # with Shift: from one row to another in reading order
            start, end = self._nearest(rect.topLeft()), self._nearest(rect.bottomRight())
            if start is not None and end is not None:
                selection.select(model.index(min(start, end), 0), model.index(max(start, end), 0))
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

    def dataChanged(self, first: Index, last: Index, roles: Sequence[int] = ()) -> None:
        # Qt asks where each row that has changed lies, in sight or not.
        seen = self.rows_in(self.viewport().rect())
        rows = range(max(first.row(), seen.start), min(last.row() + 1, seen.stop))
        if rows:
            model = self.model()
            super().dataChanged(model.index(rows[0], 0), model.index(rows[-1], 0), list(roles))

    def updateGeometries(self) -> None:
        super().updateGeometries()
        self._bar_width = self.verticalScrollBar().sizeHint().width()
        bar, height = self.verticalScrollBar(), self.viewport().height()
        bar.setPageStep(height)
        bar.setSingleStep(self.cell_size.height() // 3)
        bar.setRange(0, max(0, self.content_height() - height))

    # Events

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        hovered = self.indexAt(self.viewport().mapFromGlobal(self.cursor().pos()))
        for row in self.rows_in(event.rect()):
            index = self.model().index(row, 0)
            place = self.visualRect(index)
            if not event.region().intersects(place.adjusted(-2, -2, 2, 2)):  # for the rings' pens
                continue  # as when a field over one tile of its line gets a letter
            option = QStyleOptionViewItem()
            self.initViewItemOption(option)
            option.rect = place
            option.state &= ~(QStyle.StateFlag.State_HasFocus | QStyle.StateFlag.State_MouseOver)
            if self.selectionModel().isSelected(index):
                option.state |= QStyle.StateFlag.State_Selected
            if index == self.currentIndex() and self.hasFocus():
                option.state |= QStyle.StateFlag.State_HasFocus
            if index == hovered and self.underMouse():
                option.state |= QStyle.StateFlag.State_MouseOver
            self.itemDelegate().paint(painter, option, index)
        self._paint_headings(painter, event.rect())
        self._paint_band(painter)

    def _paint_headings(self, painter: QPainter, rect: QRect) -> None:
        layout, offset = self.layout_now(), self.verticalOffset()
        for section in layout.headers_between(rect.top() + offset, rect.bottom() + offset):
            if layout.sections[section].title:
                place = self.heading_rect(section)
                paint_heading(painter, place, layout.sections[section], self.font(), self.palette())

    def _paint_band(self, painter: QPainter) -> None:
        if self._band_from is None or self.state() != QAbstractItemView.State.DragSelectingState:
            return
        offset = QPoint(0, self.verticalOffset())
        band = QRect(self._band_from - offset, self._band_to - offset).normalized()
        paint_band(painter, band, self.palette())

    def resizeEvent(self, event: QResizeEvent) -> None:
        anchor = self._first_visible()
        super().resizeEvent(event)
        self.updateGeometries()
        is_wider = event.oldSize().width() != event.size().width()
        if anchor.isValid() and is_wider and self.verticalScrollBar().value():
            self.verticalScrollBar().setValue(
                self.verticalScrollBar().value() + self.visualRect(anchor).top() - MARGIN
            )

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.left.emit()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self.viewport().update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom(1 if event.angleDelta().y() > 0 else -1)
            event.accept()
            return
        super().wheelEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position().toPoint()
        self._band_from = self._band_to = at + QPoint(0, self.verticalOffset())
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._band_to = event.position().toPoint() + QPoint(0, self.verticalOffset())
        super().mouseMoveEvent(event)
        self.viewport().update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        at = event.position().toPoint()
        begun, self._band_from = self._band_from, None
        super().mouseReleaseEvent(event)
        self.viewport().update()
        moved = QPoint() if begun is None else at + QPoint(0, self.verticalOffset()) - begun
        is_click = moved.manhattanLength() < QApplication.startDragDistance()
        if begun is not None and is_click and event.button() == Qt.MouseButton.LeftButton:
            self._on_click(at, event.modifiers())

    def startDrag(self, _actions: Qt.DropAction) -> None:
        self._band_from = None
        self.drag_wanted.emit()

    def _on_click(self, point: QPoint, modifiers: Qt.KeyboardModifier) -> None:
        section = self._heading_at(point)
        if section is None:
            return
        what, place = self.layout_now().sections[section], self.heading_rect(section)
        if what.action and action_rect(place, what, self.font()).contains(point):
            self.section_acted.emit(section)
        else:
            self.select_section(section, adds=bool(modifiers & Qt.KeyboardModifier.ControlModifier))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # The page's actions answer to letters and Space; the view would take them for a search
        # by typing or for a change of the selection.
        if event.text().strip() or event.key() == Qt.Key.Key_Space:
            is_select_all = event.modifiers() & Qt.KeyboardModifier.ControlModifier
            if not is_select_all:
                event.ignore()
                return
        super().keyPressEvent(event)
