"""OPQN and the paper's comparisons with it: see `trainer.method.loss`, `trainer.loss_variants`."""

import torch.nn.functional as F
from torch import Tensor, nn

from opqn_app.opqn.config import OpqnConfig
from opqn_app.opqn.torch.quantizer import OrthoQuantizer
from trainer.config import MethodConfig
from trainer.loss_variants import VARIANTS
from trainer.method.codewords import LearnedWords, svd_codebooks
from trainer.method.loss import SubspaceMarginLoss
from trainer.method.method import Batch


class Opqn:
    """Fixed orthonormal words (learned ones in OPQN-l2q) and a margin classifier per sub-space."""

    uses_unlabelled = False
    parts = ("total", "feature", "quantised", "entropy")

    def __init__(self, settings: MethodConfig) -> None:
        self._settings = settings
        self.query_form = "linear" if settings.variant == "OPQN-l2q" else "probabilities"

    def quantizer(self, sizes: OpqnConfig, n_classes: int, seed: int) -> OrthoQuantizer:
        if self._settings.variant == "OPQN-l2q":
            return LearnedWords(sizes, assignment_scale=self._settings.assignment_scale)
        quantizer = OrthoQuantizer(sizes)
        if self._settings.codebooks == "svd":
            books = svd_codebooks(sizes.n_books, sizes.n_words, sizes.sub_dim, seed=seed)
            quantizer.codebooks.copy_(books)
        return quantizer

    def criterion(self, sizes: OpqnConfig, n_classes: int) -> SubspaceMarginLoss:
        return SubspaceMarginLoss(
            n_classes=n_classes,
            n_books=sizes.n_books,
            sub_dim=sizes.sub_dim,
            margin=self._settings.margin,
            scale=self._settings.scale,
            entropy_weight=self._settings.entropy_weight,
            options=VARIANTS[self._settings.variant],
        )

    def loss(self, quantizer: nn.Module, criterion: nn.Module, batch: Batch) -> tuple[Tensor, ...]:
        assert isinstance(quantizer, OrthoQuantizer)
        log_p = self.log_assignment(quantizer, batch.x)
        soft = quantizer.soft_quantise(log_p.exp())
        parts = criterion(quantizer.sub_vectors(batch.x), soft, log_p, batch.labels)
        return parts.total, parts.feature, parts.quantised, parts.entropy

    def log_assignment(self, quantizer: OrthoQuantizer, x: Tensor) -> Tensor:
        """log p as training uses it (D5): (B, D) → (B, M, K)."""
        if self._settings.assignment == "normalised":
            sub = F.normalize(quantizer.sub_vectors(x), dim=-1)
            return quantizer.logits(sub).log_softmax(-1)
        return quantizer.training_log_assignment(x)

    def word_map(self, quantizer: nn.Module) -> Tensor:
        assert isinstance(quantizer, OrthoQuantizer)
        if isinstance(quantizer, LearnedWords):
            return quantizer.as_linear_map()
        return quantizer.mlp
