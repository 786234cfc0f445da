"""Two usual ways of grouping faces, to compare with: DBSCAN and Chinese whispers."""

from collections.abc import Generator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.extras import needed_for
from opqn_app.core.types import Floats
from opqn_app.people.neighbours import Edges

THRESHOLDS = tuple(round(0.30 + 0.02 * i, 2) for i in range(26))  # scores that are tried
LEAST_NEAR = 3  # faces near each other that begin a group of DBSCAN, itself counted
ROUNDS = 30  # of Chinese whispers

Labels = NDArray[np.intp]


def near_graph(vectors: Floats) -> Any:
    """Sparse (n, n) of 1 - score, of the pairs that reach the lowest threshold: what DBSCAN needs.

    Args:
        vectors: (n, D) of length 1.

    Raises:
        ExtraMissing: scikit-learn is not installed.
    """
    with needed_for("Comparing with DBSCAN"):
        from sklearn.neighbors import sort_graph_by_row_values
    return sort_graph_by_row_values(_distances(vectors), warn_when_not_sorted=False)


def dbscan(graph: Any) -> Generator[Labels, None, None]:
    """DBSCAN (Ester et al. 1996) by scikit-learn, at each of `THRESHOLDS`.

    What it calls noise are faces alone.

    Args:
        graph: of `near_graph`.

    Raises:
        ExtraMissing: scikit-learn is not installed.
    """
    with needed_for("Comparing with DBSCAN"):
        from sklearn.cluster import DBSCAN
    for threshold in THRESHOLDS:
        found = DBSCAN(eps=1.0 - threshold, min_samples=LEAST_NEAR, metric="precomputed").fit(graph)
        labels = found.labels_.astype(np.intp)
        alone = labels < 0
        labels[alone] = labels.max(initial=-1) + 1 + np.arange(np.count_nonzero(alone))
        yield labels


def chinese_whispers(edges: Edges, n: int, *, seed: int = 0) -> Generator[Labels, None, None]:
    """Chinese whispers (Biemann 2006) on the listed pairs, at each of `THRESHOLDS`.

    Faces in random order take the group to which most of their neighbours' score belongs, until
    none changes. Of equal groups the one of the lower number wins.
    """
    for threshold in THRESHOLDS:
        yield _whispers(edges, n, threshold, np.random.default_rng(seed))


def _whispers(edges: Edges, n: int, threshold: float, draws: np.random.Generator) -> Labels:
    kept = edges.scores >= threshold
    first, second, scores = edges.first[kept], edges.second[kept], edges.scores[kept]
    own, other = np.concatenate([first, second]), np.concatenate([second, first])
    weights = np.concatenate([scores, scores])
    order = np.argsort(own, kind="stable")
    own, other, weights = own[order], other[order], weights[order]
    starts = np.searchsorted(own, np.arange(n + 1))
    labels = np.arange(n)
    having = np.flatnonzero(np.diff(starts))
    for _ in range(ROUNDS):
        changed = False
        for face in draws.permutation(having).tolist():
            near = slice(starts[face], starts[face + 1])
            names, place = np.unique(labels[other[near]], return_inverse=True)
            best = names[np.bincount(place, weights=weights[near]).argmax()]
            changed |= bool(best != labels[face])
            labels[face] = best
        if not changed:
            break
    return labels


def _distances(vectors: Floats) -> Any:
    from scipy.sparse import csr_matrix

    rows, columns, values = [], [], []
    for start in range(0, len(vectors), 512):
        scores = vectors[start : start + 512] @ vectors.T
        row, column = np.nonzero(scores >= THRESHOLDS[0])
        rows.append(row + start)
        columns.append(column)
        values.append(np.maximum(1.0 - scores[row, column], 0.0))
    n = len(vectors)
    parts = (np.concatenate(part) for part in (rows, columns))
    return csr_matrix((np.concatenate(values), tuple(parts)), shape=(n, n))
