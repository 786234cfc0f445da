"""DPQ: Klein and Wolf, "End-to-End Supervised Product Quantization", CVPR 2019.

In each sub-space a small network assigns a sub-vector to K learned words: p, and k = argmax p. The
soft vector s is the mixture of words by p, the hard vector h the word k. Both, concatenated over
the books, go through one linear classifier. Queries are soft, the gallery is hard.

The code that OPQN's authors compared with passed no gradient from h to p or the network. That is
`method.straight_through = "broken"` here; "passing" is what the method means.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from opqn_app.opqn.config import OpqnConfig
from trainer.config import MethodConfig
from trainer.method.gathered import gathered
from trainer.method.method import Batch, NotForTheApp

CENTRE_WEIGHT, USE_WEIGHT, SHARP_WEIGHT = 0.25, 1.0, 0.01  # as published


class SoftWords(nn.Module):
    """Learned words of M sub-spaces, and the networks that assign to them.

    Attributes:
        words: (M, K, d).
    """

    def __init__(self, sizes: OpqnConfig) -> None:
        super().__init__()
        m, d, k = sizes.n_books, sizes.sub_dim, sizes.n_words
        self.n_books, self.sub_dim, self.n_words = m, d, k
        self.hidden = nn.Parameter(torch.randn(m, d, d) * (2 / d) ** 0.5)
        self.hidden_bias = nn.Parameter(torch.zeros(m, d))
        self.out = nn.Parameter(torch.randn(m, d, k) / d**0.5)
        self.out_bias = nn.Parameter(torch.zeros(m, k))
        self.words = nn.Parameter(torch.randn(m, k, d) / d**0.5)  # of length about 1

    def sub_vectors(self, x: Tensor) -> Tensor:
        return x.view(*x.shape[:-1], self.n_books, self.sub_dim)

    def training_log_assignment(self, x: Tensor) -> Tensor:
        hidden = torch.einsum("bmd,mde->bme", self.sub_vectors(x), self.hidden) + self.hidden_bias
        logits = torch.einsum("bme,mek->bmk", hidden.relu(), self.out) + self.out_bias
        return logits.log_softmax(-1)

    def mixed(self, p: Tensor) -> Tensor:
        """Σ_k p_mk c_mk: (B, M, K) → (B, M, d)."""
        return torch.einsum("bmk,mkd->bmd", p, self.words)

    def codes(self, x: Tensor) -> Tensor:
        return self.training_log_assignment(x).argmax(-1)

    def tables(self, x: Tensor) -> Tensor:
        """-‖s_m - c_mk‖²: (B, D) → (B, M, K)."""
        s = self.mixed(self.training_log_assignment(x).exp())
        return -(s[:, :, None] - self.words).square().sum(-1)


class ClassifierAndCentres(nn.Module):
    """A linear classifier of the concatenated vectors, and the centre of each class.

    Attributes:
        centres: (C, D).
    """

    def __init__(self, dim: int, n_classes: int) -> None:
        super().__init__()
        self.classifier = nn.Linear(dim, n_classes)
        self.centres = nn.Parameter(torch.zeros(n_classes, dim))


class Dpq:
    """Soft and hard words under one classifier."""

    uses_unlabelled = False
    parts = ("total", "soft", "hard", "centres", "use", "sharpness")
    query_form = "linear"

    def __init__(self, settings: MethodConfig) -> None:
        self._passes = settings.straight_through == "passing"

    def quantizer(self, sizes: OpqnConfig, n_classes: int, seed: int) -> SoftWords:
        return SoftWords(sizes)

    def criterion(self, sizes: OpqnConfig, n_classes: int) -> ClassifierAndCentres:
        return ClassifierAndCentres(sizes.feature_dim, n_classes)

    def loss(self, quantizer: nn.Module, criterion: nn.Module, batch: Batch) -> tuple[Tensor, ...]:
        """soft + hard + 0.25 · centres + 1.0 · use - 0.01 · sharpness.

        soft, hard: cross-entropy of s and h. centres: mean ½(‖s - o‖² + ‖h - o‖²), o the centre of
        the picture's class. use: Σ over books and words of the squared batch mean of p; small
        where all words are used. sharpness: batch mean of Σ p²; large where each p is one word.
        """
        assert isinstance(quantizer, SoftWords)
        assert isinstance(criterion, ClassifierAndCentres)
        p = quantizer.training_log_assignment(batch.x).exp()
        both = quantizer.mixed(torch.cat([p, one_word(p, passes=self._passes)])).flatten(1)
        soft, hard = both.chunk(2)
        on_soft, on_hard = (
            F.cross_entropy(answers, batch.labels)
            for answers in criterion.classifier(both).chunk(2)
        )
        own = criterion.centres[batch.labels]
        away = (soft - own).square().sum(1) + (hard - own).square().sum(1)
        centres = away.mean() / 2
        use = gathered(p).mean(0).square().sum()
        sharpness = p.square().sum((1, 2)).mean()
        total = on_soft + on_hard + CENTRE_WEIGHT * centres
        total = total + USE_WEIGHT * use - SHARP_WEIGHT * sharpness
        return total, on_soft, on_hard, centres, use, sharpness

    def word_map(self, quantizer: nn.Module) -> Tensor:
        raise NotForTheApp(
            "A model of DPQ can't be written for the app: its queries are distances to mixtures of "
            "words, which a model folder does not hold. Its figures are those of opqn train."
        )


def one_word(p: Tensor, *, passes: bool) -> Tensor:
    """One-hot of the likeliest word, (B, M, K); to the gradient it is p, or with `passes` off
    a constant, as in the code that was compared with."""
    hard = F.one_hot(p.argmax(-1), p.shape[-1]).to(p.dtype)
    return hard - p.detach() + p if passes else hard
