"""Codes of words chosen together, against loops over all codes written from the aim, in float64."""

import itertools
import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from opqn_app.opqn.torch.joint_codes import joint_codes, sums_of

pytestmark = pytest.mark.slow

WEIGHTS = (None, 0.0, 0.5, 2.0)
SIZES = [(2, 6, 4), (3, 4, 5), (4, 4, 6), (5, 3, 6)]  # M, K, d: few enough codes to try them all


def some_words(n_books: int, n_words: int, d: int, *, seed: int = 0) -> Tensor:
    """Words whose sums are about as long as a face, some longer and some shorter."""
    generator = torch.Generator().manual_seed(seed)
    words = torch.randn(n_books, n_words, d, generator=generator, dtype=torch.float64)
    return words / math.sqrt(n_books * d)


def some_faces(n: int, d: int, *, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(1000 + seed)
    return F.normalize(torch.randn(n, d, generator=generator, dtype=torch.float64), dim=-1)


def slow_sum(code: list[int], words: list[list[list[float]]]) -> list[float]:
    """s = Σ_m w_m, entry by entry."""
    picked = [words[m][k] for m, k in enumerate(code)]
    return [sum(entries) for entries in zip(*picked, strict=True)]


def slow_aim(u: list[float], s: list[float], weight: float | None) -> float:
    """u·s / ‖s‖ - λ (‖s‖ - 1)², or -‖u - s‖²; a sum of nothing points nowhere."""
    if weight is None:
        return -sum((a - b) ** 2 for a, b in zip(u, s, strict=True))
    length = math.sqrt(sum(b * b for b in s))
    along = sum(a * b for a, b in zip(u, s, strict=True))
    return (along / length if length else 0.0) - weight * (length - 1) ** 2


def aims(codes: Tensor, faces: Tensor, words: Tensor, weight: float | None) -> list[float]:
    plain = words.tolist()
    pairs = zip(faces.tolist(), codes.tolist(), strict=True)
    return [slow_aim(u, slow_sum(code, plain), weight) for u, code in pairs]


def best_codes(faces: Tensor, words: Tensor, weight: float | None) -> Tensor:
    """The best of all K^M codes of each face, by trying them."""
    n_books, n_words, _ = words.shape
    plain = words.tolist()
    every = [list(code) for code in itertools.product(range(n_words), repeat=n_books)]
    sums = [slow_sum(code, plain) for code in every]
    best = []
    for u in faces.tolist():
        reached = [slow_aim(u, s, weight) for s in sums]
        best.append(every[reached.index(max(reached))])
    return torch.tensor(best)


def greedy_code(u: list[float], words: list[list[list[float]]]) -> list[int]:
    """Each word the nearest to what the words before it left over."""
    left, code = list(u), []
    for book in words:
        apart = [sum((a - b) ** 2 for a, b in zip(left, w, strict=True)) for w in book]
        code.append(apart.index(min(apart)))
        left = [a - b for a, b in zip(left, book[code[-1]], strict=True)]
    return code


def slow_sweeps(code: list[int], u: list[float], words: Tensor, weight: float | None) -> list[int]:
    """Twice over the books: each gets the word that is best beside the others' words."""
    plain, code = words.tolist(), list(code)
    for _ in range(2):
        for m, book in enumerate(plain):
            tried = [[*code[:m], k, *code[m + 1 :]] for k in range(len(book))]
            reached = [slow_aim(u, slow_sum(t, plain), weight) for t in tried]
            code = tried[reached.index(max(reached))]
    return code


def test_a_sum_is_that_of_one_word_of_each_book() -> None:
    words = some_words(4, 5, 3)
    codes = torch.randint(5, (2, 7, 4), generator=torch.Generator().manual_seed(1))
    sums = sums_of(codes, words)
    for i, j in itertools.product(range(2), range(7)):
        expected = torch.tensor(slow_sum(codes[i, j].tolist(), words.tolist())).double()
        torch.testing.assert_close(sums[i, j], expected, rtol=0, atol=1e-7)


@pytest.mark.parametrize("weight", [*WEIGHTS, 50.0])
def test_with_one_book_the_word_is_the_best_by_the_aim(weight: float | None) -> None:
    """Nothing to search here: this pins down the aim itself."""
    for seed in range(5):
        words, faces = some_words(1, 12, 3, seed=seed), some_faces(20, 3, seed=seed)
        codes = joint_codes(faces, words, length_weight=weight)
        assert torch.equal(codes, best_codes(faces, words, weight))


@pytest.mark.parametrize("weight", WEIGHTS)
@pytest.mark.parametrize(
    ("n_books", "n_words", "d"),
    [SIZES[0], *(pytest.param(*size, marks=pytest.mark.slow) for size in SIZES[1:])],
)
def test_the_best_of_all_codes_is_nearly_always_found(
    n_books: int, n_words: int, d: int, weight: float | None
) -> None:
    """In at least 94 of 100 cases, and what is found instead is nearly as good."""
    found = 0
    for seed in range(10):
        words = some_words(n_books, n_words, d, seed=seed)
        faces = some_faces(10, d, seed=seed)
        codes = joint_codes(faces, words, length_weight=weight)
        reached = aims(codes, faces, words, weight)
        best = aims(best_codes(faces, words, weight), faces, words, weight)
        for ours, optimum in zip(reached, best, strict=True):
            found += ours >= optimum - 1e-9
            assert ours > optimum - 0.3
    assert found >= 94


@pytest.mark.parametrize("weight", WEIGHTS)
def test_without_replaced_words_it_is_two_sweeps_from_the_greedy_code(
    weight: float | None,
) -> None:
    words, faces = some_words(5, 6, 7), some_faces(30, 7)
    codes = joint_codes(faces, words, length_weight=weight, rounds=0)
    for u, code in zip(faces.tolist(), codes.tolist(), strict=True):
        assert code == slow_sweeps(greedy_code(u, words.tolist()), u, words, weight)


def test_replaced_words_help() -> None:
    """More rounds go on from what fewer found, so no face gets worse; many get better."""
    words, faces = some_words(6, 16, 12), some_faces(100, 12)
    by_rounds = [
        aims(joint_codes(faces, words, length_weight=2.0, rounds=n, copies=2), faces, words, 2.0)
        for n in (0, 1, 2, 3, 12)
    ]
    for fewer, more in itertools.pairwise(by_rounds):
        assert all(b >= a - 1e-9 for a, b in zip(fewer, more, strict=True))
    better = sum(b > a + 1e-9 for a, b in zip(by_rounds[0], by_rounds[-1], strict=True))
    assert better > 25


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(
    sizes=st.tuples(st.integers(1, 5), st.integers(2, 6), st.integers(1, 6)),
    weight=st.none() | st.floats(0, 8),
    seed=st.integers(0, 2**16),
    scale=st.sampled_from([0.3, 1.0, 3.0]),
    is_coarse=st.booleans(),  # entries of few values: equal aims, sums of length 0
)
def test_no_code_is_worse_than_the_greedy_one(
    sizes: tuple[int, int, int], weight: float | None, seed: int, scale: float, is_coarse: bool
) -> None:
    words, faces = some_words(*sizes, seed=seed) * scale, some_faces(5, sizes[2], seed=seed)
    if is_coarse:
        words = (words * 2).round() / 2
    codes = joint_codes(faces, words, length_weight=weight)
    assert codes.dtype == torch.int64
    assert codes.min() >= 0
    assert codes.max() < sizes[1]
    greedy = torch.tensor([greedy_code(u, words.tolist()) for u in faces.tolist()])
    reached, before = aims(codes, faces, words, weight), aims(greedy, faces, words, weight)
    assert all(b >= a - 1e-9 for a, b in zip(before, reached, strict=True))


@pytest.mark.parametrize("weight", WEIGHTS)
def test_a_start_never_gets_worse(weight: float | None) -> None:
    words, faces = some_words(4, 8, 6), some_faces(60, 6)
    start = torch.randint(8, (60, 4), generator=torch.Generator().manual_seed(2))
    given = start.clone()
    codes = joint_codes(faces, words, length_weight=weight, start=start, rounds=1, copies=2)
    assert torch.equal(start, given)
    before, after = aims(start, faces, words, weight), aims(codes, faces, words, weight)
    assert all(b >= a - 1e-9 for a, b in zip(before, after, strict=True))
    assert sum(b > a + 0.1 for a, b in zip(before, after, strict=True)) > 50


@pytest.mark.parametrize("weight", WEIGHTS)
def test_the_best_code_stays_when_it_is_the_start(weight: float | None) -> None:
    words, faces = some_words(3, 5, 5), some_faces(30, 5)
    best = best_codes(faces, words, weight)
    codes = joint_codes(faces, words, length_weight=weight, start=best)
    assert torch.equal(codes, best)


@pytest.mark.slow
@pytest.mark.parametrize("weight", [None, 2.0])
def test_a_code_does_not_depend_on_the_company_or_the_block(weight: float | None) -> None:
    words, faces = some_words(6, 16, 24), some_faces(70, 24)
    together = joint_codes(faces, words, length_weight=weight)
    alone = [joint_codes(face[None], words, length_weight=weight) for face in faces]
    assert torch.equal(torch.cat(alone), together)
    backwards = joint_codes(faces.flip(0), words, length_weight=weight)
    assert torch.equal(backwards.flip(0), together)
    for block in (1, 7, 70):
        assert torch.equal(joint_codes(faces, words, length_weight=weight, block=block), together)


def even_words_and_faces(n: int, scale: float) -> tuple[Tensor, Tensor]:
    """Of few values, and so with very many equal aims, and none that a binary number holds."""
    generator = torch.Generator().manual_seed(5)
    words = torch.randint(-2, 3, (6, 16, 24), generator=generator).double() * scale / 3
    faces = torch.randint(-1, 2, (n, 24), generator=generator).double()
    return words, F.normalize(faces, dim=-1)


@pytest.mark.parametrize("weight", [None, 2.0])
@pytest.mark.parametrize(
    "scale", [1.0, *(pytest.param(scale, marks=pytest.mark.slow) for scale in (0.1, 50.0))]
)
def test_no_order_of_adding_changes_a_code(weight: float | None, scale: float) -> None:
    """Another number of faces, threads or another processor adds in another order."""
    words, faces = even_words_and_faces(200, scale)
    order = torch.randperm(24, generator=torch.Generator().manual_seed(6))
    codes = joint_codes(faces, words, length_weight=weight)
    turned = joint_codes(faces[:, order], words[..., order], length_weight=weight)
    assert torch.equal(codes, turned)
    for some in (slice(0, 1), slice(3, 5), slice(100, 200)):
        assert torch.equal(joint_codes(faces[some], words, length_weight=weight), codes[some])


def test_a_start_is_cut_into_the_same_blocks_as_the_faces() -> None:
    words, faces = some_words(4, 8, 6), some_faces(20, 6)
    start = torch.randint(8, (20, 4), generator=torch.Generator().manual_seed(3))
    whole = joint_codes(faces, words, length_weight=2.0, start=start, rounds=0)
    cut = joint_codes(faces, words, length_weight=2.0, start=start, rounds=0, block=6)
    assert torch.equal(whole, cut)
    assert not torch.equal(whole, joint_codes(faces, words, length_weight=2.0, rounds=0))


def test_the_seed_of_others_neither_matters_nor_changes() -> None:
    words, faces = some_words(6, 16, 12), some_faces(40, 12)
    torch.manual_seed(1)
    first, drawn = joint_codes(faces, words, length_weight=2.0), torch.rand(3)
    torch.manual_seed(1)
    assert torch.equal(drawn, torch.rand(3))
    torch.manual_seed(2)
    assert torch.equal(joint_codes(faces, words, length_weight=2.0), first)


def test_entries_that_no_word_has_do_not_matter() -> None:
    """A head uses fewer features than it has; the others of its words are 0."""
    words, faces = some_words(4, 8, 6), some_faces(40, 6)
    padded = torch.cat([words[..., :2], torch.zeros(4, 8, 3).double(), words[..., 2:]], dim=-1)
    more = torch.cat([faces[:, :2], some_faces(40, 3) * 5, faces[:, 2:]], dim=-1)
    for weight in WEIGHTS:
        assert torch.equal(
            joint_codes(more, padded, length_weight=weight),
            joint_codes(faces, words, length_weight=weight),
        )


@pytest.mark.slow
def test_the_weight_trades_direction_for_length() -> None:
    words, faces = some_words(4, 16, 8) * 1.5, some_faces(200, 8)
    cosines, astray = [], []
    for weight in (0.0, 1.0, 20.0):
        sums = sums_of(joint_codes(faces, words, length_weight=weight), words)
        cosines.append(float(F.cosine_similarity(sums, faces).mean()))
        astray.append(float((sums.norm(dim=-1) - 1).abs().mean()))
    assert cosines[0] > cosines[1] > cosines[2]
    assert astray[0] > 2 * astray[1] > 4 * astray[2]


def test_no_faces_give_no_codes() -> None:
    codes = joint_codes(torch.empty(0, 6), some_words(4, 8, 6).float(), length_weight=2.0)
    assert codes.shape == (0, 4)
    assert codes.dtype == torch.int64
