"""How surely the faces of one person belong together: learned links, face by face.

`opqn_app.people.grouping` joins groups by the same links. Here nothing is joined: a face is
compared with all the others of its person, with each of them, and parts are shown for cleaning.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.progress import finished
from opqn_app.core.types import Codes, Floats, Ids
from opqn_app.opqn.links import Doubles, Links, PairEvidence
from opqn_app.people.grouping import CERTAIN, Known, group_faces
from opqn_app.people.neighbours import nearest_faces
from opqn_app.people.word_sums import WordSums
from opqn_app.store.library import Library

BLOCK = 512  # faces compared at once
MOST_COMPARED = 1024  # of the other faces; of more, as many that are spread evenly


def codes_of(library: Library, model_id: str, face_ids: Sequence[int]) -> tuple[Ids, Codes]:
    """The faces that have a code of a model, ascending, (n,) and (n, M)."""
    wanted = np.unique(np.array(face_ids, np.int64))
    ids: list[Ids] = []
    codes: list[Codes] = []
    with library.snapshot():
        for segment in library.code_segments(model_id):
            here = np.isin(segment.face_ids, wanted) & ~segment.is_dead
            if here.any():
                ids.append(segment.face_ids[here])
                codes.append(segment.codes[here])
    if not ids:
        return np.empty(0, np.int64), np.empty((0, 1), np.uint8)
    return np.concatenate(ids), np.concatenate(codes)


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


def certain_parts(codes: Codes, sums: WordSums, links: Links) -> list[NDArray[np.intp]]:
    """Faces in parts that nearly never show two people, the largest first.

    Args:
        codes: (n, M).

    Returns:
        Rows of each part, ascending; parts of equal size by their first row.
    """
    edges = finished(nearest_faces(np.arange(len(codes)), codes, sums))
    known = Known.nothing(len(codes))
    labels = finished(group_faces(codes, sums, edges, links, known, least=CERTAIN))
    parts = [np.flatnonzero(labels == name) for name in np.unique(labels)]
    return sorted(parts, key=lambda rows: (-len(rows), rows[0]))


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
