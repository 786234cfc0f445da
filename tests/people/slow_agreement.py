"""The figures of two models once more, by loops, sets and signs: for comparison only."""

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import product

import numpy as np


def slow_ranking(vectors: np.ndarray, people: Sequence[int]) -> dict[int, tuple[bool, float]]:
    """Row → is the nearest of the same person, average precision; strangers first among equals."""
    found = {}
    for row, person in enumerate(people):
        others = [i for i in range(len(people)) if i != row]
        if person not in [people[i] for i in others]:
            continue
        scores = vectors[[row]] @ vectors.T
        order = sorted(others, key=lambda i: (-scores[0, i], people[i] == person, i))
        hits = [people[i] == person for i in order]
        precisions = [sum(hits[: k + 1]) / (k + 1) for k, hit in enumerate(hits) if hit]
        found[row] = hits[0], sum(precisions) / len(precisions)
    return found


def slow_chance(differences: Sequence[float]) -> float:
    """Share of all ways to flip signs whose sum is at least as far from 0."""
    sums = [
        abs(math.fsum(sign * value for sign, value in zip(signs, differences, strict=True)))
        for signs in product((1, -1), repeat=len(differences))
    ]
    return sum(each >= abs(math.fsum(differences)) - 1e-9 for each in sums) / len(sums)


def groups_of(labels: Iterable[int]) -> list[frozenset[int]]:
    found: dict[int, set[int]] = {}
    for row, label in enumerate(labels):
        found.setdefault(label, set()).add(row)
    return [frozenset(rows) for rows in found.values()]


def slow_agreement(
    old: Sequence[int], new: Sequence[int], decided: Iterable[int]
) -> tuple[float, int, int]:
    """Mean share of company, groups that are joined, groups that are cut."""
    before, after = groups_of(old), groups_of(new)
    shares = []
    for row in range(len(old)):
        (one,) = [group for group in before if row in group]
        (two,) = [group for group in after if row in group]
        if row not in set(decided) and len(one) + len(two) > 2:
            shares.append(len(one & two) / len(one | two))
    free = [
        [group for group in groups if len(group) > 1 and not group & set(decided)]
        for groups in (before, after)
    ]
    joined = [g for g in free[1] if sum(len(g & part) > 1 for part in free[0]) > 1]
    cut = [g for g in free[0] if sum(len(g & part) > 1 for part in free[1]) > 1]
    return sum(shares) / len(shares) if shares else 1.0, len(joined), len(cut)


def slow_taken(
    labels: Sequence[int], owner: Mapping[int, int], faces: Sequence[int]
) -> dict[int, set[int]]:
    """Person → faces without an owner that share a group with a face of that person."""
    found: dict[int, set[int]] = {}
    for group in groups_of(labels):
        ids = {faces[row] for row in group}
        for face in ids & owner.keys():
            found.setdefault(owner[face], set()).update(ids - owner.keys())
    return {person: ids for person, ids in found.items() if ids}
