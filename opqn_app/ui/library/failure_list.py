"""Files that could not be read: which, why in plain words, and what can be done about each."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from opqn_app.core.harmless import in_line
from opqn_app.core.progress import counted
from opqn_app.store.records import Failure
from opqn_app.ui.kit import theme
from opqn_app.ui.kit.controls import push_button, text_label
from opqn_app.ui.kit.tips import plain

FailureRole = Qt.ItemDataRole.UserRole + 1

_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class FailureListModel(QAbstractListModel):
    """Failures, those to be looked at first, the ignored ones behind them or left out."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._all: tuple[Failure, ...] = ()
        self._shown: list[Failure] = []
        self._with_ignored = False

    @property
    def open_count(self) -> int:
        """How many are not ignored."""
        return sum(not failure.is_ignored for failure in self._all)

    @property
    def ignored_count(self) -> int:
        return len(self._all) - self.open_count

    @property
    def open_ids(self) -> list[int]:
        return [failure.id for failure in self._all if not failure.is_ignored]

    def show_failures(self, failures: Sequence[Failure]) -> None:
        """Become `failures`; an unchanged list keeps its selection."""
        if tuple(failures) != self._all:
            self._all = tuple(failures)
            self._fill()

    def include_ignored(self, with_ignored: bool) -> None:
        self._with_ignored = with_ignored
        self._fill()

    def rowCount(self, parent: _Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._shown)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not self.checkIndex(index, QAbstractListModel.CheckIndexOption.IndexIsValid):
            return None
        failure = self._shown[index.row()]
        if role == FailureRole:
            return failure
        if role == Qt.ItemDataRole.DisplayRole:
            return failure.path.name
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain(str(failure.path))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            ignored = ", ignored" if failure.is_ignored else ""
            return f"{failure.path.name}: {failure.reason}{ignored}"
        return None

    def _fill(self) -> None:
        self.beginResetModel()
        shown = [f for f in self._all if self._with_ignored or not f.is_ignored]
        self._shown = sorted(shown, key=lambda f: (f.is_ignored, str(f.path)))
        self.endResetModel()


