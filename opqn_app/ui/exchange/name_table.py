"""The names of an import, each with a face and a tick; ticked ones are taken in."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from opqn_app.core.progress import counted
from opqn_app.ui.kit.thumbnails import ThumbnailCache, load_face_crops

if TYPE_CHECKING:
    from opqn_app.exchange.coming.import_plan import PlannedName
    from opqn_app.ui.work.session import Session

SIDE = 40  # of a face
HEADS = ("Name", "What comes", "Whom it means")


class NameTable(QTableWidget):
    """Space ticks what is selected.

    Signals:
        ticked: other names are ticked than before.
    """

    ticked = Signal()

    def __init__(self, session: "Session") -> None:
        super().__init__(0, len(HEADS))
        self.setObjectName("figureTable")
        self.setAccessibleName("Names to take in")
        self.setHorizontalHeaderLabels(list(HEADS))
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setIconSize(QSize(SIDE, SIDE))
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(SIDE + 8)
        head = self.horizontalHeader()
        head.setHighlightSections(False)
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for column in range(len(HEADS)):
            head.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        self._rows: dict[int, int] = {}  # face → row that shows it
        self._names: Sequence[PlannedName] = ()
        self._thumbnails = ThumbnailCache(
            session.runner, partial(load_face_crops, session.library_path), parent=self
        )
        self._thumbnails.ready.connect(self._show_faces)
        self.itemChanged.connect(lambda _item: self.ticked.emit())

    def show_names(self, names: Sequence["PlannedName"]) -> None:
        """Replace all, ticked."""
        self._names = names
        self.blockSignals(True)
        self.setRowCount(len(names))
        self._rows.clear()
        for row, name in enumerate(names):
            for column, words in enumerate((name.name, what_comes(name), whom_it_means(name))):
                item = QTableWidgetItem(words)
                item.setToolTip(words)
                item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
                if not column:
                    item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                    item.setCheckState(Qt.CheckState.Checked)
                self.setItem(row, column, item)
            if name.faces:
                self._rows[name.faces[0]] = row
        self.blockSignals(False)
        self._show_faces()
        if names:
            self.setCurrentCell(0, 0)
        self.ticked.emit()

    def chosen(self) -> list["PlannedName"]:
        """Those that are ticked."""
        return [name for row, name in enumerate(self._names) if self._is_ticked(row)]

    def tick_all(self, *, on: bool) -> None:
        """Tick all names, or none."""
        state = Qt.CheckState.Checked if on else Qt.CheckState.Unchecked
        self.blockSignals(True)
        for row in range(self.rowCount()):
            item = self.item(row, 0)
            if item is not None:
                item.setCheckState(state)
        self.blockSignals(False)
        self.ticked.emit()

    def _is_ticked(self, row: int) -> bool:
        item = self.item(row, 0)
        return item is not None and item.checkState() == Qt.CheckState.Checked

    def _show_faces(self) -> None:
        self.blockSignals(True)  # a picture is no tick
        for face, row in self._rows.items():
            pixmap, item = self._thumbnails.pixmap(face), self.item(row, 0)
            if pixmap is not None and not pixmap.isNull() and item is not None:
                item.setIcon(QIcon(pixmap))
        self.blockSignals(False)


def what_comes(name: "PlannedName") -> str:
    """Such as "34 faces, 2 of them new boxes"."""
    words = counted(name.new, "face")
    extra = []
    if name.boxes:
        extra.append(f"{len(name.boxes):,} drawn")
    if name.guessed:
        extra.append(f"{len(name.guessed):,} without a box")
    return f"{words} ({', '.join(extra)})" if extra else words


def whom_it_means(name: "PlannedName") -> str:
    """Whether the library knows the person."""
    if name.person is None:
        return "somebody new"
    return f"known here, {counted(name.known, 'face')} already so" if name.known else "known here"
