"""Qt's view of a ranking: arrays of ids and scores; records are fetched for what is painted."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from opqn_app.core.types import Floats, Ids
from opqn_app.ui.kit import wording
from opqn_app.ui.kit.tips import plain
from opqn_app.ui.search.result_order import Positions, verdict
from opqn_app.ui.work.jobs import read_library
from opqn_app.ui.work.lane_cache import LaneCache
from opqn_app.ui.work.tasks import TaskRunner

if TYPE_CHECKING:
    from opqn_app.store.records import FaceRecord

RECORDS_KEPT = 6000
RECORDS_A_JOB = 200  # about two screens of small faces: one SELECT

Index = QModelIndex | QPersistentModelIndex

WEAKNESS_WORDS = {
    "small": "The face is small, so the match is less certain.",
    "blurred": "The face is blurred, so the match is less certain.",
    "uncertain": "This may not be a face at all.",
}


class FaceRole:
    """Roles beyond Qt's own."""

    FACE_ID = Qt.ItemDataRole.UserRole + 1
    SCORE = Qt.ItemDataRole.UserRole + 2
    ALIKE = Qt.ItemDataRole.UserRole + 3
    RECORD = Qt.ItemDataRole.UserRole + 4  # FaceRecord, None until it is fetched
    IS_LIKELY = Qt.ItemDataRole.UserRole + 5
    NAME = Qt.ItemDataRole.UserRole + 6  # who it is by the user's word; None where nobody said


class ResultListModel(QAbstractListModel):
    """The rows of a ranking that are shown.

    Args:
        name_of: the name of a face, None where it has none.

    Signals:
        order_changed: rows were replaced; how many are likely.
    """

    order_changed = Signal(int)

    def __init__(
        self,
        runner: TaskRunner,
        library_path: Path,
        parent: QObject | None = None,
        *,
        name_of: Callable[[int], str | None] = lambda _face_id: None,
    ) -> None:
        super().__init__(parent)
        self._name_of = name_of
        self._face_ids: Ids = np.empty(0, dtype=np.int64)
        self._scores: Floats = np.empty(0, dtype=np.float32)
        self._alike: Floats = np.empty(0, dtype=np.float32)
        self._rows: Positions = np.empty(0, dtype=np.int64)
        self.n_likely = 0
        self._records: LaneCache[FaceRecord | None] = LaneCache(
            runner,
            "read",
            lambda ids: load_records(library_path, ids),
            lambda record: record,
            capacity=RECORDS_KEPT,
            batch=RECORDS_A_JOB,
            parent=self,
        )
        self._records.ready.connect(self._on_records)

    def set_ranking(self, face_ids: Ids, scores: Floats, alike: Floats) -> None:
        """Take a new ranking, best first; nothing is shown until `set_rows`."""
        self._records.clear()
        self.beginResetModel()
        self._face_ids, self._scores, self._alike = face_ids, scores, alike
        self._rows, self.n_likely = self._rows[:0], 0
        self.endResetModel()

    def set_rows(self, rows: Positions, n_likely: int) -> None:
        """Show these positions of the ranking; the first `n_likely` rows are the likely ones."""
        if np.array_equal(rows, self._rows) and n_likely == self.n_likely:
            return
        self.beginResetModel()
        self._rows, self.n_likely = rows, n_likely
        self.endResetModel()
        self.order_changed.emit(n_likely)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = index.row()
        if not index.isValid() or row >= len(self._rows):
            return None
        position = int(self._rows[row])
        if role == FaceRole.FACE_ID:
            return int(self._face_ids[position])
        if role == FaceRole.SCORE:
            return float(self._scores[position])
        if role == FaceRole.ALIKE:
            return float(self._alike[position])
        if role == FaceRole.IS_LIKELY:
            return row < self.n_likely
        if role == FaceRole.NAME:
            return self._name_of(int(self._face_ids[position]))
        if role == FaceRole.RECORD:
            return self._records.get(int(self._face_ids[position]))
        if role == Qt.ItemDataRole.DisplayRole:
            return wording.chance(float(self._alike[position]))
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain(self._describe(position, row, is_spoken=False))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._describe(position, row, is_spoken=True)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsDragEnabled if index.isValid() else flags

    def all_ids(self) -> list[int]:
        """The faces of all rows."""
        ids: list[int] = self._face_ids[self._rows].tolist()
        return ids

    def face_ids(self, rows: Sequence[int]) -> list[int]:
        ids: list[int] = self._face_ids[self._rows[np.asarray(rows, np.int64)]].tolist()
        return ids

    def chances(self, face_ids: Sequence[int]) -> dict[int, float]:
        """How likely each of these faces is who was searched for, 0 to 1."""
        at = np.flatnonzero(np.isin(self._face_ids, np.asarray(face_ids, np.int64)))
        return dict(zip(self._face_ids[at].tolist(), self._alike[at].tolist(), strict=True))

    def held(self, face_id: int) -> "FaceRecord | None":
        """The record of a face if it has been read; asks for nothing."""
        return self._records.held(face_id)

    def row_of(self, face_id: int) -> int | None:
        """The row that shows a face, or None."""
        found = np.flatnonzero(self._face_ids[self._rows] == face_id)
        return int(found[0]) if len(found) else None

    def rows_of(self, face_ids: Sequence[int]) -> list[int]:
        """The rows that show these faces, ascending."""
        shown = np.isin(self._face_ids[self._rows], np.asarray(face_ids, np.int64))
        rows: list[int] = np.flatnonzero(shown).tolist()
        return rows

    def _describe(self, position: int, row: int, *, is_spoken: bool) -> str:
        alike = float(self._alike[position])
        record = self._records.held(int(self._face_ids[position]))
        parts = [f"{wording.chance(alike)}: {verdict(alike).lower()}"]
        name = self._name_of(int(self._face_ids[position]))
        if name:
            parts.insert(0, name)
        if is_spoken:
            parts.insert(0, f"Face {row + 1:,} of {len(self._rows):,}")
        else:
            parts.append(f"Score {self._scores[position]:.4f}")
        if record is not None:
            parts.append(record.photo.rel_path)
            parts += [WEAKNESS_WORDS[word] for word in record.quality.weaknesses]
        return (", " if is_spoken else "\n").join(parts)

    def _on_records(self, face_ids: set[int]) -> None:
        # One signal for the whole page: the view repaints what it shows, not each row.
        if len(self._rows):
            self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1))


def load_records(library_path: Path, face_ids: Sequence[int]) -> dict[int, "FaceRecord"]:
    """The records of faces; runs in the "read" lane."""
    return {r.id: r for r in read_library(library_path, lambda lib: lib.faces(face_ids))}
