"""The list of folders: a root with its counts and state, below it the folders in it."""

from pathlib import Path

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QKeyEvent, QMouseEvent, QPainter, QPalette
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from opqn_app.core.harmless import in_line
from opqn_app.ui.kit import theme, wording
from opqn_app.ui.library.folder_list import Folder, FolderListModel, FolderRole, FolderState

INDENT, MARK = 14, 16  # pixels
MOST_INDENTED = 6  # levels; what lies deeper stands below those

_Index = QModelIndex | QPersistentModelIndex


class FolderDelegate(QStyledItemDelegate):
    """Draws a folder as name, counts and state, with a thin bar while it is indexed."""

    HEIGHT, INNER = 76, 32

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        folder: Folder = index.data(FolderRole)
        return QSize(200, self.INNER if folder.depth else self.HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        folder: Folder = index.data(FolderRole)
        colours = theme.colours()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        card = QRectF(option.rect).adjusted(4, 2, -4, -2)
        _draw_ground(painter, card, option, colours)
        if folder.is_open is not None:
            _draw_open(painter, mark_rect(option.rect, folder), folder.is_open, colours)
        if folder.depth:
            _draw_inner(painter, option, folder, colours)
            painter.restore()
            return
        body = card.toRect().adjusted(12, 8, -12, -8)
        line = body.height() // 3
        rows = [QRect(body.left(), body.top() + i * line, body.width(), line) for i in range(3)]
        bold = QFont(option.font)
        bold.setWeight(QFont.Weight.DemiBold)
        name = rows[0].adjusted(0, 0, -MARK - 4 if folder.is_open is not None else 0, 0)
        _write(painter, name, folder.name, bold, colours.text)
        counts = wording.contents(folder.photos, folder.faces)
        _write(painter, rows[1], counts, option.font, colours.quiet)
        _draw_state(painter, rows[2], folder.state, option.font, colours)
        if folder.state.fraction is not None:
            _draw_bar(painter, card, folder.state.fraction, colours)
        painter.restore()


def mark_rect(row: QRect, folder: Folder) -> QRect:
    """Where the mark is that opens a row: at the right of a root, at the left of what is in it."""
    if not folder.depth:
        return QRect(row.right() - 16 - MARK, row.top() + 12, MARK, MARK)
    left = row.left() + 16 + INDENT * (min(folder.depth, MOST_INDENTED) - 1)
    return QRect(left, row.center().y() - MARK // 2 + 1, MARK, MARK)


def _draw_open(painter: QPainter, place: QRect, is_open: bool, colours: theme.Colours) -> None:
    ratio = painter.device().devicePixelRatioF()
    pixmap = theme.icon_pixmap("down", MARK, colours.quiet, ratio)
    painter.save()
    painter.translate(QRectF(place).center())
    painter.rotate(0 if is_open else -90)
    painter.drawPixmap(-MARK // 2, -MARK // 2, pixmap)
    painter.restore()


def _draw_inner(
    painter: QPainter, option: QStyleOptionViewItem, folder: Folder, colours: theme.Colours
) -> None:
    """The name, and at the right how many photos."""
    mark = mark_rect(option.rect, folder)
    line = QRect(mark.right() + 5, option.rect.top(), 0, option.rect.height())
    line.setRight(option.rect.right() - 16)
    painter.setFont(option.font)
    count = f"{folder.photos:,}"
    width = painter.fontMetrics().horizontalAdvance(count) + 8
    painter.setPen(QColor(colours.quiet))
    right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
    painter.drawText(line, right, count)
    _write(painter, line.adjusted(0, 0, -width, 0), folder.name, option.font, colours.text)


def _draw_ground(
    painter: QPainter, card: QRectF, option: QStyleOptionViewItem, colours: theme.Colours
) -> None:
    is_selected = bool(option.state & QStyle.StateFlag.State_Selected)
    is_hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
    painter.setPen(Qt.PenStyle.NoPen)
    if is_selected or is_hovered:
        painter.setBrush(QColor(colours.raised if is_selected else colours.base))
        painter.drawRoundedRect(card, 8, 8)
    if is_selected:  # a mark of shape, not of colour only
        painter.setBrush(QColor(colours.accent))
        inset = min(12.0, card.height() / 4)
        mark = QRectF(card.left(), card.top() + inset, 4, card.height() - 2 * inset)
        painter.drawRoundedRect(mark, 2, 2)
    if is_selected and option.state & QStyle.StateFlag.State_HasFocus:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QColor(colours.accent))
        painter.drawRoundedRect(card.adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)


def _write(painter: QPainter, rect: QRect, text: str, font: QFont, colour: str) -> None:
    painter.setFont(font)
    painter.setPen(QColor(colour))
    short = painter.fontMetrics().elidedText(
        in_line(text), Qt.TextElideMode.ElideMiddle, rect.width()
    )
    painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, short)


def _draw_state(
    painter: QPainter, rect: QRect, state: FolderState, font: QFont, colours: theme.Colours
) -> None:
    colour = colours.warning if state.is_warning else colours.quiet
    ratio = painter.device().devicePixelRatioF()
    side = 16
    pixmap = theme.icon_pixmap(state.icon, side, colour, ratio)
    painter.drawPixmap(rect.left(), rect.center().y() - side // 2 + 1, pixmap)
    _write(painter, rect.adjusted(side + 6, 0, 0, 0), state.text, font, colour)


def _draw_bar(painter: QPainter, card: QRectF, fraction: float, colours: theme.Colours) -> None:
    groove = QRectF(card.left() + 12, card.bottom() - 4, card.width() - 24, 3)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colours.line))
    painter.drawRoundedRect(groove, 1.5, 1.5)
    painter.setBrush(QColor(colours.accent))
    groove.setWidth(groove.width() * fraction)
    painter.drawRoundedRect(groove, 1.5, 1.5)


