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

    Outputs are alike at first, and so were their means: nothing would tell classes apart. So each
    class begins at a random corner, and its mean moves once its outputs have come nearer to it
    than to those of others.

    Attributes:
        means: (C, L), at first of -1 and 1.
    """

    means: Tensor

    def __init__(self, n_classes: int, n_bits: int) -> None:
        super().__init__()
        self.register_buffer("means", torch.randn(n_classes, n_bits).sign())

    @torch.no_grad()
    def follow(self, h: Tensor, labels: Tensor) -> None:
        """Take in a batch (n, L) with labels (n,)."""
        found = class_means(h, labels, len(self.means))
        away = squared_distances(found[labels], self.means)  # (n, C): only classes that are there
        is_near = away.gather(1, labels[:, None])[:, 0] <= away.amin(1)
        moves = torch.zeros(len(self.means), dtype=torch.bool, device=h.device)
        moves[labels] = is_near  # the same for all rows of a class
        self.means = torch.where(moves[:, None], self.means.lerp(found, RATE), self.means)


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

        class: cross-entropy of -½ ‖h - mean‖² over the classes. reach: sum over bits of what |h| is
        above 1.1. bits: ‖h - sign(h)‖².

        The authors' means are random numbers for two epochs, and then found anew every second one.
        Here they follow batch by batch, so that no pass over the data is needed, and an interrupted
        run goes on with the same ones.
        """
        assert isinstance(quantizer, HashLayer)
        assert isinstance(criterion, RunningMeans)
        h = quantizer.outputs(batch.x)
        criterion.follow(gathered(h).detach(), gathered(batch.labels))
        logits = -squared_distances(h, criterion.means) / 2
        of_class = F.cross_entropy(logits, batch.labels)
        reach = (h.abs() - REACH).relu().sum(1).mean()
        bits = (h - h.sign().detach()).square().sum(1).mean()
        return of_class + REACH_WEIGHT * reach + BITS_WEIGHT * bits, of_class, reach, bits
