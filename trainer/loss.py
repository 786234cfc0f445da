"""The OPQN loss: a margin classifier on every sub-space, before and after soft quantisation."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from opqn_app.opqn.quantizer import assignment_entropy


@dataclass(frozen=True, slots=True)
class LossParts:
    """The terms of Eq. 10, each a 0-d tensor.

    Attributes:
        total: (feature + quantised) / 2 + entropy_weight · entropy (Eq. 10).
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
    ) -> None:
        super().__init__()
        self.margin = margin
        self.scale = scale
        self.entropy_weight = entropy_weight
        self.class_weights = nn.Parameter(torch.empty(n_books, n_classes, sub_dim))
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
        weights = F.normalize(self.class_weights, dim=-1)  # (M, C, d)
        feature = self._margin_cross_entropy(sub_vectors, weights, labels)  # Eq. 6
        soft = self._margin_cross_entropy(quantised, weights, labels)  # Eq. 7
        entropy = assignment_entropy(log_assignment).mean()  # Eq. 9
        total = (feature + soft) / 2 + self.entropy_weight * entropy  # Eqs. 8 and 10
        return LossParts(total, feature, soft, entropy)

    def _margin_cross_entropy(self, vectors: Tensor, weights: Tensor, labels: Tensor) -> Tensor:
        cosines = torch.einsum("bmd,mcd->bmc", F.normalize(vectors, dim=-1), weights).clamp(-1, 1)
        n_books = cosines.shape[1]
        target = labels[:, None, None].expand(-1, n_books, 1)  # (B, M, 1)
        logits = self.scale * cosines.scatter_add(
            -1, target, torch.full_like(target, -self.margin, dtype=cosines.dtype)
        )
        return F.cross_entropy(logits.flatten(0, 1), target.flatten())
