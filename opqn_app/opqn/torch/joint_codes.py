"""Codes whose words are chosen together: their sum is the whole feature, not a piece of it each.

With separate sub-spaces every book knows a piece of a face and picks its word alone. Here all books
read the whole feature u, and a face's code is the set of words, one of each book, whose sum s says
best what u says (additive quantisation, Babenko and Lempitsky 2014). A query's score, Σ_m q·w_m,
is then q·s, from the same tables as ever. Ranking by q·s is ranking by direction only where all
sums are of one length, so a sum's length is part of the aim:

    aim(s) = u·s / ‖s‖ - λ (‖s‖ - 1)²

Choosing the best set is hard; it is approached by setting one book after the other to its best word
(iterated conditional modes), again from copies in which some words were replaced at random
(iterated local search, Martinez et al. 2016). The replacements are the same for every face, so
a face's code depends on nothing but its feature.

That is to hold to the bit, however many faces are worked on together, and products of matrices
round differently with their sizes. So words of float64, and features with them, are first put on
a grid so coarse that no product or sum of theirs is ever rounded: then no order of adding matters.
"""

import math
from functools import lru_cache

import torch
from torch import Tensor

STEPS = 128  # books that are set in all rounds: a longer code gets fewer rounds
SWEEPS = 2  # times over the books, from every start
COPIES = 16  # in which words are replaced, a round
BLOCK = 64  # faces worked on together: their copies stay in the cache
MANTISSA_BITS = 52  # of float64, one of them left free


@torch.no_grad()
def joint_codes(
    features: Tensor,
    words: Tensor,
    *,
    length_weight: float | None,
    start: Tensor | None = None,
    rounds: int | None = None,
    copies: int = COPIES,
    block: int = BLOCK,
) -> Tensor:
    """The code of each face, its words chosen together.

    Args:
        features: (B, d) of length 1; worked on in the type of the words.
        words: (M, K, d); of float64, lest a code depend on which faces it comes with.
        length_weight: λ of the aim, at least 0; None aims at the smallest ‖u - s‖² instead.
        start: (B, M) codes to better; by default each word is the best for what the words before
            it left over.
        rounds: of replaced words; by default as many as `STEPS` allows.
        copies: with replaced words, each round.
        block: faces at a time; bounds the memory.

    Returns:
        (B, M) int64.
    """
    search = JointSearch(words, length_weight, rounds=rounds, copies=copies)
    return search.codes(features, start=start, block=block)


def sums_of(codes: Tensor, words: Tensor) -> Tensor:
    """s = Σ_m w_m of codes (..., M): (..., d)."""
    total = words[0][codes[..., 0]]
    for book in range(1, len(words)):
        total = total + words[book][codes[..., book]]
    return total


