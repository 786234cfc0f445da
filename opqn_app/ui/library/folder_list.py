"""The folders of the library with their counts and what each is doing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QFont, QPainter, QPalette
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from opqn_app.core.progress import counted
from opqn_app.store.records import Root
from opqn_app.ui.kit import theme, wording

if TYPE_CHECKING:
    from opqn_app.index.indexing import IndexProgress

FolderRole = Qt.ItemDataRole.UserRole + 1

_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


@dataclass(frozen=True, slots=True)
class FolderState:
    """What a folder is doing, in words and for the eye.

    Attributes:
        icon: name of the icon beside the words.
        is_warning: something needs the user.
        fraction: how much of a run is done, 0 to 1; None when nothing runs.
    """

    text: str
    icon: str
    is_warning: bool = False
    fraction: float | None = None


@dataclass(frozen=True, slots=True)
class Watched:
    """How a folder is kept up to date.

    Attributes:
        state: for the row, where it is not as people expect; else "".
        note: a sentence; "" where nothing is to be said.
    """

    state: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Folder:
    """One row of the list.

    Attributes:
        root_id: None for "All photos" and for a folder not yet in the library.
        path: None for "All photos".
    """

    root_id: int | None
    path: Path | None
    photos: int
    faces: int
    failures: int
    state: FolderState
    note: str = ""  # how it is kept up to date

    @property
    def name(self) -> str:
        if self.path is None:
            return "All photos"
        return wording.folder_name(self.path)


@dataclass(frozen=True, slots=True)
class Activity:
    """What the session is indexing, as the list needs it.

    Attributes:
        finished, stopped: runs that ended since the program started.
        watched: of the folders in the library.
    """

    running: Path | None = None
    waiting: tuple[Path, ...] = ()
    finished: frozenset[Path] = frozenset()
    stopped: frozenset[Path] = frozenset()
    is_paused: bool = False
    progress: "IndexProgress | None" = None
    watched: Mapping[Path, Watched] = field(default_factory=dict)


def state_of(
    path: Path, activity: Activity, *, failures: int, is_available: bool, unreachable: int = 0
) -> FolderState:
    """The state of one folder; what runs now comes before what was found earlier."""
    if path == activity.running:
        return _running_state(activity)
    if path in activity.waiting:
        return FolderState("Waiting for its turn", "clock")
    if not is_available:
        return FolderState("Disk unplugged", "unplugged", is_warning=True)
    if unreachable:
        return FolderState(f"{unreachable:,} not reachable", "unplugged", is_warning=True)
    if path in activity.stopped:
        return FolderState("Stopped before the end", "pause")
    words = activity.watched.get(path, Watched()).state
    if failures:
        problems = counted(failures, "problem")
        return FolderState(
            f"{problems} · {words}" if words else problems, "warning", is_warning=True
        )
    if words:
        return FolderState(words, "pause")
    # Only a run that has just looked can know that nothing is new.
    words = "Up to date" if path in activity.finished else "Ready to search"
    return FolderState(words, "check")


def _running_state(activity: Activity) -> FolderState:
    progress = activity.progress
    if progress is None or progress.phase == "scanning":
        words = "Paused" if activity.is_paused else "Looking for photos"
        return FolderState(words, "pause" if activity.is_paused else "search", fraction=0.0)
    done = wording.percent(progress)
    if activity.is_paused:
        return FolderState(f"Paused at {done} %", "pause", fraction=done / 100)
    words = "More faces" if progress.phase == "thorough" else "Indexing"
    return FolderState(f"{words} {done} %", "face", fraction=done / 100)


def folders(roots: Sequence[Root], activity: Activity) -> list[Folder]:
    """The rows: all photos together, each root, and folders that are only about to be added."""
    rows = []
    for root in roots:
        state = state_of(
            root.path,
            activity,
            failures=root.failures,
            is_available=root.is_available,
            unreachable=root.unreachable,
        )
        note = activity.watched.get(root.path, Watched()).note
        counts = (root.photos, root.faces, root.failures)
        rows.append(Folder(root.id, root.path, *counts, state, note))
    known = {root.path for root in roots}
    coming = ((activity.running,) if activity.running else ()) + activity.waiting
    for path in dict.fromkeys(coming):
        if path not in known:
            state = state_of(path, activity, failures=0, is_available=True)
            rows.append(Folder(None, path, 0, 0, 0, state))
    return [_together(rows), *rows] if rows else []


def _together(rows: Sequence[Folder]) -> Folder:
    failures = sum(row.failures for row in rows)
    if failures:
        state = FolderState(counted(failures, "problem"), "warning", is_warning=True)
    else:
        state = FolderState(counted(len(rows), "folder"), "library")
    photos, faces = sum(row.photos for row in rows), sum(row.faces for row in rows)
    return Folder(None, None, photos, faces, failures, state)


class FolderListModel(QAbstractListModel):
    """The rows of the list; a change of a state changes its row only."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folders: list[Folder] = []

    def show_folders(self, rows: Sequence[Folder]) -> None:
        """Become `rows`, keeping the rows of folders that stay."""
        paths = [row.path for row in rows]
        for place in reversed(range(len(self._folders))):
            if self._folders[place].path not in paths:
                self.beginRemoveRows(_ROOT, place, place)
                del self._folders[place]
                self.endRemoveRows()
        if not _is_subsequence([row.path for row in self._folders], paths):
            self.beginResetModel()
            self._folders = list(rows)
            self.endResetModel()
            return
        for place, row in enumerate(rows):
            self._put(place, row)

    def row_of(self, path: Path | None) -> int:
        """Where a folder is, or 0, the row of all photos."""
        paths = [folder.path for folder in self._folders]
        return paths.index(path) if path in paths else 0

    def folder(self, row: int) -> Folder | None:
        return self._folders[row] if 0 <= row < len(self._folders) else None

    def rowCount(self, parent: _Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._folders)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not self.checkIndex(index, QAbstractListModel.CheckIndexOption.IndexIsValid):
            return None
        folder = self._folders[index.row()]
        if role == FolderRole:
            return folder
        if role == Qt.ItemDataRole.DisplayRole:
            return folder.name
        if role == Qt.ItemDataRole.ToolTipRole:
            where = str(folder.path) if folder.path else "Every folder together"
            is_away = folder.state.icon == "unplugged"
            note = "Its faces can still be searched." if is_away else folder.note
            return f"{where}\n{note}" if note else where
        if role == Qt.ItemDataRole.AccessibleTextRole:
            counts = wording.contents(folder.photos, folder.faces)
            words = f"{folder.name}, {counts}, {folder.state.text}"
            return f"{words}. {folder.note}" if folder.note else words
        return None

    def _put(self, place: int, row: Folder) -> None:
        is_there = place < len(self._folders) and self._folders[place].path == row.path
        if not is_there:
            self.beginInsertRows(_ROOT, place, place)
            self._folders.insert(place, row)
            self.endInsertRows()
        elif self._folders[place] != row:
            self._folders[place] = row
            self.dataChanged.emit(self.index(place), self.index(place))


