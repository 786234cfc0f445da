"""Pairs of two faces that are alone: lists as the library keeps them, in 16 bits."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from opqn_app.people import alone, neighbours
from opqn_app.people.grouping import group_faces
from opqn_app.people.known import NOBODY, Known, Marks
from opqn_app.people.neighbours import Listed, nearest_faces
from opqn_app.people.word_sums import WordSums
from tests.people.grouping_fakes import LINKS, codes_of_people, result_of, words
from tests.people.slow_grouping import slow_groups
from tests.people.test_grouping import as_sets, lists_of_edges

N = 40


@pytest.mark.parametrize("few", [3, 2048])
@pytest.mark.parametrize("started", [False, True], ids=["faces alone", "some groups"])
@pytest.mark.parametrize("seed", range(6))
def test_lists_in_16_bits_give_the_groups_of_the_slow_definition(
    seed: int, started: bool, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alone, "FEW", few)
    monkeypatch.setattr(neighbours, "BLOCK", few)
    sums = WordSums(words(), is_joint=True)
    codes = codes_of_people(6, N, seed)
    lists, steps = in_16_bits(codes, sums)
    photos = np.random.default_rng(seed).permutation(N) // 3
    known = Known.nothing(N)
    known = replace(known, marks=Marks.of_photos(photos, known.people))
    if started:
        start = known.start.copy()
        start[[20, 30]] = 11
        known = replace(known, start=start).fallen_apart()
    labels = result_of(group_faces(codes, sums, lists, LINKS, known, least=0.4))
    apart = [frozenset(pair) for pair in combinations(range(N), 2)
             if photos[pair[0]] == photos[pair[1]]]  # fmt: skip
    assert as_sets(labels) == slow_groups(
        sums.units(codes).astype(np.float64),
        {pair: float(np.float32(step) * np.float32(1 / 65535)) for pair, step in steps.items()},
        LINKS,
        0.4,
        apart=apart,
        start=as_sets(known.start),
    )
    assert len(np.unique(labels)) < N - 4


def in_16_bits(codes: np.ndarray, sums: WordSums) -> tuple[Listed, dict[frozenset[int], int]]:
    edges = result_of(nearest_faces(codes, sums))
    told = lists_of_edges(edges, len(codes))
    steps = np.rint(np.clip(told.scores, 0, 1) * 65535).astype(np.uint16)
    pairs = {
        frozenset({row, int(told.near[row, place])}): int(steps[row, place])
        for row, place in zip(*np.nonzero(told.near != NOBODY), strict=True)
    }
    return Listed(told.near, steps, 1 / 65535), pairs


def test_pairs_leave_once_and_those_that_something_is_against_are_forgotten() -> None:
    sums = WordSums(words(), is_joint=True)
    lists, steps = in_16_bits(codes_of_people(6, N, 1), sums)
    kept = alone.Alone(lists.given_up(), LINKS)
    assert len(kept) == len(steps)
    against = set()
    for likely in kept.likely(0.5):
        assert kept.is_new(likely).all()
        apart = np.arange(len(likely.rows)) % 3 == 0
        kept.settle(likely, apart)
        against |= {frozenset(pair) for pair in pairs_of(likely.of(apart))}
        assert not kept.is_new(likely.of(~apart)).any()
    assert against
    again = {frozenset(pair) for likely in kept.likely(0.0) for pair in pairs_of(likely)}
    assert again == steps.keys() - against
    gone = np.arange(N) < 15
    out = {frozenset(pair): int(score) for edges in kept.leave(gone)
           for pair, score in zip(pairs_of(edges), edges.scores, strict=True)}  # fmt: skip
    assert out == {pair: step for pair, step in steps.items()
                   if pair not in against and min(pair) < 15}  # fmt: skip
    assert len(kept) == len(steps) - len(against) - len(out)


def pairs_of(pairs: object) -> list[tuple[int, int]]:
    first, second = pairs.first.tolist(), pairs.second.tolist()  # type: ignore[attr-defined]
    return list(zip(first, second, strict=True))
