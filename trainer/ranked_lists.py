"""Rankings to look at: what somebody would see, for a few queries drawn and for the worst."""

import numpy as np
from numpy.typing import NDArray

from opqn_app.opqn import lut
from opqn_app.types import Codes, Floats
from trainer.eval_report import RankedList
from trainer.ranking import Ranking
from trainer.setting import Setting

SHOWN_HITS = 10
SHOWN_QUERIES = 8


def lists_to_show(
    ranking: Ranking, setting: Setting, tables: Floats, codes: Codes
) -> tuple[RankedList, ...]:
    """Half of them drawn by seed, half those that went worst, one for each person."""
    if not len(ranking.rows):
        return ()
    rng = np.random.default_rng(setting.settings.seed)
    drawn = rng.permutation(len(ranking.rows))
    worst = np.argsort(ranking.ap, kind="stable")
    chosen = _one_a_person(drawn, ranking, setting, SHOWN_QUERIES // 2, taken=set())
    taken = {str(setting.query_people[ranking.rows[i]]) for i in chosen}
    chosen += _one_a_person(worst, ranking, setting, SHOWN_QUERIES // 2, taken=taken)
    lists = []
    for place in chosen:
        query = int(ranking.rows[place])
        scores = lut.scores(tables[query], codes)
        if setting.own is not None:
            scores[setting.own[query]] = -np.inf
        best = lut.top_k(scores, min(SHOWN_HITS, ranking.gallery))
        same = setting.gallery_people[best] == setting.query_people[query]
        lists.append(
            RankedList(
                query=int(setting.queries[query]),
                hits=tuple(setting.gallery[best].tolist()),
                is_same=tuple(same.tolist()),
                scores=tuple(scores[best].tolist()),
                ap=float(ranking.ap[place]),
            )
        )
    return tuple(lists)


def _one_a_person(
    order: NDArray[np.intp], ranking: Ranking, setting: Setting, n: int, *, taken: set[str]
) -> list[int]:
    chosen: list[int] = []
    seen = set(taken)
    for place in order:
        person = str(setting.query_people[ranking.rows[place]])
        if person not in seen:
            seen.add(person)
            chosen.append(int(place))
        if len(chosen) == n:
            break
    return chosen
