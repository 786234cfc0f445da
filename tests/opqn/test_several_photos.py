"""Several photos as one query: the tables, and how many people are on the photos."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opqn_app.opqn import lut
from opqn_app.opqn.links import Links
from opqn_app.opqn.several_photos import MOST_TABLES, combined, people_among

LINKS = Links(
    bias=-11.4,
    likeness=10.0,
    mean=0.1,
    best=13.2,
    sizes=-0.94,
    likeness_sizes=0.3,
    unlike_sizes=0.34,
)


def test_each_table_lies_half_way_to_the_mean_of_all() -> None:
    tables = np.random.default_rng(0).random((3, 2, 4)).astype(np.float32)
    found = combined(tables)
    for i in range(3):
        for m in range(2):
            for k in range(4):
                mean = sum(float(table[m, k]) for table in tables) / 3
                assert found[i, m, k] == pytest.approx((float(tables[i, m, k]) + mean) / 2)
        assert np.array_equal(lut.snap(found[i]), found[i])


def test_of_many_photos_those_ask_alone_that_are_least_alike() -> None:
    """Twenty copies of one photo are one table; all that differ are there."""
    rng = np.random.default_rng(0)
    same = np.repeat(rng.random((1, 2, 4)), 20, axis=0)
    others = 5 + rng.random((MOST_TABLES - 1, 2, 4))
    tables = np.concatenate([same, others]).astype(np.float32)
    found = combined(tables)
    assert len(found) == MOST_TABLES
    mean = tables.mean(axis=0, dtype=np.float64)
    expected = lut.snap((tables[20:].astype(np.float64) + mean) / 2)
    assert np.array_equal(found[1:], expected)


def people_by_loops(features: np.ndarray, least: float) -> set[tuple[int, ...]]:
    """The same from the definition: means over pairs of photos, one round after the other."""
    units = [row / np.linalg.norm(row) for row in features.astype(np.float64)]

    def mean(one: list[int], other: list[int]) -> float:
        return sum(float(units[i] @ units[j]) for i in one for j in other) / len(one) / len(other)

    def chance(one: list[int], other: list[int]) -> float:
        m = mean(one, other)
        c = m / math.sqrt(mean(one, one) * mean(other, other))
        x = max(float(units[i] @ units[j]) for i in one for j in other)
        a, b = (math.log2(min(len(group), 16)) for group in (one, other))
        odds = LINKS.bias + LINKS.likeness * c + LINKS.mean * m + LINKS.best * x
        odds += LINKS.sizes * (a + b) + LINKS.likeness_sizes * c * (a + b)
        return 1 / (1 + math.exp(-odds - LINKS.unlike_sizes * abs(a - b)))

    groups = [[i] for i in range(len(features))]
    while len(groups) > 1:
        best = []
        for i, group in enumerate(groups):
            others = [(chance(group, o), -j, j) for j, o in enumerate(groups) if j != i]
            best.append(max(others))
        pairs = [
            (i, b[2]) for i, b in enumerate(best) if b[0] >= least and best[b[2]][2] == i > b[2]
        ]
        if not pairs:
            break
        for i, j in sorted(pairs, reverse=True):
            groups[j] = groups[j] + groups[i]
            groups[i] = []
        groups = [group for group in groups if group]
    return {tuple(sorted(group)) for group in groups}


@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 9),
    spread=st.sampled_from([0.3, 0.8, 1.5]),
    least=st.sampled_from([0.001, 0.05, 0.5]),
)
@settings(max_examples=100, deadline=None)
def test_photos_are_joined_as_the_definition_says(
    seed: int, n: int, spread: float, least: float
) -> None:
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((3, 12))
    features = centres[rng.integers(0, 3, n)] + spread * rng.standard_normal((n, 12))
    found = people_among(features.astype(np.float32), LINKS, least=least)
    assert set(found) == people_by_loops(features.astype(np.float32), least)
    assert sorted(place for group in found for place in group) == list(range(n))
    assert [group[0] for group in found] == sorted(group[0] for group in found)


def test_two_people_are_noticed_and_one_is_not() -> None:
    ann, ben = np.eye(8, dtype=np.float32)[:2]
    other = 0.8 * ann + 0.6 * np.eye(8, dtype=np.float32)[2]
    assert people_among(np.stack([ann, ben, other]), LINKS) == ((0, 2), (1,))
    assert people_among(np.stack([ann, other]), LINKS) == ((0, 1),)
    assert people_among(ann[None], LINKS) == ((0,),)
