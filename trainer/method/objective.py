"""One training step as a single module, so that DistributedDataParallel sees all that learns."""

from contextlib import nullcontext

import torch
from torch import Tensor, nn

from trainer.loss_variants import VARIANTS
from trainer.method.loss import SubspaceMarginLoss, relation_loss
from trainer.method.network_input import NetworkInput
from trainer.method.networks import Network

PARTS = ("total", "feature", "quantised", "entropy", "distillation")


class Objective(nn.Module):
    """Pictures and labels in, the loss out; network in mixed precision, head in float32.

    Args:
        network: what is trained.
        n_classes: people in the training split.
        precision: "bf16" or "fp32", of the trunk.
    """

    def __init__(self, network: Network, n_classes: int, *, precision: str = "fp32") -> None:
        super().__init__()
        method = network.method
        self.network = network
        self.loss = SubspaceMarginLoss(
            n_classes=n_classes,
            n_books=method.n_books,
            sub_dim=network.sizes.sub_dim,
            margin=method.margin,
            scale=method.scale,
            entropy_weight=method.entropy_weight,
            options=VARIANTS[method.variant],
        )
        self.distillation_weight = method.distillation_weight
        self.precision = precision
        self.prepare = NetworkInput(method.channel_order, method.pixel_mean, method.pixel_std)

    def forward(
        self, pixels: Tensor, labels: Tensor, teacher: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """The loss of a batch, and its parts for the log.

        Args:
            pixels: (B, S, S, 3) uint8 or float 0 to 255, RGB.
            labels: (B,) int64.
            teacher: (B, E) stored embeddings, needed with a distillation weight.

        Returns:
            The total (0-d, with gradient) and (5,) the values named by `PARTS`, detached.
        """
        x = self.features(pixels)
        with torch.autocast(x.device.type, enabled=False):
            quantizer = self.network.quantizer
            log_p = self.network.log_assignment(x)
            soft = quantizer.soft_quantise(log_p.exp())
            parts = self.loss(quantizer.sub_vectors(x), soft, log_p, labels)
            total, distilled = parts.total, x.new_zeros(())
            if teacher is not None:
                distilled = relation_loss(x, teacher)
                total = total + self.distillation_weight * distilled
        logged = (total, parts.feature, parts.quantised, parts.entropy, distilled)
        return total, torch.stack([value.detach() for value in logged])

    def features(self, pixels: Tensor) -> Tensor:
        """(B, S, S, 3) pixels → (B, D) float32."""
        is_mixed = self.precision == "bf16"
        mixed = torch.autocast(pixels.device.type, dtype=torch.bfloat16) if is_mixed else None
        with mixed or nullcontext():
            return self.network.features(self.prepare(pixels)).float()
