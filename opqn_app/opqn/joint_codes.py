"""Codes whose words are chosen together: their sum is the whole feature, not a piece of it each.

With separate sub-spaces every book knows a piece of a face and picks its word alone. Here all books
read the whole feature u. A face's code is the set of words, one of each book, whose sum s says best
what u says (additive quantisation, Babenko and Lempitsky 2014). A query's score, Σ_m q·w_m, is then
q·s, from the same tables as ever. Ranking by q·s is ranking by direction only where all sums are of
one length, so a sum's length is part of the aim:

    aim(s) = u·s / ‖s‖ - λ (‖s‖ - 1)²

Choosing the best set is hard. It is approached by setting one book after the other to its best word
(iterated conditional modes), again from copies in which some words were replaced at random
(iterated local search, Martinez et al. 2016). The replacements are the same for every face. So a
face's code depends on nothing but its feature.

That is to hold to the bit, however many faces are worked on together, and products of matrices
round differently with their sizes. So words and features are first put on a grid so coarse that no
product or sum of theirs is ever rounded in float64. Then no order of adding matters. For the same
reason the twin of this module for training, `opqn_app.opqn.torch.joint_codes`, gives the same bits.
"""

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

STEPS = 128  # books that are set in all rounds: a longer code gets fewer rounds
SWEEPS = 2  # times over the books, from every start
COPIES = 16  # in which words are replaced, a round
BLOCK = 16  # faces worked on together: their copies stay in the cache
MANTISSA_BITS = 52  # of float64, one of them left free

Doubles = NDArray[np.float64]
Words = NDArray[np.intp]  # of faces or copies, one column a book


