"""PQN: Yu, Yuan, Fang and Jin, "Product Quantization Network for Fast Image Retrieval", ECCV 2018.

Words are learned. A picture's soft code is the mixture of words by its cosines to them. A triplet
compares a picture as it is with the soft codes of others, as a query meets a gallery.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from opqn_app.opqn.config import OpqnConfig
from trainer.config import MethodConfig
from trainer.method.gathered import gathered
from trainer.method.method import Batch


class UnitWords(nn.Module):
    """Learned words of length 1 in each sub-space, and sub-vectors of length 1.

    Attributes:
        raw: (M, K, d); the words are these, normalised.
        sharpness: α of the soft assignment.
    """

    def __init__(self, sizes: OpqnConfig, *, sharpness: float) -> None:
        super().__init__()
        m, d, k = sizes.n_books, sizes.sub_dim, sizes.n_words
        self.n_books, self.sub_dim, self.n_words = m, d, k
        self.sharpness = sharpness
        self.raw = nn.Parameter(torch.randn(m, k, d) / d**0.5)

    def words(self) -> Tensor:
        """(M, K, d), of length 1."""
        return F.normalize(self.raw, dim=-1)

    def sub_vectors(self, x: Tensor) -> Tensor:
        return x.view(*x.shape[:-1], self.n_books, self.sub_dim)

    def unit(self, x: Tensor) -> Tensor:
        """Sub-vectors of length 1: (B, D) → (B, M, d)."""
        return F.normalize(self.sub_vectors(x), dim=-1)

    def tables(self, x: Tensor) -> Tensor:
        """Cosines of sub-vectors and words: (B, D) → (B, M, K)."""
        return cosines(self.unit(x), self.words())

    def training_log_assignment(self, x: Tensor) -> Tensor:
        return (self.sharpness * self.tables(x)).log_softmax(-1)

    def codes(self, x: Tensor) -> Tensor:
        return self.tables(x).argmax(-1)

    def mixed(self, unit: Tensor) -> Tensor:
        """The soft code: (B, M, d) → (B, M, d)."""
        words = self.words()
        p = (self.sharpness * cosines(unit, words)).softmax(-1)
        return torch.einsum("bmk,mkd->bmd", p, words)


def cosines(unit: Tensor, words: Tensor) -> Tensor:
    """(B, M, d) and (M, K, d) → (B, M, K)."""
    return torch.einsum("bmd,mkd->bmk", unit, words)


class Pqn:
    """Asymmetric triplets: pictures as they are against soft codes."""

    uses_unlabelled = False
    parts = ("total",)
    query_form = "linear"

    def __init__(self, settings: MethodConfig) -> None:
        self._sharpness = settings.assignment_scale

    def quantizer(self, sizes: OpqnConfig, n_classes: int, seed: int) -> UnitWords:
        return UnitWords(sizes, sharpness=self._sharpness)

    def criterion(self, sizes: OpqnConfig, n_classes: int) -> nn.Module:
        return nn.Module()  # nothing but the words is learned

    def loss(self, quantizer: nn.Module, criterion: nn.Module, batch: Batch) -> tuple[Tensor, ...]:
        """Mean over all triplets of the batch of log(1 + exp(score of the wrong - of the right)).

        A score is the sum over books of the inner product of the picture's sub-vector, of length 1,
        and the other's soft code. A picture's own soft code counts as one of its class: a batch of
        many people seldom has two pictures of one.
        """
        assert isinstance(quantizer, UnitWords)
        unit = quantizer.unit(batch.x)
        scores = unit.flatten(1) @ gathered(quantizer.mixed(unit)).flatten(1).T
        same = batch.labels[:, None] == gathered(batch.labels)
        own, right = same.nonzero(as_tuple=True)
        behind = F.softplus(scores[own] - scores[own, right][:, None])  # (pairs, wrong)
        wrong = ~same[own]
        return (mean_of_all((behind * wrong).sum(), wrong.sum()),)

    def word_map(self, quantizer: nn.Module) -> Tensor:
        assert isinstance(quantizer, UnitWords)
        return quantizer.words().transpose(1, 2)


def mean_of_all(total: Tensor, count: Tensor) -> Tensor:
    """total ÷ count over all processes, so that their mean is the mean over all of it."""
    counts = gathered(count.reshape(1))
    return total * len(counts) / counts.sum().clamp_min(1)
