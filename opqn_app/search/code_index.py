"""Every code of one model in memory, searched exactly: a ranking is the ranking, not most of it."""

from dataclasses import dataclass

import numpy as np

from opqn_app.library.library import Library
from opqn_app.opqn import lut as lut_scoring
from opqn_app.types import Codes, Floats, Ids, Lut


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

    def at_least(self, min_score: float) -> "Ranking":
        """The head of the ranking down to `min_score`; moving a threshold needs no new search."""
        n = int(np.searchsorted(-self.scores, -np.float32(min_score), side="right"))
        return Ranking(self.face_ids[:n], self.scores[:n])


class CodeIndex:
    """Codes and face ids of one model; never changed after `load`, so threads may share it.

    Attributes:
        revision: of the library when it was loaded.
    """

    def __init__(self, model_id: str, revision: int, face_ids: Ids, codes: Codes) -> None:
        """Index faces; ids ascending, codes (N, M) in the same order."""
        assert len(face_ids) == len(codes), "one code a face"
        self.model_id = model_id
        self.revision = revision
        self._face_ids = face_ids
        # Scoring reads one book at a time: each is one contiguous run of N words.
        self._codes = np.asfortranarray(codes)
        self._face_ids.flags.writeable = False
        self._codes.flags.writeable = False

    @classmethod
    def load(cls, library: Library, model_id: str) -> "CodeIndex":
        """Read all live codes of a model; empty if the library has none."""
        with library.snapshot():
            revision = library.revision
            segments = list(library.code_segments(model_id))
        live = [~segment.is_dead for segment in segments]
        parts = zip(segments, live, strict=True)
        if not segments:
            return cls(model_id, revision, np.empty(0, np.int64), np.empty((0, 0), np.uint8))
        ids = np.concatenate([s.face_ids[keep] for s, keep in parts]).astype(np.int64)
        codes = _columns([s.codes[keep] for s, keep in zip(segments, live, strict=True)])
        if np.any(ids[1:] <= ids[:-1]):
            order = np.argsort(ids, kind="stable")
            ids, codes = ids[order], np.asfortranarray(codes[order])
        return cls(model_id, revision, ids, codes)

    def __len__(self) -> int:
        return len(self._face_ids)

    def is_stale(self, library: Library) -> bool:
        """True if the library has changed since `load`."""
        return library.revision != self.revision

    def search(
        self, lut: Lut, *, limit: int | None = None, min_score: float | None = None
    ) -> Ranking:
        """Rank faces against a query's table.

        Args:
            lut: (M, K), snapped.
            limit: at most so many faces; None for all.
            min_score: leave faces below it out.
        """
        if not len(self):
            return Ranking(np.empty(0, np.int64), np.empty(0, np.float32))
        scores = lut_scoring.scores(lut, self._codes)
        if min_score is None:
            order = lut_scoring.top_k(scores, limit)
            return Ranking(self._face_ids[order], scores[order])
        kept = np.flatnonzero(scores >= np.float32(min_score))
        order = kept[lut_scoring.top_k(scores[kept], limit)]
        return Ranking(self._face_ids[order], scores[order])

    def contributions(self, lut: Lut, face_ids: Ids) -> Floats:
        """(n, M): what each sub-space adds to the score of each face.

        Raises:
            KeyError: a face that is not in the index.
        """
        wanted = np.asarray(face_ids, dtype=np.int64)
        if not len(wanted):
            return np.empty((0, len(lut)), np.float32)
        at = np.searchsorted(self._face_ids, wanted)
        at = np.minimum(at, len(self) - 1)
        if not len(self) or np.any(self._face_ids[at] != wanted):
            raise KeyError("a face is not in the index")
        return lut_scoring.contributions(lut, self._codes[at])


def _columns(parts: list[Codes]) -> Codes:
    """The parts below each other, each book contiguous."""
    codes = np.empty((sum(map(len, parts)), parts[0].shape[1]), parts[0].dtype, order="F")
    start = 0
    for part in parts:
        codes[start : start + len(part)] = part
        start += len(part)
    return codes
