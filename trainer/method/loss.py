"""The OPQN loss: a margin classifier on every sub-space, before and after soft quantisation.

The paper's comparisons are options of the same loss: see `trainer.loss_variants`.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from opqn_app.opqn.torch.quantizer import assignment_entropy
from trainer.loss_variants import LossOptions
from trainer.method.class_rows import dot_rows, dot_unit_rows


@dataclass(frozen=True, slots=True)
class LossParts:
    """The terms of Eq. 10, each a 0-d tensor.

    Attributes:
        total: (feature + quantised) / 2 + entropy_weight · entropy (Eq. 10), or the variant's.
        feature: margin cross-entropy of the sub-vectors x_m, mean over books (Eq. 6).
        quantised: the same of the soft-quantised s_m (Eq. 7).
        entropy: mean entropy of p_m in nats, 0 to log K (Eq. 9).
    """

    total: Tensor
    feature: Tensor
    quantised: Tensor
    entropy: Tensor


class SubspaceMarginLoss(nn.Module):
    """Cosine-margin cross-entropy per sub-space with one set of class weights for x_m and s_m.

    Args:
        n_classes: identities C.
        n_books: M.
        sub_dim: d, length of a sub-vector.
        margin: u, subtracted from the cosine of the true class.
        scale: r, factor of the cosines.
        entropy_weight: λ of Eq. 10.
        options: what a variant changes; the default is OPQN.
    """

    def __init__(
        self,
        *,
        n_classes: int,
        n_books: int,
        sub_dim: int,
        margin: float = 0.4,
        scale: float = 40.0,
        entropy_weight: float = 0.1,
        options: LossOptions | None = None,
    ) -> None:
        super().__init__()
        self.margin = margin
        self.scale = scale
        self.options = options or LossOptions()
        self.entropy_weight = entropy_weight if self.options.has_entropy else 0.0
        sizes = (n_books, n_classes, sub_dim)
        if self.options.is_joint:
            sizes = (1, n_classes, n_books * sub_dim)
        self.class_weights = nn.Parameter(torch.empty(sizes))
        nn.init.xavier_uniform_(self.class_weights)

    def forward(
        self, sub_vectors: Tensor, quantised: Tensor, log_assignment: Tensor, labels: Tensor
    ) -> LossParts:
        """The loss of a batch.

        Args:
            sub_vectors: x, (B, M, d).
            quantised: s, (B, M, d), s_m = C_m p_m (Eq. 3).
            log_assignment: log p, (B, M, K).
            labels: (B,) int64, 0 to C - 1.
        """
        feature, soft = self._cross_entropies(sub_vectors, quantised, labels)  # Eqs. 6 and 7
        entropy = assignment_entropy(log_assignment).mean()  # Eq. 9
        share = self.options.feature_share
        total = share * feature + (1 - share) * soft + self.entropy_weight * entropy  # Eqs. 8, 10
        return LossParts(total, feature, soft, entropy)

    def _cross_entropies(self, x: Tensor, s: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Of x and of s, each the mean over pictures and books; one product for both."""
        options, weights = self.options, self.class_weights  # (M, C, d)
        both = torch.cat([x, s])  # (2B, M, d)
        if options.is_joint:
            both = both.flatten(1)[:, None]  # (2B, 1, D)
        if options.is_cosine:
            both = F.normalize(both, dim=-1)
        by_book, labels = both.transpose(0, 1).contiguous(), labels.repeat(2)
        if options.is_cosine:
            logits = dot_unit_rows(by_book, weights, self.scale)  # (M, 2B, C)
            logits = logits.clamp(-self.scale, self.scale).sub_(self._margins(logits, labels))
        else:
            logits = dot_rows(by_book, weights)
        target = labels.expand(len(logits), -1)  # (M, 2B)
        losses = F.cross_entropy(logits.flatten(0, 1), target.flatten(), reduction="none")
        feature, soft = losses.view(len(logits), 2, -1).mean((0, 2)).unbind()
        return feature, soft

    def _margins(self, logits: Tensor, labels: Tensor) -> Tensor:
        """r · u at the true class, 0 elsewhere: (2B, C). A comparison, as a scatter on CUDA is not
        repeatable to the bit."""
        classes = torch.arange(logits.shape[-1], device=logits.device)
        is_true = classes == labels[:, None]
        return is_true.to(logits.dtype) * (self.scale * self.margin)


def relation_loss(features: Tensor, teacher: Tensor) -> Tensor:
    """Distillation: mean squared difference of the cosines between all pairs of a batch.

    Comparing cosines needs no map between the two spaces and says nothing about their bases.

    Args:
        features: (B, D) of the student, before quantisation.
        teacher: (B, E) stored embeddings of the same pictures.

    Returns:
        0-d, over the B·(B - 1) pairs of different pictures.
    """
    student, target = F.normalize(features, dim=-1), F.normalize(teacher, dim=-1)
    difference = (student @ student.T - target @ target.T).square()
    n = len(features)
    return (difference.sum() - difference.diagonal().sum()) / max(n * (n - 1), 1)
