"""Rank faces by the best of several tables, exactly: what a query of several photos asks for."""

from collections.abc import Callable, Sequence

import numpy as np

from opqn_app.core.types import Floats, Ids, Lut
from opqn_app.search.kernels.dispatch import Kernels
from opqn_app.search.ranking import Best, Ranking
from opqn_app.search.segment import Segment


def merged(search: Callable[[Lut, float], Ranking], tables: Floats, limit: int) -> Ranking:
    """The `limit` best by the best of their scores.

    A face among them is among the `limit` best of the table that gives its best score: whoever
    comes before it there comes before it here. So each table is searched alone, from the floor
    that the ones before it have reached.

    Args:
        search: the `limit` best by one table, of at least a score.
        tables: (Q, M, K), snapped each.
    """
    found = search(tables[0], -np.inf)
    for table in tables[1:]:
        floor = float(found.scores[-1]) if 0 < len(found) == limit else -np.inf
        more = search(table, floor)
        ids = np.concatenate([found.face_ids, more.face_ids])
        scores = np.concatenate([found.scores, more.scores])
        order = np.lexsort((-scores, ids))
        ids, scores = ids[order], scores[order]
        is_first = np.append(True, ids[1:] != ids[:-1]) if len(ids) else np.zeros(0, np.bool_)
        best = Best(limit)
        best.offer(ids[is_first], scores[is_first])
        found = best.ranking()
    return found


def all_ranked(
    kernels: Kernels, segments: Sequence[Segment], tables: Floats, best: Best
) -> Ranking:
    """Every face of at least the floor of `best`, each table read once."""
    for segment in segments:
        every = slice(0, len(segment))
        total = np.full(len(segment), -np.inf, np.float32)
        for table in tables:
            scores, _ = kernels.scan(segment, every, table, np.float32(-np.inf))
            np.maximum(total, scores, out=total)
        kept = total >= best.floor
        best.offer(segment.face_ids[kept], total[kept])
    return best.ranking()


def winners(shares: Floats) -> Ids:
    """(n,) the table that gives each face its best score, the first of equal ones.

    Args:
        shares: (Q, n, M): what each word of a face's code adds by each table.
    """
    found: Ids = shares.sum(axis=2, dtype=np.float64).argmax(axis=0)
    return found
