"""CSQ: Yuan et al., "Central Similarity Quantization for Efficient Image and Video Retrieval",
CVPR 2020.

Each class has a fixed centre, a code of its own. The centres differ in about half of their bits.
The outputs of a picture go through tanh and are pulled bit by bit to the centre of its class.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from opqn_app.opqn.config import OpqnConfig
from trainer.config import MethodConfig
from trainer.method.bits import BinaryMethod, HashLayer, balanced_targets
from trainer.method.method import Batch

QUANTISATION_WEIGHT = 1e-4  # as published


class Centres(nn.Module):
    """Fixed codes of the classes.

    Attributes:
        codes: (C, L) of -1 and 1.
    """

    codes: Tensor

    def __init__(self, n_classes: int, n_bits: int) -> None:
        super().__init__()
        self.register_buffer("codes", balanced_targets(n_classes, n_bits))


class Csq(BinaryMethod):
    """Bits pulled to the fixed code of the class."""

    title = "CSQ"
    parts = ("total", "centre", "quantisation")

    def __init__(self, settings: MethodConfig) -> None:
        pass

    def quantizer(self, sizes: OpqnConfig, n_classes: int, seed: int) -> HashLayer:
        return HashLayer(sizes, is_normalised=False)

    def criterion(self, sizes: OpqnConfig, n_classes: int) -> Centres:
        return Centres(n_classes, sizes.n_books)

    def loss(self, quantizer: nn.Module, criterion: nn.Module, batch: Batch) -> tuple[Tensor, ...]:
        """centre + 1e-4 · quantisation, both means over pictures and bits.

        centre: binary cross-entropy of (1 + u) / 2 and the bit of the centre, u = tanh h.
        quantisation: (|u| - 1)².
        """
        assert isinstance(quantizer, HashLayer)
        assert isinstance(criterion, Centres)
        h = quantizer.outputs(batch.x)
        bits = (criterion.codes[batch.labels] > 0).to(h.dtype)
        centre = F.binary_cross_entropy_with_logits(2 * h, bits)  # (1 + tanh h) / 2 = sigmoid(2 h)
        quantisation = (torch.tanh(h).abs() - 1).square().mean()
        return centre + QUANTISATION_WEIGHT * quantisation, centre, quantisation
