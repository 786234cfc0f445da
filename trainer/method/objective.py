"""One training step as a single module, so that DistributedDataParallel sees all that learns."""

from contextlib import nullcontext

import torch
from torch import Tensor, nn

from trainer.method.loss import relation_loss
from trainer.method.method import Batch
from trainer.method.network_input import NetworkInput
from trainer.method.networks import Network


class Objective(nn.Module):
    """Pictures and labels in, the loss out; network in mixed precision, head in float32.

    Args:
        network: what is trained.
        n_classes: people in the training split.
        precision: "bf16" or "fp32", of the trunk.

    Attributes:
        loss: what the method needs in training only.
        parts: names of what is logged, those of the method and "distillation".
    """

    def __init__(self, network: Network, n_classes: int, *, precision: str = "fp32") -> None:
        super().__init__()
        settings = network.settings
        self.network = network
        self.loss = network.method.criterion(network.sizes, n_classes)
        self.parts = (*network.method.parts, "distillation")
        self.distillation_weight = settings.distillation_weight
        self.precision = precision
        self.prepare = NetworkInput(settings.channel_order, settings.pixel_mean, settings.pixel_std)

    def forward(
        self, pixels: Tensor, labels: Tensor, teacher: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """The loss of a batch, and its parts for the log.

        Args:
            pixels: (B + U, S, S, 3) uint8 or float 0 to 255, RGB; the last U have no label.
            labels: (B,) int64.
            teacher: (B, E) stored embeddings, needed with a distillation weight.

        Returns:
            The total (0-d, with gradient) and the values named by `parts` in one row, detached.
        """
        x = self.features(pixels)
        with torch.autocast(x.device.type, enabled=False):
            network, unlabelled = self.network, None
            if len(x) > len(labels):
                x, unlabelled = x[: len(labels)], x[len(labels) :]
            batch = Batch(x, labels, unlabelled)
            found = network.method.loss(network.quantizer, self.loss, batch)
            total, distilled = found[0], x.new_zeros(())
            if teacher is not None:
                distilled = relation_loss(x, teacher)
                total = total + self.distillation_weight * distilled
        logged = (total, *found[1:], distilled)
        return total, torch.stack([value.detach() for value in logged])

    def features(self, pixels: Tensor) -> Tensor:
        """(B, S, S, 3) pixels → (B, D) float32."""
        is_mixed = self.precision == "bf16"
        mixed = torch.autocast(pixels.device.type, dtype=torch.bfloat16) if is_mixed else None
        with mixed or nullcontext():
            return self.network.features(self.prepare(pixels)).float()
