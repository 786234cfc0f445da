"""The folders of the library with their counts and what each is doing, as rows; no widget."""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
)

from opqn_app.core.progress import counted
from opqn_app.store.records import Root
from opqn_app.ui.kit import wording
from opqn_app.ui.kit.tips import plain
from opqn_app.ui.library.folder_tree import FolderTree

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
        depth: 0 for a root, 1 for a folder in it, and so on.
        is_open: the folders in it are listed; None where there are none.
        label: another name than that of the folder.
    """

    root_id: int | None
    path: Path | None
    photos: int
    faces: int
    failures: int
    state: FolderState
    depth: int = 0
    is_open: bool | None = None
    label: str = ""
    note: str = ""  # how it is kept up to date

    @property
    def name(self) -> str:
        if self.label:
            return self.label
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
    remembers_faces: bool = True


def state_of(
    path: Path, activity: Activity, *, failures: int, is_available: bool, unreachable: int = 0
) -> FolderState:
    """The state of one folder; what runs now comes before what was found earlier."""
    if path == activity.running:
        return _running_state(activity)
    if path in activity.waiting:
        return FolderState("Waiting for its turn", "clock")
    if not activity.remembers_faces:
        return FolderState("Kept, not read", "pause")
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


def folders(
    roots: Sequence[Root],
    activity: Activity,
    tree: FolderTree | None = None,
    opened: Set[Path] = frozenset(),
) -> list[Folder]:
    """The rows: all photos together, each root, and folders that are only about to be added.

    Args:
        tree: what lies below the roots.
        opened: folders of which the folders in them are listed.
    """
    tree = tree or FolderTree()
    rows: list[Folder] = []
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
        row = Folder(root.id, root.path, *counts, state, note=note)
        rows += _with_inner(row, root.path, tree, opened)
    known = {root.path for root in roots}
    coming = ((activity.running,) if activity.running else ()) + activity.waiting
    for path in dict.fromkeys(coming):
        if path not in known:
            state = state_of(path, activity, failures=0, is_available=True)
            rows.append(Folder(None, path, 0, 0, 0, state))
    return [_together(rows), *rows] if rows else []


def _with_inner(row: Folder, path: Path, tree: FolderTree, opened: Set[Path]) -> Iterator[Folder]:
    """A row, and where it is open those of the folders in it."""
    inner = tree.below(path)
    yield replace(row, is_open=path in opened if inner else None)
    if inner and path in opened:
        for each in inner:
            state = FolderState("", "folder")
            below = Folder(None, each, tree.photos(each), 0, 0, state, depth=row.depth + 1)
            yield from _with_inner(below, each, tree, opened)


def _together(rows: Sequence[Folder]) -> Folder:
    rows = [row for row in rows if not row.depth]
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
        stay = set(paths)
        for place in reversed(range(len(self._folders))):
            if self._folders[place].path not in stay:
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
            return plain(f"{where}\n{note}" if note else where)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return _told(folder)
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


def _told(folder: Folder) -> str:
    """What a screen reader says."""
    if folder.depth:
        words = [folder.name, counted(folder.photos, "photo"), f"level {folder.depth}"]
    else:
        words = [folder.name, wording.contents(folder.photos, folder.faces), folder.state.text]
    if folder.is_open is not None:
        words.append("open" if folder.is_open else "closed")
    told = ", ".join(words)
    return f"{told}. {folder.note}" if folder.note else told


def _is_subsequence(part: Sequence[Path | None], whole: Sequence[Path | None]) -> bool:
    rest = iter(whole)
    return all(item in rest for item in part)
