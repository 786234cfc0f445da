"""Listed pairs are the nearest faces, to the last one."""

import numpy as np
import pytest

from opqn_app.opqn.links import LEAST_SCORE, N_NEAREST
from opqn_app.people import neighbours
from opqn_app.people.neighbours import NOBODY, Listed, nearest_faces
from opqn_app.people.word_sums import WordSums, scaled
from tests.people.grouping_fakes import codes_of_people, result_of, words


@pytest.mark.parametrize("is_joint", [True, False])
def test_each_face_lists_its_nearest(is_joint: bool) -> None:
    sums = WordSums(words(), is_joint=is_joint)
    codes = codes_of_people(3, 200, 1)
    edges = result_of(nearest_faces(codes, sums))
    units = sums.units(codes).astype(np.float64)
    scores = units @ units.T
    expected = set()
    for row in range(200):
        others = [j for j in range(200) if j != row and scores[row, j] >= LEAST_SCORE]
        near = sorted(others, key=lambda j: (-round(scores[row, j], 5), j))[:N_NEAREST]
        expected |= {(min(row, j), max(row, j)) for j in near}
    found = set(zip(edges.first.tolist(), edges.second.tolist(), strict=True))
    assert len(found) == len(edges)
    assert found == expected
    np.testing.assert_allclose(edges.scores, scores[edges.first, edges.second], atol=2e-6, rtol=0)


def test_only_some_ask() -> None:
    sums = WordSums(words(), is_joint=True)
    codes = codes_of_people(3, 60, 2)
    edges = result_of(nearest_faces(codes, sums, asking=np.array([50, 59])))
    assert len(edges)
    assert all(
        b in (50, 59) or a in (50, 59) for a, b in zip(edges.first, edges.second, strict=True)
    )


def test_tables_give_the_products() -> None:
    for is_joint in (True, False):
        sums = WordSums(words(), is_joint=is_joint)
        codes = codes_of_people(4, 10, 3)
        vectors = scaled(sums.sums(codes))
        table = sums.tables(vectors[:1])[0]
        by_table = np.array([table[np.arange(len(code)), code].sum() for code in codes])
        np.testing.assert_allclose(by_table, sums.sums(codes) @ vectors[0], atol=1e-6)


@pytest.mark.parametrize("is_joint", [True, False])
def test_counted_words_give_the_sum_of_all(is_joint: bool) -> None:
    sums = WordSums(words(), is_joint=is_joint)
    codes = codes_of_people(4, 300, 3)
    total = sums.total(codes, sums.lengths(codes))
    np.testing.assert_allclose(total, sums.units(codes).sum(axis=0), atol=1e-4)


def test_lengths_are_those_of_the_codes_that_are_asked_for() -> None:
    sums = WordSums(words(), is_joint=True)
    for seed in (1, 2, 1):
        codes = codes_of_people(4, 9, seed)
        for _ in range(2):
            expected = np.linalg.norm(sums.sums(codes), axis=1)
            np.testing.assert_array_equal(sums.lengths(codes), expected)


@pytest.mark.parametrize("block", [3, 1024])
def test_every_pair_is_told_once(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "BLOCK", block)
    draws = np.random.default_rng(4)
    near = np.full((20, 5), NOBODY, np.int32)
    for row, entries in enumerate(near):
        others = draws.permutation(np.delete(np.arange(20), row))[: draws.integers(6)]
        entries[: len(others)] = others
    scores = draws.random((20, 5)).astype(np.float32)
    within = draws.integers(2, size=20).astype(np.int32)
    listed = {(min(row, other), max(row, other)) for row, entries in enumerate(near.tolist())
              for other in entries if other != NOBODY and within[row] == within[other]}  # fmt: skip
    asked, but = np.arange(20) % 3 == 0, np.arange(20) % 5 == 0
    some = Listed(near, scores, within=within).touching(asked, but=but)
    assert sorted(zip(some.first.tolist(), some.second.tolist(), strict=True)) == sorted(
        pair for pair in listed if asked[list(pair)].any() and not but[list(pair)].any()
    )
    every = Listed(near.copy(), scores.copy(), within=within).all_pairs()
    assert sorted(zip(every.first.tolist(), every.second.tolist(), strict=True)) == sorted(listed)
    for first, second, score in zip(every.first, every.second, every.scores, strict=True):
        told = [
            scores[row, near[row] == other] for row, other in ((first, second), (second, first))
        ]
        assert score in np.concatenate(told)
