"""Codes of bits: what all methods share that rank by Hamming distance.

A bit is a book of two words: word 1 where the hash layer's output h is above 0, word 0 elsewhere.
Both sides of a comparison are bits, so a score counts the bits that agree: L less the Hamming
distance. Equal scores are then common; the figures take them in random order.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from opqn_app.core.errors import SettingsError
from opqn_app.opqn.config import OpqnConfig
from trainer.method.method import NotForTheApp

DRAWN_WITH = 0  # seed of targets: one set for all runs, so that seeds vary the weights alone


class HashLayer(nn.Module):
    """A linear layer from features to L outputs, with batch normalisation where a method has it.

    Raises:
        SettingsError: the books don't have two words.
    """

    def __init__(self, sizes: OpqnConfig, *, is_normalised: bool) -> None:
        super().__init__()
        if sizes.n_words != 2:
            reason = f"{sizes.n_words} words are no bit; give --words 2 with --num"
            raise SettingsError("method.n_words", reason)
        self.n_books, self.n_words = sizes.n_books, 2
        self.linear = nn.Linear(sizes.feature_dim, sizes.n_books, bias=not is_normalised)
        self.norm = nn.BatchNorm1d(sizes.n_books) if is_normalised else nn.Identity()

    def outputs(self, x: Tensor) -> Tensor:
        """h: (B, D) → (B, L)."""
        out: Tensor = self.norm(self.linear(x))
        return out

    def sub_vectors(self, x: Tensor) -> Tensor:
        return self.outputs(x)[..., None]

    def training_log_assignment(self, x: Tensor) -> Tensor:
        """As sure of a bit as tanh(h) is near to it: p(1) = (1 + tanh h) / 2."""
        h = self.outputs(x)
        return torch.stack([F.logsigmoid(-2 * h), F.logsigmoid(2 * h)], -1)

    def codes(self, x: Tensor) -> Tensor:
        return (self.outputs(x) > 0).long()

    def tables(self, x: Tensor) -> Tensor:
        """1 for the bit that the query has, 0 for the other: (B, D) → (B, L, 2)."""
        return F.one_hot(self.codes(x), 2).to(x.dtype)


class BinaryMethod:
    """What the methods of bits answer alike."""

    uses_unlabelled = False
    query_form = "linear"
    title = ""

    def word_map(self, quantizer: nn.Module) -> Tensor:
        raise NotForTheApp(
            f"A model of {self.title} can't be written for the app: it ranks by Hamming distance, "
            "which a model folder does not hold. Its figures are those of opqn train."
        )


def balanced_targets(n_classes: int, n_bits: int) -> Tensor:
    """A code for each class, (C, L) of -1 and 1.

    They are rows of a Hadamard matrix and their opposites, so half of the bits or all differ, where
    there are enough: L a power of two and C ≤ 2 L. Elsewhere each bit is drawn, from the same
    numbers in every run.
    """
    if n_classes <= 2 * n_bits and math.log2(n_bits).is_integer():
        rows = hadamard(n_bits)
        return torch.cat([rows, -rows])[:n_classes]
    drawn = torch.Generator().manual_seed(DRAWN_WITH)
    return torch.randint(0, 2, (n_classes, n_bits), generator=drawn).float() * 2 - 1


def hadamard(n: int) -> Tensor:
    """Sylvester's matrix (n, n) of -1 and 1 with orthogonal rows; n is a power of two."""
    rows = torch.ones(1, 1)
    while len(rows) < n:
        rows = torch.cat([torch.cat([rows, rows], 1), torch.cat([rows, -rows], 1)])
    return rows
