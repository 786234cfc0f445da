"""Threshold, sorting and grouping against slow versions written from their definitions."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opqn_app.opqn.calibration import Calibration
from opqn_app.ui.search.result_order import (
    N_BINS,
    SORTS,
    PhotoKey,
    alikeness,
    count_likely,
    histogram,
    order_rows,
    verdict,
)

KEYS = st.builds(
    PhotoKey,
    photo_id=st.integers(1, 5),
    taken_at=st.sampled_from(["", "2019-01-01", "2020-05-05", "2024-12-31"]),
    folder=st.sampled_from(["a/1.jpg", "a/2.jpg", "b/1.jpg"]),
)
SHARES = st.lists(st.floats(0, 1, width=32), max_size=40)


@given(SHARES, st.integers(0, 100))
def test_likely_faces_are_those_at_or_above_the_threshold(shares: list[float], bar: int) -> None:
    alike = np.sort(np.array(shares, dtype=np.float32))[::-1]
    minimum = np.float32(bar / 100)
    assert count_likely(alike, bar / 100) == sum(share >= minimum for share in alike)


def slow_order(
    n_likely: int, n_shown: int, sort: str, keys: list[PhotoKey], group: bool
) -> tuple[list[int], int]:
    """Walk the ranking; keep the first face of each photo; sort the two halves on their own."""
    halves: tuple[list[int], list[int]] = ([], [])
    photos: set[int] = set()
    for row in range(min(n_shown, len(keys))):
        if group and keys[row].photo_id in photos:
            continue
        photos.add(keys[row].photo_id)
        halves[row >= n_likely].append(row)
    for half in halves:
        if sort == "date":
            half.sort(key=lambda row: keys[row].taken_at, reverse=True)
        elif sort == "folder":
            half.sort(key=lambda row: keys[row].folder)
    return halves[0] + halves[1], len(halves[0])


@given(st.lists(KEYS, max_size=25), st.integers(0, 30), st.sampled_from(list(SORTS)), st.booleans())
def test_order_is_the_one_of_the_definition(
    keys: list[PhotoKey], n_likely: int, sort: str, group: bool
) -> None:
    n_likely = min(n_likely, len(keys))
    rows, cut = order_rows(n_likely, len(keys), sort, keys, group)
    assert (rows.tolist(), cut) == slow_order(n_likely, len(keys), sort, keys, group)


def test_without_keys_the_order_is_the_rankings() -> None:
    rows, cut = order_rows(2, 5, "date", None, True)
    assert rows.tolist() == [0, 1, 2, 3, 4]
    assert cut == 2


@given(SHARES)
def test_histogram_counts_every_face_once(shares: list[float]) -> None:
    counts = histogram(np.array(shares, dtype=np.float32))
    assert len(counts) == N_BINS
    assert counts.sum() == len(shares)


def test_alikeness_is_the_calibrated_probability() -> None:
    scores = np.array([-1.0, 0.0, 3.0], dtype=np.float32)
    expected = [1 / (1 + np.exp(-(2 * s - 1))) for s in (-1.0, 0.0, 3.0)]
    np.testing.assert_allclose(
        alikeness(scores, Calibration(2.0, -1.0), np.ones((1, 8, 4), np.float32)),
        expected,
        rtol=1e-6,
    )


def test_alikeness_without_calibration_runs_from_chance_to_the_best() -> None:
    """Two books of a nearly flat table: a stranger adds 0.25 a book, the best word 0.4."""
    tables = np.array([[[0.4, 0.2, 0.2, 0.2]] * 2], dtype=np.float32)
    scores = np.array([0.0, 0.5, 0.65, 0.8], dtype=np.float32)
    np.testing.assert_allclose(alikeness(scores, None, tables), [0, 0, 0.5, 1], atol=1e-5)


def test_a_flat_table_says_nothing_of_anybody() -> None:
    tables = np.full((2, 3, 5), 0.2, dtype=np.float32)
    scores = np.array([0.6], dtype=np.float32)
    assert alikeness(scores, None, tables) == pytest.approx([0.0], abs=1e-6)


def test_verdict_never_becomes_weaker_with_likeness() -> None:
    words = [verdict(share / 100) for share in range(101)]
    assert words[0] == "Probably someone else"
    assert words[-1] == "Almost certainly the same person"
    assert sum(before != after for before, after in pairwise(words)) == 4
