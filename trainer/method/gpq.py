"""GPQ: Jang and Cho, "Generalized Product Quantization Network for Semi-supervised Image
Retrieval", CVPR 2020.

Every class has a prototype in every sub-space. The words are mixtures of the prototypes, so what
is learned of classes shapes the words, and pictures without a label shape the prototypes.

All of it is intra-normalised: sub-vectors, prototypes, words and mixtures have length 1. In the
published code the table used for retrieval, and at one time the mixtures, were not.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from opqn_app.opqn.config import OpqnConfig
from trainer.config import MethodConfig
from trainer.method.class_rows import dot_rows, unit_rows
from trainer.method.gathered import gathered
from trainer.method.method import Batch

TINY = 1e-5  # inside the logarithm of the subspace entropy, as published


class PrototypeWords(nn.Module):
    """Words that are mixtures of the prototypes of the classes.

    Attributes:
        prototypes: (M, C, d).
        raw: (M, K, d); each chooses how its word is mixed.
        sharpness: α of both soft assignments.
    """

    def __init__(self, sizes: OpqnConfig, n_classes: int, *, sharpness: float) -> None:
        super().__init__()
        m, d, k = sizes.n_books, sizes.sub_dim, sizes.n_words
        self.n_books, self.sub_dim, self.n_words = m, d, k
        self.sharpness = sharpness
        self.prototypes = nn.Parameter(torch.randn(m, n_classes, d) / d**0.5)
        self.raw = nn.Parameter(torch.randn(m, k, d) / d**0.5)

    def sub_vectors(self, x: Tensor) -> Tensor:
        return x.view(*x.shape[:-1], self.n_books, self.sub_dim)

    def unit(self, x: Tensor) -> Tensor:
        """Sub-vectors of length 1: (B, D) → (B, M, d)."""
        return F.normalize(self.sub_vectors(x), dim=-1)

    def unit_prototypes(self) -> Tensor:
        """(M, C, d), of length 1."""
        return unit_rows(self.prototypes)

    def words(self) -> Tensor:
        """The effective words, of length 1: (M, K, d)."""
        return self.words_of(self.unit_prototypes())

    def words_of(self, prototypes: Tensor) -> Tensor:
        """Those that are mixed from unit prototypes (M, C, d)."""
        raw = self.sharpness * F.normalize(self.raw, dim=-1)
        shares = dot_rows(raw, prototypes).softmax(-1)  # (M, K, C)
        return F.normalize(shares @ prototypes, dim=-1)

    def cosines(self, unit: Tensor, words: Tensor) -> Tensor:
        """(B, M, d) and (M, K, d) → (B, M, K)."""
        return torch.einsum("bmd,mkd->bmk", unit, words)

    def mixed(self, unit: Tensor, words: Tensor) -> Tensor:
        """Soft quantisation: (B, M, d) and (M, K, d) → (B, M, d) of length 1."""
        p = (self.sharpness * self.cosines(unit, words)).softmax(-1)
        return F.normalize(torch.einsum("bmk,mkd->bmd", p, words), dim=-1)

    def class_cosines(self, unit: Tensor, prototypes: Tensor) -> Tensor:
        """Mean over the sub-spaces of the cosine to each unit prototype (M, C, d):
        (B, M, d) → (B, C)."""
        return dot_rows(unit.transpose(0, 1).contiguous(), prototypes).mean(0)

    def training_log_assignment(self, x: Tensor) -> Tensor:
        return (self.sharpness * self.cosines(self.unit(x), self.words())).log_softmax(-1)

    def codes(self, x: Tensor) -> Tensor:
        return self.tables(x).argmax(-1)

    def tables(self, x: Tensor) -> Tensor:
        return self.cosines(self.unit(x), self.words())


class Gpq:
    """N-pair loss on mixtures of words, classifier, and subspace entropy of unlabelled pictures."""

    parts = ("total", "pairs", "classifier", "subspace_entropy")
    query_form = "linear"

    def __init__(self, settings: MethodConfig) -> None:
        self._settings = settings
        self.uses_unlabelled = settings.entropy_weight > 0

    def quantizer(self, sizes: OpqnConfig, n_classes: int, seed: int) -> PrototypeWords:
        return PrototypeWords(sizes, n_classes, sharpness=self._settings.assignment_scale)

    def criterion(self, sizes: OpqnConfig, n_classes: int) -> nn.Module:
        return nn.Module()  # the classifier is made of the prototypes

    def loss(self, quantizer: nn.Module, criterion: nn.Module, batch: Batch) -> tuple[Tensor, ...]:
        """pairs + λ2 · classifier - λ1 · subspace entropy.

        pairs: each picture against the mixtures of all pictures of the batch; logits are M · cosine
        and the target is the same for all pictures of its class. classifier: cross-entropy of
        β² · mean cosine. subspace_entropy: of the classifier's answer to unlabelled pictures. The
        prototypes raise it. The gradient that reaches the network is turned round, so it lowers it.

        The published penalty on lengths is left out: after normalising it is a constant.
        """
        assert isinstance(quantizer, PrototypeWords)
        stretch = self._settings.classifier_scale**2
        prototypes = quantizer.unit_prototypes()  # made once: with many classes they cost most
        unit = quantizer.unit(batch.x)
        others = gathered(quantizer.mixed(unit, quantizer.words_of(prototypes))).flatten(1)
        same = (batch.labels[:, None] == gathered(batch.labels)).to(unit.dtype)
        target = same / same.sum(1, keepdim=True)
        pairs = F.cross_entropy(unit.flatten(1) @ others.T, target)
        asked = unit
        if batch.unlabelled is not None:
            asked = torch.cat([unit, quantizer.unit(turned_round(batch.unlabelled))])
        answers = stretch * quantizer.class_cosines(asked, prototypes)
        classifier = F.cross_entropy(answers[: len(unit)], batch.labels)
        entropy = batch.x.new_zeros(())
        if batch.unlabelled is not None:
            p = answers[len(unit) :].softmax(-1)
            entropy = -(p * (p + TINY).log()).sum(-1).mean()
        settings = self._settings
        total = pairs + settings.classifier_weight * classifier - settings.entropy_weight * entropy
        return total, pairs, classifier, entropy

    def word_map(self, quantizer: nn.Module) -> Tensor:
        assert isinstance(quantizer, PrototypeWords)
        return quantizer.words().transpose(1, 2)


def turned_round(x: Tensor) -> Tensor:
    """The same values; what comes back as gradient has the other sign."""
    return 2 * x.detach() - x
