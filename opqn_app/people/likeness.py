"""How surely the faces of one person belong together: learned links, face by face.

`opqn_app.people.grouping` joins groups by the same links. Here nothing is joined: a face is
compared with all the others of its person, and with each of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from opqn_app.core.types import Codes, Floats, Ids
from opqn_app.opqn.face_encoder import FaceEncoder
from opqn_app.opqn.links import Doubles, Links, PairEvidence
from opqn_app.people.coded import Coded
from opqn_app.people.known import NOBODY
from opqn_app.people.word_sums import WordEncoder, WordSums
from opqn_app.store.library import Library

BLOCK = 512  # faces compared at once
FEWEST = 3  # faces from which on one can be told to be unlike the others
MOST_COMPARED = 1024  # of the other faces; of more, as many that are spread evenly


def likeness_of(
    library: Library, face_ids: Sequence[int], encoder: FaceEncoder
) -> dict[int, float]:
    """By face, how likely it and all the others of `face_ids` show one person, 0 to 1.

    There is nothing for a face without a code, for fewer than `FEWEST` faces, and where the model
    has no links.
    """
    coded = _Faces.of(library, face_ids, encoder)
    if coded is None or len(coded.ids) < FEWEST:
        return {}
    found = likeness_to_rest(coded.vectors, coded.links)
    return dict(zip(coded.ids.tolist(), found.tolist(), strict=True))


def nearest_of(
    library: Library, face_id: int, others: Sequence[int], encoder: FaceEncoder, count: int
) -> list[tuple[int, float]]:
    """The faces of `others` that are most like one, and how likely each is the same person."""
    coded = _Faces.of(library, [face_id, *others], encoder)
    if coded is None or face_id not in coded.ids:
        return []
    is_own = coded.ids == face_id
    scores = (coded.vectors @ coded.vectors[is_own][0]).astype(np.float64)
    scores[is_own] = -np.inf
    order = np.lexsort((coded.ids, -scores))[: min(count, len(scores) - 1)]
    chances = likeness_of_pairs(scores[order], coded.links)
    return list(zip(coded.ids[order].tolist(), chances.tolist(), strict=True))


def likeness_to_rest(vectors: Floats, links: Links) -> Doubles:
    """(n,) how likely each face and all the others show one person; 1 for a face alone.

    Args:
        vectors: (n, D) of length 1.
    """
    n = len(vectors)
    if n < 2:
        return np.ones(n)
    total = vectors.sum(0, dtype=np.float64)
    products = vectors.astype(np.float64) @ total
    others = n - 1
    mean = (products - 1.0) / others
    # The mean score within the rest, each face with itself too.
    within = np.maximum((total @ total - 2.0 * products + 1.0) / others**2, 1e-12)
    sizes = np.full(n, float(others))
    best = _best_scores(vectors)
    return links.probability(PairEvidence(mean, mean / np.sqrt(within), best, np.ones(n), sizes))


def likeness_of_pairs(scores: Doubles, links: Links) -> Doubles:
    """How likely two faces show one person, by their score alone."""
    one = np.ones(len(scores))
    return links.probability(PairEvidence(scores, scores, scores, one, one))


@dataclass(frozen=True, slots=True, eq=False)
class _Faces:
    """Faces that have a code, with what their model knows of codes."""

    ids: Ids
    codes: Codes
    sums: WordSums
    links: Links

    @classmethod
    def of(cls, library: Library, face_ids: Sequence[int], encoder: FaceEncoder) -> "_Faces | None":
        if not isinstance(encoder, WordEncoder) or encoder.links is None:
            return None
        with library.snapshot():
            coded = Coded.of(library, encoder.model_id)
        rows = coded.rows(np.unique(np.array(face_ids, np.int64)))
        some = coded.of_rows(rows[rows != NOBODY])
        if not len(some):
            return None
        return cls(some.face_ids, some.codes, WordSums.of(encoder), encoder.links)

    @property
    def vectors(self) -> Floats:
        return self.sums.units(self.codes)


def _best_scores(vectors: Floats) -> Doubles:
    """(n,) the highest score of each face with another one."""
    n = len(vectors)
    compared = np.unique(np.linspace(0, n - 1, min(n, MOST_COMPARED)).astype(np.intp))
    best = np.empty(n)
    for start in range(0, n, BLOCK):
        scores = vectors[start : start + BLOCK] @ vectors[compared].T
        own = compared[None, :] == np.arange(start, start + len(scores))[:, None]
        scores[own] = -1.0
        best[start : start + BLOCK] = scores.max(1)
    return best
