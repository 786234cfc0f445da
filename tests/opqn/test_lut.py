"""Scoring against brute force in float64: the same ids and the same scores, bit for bit."""

import itertools
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from opqn_app.core.types import Codes, Lut
from opqn_app.opqn import lut


def softmax_table(
    rng: np.random.Generator, m: int, k: int, sharpness: float
) -> NDArray[np.float64]:
    z = rng.normal(size=(m, k)) * sharpness
    e = np.exp(z - z.max(axis=1, keepdims=True))
    table: NDArray[np.float64] = e / e.sum(axis=1, keepdims=True)
    return table


def brute_scores(table: Lut, codes: Codes) -> NDArray[np.float64]:
    out = np.zeros(len(codes))
    for i, code in enumerate(codes.tolist()):
        out[i] = sum(float(table[m, word]) for m, word in enumerate(code))
    return out


def brute_top(scores: NDArray[np.floating], k: int) -> list[int]:
    return sorted(range(len(scores)), key=lambda i: (-float(scores[i]), i))[:k]


@st.composite
def problems(draw: st.DrawFn) -> tuple[Lut, Codes, int]:
    """A snapped table, codes with many equal rows, and a cut-off that may exceed them."""
    m = draw(st.integers(1, 32))
    k = draw(st.sampled_from([1, 2, 3, 16, 255, 256, 257, 512]))
    n = draw(st.integers(0, 80))
    kinds = [np.uint8, np.uint16] if k <= 256 else [np.uint16]
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    sharpness = draw(st.sampled_from([0.0, 0.01, 1.0, 20.0]))
    codes = rng.integers(0, k, (n, m)).astype(draw(st.sampled_from(kinds)))
    if n and draw(st.booleans()):
        codes = codes[rng.integers(0, max(1, n // 4), n)]
    if draw(st.booleans()):
        codes = np.asfortranarray(codes)
    return lut.snap(softmax_table(rng, m, k, sharpness)), codes, draw(st.integers(0, 100))


@given(problems())
@settings(max_examples=150, deadline=None)
def test_search_is_brute_force_in_float64(problem: tuple[Lut, Codes, int]) -> None:
    table, codes, k = problem
    got = lut.scores(table, codes)
    want = brute_scores(table, codes)
    assert got.dtype == np.float32
    assert got.astype(np.float64).tolist() == want.tolist()
    assert lut.top_k(got, k).tolist() == brute_top(want, k)


@given(problems(), st.randoms())
@settings(max_examples=50, deadline=None)
def test_any_order_of_the_books_gives_the_same_bits(
    problem: tuple[Lut, Codes, int], random: "np.random.Generator"
) -> None:
    table, codes, _ = problem
    order = list(range(len(table)))
    random.shuffle(order)
    total = np.zeros(len(codes), dtype=np.float32)
    for m in order:
        total += table[m][codes[:, m]]
    assert total.tobytes() == (lut.scores(table, codes) + np.float32(0)).tobytes()


@given(problems())
@settings(max_examples=50, deadline=None)
def test_contributions_are_the_parts_of_the_score(problem: tuple[Lut, Codes, int]) -> None:
    table, codes, _ = problem
    parts = lut.contributions(table, codes)
    assert parts.shape == codes.shape
    for i, m in itertools.product(range(min(len(codes), 5)), range(len(table))):
        assert parts[i, m] == table[m, codes[i, m]]
    np.testing.assert_array_equal(parts.sum(axis=1), lut.scores(table, codes))


@given(st.integers(1, 32), st.integers(0, 2**32 - 1), st.floats(1e-6, 1e6), st.booleans())
@settings(max_examples=80, deadline=None)
def test_snapping_leaves_room_for_every_sum_and_moves_little(
    m: int, seed: int, size: float, is_signed: bool
) -> None:
    """The largest possible sums need at most 24 bits above the finest bit of any entry."""
    rng = np.random.default_rng(seed)
    table = rng.uniform(-1 if is_signed else 0, 1, (m, 7)) * size
    snapped = lut.snap(table)
    exponent = np.ceil(np.log2(np.abs(table).max()))
    grid = 2.0 ** (exponent + np.ceil(np.log2(m)) - 24)
    steps = snapped.astype(np.float64) / grid
    assert (steps == np.rint(steps)).all()
    assert np.abs(steps).max(axis=1).sum() <= 2**24
    assert np.abs(snapped - table).max() <= grid / 2
    np.testing.assert_array_equal(lut.snap(snapped), snapped)


def test_probabilities_up_to_one_lie_on_the_stated_grid() -> None:
    table = lut.snap(softmax_table(np.random.default_rng(0), 8, 256, 30.0))
    assert table.max() > 0.5
    assert (table * np.float32(2**21) == np.rint(table * np.float32(2**21))).all()


def test_each_query_of_a_stack_is_snapped_on_its_own() -> None:
    rng = np.random.default_rng(1)
    stack = np.stack([softmax_table(rng, 5, 9, s) for s in (0.1, 3.0, 50.0)])
    for one, alone in zip(lut.snap(stack), stack, strict=True):
        np.testing.assert_array_equal(one, lut.snap(alone))


def test_a_table_of_zeros_stays_zero() -> None:
    np.testing.assert_array_equal(lut.snap(np.zeros((3, 4))), np.zeros((3, 4), np.float32))


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_blocks_and_whole_are_the_same(kind: type[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Invariant 15: block limits fall anywhere, also one row after the last full block."""
    rng = np.random.default_rng(7)
    table = lut.snap(softmax_table(rng, 8, 256, 2.0))
    codes = rng.integers(0, 256, (1001, 8)).astype(kind)
    whole = lut.scores(table, codes)
    for block in (1, 7, 500, 1000, 1001, 4096):
        monkeypatch.setattr(lut, "BLOCK", block)
        np.testing.assert_array_equal(lut.scores(table, codes), whole)


@pytest.mark.parametrize(("n_words", "kind"), [(256, np.uint8), (512, np.uint16)])
def test_table_search_is_distance_search_and_a_matrix_product(
    n_words: int, kind: type[Any]
) -> None:
    """Invariant 15: the brute-force distance to each face's words ranks as the table does."""
    m, n = 3, 120
    rng = np.random.default_rng(11)
    books = np.stack([np.linalg.qr(rng.normal(size=(n_words, n_words)))[0] for _ in range(m)])
    table = lut.snap(softmax_table(rng, m, n_words, 3.0))
    codes = rng.integers(0, n_words, (n, m)).astype(kind)
    codes[60:] = codes[:60]
    scores = lut.scores(table, codes)
    soft = [books[j] @ table[j].astype(np.float64) for j in range(m)]
    distance = np.array(
        [sum(((soft[j] - books[j][:, c[j]]) ** 2).sum() for j in range(m)) for c in codes]
    )
    constant = (table.astype(np.float64) ** 2).sum() + m
    assert np.abs(distance - (constant - 2 * scores)).max() < 1e-10
    one_hot = np.zeros((n, m * n_words))
    for i, j in itertools.product(range(n), range(m)):
        one_hot[i, j * n_words + int(codes[i, j])] = 1.0
    product = one_hot @ table.astype(np.float64).ravel()
    np.testing.assert_array_equal(scores, product)
    assert lut.top_k(scores).tolist() == brute_top(-distance.round(9), n)


FEW = st.sampled_from([0.0, -0.0, 0.5, 1.0, -1.0, 2.0, 1e-45, -1e-45, np.inf, -np.inf])
MANY = st.floats(width=32, allow_nan=False)


@pytest.mark.slow
@given(st.lists(FEW, max_size=40) | st.lists(MANY, max_size=40), st.integers(0, 50))
@settings(max_examples=200, deadline=None)
def test_the_best_k_are_the_head_of_the_full_order(values: list[float], k: int) -> None:
    """With few distinct values, so that the cut mostly falls into a tie, and with any floats."""
    row = np.array(values, dtype=np.float32)
    assert lut.top_k(row, k).tolist() == brute_top(row, k)
    assert lut.top_k(row).tolist() == brute_top(row, len(values))


def test_positions_are_int64_for_every_cut() -> None:
    row = np.array([1, 3, 2], dtype=np.float32)
    assert {lut.top_k(row, k).dtype for k in (0, 1, 3, 9, None)} == {np.dtype(np.int64)}


TABLE = np.ones((2, 4), dtype=np.float32)
CODES = np.zeros((3, 2), dtype=np.uint8)


@pytest.mark.parametrize(
    ("table", "codes", "words"),
    [
        (TABLE[0], CODES, "float32"),
        (TABLE.astype(np.float64), CODES, "float32"),
        (TABLE, CODES.astype(np.int64), "uint8 or uint16"),
        (TABLE, CODES[:, :1], "2 books"),
        (TABLE, CODES[0], "2 books"),
        (TABLE, CODES + np.uint8(4), "word 4"),
        (TABLE, CODES + np.uint16(65535), "word 65535"),
        (TABLE.tolist(), CODES, "float32"),
    ],
)
def test_what_does_not_fit_is_refused(table: Lut, codes: Codes, words: str) -> None:
    for function in (lut.scores, lut.contributions):
        with pytest.raises(ValueError, match=words):
            function(table, codes)


@pytest.mark.parametrize(
    "table", [np.ones(3), np.ones((0, 4)), np.ones((3, 0)), np.full((2, 2), np.nan)]
)
def test_a_table_that_is_none_cannot_be_snapped(table: NDArray[np.float64]) -> None:
    with pytest.raises(ValueError, match="table"):
        lut.snap(table)


def test_a_ranking_of_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="one row"):
        lut.top_k(np.ones((2, 2), np.float32), 1)
    with pytest.raises(ValueError, match="float64"):
        lut.top_k(np.ones(2), 1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="-1"):
        lut.top_k(np.ones(2, np.float32), -1)
    with pytest.raises(ValueError, match="not a number"):
        lut.top_k(np.array([1, np.nan], np.float32), 1)


def test_no_faces_score_nothing() -> None:
    none = np.empty((0, 2), dtype=np.uint8)
    assert lut.scores(TABLE, none).shape == (0,)
    assert lut.contributions(TABLE, none).shape == (0, 2)


def test_scoring_needs_no_torch() -> None:
    code = "import sys, opqn_app.opqn.lut; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