class FolderList(QListView):
    """The list itself; one folder is always chosen while there are any.

    A click on its mark, a double click, or the right and left arrow key open and close a folder.

    Signals:
        toggled: a folder (Path) is to be opened, or closed.
    """

    toggled = Signal(object)

    def __init__(self, model: FolderListModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModel(model)
        self.setItemDelegate(FolderDelegate(self))
        self.setObjectName("folderList")
        self.setAccessibleName("Folders")
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAutoFillBackground(False)
        self.setBackgroundRole(QPalette.ColorRole.Window)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position().toPoint()
        folder = self._folder(self.indexAt(at))
        if folder is not None and folder.is_open is not None:
            mark = mark_rect(self.visualRect(self.indexAt(at)), folder)
            if mark.adjusted(-6, -6, 6, 6).contains(at):
                self.toggled.emit(folder.path)
                return
        super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        at = event.position().toPoint()
        index, folder = self.indexAt(at), self._folder(self.indexAt(at))
        if folder is None or folder.is_open is None:
            super().mouseDoubleClickEvent(event)
        elif mark_rect(self.visualRect(index), folder).adjusted(-6, -6, 6, 6).contains(at):
            self.mousePressEvent(event)  # two quick clicks on the mark are two clicks
        else:
            self.toggled.emit(folder.path)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        folder, key = self._folder(self.currentIndex()), event.key()
        if folder is None or key not in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            super().keyPressEvent(event)
        elif folder.is_open is (key == Qt.Key.Key_Left):
            self.toggled.emit(folder.path)
        elif key == Qt.Key.Key_Left and folder.depth and folder.path is not None:
            self._go_to(folder.path.parent)
        elif key == Qt.Key.Key_Right and folder.is_open:
            self.setCurrentIndex(self.model().index(self.currentIndex().row() + 1, 0))

    def _go_to(self, path: Path) -> None:
        model = self.model()
        assert isinstance(model, FolderListModel)
        self.setCurrentIndex(model.index(model.row_of(path)))

    def _folder(self, index: _Index) -> Folder | None:
        folder: Folder | None = index.data(FolderRole)
        return folder
