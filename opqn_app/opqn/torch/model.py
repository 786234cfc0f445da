"""The whole OPQN network: what a checkpoint stores."""

from torch import Tensor, nn

from opqn_app.opqn.config import OpqnConfig
from opqn_app.opqn.torch.backbone import build_backbone
from opqn_app.opqn.torch.quantizer import OrthoQuantizer


class OpqnModel(nn.Module):
    """Backbone and quantizer, with the config they were built from."""

    def __init__(self, config: OpqnConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = build_backbone(config)
        self.quantizer = OrthoQuantizer(config)

    def features(self, x: Tensor) -> Tensor:
        """(B, 3, S, S) prepared pictures → (B, D) features x, before any quantisation."""
        out: Tensor = self.backbone(x)
        return out

    def forward(self, x: Tensor) -> Tensor:
        """Same as `features`; the loss and the encoder take it from there."""
        return self.features(x)

    @property
    def trunk(self) -> nn.Module:
        """What can be trained before OPQN: the trunk, or where there is none, all of it."""
        trunk = getattr(self.backbone, "trunk", None)
        return trunk if isinstance(trunk, nn.Module) else self.backbone
