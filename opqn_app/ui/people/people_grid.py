"""The grid of people: tiles that can be named in place, answered, dragged onto each other."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelectionModel, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QDrag,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QApplication, QWidget

from opqn_app.core.progress import counted
from opqn_app.ui.kit.file_drag import at_mouse
from opqn_app.ui.kit.name_field import NameField
from opqn_app.ui.kit.section_grid import Index, SectionGrid
from opqn_app.ui.kit.tips import plain
from opqn_app.ui.people.hints import Hints
from opqn_app.ui.people.tile_model import TileModel, TileRole, dragged_rows
from opqn_app.ui.people.tiles import Tile, Tiles
from opqn_app.ui.people.unanswered import Unanswered

if TYPE_CHECKING:
    from opqn_app.ui.work.session import Session

CAPTION = 52  # two lines below a face
NAME_HEIGHT = 30  # of the first line; the field lies over it
BAR = 72  # of the page's foot, over which the bar lies that says what was done
BUTTON = 24  # side of tick and cross beside "Anna?"
_YES = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class PeopleGrid(SectionGrid):
    """Shows a TileModel.

    Signals:
        opened: the row of a tile to be looked at.
        named: rows, and the `NameField` that was given a name.
        answered: the row of a tile that asks "Anna?", and whether it is so.
        joined: rows that were dragged, and the row they were dropped on.
    """

    opened = Signal(int)
    named = Signal(object, object)
    answered = Signal(int, bool)
    joined = Signal(object, int)

    def __init__(
        self, session: "Session", model: TileModel, hints: Hints, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.caption = CAPTION
        self._hints = hints
        self._naming: tuple[int, ...] = ()  # rows that the field is for; it stands at the first
        self._drop_row: int | None = None  # row under what is dragged
        self._pressed: QPoint | None = None
        self.unanswered = Unanswered(self._on_unanswered)
        self.is_dragging = False  # rows are on their way and must stay what they are
        self.setAccessibleName("People")
        self.setModel(model)
        self.tiles = model
        self.setDragEnabled(True)
        self.setAcceptDrops(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        self.setDropIndicatorShown(False)
        self.field = NameField(session, self.viewport())
        self.field.hide()
        self.field.name_given.connect(self._on_name)
        self.field.left_empty.connect(self._on_left_empty)
        self.field.given_up.connect(self.end_naming)
        hints.ready.connect(self._on_hints)
        model.modelReset.connect(self.end_naming)
        model.dataChanged.connect(lambda *_: self._place_field())

    @property
    def is_naming(self) -> bool:
        return bool(self._naming)

    @property
    def named_along(self) -> tuple[int, ...]:
        """The rows that get the name that is typed at another one."""
        return self._naming[1:]

    @property
    def drop_target(self) -> int | None:
        """The row that would take what is dragged now."""
        return self._drop_row

    def chosen_rows(self) -> list[int]:
        """The selected rows. The one that the keyboard came to by itself is none of them."""
        return self.rows_selected()

    @property
    def chosen_row(self) -> int:
        """The current row if it is selected too; else -1."""
        current = self.currentIndex()
        return current.row() if self.selectionModel().isSelected(current) else -1

    def show_anew(self, tiles: Tiles, then: Callable[[], None]) -> None:
        """Replace all tiles; who was chosen or current stays so, and the place in the page.

        Args:
            then: called once the tiles are there, before the place is looked for.
        """
        bar, old = self.verticalScrollBar(), self.tiles
        current, height = old.tile(self.currentIndex().row()), bar.value()
        chosen = [tile for tile in map(old.tile, self.chosen_rows()) if tile is not None]
        old.show_anew(tiles)
        then()
        flag, model = QItemSelectionModel.SelectionFlag, self.selectionModel()
        row = None if current is None else tiles.row_of(current)
        if row is not None:
            model.setCurrentIndex(old.index(row), flag.NoUpdate)
        for row in map(tiles.row_of, chosen):
            if row is not None:
                model.select(old.index(row), flag.Select)
        bar.setValue(height)

    def show_current(self) -> None:
        """Bring the current tile into view."""
        if self.currentIndex().isValid():
            self.scrollTo(self.currentIndex())

    def go_to(self, row: int) -> None:
        """Make a row the current and only selected one, in view."""
        index = self.model().index(row, 0)
        self.setCurrentIndex(index)
        self.scrollTo(index)
        hidden = self.visualRect(index).bottom() - (self.viewport().height() - BAR)
        if hidden > 0:
            self.verticalScrollBar().setValue(self.verticalScrollBar().value() + hidden)

    # Naming

    def begin_naming(self, rows: list[int] | None = None) -> None:
        """Open the field at the first of `rows`, else at the current tile."""
        rows = [self.currentIndex().row()] if rows is None else rows
        tile = self.tiles.tile(rows[0]) if rows else None
        if tile is None or tile.fate:
            return
        if len(rows) == 1:
            self.go_to(rows[0])
        else:
            self.scrollTo(self.model().index(rows[0], 0))
        self._naming = tuple(rows)
        several = f"One name for all {len(rows)}" if len(rows) > 2 else "One name for both"
        self.field.setPlaceholderText(several if len(rows) > 1 else "Name")
        self.field.setAccessibleName(several if len(rows) > 1 else "Name")
        self._place_field()
        self.field.show()
        self.field.ask(self.unanswered.name(tile) or tile.name or "", self._hints.guesses(tile))

    def end_naming(self) -> None:
        """Close the field; the grid gets the keyboard."""
        if self._naming:
            self._naming = ()
            has_focus = self.field.hasFocus()
            self.field.hide()
            self.viewport().update()
            if has_focus:
                self.setFocus()

    def name_rect(self, index: Index) -> QRect:
        """Where the name of a tile stands, and the field while it is named."""
        return self.name_below(self.picture_rect(index))

    def name_below(self, face: QRect) -> QRect:
        """The same for a picture whose place is known."""
        return QRect(face.left(), face.bottom() + 3, face.width(), NAME_HEIGHT)

    def button_rects(self, index: Index) -> tuple[QRect, QRect]:
        """Where the tick and the cross of a tile are that asks "Anna?"."""
        line = self.name_rect(index)
        top = line.top() + (line.height() - BUTTON) // 2
        no = QRect(line.right() - BUTTON + 1, top, BUTTON, BUTTON)
        return no.translated(-BUTTON - 2, 0), no

    def asks(self, index: Index) -> bool:
        """Whether a tile asks "Anna?"."""
        tile: Tile | None = index.data(TileRole)
        if tile is None or self.unanswered.name(tile):
            return False
        return self._hints.guess(tile) is not None

    def _place_field(self) -> None:
        if self._naming:
            place = self.name_rect(self.model().index(self._naming[0], 0))
            self.field.setGeometry(place.adjusted(-4, 0, 4, 0))
            self.field.list.follow(self.field)

    def _on_name(self, _name: str) -> None:
        rows = self._naming
        following = self.tiles.next_nameless(rows[-1]) if rows else None
        is_first = any(tile is not None and tile.is_named for tile in map(self.tiles.tile, rows))
        self.named.emit(rows, self.field)
        if following is None or is_first or len(rows) > 1:
            self.end_naming()
        else:
            self.begin_naming([following])

    def _on_unanswered(self, tile: Tile | None) -> None:
        """Back to the tile whose name has to wait, unless the next name is being typed."""
        row = None if tile is None else self.tiles.tiles.row_of(tile)
        if row is not None and not (self.is_naming and self.field.text()):
            self.end_naming()
            self.go_to(row)
        self.viewport().update()

    def _on_left_empty(self) -> None:
        row = self._naming[0] if self._naming else -1
        tile = self.tiles.tile(row)
        self.end_naming()
        if tile is not None and not tile.is_named:
            self.opened.emit(row)

    def _on_hints(self) -> None:
        self.viewport().update()
        tile = self.tiles.tile(self._naming[0]) if self._naming else None
        if tile is not None:
            self.field.hint(self._hints.guesses(tile))

    # Events

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index, key = self.currentIndex(), event.key()
        if key not in (*_YES, Qt.Key.Key_Delete) or not index.isValid():
            super().keyPressEvent(event)
        elif event.isAutoRepeat():  # held down, it is no answer for the next one
            return
        elif not self.is_in_sight(index):  # what is not seen is not meant
            self.go_to(index.row())
        elif self.asks(index) and self.chosen_row >= 0:
            self.answered.emit(index.row(), key in _YES)
        elif key in _YES:
            self.opened.emit(index.row())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        is_plain = event.button() == Qt.MouseButton.LeftButton and not event.modifiers()
        self._pressed = event.position().toPoint() if is_plain else None
        if self.is_naming:
            self.end_naming()
        super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        pressed, self._pressed = self._pressed, None
        point = event.position().toPoint()
        if (
            pressed is None
            or (point - pressed).manhattanLength() > QApplication.startDragDistance()
        ):
            return
        index = self.indexAt(point)
        tile = self.tiles.tile(index.row()) if index.isValid() else None
        if tile is None or tile.fate or not self.name_rect(index).contains(point):
            return
        yes, no = self.button_rects(index)
        if self.asks(index) and (yes.contains(point) or no.contains(point)):
            self.answered.emit(index.row(), yes.contains(point))
        elif tile.can_be_named:
            self.begin_naming([index.row()])

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        point = event.position().toPoint()
        index = self.indexAt(point)
        is_left = event.button() == Qt.MouseButton.LeftButton
        if index.isValid() and is_left and self.picture_rect(index).contains(point):
            self.opened.emit(index.row())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        point = event.position().toPoint()
        index = self.indexAt(point)
        tile = self.tiles.tile(index.row()) if index.isValid() else None
        shape, tip = Qt.CursorShape.ArrowCursor, ""
        if tile is not None and self.name_rect(index).contains(point) and tile.can_be_named:
            yes, no = self.button_rects(index)
            is_asking = self.asks(index)
            is_button = is_asking and (yes.contains(point) or no.contains(point))
            shape = Qt.CursorShape.PointingHandCursor if is_button else Qt.CursorShape.IBeamCursor
            if is_button:
                tip = "Yes (Enter)" if yes.contains(point) else "No, somebody else (Delete)"
        elif tile is not None:
            tip = self._badge_tip(tile, self.picture_rect(index), point)
        self.viewport().setCursor(shape)
        self.viewport().setToolTip(plain(tip))

    def _badge_tip(self, tile: Tile, face: QRect, point: QPoint) -> str:
        number = self._hints.n_waiting(tile)
        if not number or not badge_rect(self, face, number).contains(QPointF(point)):
            return ""
        return f"{counted(number, 'face')} may be {tile.name} too: open to answer"

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._naming:  # who types sees what the name is for
            self.scrollTo(self.model().index(self._naming[0], 0))
        self._place_field()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        super().scrollContentsBy(dx, dy)
        self._place_field()

    # Dragging one tile onto another

    def startDrag(self, actions: Qt.DropAction) -> None:
        super().startDrag(actions)
        chosen = [self.tiles.index(row) for row in self.chosen_rows()]
        dragged = [index for index in chosen if index.flags() & Qt.ItemFlag.ItemIsDragEnabled]
        if not dragged:
            return
        index = self.currentIndex() if self.currentIndex() in dragged else dragged[0]
        place = self.picture_rect(index).intersected(self.viewport().rect())
        picture = self.viewport().grab(place) if not place.isEmpty() else None
        drag = QDrag(self)
        drag.setMimeData(self.tiles.mimeData(dragged))
        drag.setPixmap(at_mouse(picture, len(dragged), self.devicePixelRatioF()))
        drag.setHotSpot(QPoint(-8, -8))
        self.is_dragging = True
        try:
            drag.exec(actions)
        finally:
            self.is_dragging = False
            self._show_target(None)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dragged_rows(event.mimeData()):
            event.acceptProposedAction()
        else:
            event.ignore()  # photos from elsewhere are the window's

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        super().dragMoveEvent(event)  # scrolls near the edges
        rows = dragged_rows(event.mimeData())
        index = self.indexAt(event.position().toPoint())
        tile = self.tiles.tile(index.row()) if index.isValid() else None
        can_take = bool(rows) and tile is not None and not tile.fate and index.row() not in rows
        self._show_target(index.row() if can_take else None)
        event.setAccepted(can_take)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        super().dragLeaveEvent(event)
        self._show_target(None)

    def dropEvent(self, event: QDropEvent) -> None:
        rows, target = dragged_rows(event.mimeData()), self._drop_row
        self._show_target(None)
        if rows and target is not None:
            # A copy, to the view: after a move it would take the rows out of the model.
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self.joined.emit(rows, target)

    def _show_target(self, row: int | None) -> None:
        if row != self._drop_row:
            self._drop_row = row
            self.viewport().update()

    def sizeHint(self) -> QSize:
        return QSize(640, 480)


def badge_words(number: int) -> str:
    """What the badge of a tile says, for that many faces that may be the person."""
    return f"+{number:,}"


def badge_font(grid: QWidget) -> QFont:
    """The letters of a badge."""
    font = QFont(grid.font())
    font.setWeight(QFont.Weight.DemiBold)
    return font


def badge_rect(grid: QWidget, face: QRect, number: int) -> QRectF:
    """Where the badge lies over a face."""
    width = QFontMetrics(badge_font(grid)).horizontalAdvance(badge_words(number)) + 14
    return QRectF(face.left() + 6, face.top() + 6, width, 22)
