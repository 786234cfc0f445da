"""Groups of faces: equal to the slow definition, and true to what is known."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opqn_app.people.grouping import group_faces
from opqn_app.people.known import BARS, HAS, NOBODY, GroupMarks, Known, Marks
from opqn_app.people.neighbours import Edges, Listed, nearest_faces
from opqn_app.people.word_sums import WordSums
from tests.people.grouping_fakes import LINKS, N_BOOKS, codes_of_people, result_of, words
from tests.people.slow_grouping import slow_groups


def marks_of_pairs(apart: np.ndarray) -> Marks:
    """Of (q, 2) rows of faces that are two people."""
    having, barring = (
        [(row, number) for number, row in enumerate(side)] for side in apart.T.tolist()
    )
    return Marks.of_entries(having, barring, len(apart))


def grouped(
    codes: np.ndarray, sums: WordSums, known: Known, least: float = 0.5
) -> tuple[set[frozenset[int]], Edges]:
    edges = result_of(nearest_faces(codes, sums))
    labels = result_of(group_faces(codes, sums, edges, LINKS, known, least=least))
    return as_sets(labels), edges


def as_sets(labels: np.ndarray) -> set[frozenset[int]]:
    groups = {frozenset(np.flatnonzero(labels == name).tolist()) for name in np.unique(labels)}
    assert all(labels[min(group)] == min(group) for group in groups), "named by the lowest row"
    return groups


@pytest.mark.parametrize("is_joint", [True, False], ids=["added words", "words side by side"])
@pytest.mark.parametrize("seed", range(6))
def test_groups_are_those_of_the_slow_definition(seed: int, is_joint: bool) -> None:
    sums = WordSums(words(), is_joint=is_joint)
    codes = codes_of_people(6, 30, seed)
    photos = np.random.default_rng(seed).integers(12, size=30)
    people = np.full(30, NOBODY, np.int32)
    people[:4] = [0, 1, 0, 1]
    told = np.array([[5, 6], [5, 7], [8, 29]])
    marks = Marks.of_photos(photos, people) + marks_of_pairs(told)
    known = Known(people, np.arange(30, dtype=np.int32), marks)
    apart = [
        (i, j)
        for i, j in combinations(range(30), 2)
        if photos[i] == photos[j] and not {i, j} <= {0, 1, 2, 3}
    ]
    found, edges = grouped(codes, sums, known)
    expected = slow_groups(
        sums.units(codes).astype(np.float64),
        {frozenset({int(a), int(b)}): float(s) for a, b, s in
         zip(edges.first, edges.second, edges.scores, strict=True)},
        LINKS,
        0.5,
        apart=[frozenset(pair) for pair in [*apart, *told.tolist()]],
        people={0: 0, 1: 1, 2: 0, 3: 1},
    )  # fmt: skip
    assert found == expected
    assert len(found) < 30


@pytest.mark.parametrize("listed", [True, False], ids=["lists", "edges"])
@pytest.mark.parametrize("seed", range(8))
def test_what_new_faces_touch_is_looked_at_and_nothing_else(seed: int, listed: bool) -> None:
    """Old groups that no new face comes to stay two, however alike they are."""
    sums = WordSums(words(), is_joint=True)
    codes = codes_of_people(5, 40, seed)
    edges = result_of(nearest_faces(codes, sums))
    start = np.arange(40, dtype=np.int32)
    start[:24] -= start[:24] % 2  # pairs, of whomever
    fresh = np.arange(40) >= 34
    known = replace(Known.nothing(40), start=start)
    source = lists_of_edges(edges, 40) if listed else edges
    labels = result_of(group_faces(codes, sums, source, LINKS, known, least=0.4, fresh=fresh))
    assert as_sets(labels) == slow_groups(
        sums.units(codes).astype(np.float64),
        {frozenset({int(a), int(b)}): float(s) for a, b, s in
         zip(edges.first, edges.second, edges.scores, strict=True)},
        LINKS,
        0.4,
        start=as_sets(start),
        fresh=np.flatnonzero(fresh).tolist(),
    )  # fmt: skip
    assert as_sets(labels) != as_sets(start)


def lists_of_edges(edges: Edges, n: int) -> Listed:
    """Some pairs in the list of one of the two, some in both."""
    near = np.full((n, n), NOBODY, np.int32)
    scores = np.zeros((n, n), np.float32)
    counts = np.zeros(n, np.int64)
    for i, (a, b) in enumerate(zip(edges.first.tolist(), edges.second.tolist(), strict=True)):
        for own, other in [(a, b), (b, a)][i % 3 == 1 : 2 - (i % 3 == 2)]:
            near[own, counts[own]], scores[own, counts[own]] = other, edges.scores[i]
            counts[own] += 1
    return Listed(near, scores)


@given(
    st.lists(st.tuples(st.integers(0, 7), st.integers(0, 3), st.sampled_from([1, 2, 3]))),
    st.lists(st.integers(0, 3), min_size=8, max_size=8),
)
def test_groups_are_apart_where_one_has_a_mark_that_the_other_bars(
    entries: list[tuple[int, int, int]], where: list[int]
) -> None:
    having = [(row, mark) for row, mark, bits in entries if bits & HAS]
    barring = [(row, mark) for row, mark, bits in entries if bits & BARS]
    lowest = {place: where.index(place) for place in where}
    labels = np.array([lowest[place] for place in where], np.int32)
    nobody = np.full(8, NOBODY, np.int32)
    rows, numbers, bits = (np.array([each[i] for each in entries], np.int32) for i in range(3))
    together = Marks(rows, numbers, bits.astype(np.uint8), 4)
    pairs = np.array(list(combinations(sorted(lowest.values()), 2)), np.int32).reshape(-1, 2)
    expected = [
        any(
            (labels[a], labels[b]) in {(one, other), (other, one)} and mark == barred
            for a, mark in having
            for b, barred in barring
        )
        for one, other in pairs.tolist()
    ]
    for marks in (together, Marks.of_entries(having, barring, 4)):
        alone = np.arange(8, dtype=np.int32)
        groups = GroupMarks(marks, nobody, alone)
        groups.are_apart(alone, alone[:1], alone[1:2])
        assert groups.are_apart(labels, pairs[:, 0], pairs[:, 1]).tolist() == expected


def test_two_faces_of_one_photo_are_never_one_group() -> None:
    sums = WordSums(words(), is_joint=True)
    codes = np.repeat(codes_of_people(1, 1, 0), 4, axis=0)  # the same code four times
    alone, _ = grouped(codes, sums, Known.nothing(4))
    assert alone == {frozenset({0, 1, 2, 3})}
    photos = np.array([7, 7, 8, 8])
    nobody = np.full(4, NOBODY, np.int32)
    known = Known(nobody, np.arange(4, dtype=np.int32), Marks.of_photos(photos, nobody))
    found, _ = grouped(codes, sums, known)
    assert len(found) == 2
    assert all(len({int(photos[face]) for face in group}) == len(group) for group in found)


def test_what_is_one_group_stays_one() -> None:
    sums = WordSums(words(), is_joint=True)
    codes = codes_of_people(8, 40, 3)
    start = np.arange(40, dtype=np.int32)
    start[[5, 9, 31]] = 5
    found, _ = grouped(codes, sums, replace(Known.nothing(40), start=start))
    assert any({5, 9, 31} <= group for group in found)


def test_groups_of_parts_hold_whole_parts() -> None:
    sums = WordSums(words(), is_joint=True)
    codes = codes_of_people(8, 60, 4)
    edges = result_of(nearest_faces(codes, sums))
    nothing = Known.nothing(60)
    parts = result_of(group_faces(codes, sums, edges, LINKS, nothing, least=0.95))
    known = replace(nothing, start=parts)
    groups = as_sets(result_of(group_faces(codes, sums, edges, LINKS, known, least=0.5)))
    assert all(any(part <= group for group in groups) for part in as_sets(parts))


@given(
    seed=st.integers(0, 10_000),
    told=st.lists(st.tuples(st.integers(0, 24), st.integers(0, 24)), max_size=12),
    named=st.dictionaries(st.integers(0, 24), st.integers(0, 2), max_size=8),
)
@settings(max_examples=60, deadline=None)
def test_nothing_that_was_told_is_broken(
    seed: int, told: list[tuple[int, int]], named: dict[int, int]
) -> None:
    sums = WordSums(words(), is_joint=True)
    codes = codes_of_people(3, 25, seed)
    apart = np.array([pair for pair in told if pair[0] != pair[1]], np.int64).reshape(-1, 2)
    people = np.full(25, NOBODY, np.int32)
    people[list(named)] = list(named.values())
    start = np.arange(25, dtype=np.int32)
    found, _ = grouped(codes, sums, Known(people, start, marks_of_pairs(apart)), 0.1)
    assert sorted(face for group in found for face in group) == list(range(25))
    for group in found:
        assert not any(set(pair) <= group for pair in apart.tolist())
        assert len({named[face] for face in group if face in named}) <= 1


def test_no_face_and_one_face() -> None:
    sums = WordSums(words(), is_joint=True)
    none = np.empty((0, N_BOOKS), np.uint8)
    assert grouped(none, sums, Known.nothing(0))[0] == set()
    assert grouped(codes_of_people(1, 1, 0), sums, Known.nothing(1))[0] == {frozenset({0})}
