"""The best faces found so far, and the ranking they become: scores descending, ties by face id."""

from dataclasses import dataclass

import numpy as np

from opqn_app.core.types import Floats, Ids
from opqn_app.opqn import lut as lut_scoring

FEW = 2048  # faces up to which one sort by two keys takes less time than the steps of another
PENDING = 128  # faces collected before the best of them are picked again


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """Faces by score descending, equal scores by face id ascending.

    Attributes:
        face_ids: (n,) int64.
        scores: (n,) float32, Eq. 18.
    """

    face_ids: Ids
    scores: Floats

    def __len__(self) -> int:
        return len(self.face_ids)


class Best:
    """The `limit` best of all faces offered, in any order and from any segment.

    Attributes:
        limit: how many; 0 or more.
        floor: faces below it can't be among the best; it only rises.
    """

    def __init__(self, limit: int, floor: float | np.floating = -np.inf) -> None:
        self.floor = np.float32(floor)
        self.limit = limit
        self._ids: list[Ids] = []
        self._scores: list[Floats] = []
        self._waiting = 0

    def offer(self, face_ids: Ids, scores: Floats) -> None:
        """Take in faces, all of at least `floor` as it is now; the scores are copied."""
        if not len(scores):
            return
        self._ids.append(face_ids)
        self._scores.append(scores.copy())
        self._waiting += len(scores)
        if self._waiting >= max(PENDING, 2 * self.limit):
            self.settle()

    def merge(self, other: "Best") -> None:
        """Take in what another search of the same query found elsewhere."""
        for face_ids, scores in zip(other._ids, other._scores, strict=True):
            kept = scores >= self.floor
            self.offer(face_ids[kept], scores[kept])

    def settle(self) -> None:
        """Let go of all but the best, so that `floor` rises as far as it can."""
        if not self._ids:
            ids, scores = np.empty(0, np.int64), np.empty(0, np.float32)
        elif len(self._ids) == 1:
            ids, scores = self._ids[0], self._scores[0]
        else:
            ids, scores = np.concatenate(self._ids), np.concatenate(self._scores)
        if len(scores) > self.limit:
            if self.limit:
                cut = np.partition(scores, len(scores) - self.limit)[len(scores) - self.limit]
                self.floor = max(self.floor, cut)
            ids, scores = _head(ids, scores, self.limit, self.floor)
        self._ids, self._scores, self._waiting = [ids], [scores], len(ids)

    def heap(self) -> Floats:
        """(limit,) the best scores, ascending; -inf for those that are missing."""
        self.settle()
        scores = np.full(self.limit, -np.inf, np.float32)
        found = self._scores[0]
        scores[self.limit - len(found) :] = np.sort(found)
        return scores

    def ranking(self) -> Ranking:
        """The best, ranked."""
        self.settle()
        ids, scores = self._ids[0], self._scores[0]
        if len(ids) <= FEW:
            order = np.lexsort((ids, -scores))
            return Ranking(ids[order], scores[order])
        if np.any(ids[1:] < ids[:-1]):
            order = np.argsort(ids)
            ids, scores = ids[order], scores[order]
        best = lut_scoring.top_k(scores)
        return Ranking(ids[best], scores[best])


def _head(ids: Ids, scores: Floats, limit: int, floor: np.float32) -> tuple[Ids, Floats]:
    """The `limit` best, unordered; of those tied at the floor the smallest ids."""
    kept = scores >= floor
    ids, scores = ids[kept], scores[kept]
    if len(ids) <= limit:
        return ids, scores
    above = scores > floor
    n_tied = max(limit - np.count_nonzero(above), 0)
    tied = np.sort(ids[~above])[:n_tied]
    kept_ids = np.concatenate([ids[above][:limit], tied])
    return kept_ids, np.concatenate([scores[above][:limit], np.full(len(tied), floor, np.float32)])