def _is_subsequence(part: Sequence[Path | None], whole: Sequence[Path | None]) -> bool:
    rest = iter(whole)
    return all(item in rest for item in part)


class FolderDelegate(QStyledItemDelegate):
    """Draws a folder as name, counts and state, with a thin bar while it is indexed."""

    HEIGHT = 76

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(200, self.HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        folder: Folder = index.data(FolderRole)
        colours = theme.colours()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        card = QRectF(option.rect).adjusted(4, 2, -4, -2)
        _draw_ground(painter, card, option, colours)
        body = card.toRect().adjusted(12, 8, -12, -8)
        line = body.height() // 3
        rows = [QRect(body.left(), body.top() + i * line, body.width(), line) for i in range(3)]
        bold = QFont(option.font)
        bold.setWeight(QFont.Weight.DemiBold)
        _write(painter, rows[0], folder.name, bold, colours.text)
        counts = wording.contents(folder.photos, folder.faces)
        _write(painter, rows[1], counts, option.font, colours.quiet)
        _draw_state(painter, rows[2], folder.state, option.font, colours)
        if folder.state.fraction is not None:
            _draw_bar(painter, card, folder.state.fraction, colours)
        painter.restore()


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
        painter.drawRoundedRect(QRectF(card.left(), card.top() + 12, 4, card.height() - 24), 2, 2)
    if is_selected and option.state & QStyle.StateFlag.State_HasFocus:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QColor(colours.accent))
        painter.drawRoundedRect(card.adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)


def _write(painter: QPainter, rect: QRect, text: str, font: QFont, colour: str) -> None:
    painter.setFont(font)
    painter.setPen(QColor(colour))
    short = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, rect.width())
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
    """The list itself; one folder is always chosen while there are any."""

    def __init__(self, model: FolderListModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModel(model)
        self.setItemDelegate(FolderDelegate(self))
        self.setObjectName("folderList")
        self.setAccessibleName("Folders")
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAutoFillBackground(False)
        self.setBackgroundRole(QPalette.ColorRole.Window)