class JointSearch:
    """Words made ready for finding codes.

    Args:
        words: (M, K, d) finite, of any float type.
        length_weight: λ of the aim, at least 0.
    """

    def __init__(self, words: NDArray[np.floating[Any]], length_weight: float) -> None:
        wide = np.asarray(words, np.float64)
        self._used = np.abs(wide).max((0, 1)) > 0  # entries that are 0 in all words add nothing
        wide = wide[..., self._used]
        self._grid = grid_of(wide)
        self._words = np.ascontiguousarray(self._snapped(wide))  # (M, K, r)
        self._squares = np.square(self._words).sum(-1)  # (M, K)
        twice = 2 * np.ascontiguousarray(self._words.transpose(0, 2, 1))
        added = np.stack([np.ones_like(self._squares), self._squares], axis=1)
        self._columns = np.concatenate([twice, added], axis=1)  # (M, r + 2, K)
        self._twice = self._columns[:, :-2]  # (M, r, K)
        self._weight = length_weight
        self._rounds = max(1, STEPS // (SWEEPS * len(wide)) - 1)

    def codes(self, features: NDArray[np.floating[Any]]) -> Words:
        """(n, d) features of length 1 → (n, M) words."""
        u = self._snapped(np.asarray(features, np.float64)[:, self._used])
        parts = [np.empty((0, len(self._words)), np.intp)]
        parts += [self._codes(u[first : first + BLOCK]) for first in range(0, len(u), BLOCK)]
        return np.concatenate(parts)

    def _snapped(self, values: Doubles) -> Doubles:
        snapped: Doubles = np.rint(values / self._grid) * self._grid
        return snapped

    def _codes(self, u: Doubles) -> Words:
        n_books, n_words = self._squares.shape
        dots = np.matmul(u, self._twice) / 2  # (M, n, K)
        best = self._greedy(u)
        best_aim = self._improve(u, dots, best[:, None])[:, 0]
        for number in range(self._rounds):
            books, replaced = replacements(number, n_books, n_words)
            codes = np.repeat(best[:, None], COPIES, axis=1)
            codes[:, np.arange(COPIES)[:, None], books] = replaced
            aim = self._improve(u, dots, codes)
            place = aim.argmax(1)[:, None]
            top = np.take_along_axis(aim, place, 1)[:, 0]
            is_better = top > best_aim
            best[is_better] = np.take_along_axis(codes, place[..., None], 1)[is_better, 0]
            best_aim[is_better] = top[is_better]
        return best

    def _greedy(self, u: Doubles) -> Words:
        """Each book's word is the best for what the words before it left over: (n, M)."""
        left = u
        codes = np.empty((len(u), len(self._words)), np.intp)
        for book, (words, twice) in enumerate(zip(self._words, self._twice, strict=True)):
            codes[:, book] = (left @ twice - self._squares[book]).argmax(-1)
            left = left - words[codes[:, book]]
        return codes

    def _improve(self, u: Doubles, dots: Doubles, codes: Words) -> Doubles:
        """Set one book after the other: codes (n, P, M) in place; returns the aims (n, P)."""
        n_faces, n_copies, n_books = codes.shape
        rows = codes.reshape(-1, n_books)  # a view: written through to `codes`
        # Each row is s, without one book's word, then ‖s‖² and 1. Its product with a column, 2w,
        # then 1 and ‖w‖², is ‖s + w‖².
        extended = np.ones((len(rows), len(self._words[0, 0]) + 2))
        sums = extended[:, :-2]
        sums[...] = self._words[np.arange(n_books), rows].sum(1)
        by_face = sums.reshape(n_faces, n_copies, -1)  # a view
        for book in [*range(n_books)] * SWEEPS:
            words = self._words[book]
            sums -= words.take(rows[:, book], 0)
            np.einsum("ij,ij->i", sums, sums, out=extended[:, -2])
            squares = extended @ self._columns[book]  # (n·P, K)
            along = (dots[book][:, None] + by_face @ u[:, :, None]).reshape(squares.shape)
            aim = self._aim(along, squares)
            rows[:, book] = chosen = aim.argmax(-1)
            sums += words.take(chosen, 0)
        best: Doubles = aim[np.arange(len(aim)), chosen].reshape(n_faces, n_copies)
        return best

    def _aim(self, along: Doubles, squares: Doubles) -> Doubles:
        """Of sums with u·s `along` and ‖s‖² `squares`; both are used up."""
        lengths = np.sqrt(np.maximum(squares, 1e-6, out=squares), out=squares)
        along /= lengths
        lengths -= 1
        lengths *= lengths
        lengths *= self._weight
        along -= lengths
        return along


def grid_of(words: Doubles) -> float:
    """The finest power of two g on whose multiples float64 never rounds what is computed here.

    Let L be 1 and the length of each book's longest word: no face, no word and no sum of words is
    longer. Every product of entries is a multiple of g², and by Cauchy and Schwarz every partial
    sum of u·s or ‖s‖² is at most L²; so L² / g² ≤ 2^52 keeps them all in the mantissa.
    """
    longest = 1 + float(np.linalg.norm(words, axis=-1).max(-1).sum())
    return 2.0 ** -math.floor(MANTISSA_BITS / 2 - math.log2(longest))


@lru_cache(maxsize=64)
def replacements(number: int, n_books: int, n_words: int) -> tuple[Words, Words]:
    """Which books of each copy get which words in a round: two of (COPIES, n).

    Codes that are stored were made with torch's generator: a Mersenne twister of which a float32
    takes the lower 24 bits and a whole number the rest of the division by its range.
    """
    draws = np.random.RandomState(number)
    n_replaced = max(1, n_books // 4)
    uniform = (_words_of_32_bits(draws, COPIES * n_books) & 0xFFFFFF).astype(np.float32)
    books = uniform.reshape(COPIES, n_books).argsort(1)[:, :n_replaced]
    replaced = _words_of_32_bits(draws, COPIES * n_replaced) % n_words
    return books, replaced.astype(np.intp).reshape(COPIES, n_replaced)


def _words_of_32_bits(draws: np.random.RandomState, n: int) -> NDArray[np.uint32]:
    return draws.randint(0, 2**32, size=n, dtype=np.uint32)
