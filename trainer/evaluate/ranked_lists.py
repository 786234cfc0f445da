"""Rankings to look at: what somebody would see, for a few queries drawn and for the worst."""

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.types import Codes, Floats
from opqn_app.opqn import lut
from trainer.evaluate.queries_and_gallery import QueriesAndGallery
from trainer.evaluate.ranking import Ranking
from trainer.evaluate.results import RankedList

SHOWN_HITS = 10
SHOWN_QUERIES = 8


def lists_to_show(
    ranking: Ranking, readable: QueriesAndGallery, tables: Floats, codes: Codes
) -> tuple[RankedList, ...]:
    """Half of them drawn by seed, half those that went worst; one for each person in each half."""
    if not len(ranking.rows):
        return ()
    rng = np.random.default_rng(readable.settings.seed)
    drawn = rng.permutation(len(ranking.rows))
    worst = np.argsort(ranking.ap, kind="stable")
    bad = _one_a_person(worst, ranking, readable, SHOWN_QUERIES // 2)
    good = _one_a_person(drawn[~np.isin(drawn, bad)], ranking, readable, SHOWN_QUERIES // 2)
    lists = []
    for place in (*good, *bad):
        query = int(ranking.rows[place])
        scores = lut.scores(tables[query], codes)
        if readable.own is not None:
            scores[readable.own[query]] = -np.inf
        best = lut.top_k(scores, min(SHOWN_HITS, ranking.gallery))
        same = readable.gallery_people[best] == readable.query_people[query]
        lists.append(
            RankedList(
                query=int(readable.queries[query]),
                hits=tuple(readable.gallery[best].tolist()),
                is_same=tuple(same.tolist()),
                scores=tuple(scores[best].tolist()),
                ap=float(ranking.ap[place]),
                is_worst=place in bad,
            )
        )
    return tuple(lists)


def _one_a_person(
    order: NDArray[np.intp], ranking: Ranking, readable: QueriesAndGallery, n: int
) -> list[int]:
    """The first `n` of `order` that show different people."""
    chosen: dict[str, int] = {}
    for place in order:
        if len(chosen) < n:
            person = str(readable.query_people[ranking.rows[place]])
            chosen.setdefault(person, int(place))
    return list(chosen.values())