class FailureDelegate(QStyledItemDelegate):
    """Draws a failure as file name, folder and reason."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(200, 60)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        failure: Failure = index.data(FailureRole)
        colours = theme.colours()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        card = QRectF(option.rect).adjusted(0, 2, 0, -2)
        _draw_ground(painter, card, option, colours)
        colour = colours.quiet if failure.is_ignored else colours.warning
        ratio = painter.device().devicePixelRatioF()
        pixmap = theme.icon_pixmap("warning", 20, colour, ratio)
        painter.drawPixmap(int(card.left()) + 12, int(card.center().y()) - 10, pixmap)
        self._write(painter, card.toRect().adjusted(44, 6, -12, -6), option.font, failure)
        painter.restore()

    def _write(self, painter: QPainter, body: QRect, font: QFont, failure: Failure) -> None:
        colours = theme.colours()
        upper = QRect(body.left(), body.top(), body.width(), body.height() // 2)
        lower = QRect(body.left(), upper.bottom(), body.width(), body.height() // 2)
        bold = QFont(font)
        bold.setWeight(QFont.Weight.DemiBold)
        painter.setFont(bold)
        painter.setPen(QColor(colours.quiet if failure.is_ignored else colours.text))
        used = _draw_text(painter, upper, in_line(failure.path.name))
        painter.setFont(font)
        painter.setPen(QColor(colours.quiet))
        folder = in_line(str(failure.path.parent))
        _draw_text(painter, upper.adjusted(used + 12, 0, 0, 0), folder)
        reason = failure.reason[:1].upper() + failure.reason[1:]
        if failure.is_ignored:
            reason = f"Ignored. {reason}"
        else:
            painter.setPen(QColor(colours.text))
        _draw_text(painter, lower, reason)


def _draw_ground(
    painter: QPainter, card: QRectF, option: QStyleOptionViewItem, colours: theme.Colours
) -> None:
    is_selected = bool(option.state & QStyle.StateFlag.State_Selected)
    painter.setPen(QColor(colours.accent if is_selected else colours.line))
    painter.setBrush(QColor(colours.raised if is_selected else colours.base))
    painter.drawRoundedRect(card.adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)


def _draw_text(painter: QPainter, rect: QRect, text: str) -> int:
    """Write `text`, cut in its middle if need be; returns its width."""
    short = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, rect.width())
    painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, short)
    return painter.fontMetrics().horizontalAdvance(short)


class FailureView(QListView):
    """The list; Delete ignores what is selected, F5 tries it again.

    Signals:
        ignore_pressed, retry_pressed: keys were used.
    """

    ignore_pressed = Signal()
    retry_pressed = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete:
            self.ignore_pressed.emit()
        elif event.key() == Qt.Key.Key_F5:
            self.retry_pressed.emit()
        else:
            super().keyPressEvent(event)


class FailureList(QWidget):
    """The list with its buttons; they act on the selection, or on all when nothing is selected.

    Signals:
        retry_wanted: ids to be read again.
        ignore_wanted: ids, and whether they are to be ignored (or no longer).
        show_wanted: path of a file to be shown in the file manager.
    """

    retry_wanted = Signal(object)
    ignore_wanted = Signal(object, bool)
    show_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = FailureListModel(self)
        self.view = FailureView()
        self._build()
        self.view.selectionModel().selectionChanged.connect(lambda *_: self._show_buttons())
        self.model.modelReset.connect(self._show_buttons)
        self.view.ignore_pressed.connect(self._on_ignore)
        self.view.retry_pressed.connect(self._on_retry)
        self._show_buttons()

    def _build(self) -> None:
        self.view.setModel(self.model)
        self.view.setItemDelegate(FailureDelegate(self.view))
        self.view.setObjectName("failureList")
        self.view.setAccessibleName("Files with problems")
        self.view.setFrameShape(QListView.Shape.NoFrame)
        self.view.setSelectionMode(QListView.SelectionMode.ExtendedSelection)
        self.view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.view.setUniformItemSizes(True)
        self._retry = push_button("Try all again", self._on_retry, icon="retry")
        self._ignore = push_button("Ignore", self._on_ignore)
        self._show = push_button("Show in file manager", self._on_show, icon="open")
        self._with_ignored = QCheckBox()
        self._with_ignored.toggled.connect(self.model.include_ignored)
        explained = text_label(
            "These files look like photos but could not be read. Everything else is indexed.",
            is_quiet=True,
            wraps=True,
        )
        row = QHBoxLayout()
        row.setSpacing(8)
        for button in (self._retry, self._ignore, self._show):
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(self._with_ignored)
        stack = QVBoxLayout(self)
        stack.setContentsMargins(4, 0, 8, 0)
        stack.setSpacing(12)
        stack.addWidget(explained)
        stack.addLayout(row)
        stack.addWidget(self.view, 1)

    def selected(self) -> list[Failure]:
        """What is selected, from top to bottom."""
        rows = sorted(index.row() for index in self.view.selectionModel().selectedIndexes())
        return [self.model.index(row).data(FailureRole) for row in rows]

    def _show_buttons(self) -> None:
        chosen = self.selected()
        many = f"Try {counted(len(chosen), 'file')} again"
        self._retry.setText(many if chosen else "Try all again")
        self._retry.setEnabled(bool(chosen or self.model.open_ids))
        is_all_ignored = bool(chosen) and all(failure.is_ignored for failure in chosen)
        self._ignore.setText("Stop ignoring" if is_all_ignored else "Ignore")
        self._ignore.setEnabled(bool(chosen))
        self._show.setEnabled(len(chosen) == 1)
        self._with_ignored.setText(f"Show ignored ({self.model.ignored_count:,})")
        self._with_ignored.setVisible(self.model.ignored_count > 0)

    def _on_retry(self) -> None:
        ids = [failure.id for failure in self.selected()] or self.model.open_ids
        if ids:
            self.retry_wanted.emit(ids)

    def _on_ignore(self) -> None:
        chosen = self.selected()
        if chosen:
            is_all_ignored = all(failure.is_ignored for failure in chosen)
            self.ignore_wanted.emit([failure.id for failure in chosen], not is_all_ignored)

    def _on_show(self) -> None:
        chosen = self.selected()
        if chosen:
            self.show_wanted.emit(chosen[0].path)
