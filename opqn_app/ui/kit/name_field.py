"""A field for a name: people who are known complete it, each with a face beside the name."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPalette,
    QStandardItem,
    QStandardItemModel,
)
from PySide6.QtWidgets import (
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from opqn_app.ui.kit.name_offers import Offer, folded, offers_for
from opqn_app.ui.kit.thumbnails import ThumbnailCache, load_face_crops

if TYPE_CHECKING:
    from opqn_app.ui.work.session import Session

FACE = 32  # side of the face beside a name
ROW = 40
WIDTH = 272  # of the list, at least

OfferRole = Qt.ItemDataRole.UserRole + 1


class NameField(QLineEdit):
    """A line to type a name into; Enter gives it.

    While `name_given` is sent, `person` and `is_new` say who was meant: a person that was chosen
    from the list, or somebody new of a name that another person has. `given` is the name.

    Signals:
        name_given: the name, without spaces around it; never "".
        left_empty: Enter was pressed with nothing typed and nobody chosen.
        given_up: Escape was pressed.
        left_back: Backspace was pressed with nothing typed.
    """

    name_given = Signal(str)
    left_empty = Signal()
    given_up = Signal()
    left_back = Signal()

    def __init__(self, session: "Session", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.person: int | None = None
        self.is_new = False
        self.given = ""
        self._desk = session.people
        self._hints: tuple[tuple[int, float], ...] = ()
        self._thumbs = ThumbnailCache(
            session.runner, partial(load_face_crops, session.library_path), parent=self
        )
        self.setPlaceholderText("Name")
        self.setAccessibleName("Name")
        self.setMaxLength(200)
        self.list = NameList(self._thumbs, self)
        self.list.clicked.connect(lambda index: self._take(index.data(OfferRole)))
        self.textEdited.connect(lambda _text: self._offer())

    def ask(self, text: str = "", hints: Sequence[tuple[int, float]] = ()) -> None:
        """Begin anew: with a name to change, and people whom the faces resemble."""
        self._hints = tuple(hints)
        self.person, self.is_new = None, False
        self.setText(text)
        self.selectAll()
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        self.list.hide()
        if hints and not text:
            self._offer()

    def hint(self, hints: Sequence[tuple[int, float]]) -> None:
        """Offer people whom the faces resemble; it was found out after `ask`."""
        if tuple(hints) != self._hints:
            self._hints = tuple(hints)
            if not self.text() and self.hasFocus():
                self._offer()

    def keep(self, text: str) -> None:
        """Put back what was given, since nothing came of it."""
        self.setText(text)
        if self.hasFocus():
            self._offer()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Up) and self.list.isVisible():
            self.list.step(1 if key == Qt.Key.Key_Down else -1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if not event.isAutoRepeat():  # held down, it is no answer for the next face
                self.give()
        elif key == Qt.Key.Key_Escape:
            self._give_up()
        elif key == Qt.Key.Key_Backspace and not self.text():
            if not event.isAutoRepeat():  # held down, it was for what was typed
                self.left_back.emit()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        # An empty line has nothing to undo: the window's undo is meant.
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            undo, redo = QKeySequence.StandardKey.Undo, QKeySequence.StandardKey.Redo
            if not self.text() and (event.matches(undo) or event.matches(redo)):
                event.ignore()
                return False
            if event.key() == Qt.Key.Key_Escape:  # not the page's
                event.accept()
                return True
        return super().event(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.list.hide()

    def hideEvent(self, event: Any) -> None:
        super().hideEvent(event)
        self.list.hide()

    def _offer(self) -> None:
        view = self._desk.view
        offers = [] if view is None else offers_for(self.text(), view, self._hints)
        is_same = bool(offers) and folded(offers[0].name) == folded(self.text())
        self.list.show_offers(offers, self, current=0 if is_same else -1)

    def give(self) -> None:
        """Give the name, as Enter does."""
        offer = self.list.offer
        if offer is not None:
            self._take(offer)
        elif self.text().strip():
            self._end(" ".join(self.text().split()))
        else:
            self.list.hide()
            self.left_empty.emit()

    def _take(self, offer: Offer) -> None:
        self.person, self.is_new = offer.person, offer.person is None
        self._end(offer.name)

    def _end(self, name: str) -> None:
        self.list.hide()
        self.clear()
        self.given = name
        try:
            self.name_given.emit(name)
        finally:
            self.person, self.is_new = None, False

    def _give_up(self) -> None:
        if self.list.isVisible():
            self.list.hide()
        else:
            self.given_up.emit()


class NameList(QListView):
    """The people offered below a field; the field keeps the keyboard."""

    def __init__(self, thumbs: ThumbnailCache, field: QWidget) -> None:
        super().__init__(field)
        self._offers = QStandardItemModel(self)
        self.setObjectName("nameList")
        self.setAccessibleName("People of this name")
        self.setModel(self._offers)
        self.setItemDelegate(_OfferDelegate(thumbs, self))
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMouseTracking(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        thumbs.ready.connect(lambda _keys: self.viewport().update())
        self.hide()

    @property
    def offer(self) -> Offer | None:
        """The one that Enter takes, None if none is marked."""
        index = self.currentIndex()
        return index.data(OfferRole) if self.isVisible() and index.isValid() else None

    @property
    def words(self) -> list[str]:
        """What the rows say."""
        return [self._offers.item(row).text() for row in range(self._offers.rowCount())]

    def show_offers(self, offers: Sequence[Offer], field: QWidget, *, current: int) -> None:
        """Show rows below `field`, or above it where there is more room; none hides the list."""
        self._offers.clear()
        for offer in offers:
            item = QStandardItem(offer.words)
            item.setData(offer, OfferRole)
            item.setData(f"{offer.words}, {offer.note}", Qt.ItemDataRole.AccessibleTextRole)
            self._offers.appendRow(item)
        self.setCurrentIndex(self._offers.index(current, 0) if current >= 0 else QModelIndex())
        if not offers:
            self.hide()
            return
        self._lie_beside(field)
        self.raise_()
        self.show()

    def follow(self, field: QWidget) -> None:
        """The field was moved, or its window has another size; without a field there is no list."""
        if not self.isVisible():
            return
        if field.visibleRegion().isEmpty():  # it was scrolled away
            self.hide()
        else:
            self._lie_beside(field)

    def _lie_beside(self, field: QWidget) -> None:
        window = field.window()
        if self.parentWidget() is not window:
            self.setParent(window)
        width = max(WIDTH, field.width())
        height = ROW * self._offers.rowCount() + 10  # what the style sheet puts around
        below = field.mapTo(window, QPoint(0, field.height() + 2))
        x = max(4, min(below.x(), window.width() - width - 4))
        y = below.y()
        if y + height > window.height():  # beside it: above is the face that gets the name
            y = window.height() - height - 4
            x = below.x() + field.width() + 8
            x = x if x + width <= window.width() else max(4, below.x() - width - 8)
        self.setGeometry(x, max(4, y), width, height)

    def step(self, rows: int) -> None:
        """Mark the next row; before the first one none is marked."""
        row = self.currentIndex().row() + rows
        row = min(row, self._offers.rowCount() - 1)
        self.setCurrentIndex(self._offers.index(row, 0) if row >= 0 else QModelIndex())


class _OfferDelegate(QStyledItemDelegate):
    """Draws a face, the name, and a quieter note at the right."""

    def __init__(self, thumbs: ThumbnailCache, parent: QWidget) -> None:
        super().__init__(parent)
        self._thumbs = thumbs

    def sizeHint(self, option: QStyleOptionViewItem, index: Any) -> QSize:
        return QSize(WIDTH, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Any) -> None:
        offer, rect = index.data(OfferRole), option.rect
        group = option.palette
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        role = QPalette.ColorRole
        is_marked = bool(option.state & QStyle.StateFlag.State_Selected)
        is_hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        if is_marked or is_hovered:
            ground = role.Highlight if is_marked else role.AlternateBase
            painter.fillRect(rect, group.color(ground))
        face = QRect(rect.left() + 4, rect.top() + (ROW - FACE) // 2, FACE, FACE)
        if offer.picture is not None:
            pixmap = self._thumbs.pixmap(offer.picture)
            if pixmap is not None and not pixmap.isNull():
                painter.fillRect(face, group.color(role.AlternateBase))
                painter.drawPixmap(face, pixmap)
        words = rect.adjusted(FACE + 14, 0, -8, 0)
        quiet = (
            QPalette.ColorRole.HighlightedText if is_marked else QPalette.ColorRole.PlaceholderText
        )
        painter.setPen(group.color(quiet))
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(words, middle | Qt.AlignmentFlag.AlignRight, offer.note)
        room = words.adjusted(0, 0, -painter.fontMetrics().horizontalAdvance(offer.note) - 12, 0)
        painter.setPen(group.color(role.HighlightedText if is_marked else role.Text))
        elided = painter.fontMetrics().elidedText(
            offer.words, Qt.TextElideMode.ElideRight, room.width()
        )
        painter.drawText(room, middle | Qt.AlignmentFlag.AlignLeft, elided)
        painter.restore()
