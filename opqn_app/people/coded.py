"""The faces of a library that a model has codes of, in rows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.types import Codes, Ids
from opqn_app.people.known import NOBODY, SPARSE, Labels
from opqn_app.store.group_table import NONE
from opqn_app.store.library import Library


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """Faces with a code, ids ascending, (n,) and (n, M); none of a deleted photo."""

    face_ids: Ids
    codes: Codes

    @classmethod
    def of(cls, library: Library, model_id: str) -> "Coded":
        """Those of a library; inside a `snapshot`."""
        segments = list(library.code_segments(model_id))
        if not segments:
            return cls(np.empty(0, np.int64), np.empty((0, 1), np.uint8))
        return cls(
            np.concatenate([each.face_ids[~each.is_dead] for each in segments]),
            np.concatenate([each.codes[~each.is_dead] for each in segments]),
        )

    def __len__(self) -> int:
        return len(self.face_ids)

    def of_rows(self, rows: NDArray[np.integer]) -> "Coded":
        """Some of them, ascending."""
        return Coded(self.face_ids[rows], self.codes[rows])

    def rows(self, face_ids: NDArray[np.integer]) -> Labels:
        """The rows of faces; `NOBODY` for those that are not here."""
        if not len(self.face_ids):
            return np.full(face_ids.shape, NOBODY, np.int32)
        last = int(self.face_ids[-1])
        if last < SPARSE * len(self.face_ids):
            table = np.full(last + 2, NOBODY, np.int32)  # what is above the last is nobody
            table[self.face_ids] = np.arange(len(self.face_ids), dtype=np.int32)
            known: Labels = table[np.minimum(face_ids, last + 1)]
            return known
        at = np.minimum(np.searchsorted(self.face_ids, face_ids), len(self.face_ids) - 1)
        found: Labels = np.where(self.face_ids[at] == face_ids, at, NOBODY).astype(np.int32)
        return found


def labels_of(numbers: NDArray[np.integer]) -> Labels:
    """The group of each face, named by its lowest row; those with `NONE` are alone.

    Args:
        numbers: (n,) that faces of one group share.
    """
    labels = np.arange(len(numbers), dtype=np.int32)
    rows = np.flatnonzero(numbers != NONE)
    _, first, place = np.unique(numbers[rows], return_index=True, return_inverse=True)
    labels[rows] = rows[first[place]]
    return labels
