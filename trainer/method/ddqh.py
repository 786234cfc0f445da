"""DDQH: Tang, Lin et al., "Discriminative Deep Quantization Hashing for Face Image Retrieval",
TNNLS 2018, with the hash layer as OPQN's authors compared with it.

A classifier reads the outputs after batch normalisation and tanh. The normalisation between the two
keeps tanh out of its flat ends, and each bit as often 0 as 1.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from opqn_app.opqn.config import OpqnConfig
from trainer.config import MethodConfig
from trainer.method.bits import BinaryMethod, HashLayer
from trainer.method.method import Batch

QUANTISATION_WEIGHT = 0.01  # as published


class Ddqh(BinaryMethod):
    """A classifier on outputs near bits."""

    title = "DDQH"
    parts = ("total", "classifier", "quantisation")

    def __init__(self, settings: MethodConfig) -> None:
        pass

    def quantizer(self, sizes: OpqnConfig, n_classes: int, seed: int) -> HashLayer:
        return HashLayer(sizes, is_normalised=True)

    def criterion(self, sizes: OpqnConfig, n_classes: int) -> nn.Linear:
        return nn.Linear(sizes.n_books, n_classes)

    def loss(self, quantizer: nn.Module, criterion: nn.Module, batch: Batch) -> tuple[Tensor, ...]:
        """classifier + 0.01 · quantisation.

        classifier: cross-entropy of a linear layer on u = tanh h. quantisation: mean over pictures
        and bits of ||u| - 1|.
        """
        assert isinstance(quantizer, HashLayer)
        u = torch.tanh(quantizer.outputs(batch.x))
        classifier = F.cross_entropy(criterion(u), batch.labels)
        quantisation = (u.abs() - 1).abs().mean()
        return classifier + QUANTISATION_WEIGHT * quantisation, classifier, quantisation
