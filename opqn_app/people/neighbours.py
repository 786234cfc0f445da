"""Near faces of each face, as the search ranks them: by sums of words that are not scaled."""

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.types import Codes, Floats, Ids
from opqn_app.opqn.links import LEAST_SCORE, N_NEAREST
from opqn_app.people.word_sums import WordSums, scaled
from opqn_app.search.code_index import CodeIndex

AT_ONCE = 64  # faces whose tables are made together

Rows = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """Listed pairs of faces, by their rows: (e,) each, `first` < `second`, each pair once.

    Attributes:
        scores: products of the faces' vectors, both of length 1.
    """

    first: Rows
    second: Rows
    scores: Floats

    def __len__(self) -> int:
        return len(self.scores)


def nearest_faces(
    face_ids: Ids, codes: Codes, sums: WordSums, *, asking: NDArray[np.intp] | None = None
) -> Generator[int, None, Edges]:
    """List the `N_NEAREST` nearest faces of each with a score of at least `LEAST_SCORE`.

    Args:
        face_ids: (n,) ascending.
        codes: (n, M).
        asking: rows of the faces whose neighbours are listed; by default all of them.

    Yields:
        How many faces have asked, now and then.

    Returns:
        Each pair once, also where both faces list each other.
    """
    index = CodeIndex.of_codes("", np.arange(len(face_ids), dtype=np.int64), codes)
    index.prepare()
    lengths = sums.lengths(codes)
    rows = np.arange(len(codes)) if asking is None else asking
    least = LEAST_SCORE * float(lengths.min(initial=1.0))
    lists = []
    for start in range(0, len(rows), AT_ONCE):
        few = rows[start : start + AT_ONCE]
        tables = sums.tables(scaled(sums.sums(codes[few])))
        for row, table in zip(few.tolist(), tables, strict=True):
            found = index.search(table, limit=N_NEAREST + 1, min_score=least, threads=1)
            lists.append(_listed(row, found.face_ids, found.scores / lengths[found.face_ids]))
        yield start + len(few)
    return _joined(lists, len(codes))


def _listed(row: int, found: Ids, scores: Floats) -> tuple[Rows, Rows, Floats]:
    kept = (found != row) & (scores >= LEAST_SCORE)
    others = found[kept][:N_NEAREST].astype(np.int32)
    own = np.full(len(others), row, np.int32)
    return np.minimum(own, others), np.maximum(own, others), scores[kept][:N_NEAREST]


def _joined(lists: list[tuple[Rows, Rows, Floats]], n: int) -> Edges:
    if not lists:
        return Edges(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.float32))
    first, second, scores = (np.concatenate(part) for part in zip(*lists, strict=True))
    keys = first.astype(np.int64) * n + second
    _, once = np.unique(keys, return_index=True)
    return Edges(first[once], second[once], scores[once])
