"""DCWH: Zhe, Chen and Yan, "Deep Class-Wise Hashing: Semantics-Preserving Hashing via Class-Wise
Loss", TNNLS 2020.

The outputs of a class are a Gaussian cloud around its mean, and each picture shall belong to the
cloud of its class. The outputs are kept within reach of bits and near them.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from opqn_app.opqn.config import OpqnConfig
from trainer.config import MethodConfig
from trainer.method.bits import BinaryMethod, HashLayer
from trainer.method.dcdh import class_means, squared_distances
from trainer.method.gathered import gathered
from trainer.method.method import Batch

REACH, REACH_WEIGHT, BITS_WEIGHT = 1.1, 10.0, 0.01  # as published
RATE = 0.1  # how much of a class's mean comes from the newest batch with pictures of it


class RunningMeans(nn.Module):
    """The mean output of each class, as training goes on.

    Attributes:
        means: (C, L).
        is_known: (C,), a picture of the class has been seen.
    """

    means: Tensor
    is_known: Tensor

    def __init__(self, n_classes: int, n_bits: int) -> None:
        super().__init__()
        self.register_buffer("means", torch.zeros(n_classes, n_bits))
        self.register_buffer("is_known", torch.zeros(n_classes, dtype=torch.bool))

    @torch.no_grad()
    def follow(self, h: Tensor, labels: Tensor) -> None:
        """Take in a batch (n, L) with labels (n,)."""
        found = class_means(h, labels, len(self.means))
        there = torch.bincount(labels, minlength=len(self.means)) > 0
        rate = torch.where(self.is_known, RATE, 1.0) * there
        self.means = self.means + rate[:, None] * (found - self.means)
        self.is_known = self.is_known | there


class Dcwh(BinaryMethod):
    """Outputs of a class around their mean."""

    title = "DCWH"
    parts = ("total", "class", "reach", "bits")

    def __init__(self, settings: MethodConfig) -> None:
        pass

    def quantizer(self, sizes: OpqnConfig, n_classes: int, seed: int) -> HashLayer:
        return HashLayer(sizes, is_normalised=False)

    def criterion(self, sizes: OpqnConfig, n_classes: int) -> RunningMeans:
        return RunningMeans(n_classes, sizes.n_books)

    def loss(self, quantizer: nn.Module, criterion: nn.Module, batch: Batch) -> tuple[Tensor, ...]:
        """class + 10 · reach + 0.01 · bits, each a mean over pictures.

        class: cross-entropy of -½ ‖h - mean‖² over the classes seen so far. reach: sum over bits of
        what |h| is above 1.1. bits: ‖h - sign(h)‖².

        The published means are found anew every second epoch. Here they follow batch by batch, so
        that no pass over the data is needed, and an interrupted run goes on with the same ones.
        """
        assert isinstance(quantizer, HashLayer)
        assert isinstance(criterion, RunningMeans)
        h = quantizer.outputs(batch.x)
        criterion.follow(gathered(h).detach(), gathered(batch.labels))
        logits = -squared_distances(h, criterion.means) / 2
        of_class = F.cross_entropy(
            logits.masked_fill(~criterion.is_known, -torch.inf), batch.labels
        )
        reach = (h.abs() - REACH).relu().sum(1).mean()
        bits = (h - h.sign().detach()).square().sum(1).mean()
        return of_class + REACH_WEIGHT * reach + BITS_WEIGHT * bits, of_class, reach, bits
