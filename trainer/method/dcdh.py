"""DCDH: Zhang, Zhe and Yan, "Deep Center-Based Dual-Constrained Hashing for Discriminative Face
Image Retrieval", Pattern Recognition 2021.

Outputs lie near the learned centre of their class, the centres far from each other, and the outputs
near bits that tell the classes apart.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from opqn_app.opqn.config import OpqnConfig
from trainer.config import MethodConfig
from trainer.method.bits import BinaryMethod, HashLayer
from trainer.method.gathered import gathered
from trainer.method.method import Batch

SIGMA, APART_WEIGHT, BITS_WEIGHT, OWN_SHARE = 0.25, 0.1, 0.01, 0.01  # as published


class LearnedCentres(nn.Module):
    """One centre for each class.

    Attributes:
        centres: (C, L).
    """

    def __init__(self, n_classes: int, n_bits: int) -> None:
        super().__init__()
        self.centres = nn.Parameter(torch.randn(n_classes, n_bits))


class Dcdh(BinaryMethod):
    """Learned centres of classes, kept apart, and bits of the class."""

    title = "DCDH"
    parts = ("total", "centre", "apart", "bits")

    def __init__(self, settings: MethodConfig) -> None:
        pass

    def quantizer(self, sizes: OpqnConfig, n_classes: int, seed: int) -> HashLayer:
        return HashLayer(sizes, is_normalised=True)

    def criterion(self, sizes: OpqnConfig, n_classes: int) -> LearnedCentres:
        return LearnedCentres(n_classes, sizes.n_books)

    def loss(self, quantizer: nn.Module, criterion: nn.Module, batch: Batch) -> tuple[Tensor, ...]:
        """centre + 0.1 · apart + 0.01 · bits.

        centre: cross-entropy of -½ σ ‖h - c‖² over the classes. apart: mean over pairs of centres
        of log(1 + exp(½ L cosine)). bits: mean over pictures of ‖h - b‖²; b is the sign of what
        least squares finds for the class from sign(h), with a hundredth of h itself added.
        """
        assert isinstance(quantizer, HashLayer)
        assert isinstance(criterion, LearnedCentres)
        h = quantizer.outputs(batch.x)
        centre = F.cross_entropy(-SIGMA / 2 * squared_distances(h, criterion.centres), batch.labels)
        apart = spread(criterion.centres)
        with torch.no_grad():
            own = class_means(gathered(h).sign(), gathered(batch.labels), len(criterion.centres))
            b = (own[batch.labels] + OWN_SHARE * h).sign()
        bits = (h - b).square().sum(1).mean()
        return centre + APART_WEIGHT * apart + BITS_WEIGHT * bits, centre, apart, bits


def squared_distances(h: Tensor, centres: Tensor) -> Tensor:
    """‖h_i - c_j‖²: (B, L) and (C, L) → (B, C)."""
    return h.square().sum(1, keepdim=True) - 2 * h @ centres.T + centres.square().sum(1)


def spread(centres: Tensor) -> Tensor:
    """Mean over pairs of centres of log(1 + exp(½ L cosine)); (C, L) → 0-d."""
    n, n_bits = centres.shape
    unit = F.normalize(centres, dim=-1)
    both_ways = (n_bits / 2 * unit @ unit.T).fill_diagonal_(-torch.inf)  # softplus(-inf) is 0
    return F.softplus(both_ways).sum() / max(n * (n - 1), 1)


def class_means(rows: Tensor, labels: Tensor, n_classes: int) -> Tensor:
    """The mean row of each class, 0 for one without rows: (n, L) and (n,) → (C, L).

    It is the least-squares map from one-hot labels to `rows`.
    """
    sums = rows.new_zeros(n_classes, rows.shape[1]).index_add_(0, labels, rows)
    counts = torch.bincount(labels, minlength=n_classes).clamp_min(1)
    return sums / counts[:, None]
