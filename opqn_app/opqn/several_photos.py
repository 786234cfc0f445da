"""A query of several photos: tables that find what each photo finds, and how many people they show.

A face scores half by the mean of the photos and half by the photo it resembles most. Each photo's
table, moved half of the way to the mean of all, gives just that as the best of its scores. So a
score is a sum of look-ups still, and what each word adds is known.
"""

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.types import Floats
from opqn_app.opqn import lut
from opqn_app.opqn.links import Doubles, Links, PairEvidence

TO_THE_MEAN = 0.5  # chosen on validation people, see decision 44
MOST_TABLES = 16  # photos that ask on their own; of more those that are least alike
TWO_PEOPLE = 0.005  # below this probability of being one person photos are noticed, decision 44

People = tuple[tuple[int, ...], ...]  # of each person in a query the places of the photos


def combined(tables: Floats) -> Floats:
    """Tables of several photos of one person, of which a face scores the best.

    Args:
        tables: (Q, M, K), one a photo.

    Returns:
        (Q, M, K) snapped, Q at most `MOST_TABLES`.
    """
    assert len(tables), "a query needs a face"
    mean = tables.mean(axis=0, dtype=np.float64)
    alone = tables[_least_alike(tables)].astype(np.float64)
    return lut.snap(alone + TO_THE_MEAN * (mean - alone))


def people_among(features: Floats, links: Links, *, least: float = TWO_PEOPLE) -> People:
    """Which photos of a query show one person, by learned links.

    Photos are joined as faces of a library are, see `opqn_app.people.grouping`, but every pair
    counts, and two groups stay apart only if they are hardly one person: who asks with several
    photos means one person nearly always.

    Args:
        features: (Q, D), of the photos' faces.
        least: probability from which two groups are joined.

    Returns:
        Places of the photos, ascending; the person of the first photo comes first. Of equal
        chances the earlier photos are joined.
    """
    units = features.astype(np.float64)
    sums = units / np.maximum(np.linalg.norm(units, axis=1, keepdims=True), 1e-12)
    best = sums @ sums.T
    groups = [[place] for place in range(len(features))]
    while len(groups) > 1:
        kept, lost = _partners(_chances(sums, best, groups, links), least)
        if not kept:
            break
        for one, other in zip(kept, lost, strict=True):
            groups[one] = sorted(groups[one] + groups[other])
            sums[one] += sums[other]
            best[one] = np.maximum(best[one], best[other])
            best[:, one] = np.maximum(best[:, one], best[:, other])
        stay = [place for place in range(len(groups)) if place not in lost]
        groups = [groups[place] for place in stay]
        sums, best = sums[stay], best[np.ix_(stay, stay)]
    return tuple(tuple(group) for group in groups)


def _chances(sums: Doubles, best: Doubles, groups: list[list[int]], links: Links) -> Doubles:
    """(g, g) that two groups show one person; -1 where they are the same group."""
    sizes = np.array([len(group) for group in groups], np.float64)
    one, other = (each.ravel() for each in np.indices(best.shape))
    mean = (sums @ sums.T) / np.outer(sizes, sizes)
    within = np.sqrt(np.outer(mean.diagonal(), mean.diagonal()))
    likeness = mean / np.maximum(within, 1e-12)
    pairs = PairEvidence(mean.ravel(), likeness.ravel(), best.ravel(), sizes[one], sizes[other])
    chances = links.probability(pairs).reshape(best.shape)
    chances = np.minimum(chances, chances.T)  # products round with the order of their factors
    np.fill_diagonal(chances, -1.0)
    return chances


def _partners(chances: Doubles, least: float) -> tuple[list[int], list[int]]:
    """Groups that pick each other: those that stay, those that come to them."""
    picked = chances.argmax(axis=1)
    rows = np.arange(len(chances))
    likely = chances[rows, picked] >= least
    mutual = rows[likely & (picked[picked] == rows) & (rows < picked)]
    return mutual.tolist(), picked[mutual].tolist()


def _least_alike(tables: Floats) -> NDArray[np.intp]:
    """Places of the tables that ask on their own, ascending."""
    if len(tables) <= MOST_TABLES:
        return np.arange(len(tables))
    flat = tables.reshape(len(tables), -1).astype(np.float64)
    flat -= flat.mean(axis=0)
    away = np.square(flat).sum(axis=1)  # from the mean, then from the nearest that is chosen
    chosen: list[int] = []
    for _ in range(MOST_TABLES):
        chosen.append(int(away.argmax()))
        apart = np.square(flat - flat[chosen[-1]]).sum(axis=1)
        away = apart if len(chosen) == 1 else np.minimum(away, apart)
        away[chosen] = -1.0
    return np.sort(np.array(chosen))
