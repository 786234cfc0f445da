"""Grouping once more, written from its definition with sets and loops: for comparison only."""

import math
from collections.abc import Iterable, Mapping
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from opqn_app.opqn.links import Links

Vectors = NDArray[np.float64]
Group = frozenset[int]


def chance(
    one: Group, other: Group, vectors: Vectors, scores: Mapping[Group, float], links: Links
) -> float | None:
    """Probability that two groups show one person; None if none of their faces are listed."""
    listed = [scores[frozenset({a, b})] for a in one for b in other if frozenset({a, b}) in scores]
    if not listed:
        return None
    mean = float(np.mean([vectors[a] @ vectors[b] for a in one for b in other]))
    within = [
        float(np.mean([vectors[a] @ vectors[b] for a in group for b in group]))
        for group in (one, other)
    ]
    c = mean / math.sqrt(within[0] * within[1])
    la, lb = (math.log2(min(len(group), 16)) for group in (one, other))
    odds = (
        links.bias
        + links.likeness * c
        + links.mean * mean
        + links.best * max(listed)
        + links.sizes * (la + lb)
        + links.likeness_sizes * c * (la + lb)
        + links.unlike_sizes * abs(la - lb)
    )
    return 1 / (1 + math.exp(-odds))


def slow_groups(
    vectors: Vectors,
    scores: Mapping[Group, float],
    links: Links,
    least: float,
    *,
    apart: Iterable[Group] = (),
    people: Mapping[int, int] | None = None,
    start: Iterable[Group] | None = None,
    fresh: Iterable[int] | None = None,
) -> set[Group]:
    """Groups as the docstring of `opqn_app.people.grouping` says they come to be."""
    groups = set(start) if start is not None else {frozenset({i}) for i in range(len(vectors))}
    new = set(range(len(vectors)) if fresh is None else fresh)
    is_open = {group for group in groups if group & new}
    forbidden, names = set(apart), people or {}

    def may_join(one: Group, other: Group) -> bool:
        told = {names[face] for face in one | other if face in names}
        pairs = (frozenset({a, b}) for a in one for b in other)
        return len(told) <= 1 and not any(pair in forbidden for pair in pairs)

    while True:
        best: dict[Group, tuple[float, int, Group]] = {}
        for pair in combinations(groups, 2):
            if not is_open.intersection(pair):
                continue
            found = chance(*pair, vectors, scores, links)
            if found is None or found < least or not may_join(*pair):
                continue
            for own, other in (pair, pair[::-1]):
                offer = (-found, min(other), other)
                if own not in best or offer[:2] < best[own][:2]:
                    best[own] = offer
        joined = {
            frozenset({own, other}) for own, (*_, other) in best.items() if best[other][2] == own
        }
        if not joined:
            return groups
        for pair_of_groups in joined:
            one, other = pair_of_groups
            groups -= {one, other}
            groups.add(one | other)
            is_open.add(one | other)
