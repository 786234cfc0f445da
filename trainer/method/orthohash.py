"""OrthoHash: Hoe et al., "One Loss for All: Deep Hashing with a Single Cosine Similarity based
Learning Objective", NeurIPS 2021.

Each class has a fixed code. The outputs, batch-normalised so that bits are balanced, are turned to
it by one loss with a cosine margin. It is OPQN's nearest relative with bits: fixed targets, a
margin.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from opqn_app.opqn.config import OpqnConfig
from trainer.config import MethodConfig
from trainer.method.bits import BinaryMethod, HashLayer
from trainer.method.csq import Centres
from trainer.method.method import Batch

SCALE, MARGIN = 8.0, 0.3  # the margin is that of the authors' example for CIFAR-10


class OrthoHash(BinaryMethod):
    """One loss with a cosine margin to the fixed code of the class."""

    title = "OrthoHash"
    parts = ("total",)

    def __init__(self, settings: MethodConfig) -> None:
        pass

    def quantizer(self, sizes: OpqnConfig, n_classes: int, seed: int) -> HashLayer:
        return HashLayer(sizes, is_normalised=True)

    def criterion(self, sizes: OpqnConfig, n_classes: int) -> Centres:
        return Centres(n_classes, sizes.n_books)

    def loss(self, quantizer: nn.Module, criterion: nn.Module, batch: Batch) -> tuple[Tensor, ...]:
        """Cross-entropy of 8 · (cosine to each class's code, less 0.3 for the true one)."""
        assert isinstance(quantizer, HashLayer)
        assert isinstance(criterion, Centres)
        h = F.normalize(quantizer.outputs(batch.x), dim=-1)
        cosines = h @ F.normalize(criterion.codes, dim=-1).T
        margin = MARGIN * F.one_hot(batch.labels, len(criterion.codes)).to(cosines.dtype)
        return (F.cross_entropy(SCALE * (cosines - margin), batch.labels),)