class JointSearch:
    """Words made ready for finding codes; see `joint_codes` for the arguments."""

    @torch.no_grad()
    def __init__(
        self,
        words: Tensor,
        length_weight: float | None,
        *,
        rounds: int | None = None,
        copies: int = COPIES,
    ) -> None:
        self._used = words.abs().amax((0, 1)) > 0  # entries that are 0 in all words add nothing
        words = words[..., self._used]
        self._grid = _grid(words) if words.dtype == torch.float64 else None
        self._words = self._snapped(words).contiguous()  # (M, K, r)
        self._twice = 2 * self._words.transpose(1, 2).contiguous()  # (M, r, K)
        self._squares = self._words.square().sum(-1)  # (M, K)
        self._weight, self._copies = length_weight, copies
        self._rounds = max(1, STEPS // (SWEEPS * len(words)) - 1) if rounds is None else rounds

    @torch.no_grad()
    def codes(self, features: Tensor, *, start: Tensor | None = None, block: int = BLOCK) -> Tensor:
        """(B, d) features of length 1 → (B, M) int64."""
        features = self._snapped(features[:, self._used].to(self._words.dtype))
        parts = [torch.empty((0, len(self._words)), dtype=torch.int64, device=features.device)]
        for first in range(0, len(features), block):
            rows = slice(first, first + block)
            parts.append(self._codes(features[rows], None if start is None else start[rows]))
        return torch.cat(parts)

    def _snapped(self, values: Tensor) -> Tensor:
        return values if self._grid is None else (values / self._grid).round() * self._grid

    def _codes(self, u: Tensor, start: Tensor | None) -> Tensor:
        dots = torch.matmul(u, self._twice)[:, :, None] / 2  # (M, B, 1, K)
        first = self._greedy(u) if start is None else start
        codes, sums = first[:, None].clone(), sums_of(first, self._words)[:, None]
        aim = self._improve(u, dots, codes, sums)
        best, best_aim = codes[:, 0], aim[:, 0]
        n_books, n_words = self._squares.shape
        for number in range(self._rounds):
            books, replaced = _replacements(number, self._copies, n_books, n_words)
            codes = best[:, None].repeat(1, self._copies, 1)
            codes.scatter_(
                2,
                books.to(u.device).expand(len(u), -1, -1),
                replaced.to(u.device).expand(len(u), -1, -1),
            )
            aim = self._improve(u, dots, codes, sums_of(codes, self._words))
            top, place = aim.max(1)
            found = codes[torch.arange(len(u), device=u.device), place]
            is_better = top > best_aim
            best = torch.where(is_better[:, None], found, best)
            best_aim = torch.where(is_better, top, best_aim)
        return best

    def _greedy(self, u: Tensor) -> Tensor:
        left, codes = u, []
        for words, twice, squares in zip(self._words, self._twice, self._squares, strict=True):
            codes.append((left @ twice - squares).argmax(-1))
            left = left - words[codes[-1]]
        return torch.stack(codes, 1)

    def _improve(self, u: Tensor, dots: Tensor, codes: Tensor, sums: Tensor) -> Tensor:
        """Set one book after the other: codes (B, P, M) in place; returns the aims (B, P)."""
        n_faces, n_copies, n_books = codes.shape
        n = n_faces * n_copies
        picked = [each.reshape(n) for each in codes.unbind(-1)]
        sums, aim = sums.reshape(n, -1), sums.new_empty(0)
        for book in [*range(n_books)] * SWEEPS:
            words = self._words[book]
            rest = sums - words.index_select(0, picked[book])  # (n, d)
            squares = rest.square().sum(-1, keepdim=True) + self._squares[book]
            squares.addmm_(rest, self._twice[book])  # ‖rest + w‖², (n, K)
            inner = torch.bmm(rest.view(n_faces, n_copies, -1), u[:, :, None])
            along = dots[book] + inner  # (B, P, K)
            aim, chosen = self._aim(along, squares.view(along.shape)).max(-1)
            picked[book] = chosen.view(n)
            sums = rest + words.index_select(0, picked[book])
        codes.copy_(torch.stack(picked, -1).view(codes.shape))
        return aim

    def _aim(self, along: Tensor, squares: Tensor) -> Tensor:
        """Of sums with u·s `along` and ‖s‖² `squares`; both are used up."""
        if self._weight is None:
            return along.mul_(2).sub_(squares)
        lengths = squares.clamp_min_(1e-6).sqrt_()
        aim = along.div_(lengths)
        return aim.sub_(lengths.sub_(1).square_().mul_(self._weight))


def _grid(words: Tensor) -> float:
    """The finest power of two g on whose multiples float64 never rounds what is computed here.

    Let L be 1 and the length of each book's longest word: no face, no word and no sum of words is
    longer. Every product of entries is a multiple of g², and by Cauchy and Schwarz every partial
    sum of u·s or ‖s‖² is at most L²; so L² / g² ≤ 2^52 keeps them all in the mantissa.
    """
    longest = 1 + float(words.norm(dim=-1).amax(-1).sum())
    return 2.0 ** -math.floor(MANTISSA_BITS / 2 - math.log2(longest))


@lru_cache(maxsize=64)
def _replacements(number: int, copies: int, n_books: int, n_words: int) -> tuple[Tensor, Tensor]:
    """Which books of each copy get which words in a round: two of (1, P, n) int64."""
    generator = torch.Generator().manual_seed(number)
    n_replaced = max(1, n_books // 4)
    books = torch.rand(copies, n_books, generator=generator).argsort(1)[:, :n_replaced]
    replaced = torch.randint(n_words, (copies, n_replaced), generator=generator)
    return books[None], replaced[None]
