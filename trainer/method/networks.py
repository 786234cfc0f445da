"""The app's networks as they are trained, and the way back to the app."""

from typing import Any

from torch import Tensor, nn

from opqn_app.core.errors import SettingsError
from opqn_app.opqn.config import OpqnConfig
from opqn_app.opqn.torch.backbone import NarrowResNet20, ResNet20, build_backbone
from opqn_app.opqn.torch.model import OpqnModel
from trainer.config import MethodConfig
from trainer.method.method import make_method
from trainer.presets import CodeLength, feature_dim


class Network(nn.Module):
    """Backbone and quantizer, as `OpqnModel`, with what only training knows.

    Attributes:
        settings: what it was made from.
        method: how its codes are learned.
        sizes: the config of the same model in the app.
        quantizer: a `Quantizer`.

    Args:
        n_classes: people who are trained on; what words are made of in some methods.
    """

    def __init__(
        self,
        settings: MethodConfig,
        *,
        template_share: float = 1.0,
        seed: int = 0,
        n_classes: int = 2,
    ) -> None:
        super().__init__()
        self.settings = settings
        self.method = make_method(settings)
        self.sizes = _sizes(settings, template_share, self.method.query_form)
        self.backbone: Any = build_backbone(self.sizes)
        self.quantizer: Any = self.method.quantizer(self.sizes, n_classes, seed)
        if isinstance(self.backbone, ResNet20) and not settings.flatten_bn:
            self.backbone.bn = nn.Identity()  # type: ignore[assignment]
        if isinstance(self.backbone, ResNet20 | NarrowResNet20):
            self.backbone.drop.p = settings.dropout
        self.keep_head_in_float32()

    @property
    def trunk(self) -> nn.Module:
        """What a pretrained file fills and freezing holds: all that lies before the embedding."""
        trunk = getattr(self.backbone, "trunk", None)
        return trunk if isinstance(trunk, nn.Module) else self.backbone

    def keep_head_in_float32(self) -> None:
        """The head begins at the last normalisation; again after that layer was replaced."""
        self.backbone.last_bn.register_forward_pre_hook(_to_float32)

    def features(self, x: Tensor) -> Tensor:
        """(B, 3, S, S) prepared pictures → (B, D)."""
        out: Tensor = self.backbone(x)
        return out

    def forward(self, x: Tensor) -> Tensor:
        return self.features(x)


def to_app_model(network: Network) -> OpqnModel:
    """The same network for the app: words folded into F, a missing BN into a unit.

    Raises:
        NotForTheApp: the model format can't hold what the method searches with.
    """
    words = network.method.word_map(network.quantizer).detach().cpu()
    model = OpqnModel(network.sizes)
    own = network.backbone.state_dict(prefix="backbone.").items()
    state: dict[str, Any] = {k: v.detach().cpu() for k, v in own} | {"quantizer.mlp": words}
    if isinstance(model.backbone, ResNet20) and not network.settings.flatten_bn:
        unit = model.backbone.bn
        assert unit.running_var is not None
        unit.running_var.fill_(1.0 - unit.eps)  # so that it divides by 1
        state |= {f"backbone.bn.{k}": v for k, v in unit.state_dict().items()}
    model.load_state_dict(state)
    return model.eval()


def _sizes(method: MethodConfig, template_share: float, query_form: str) -> OpqnConfig:
    """The app's config. It scales its 112 px crop to `resize_to` and takes the centre, so what
    `stored_size` px show here must be what `resize_to` px show there."""
    try:
        return OpqnConfig(
            n_books=method.n_books,
            n_words=method.n_words,
            feature_dim=method.feature_dim
            or feature_dim(CodeLength(method.n_books, method.n_words), method.input_size),
            backbone=method.backbone,
            input_size=method.input_size,
            resize_to=max(round(method.stored_size * template_share), method.input_size),
            channel_order=method.channel_order,
            pixel_mean=method.pixel_mean,
            pixel_std=method.pixel_std,
            query_form=query_form,
        )
    except ValueError as error:
        raise SettingsError("method", str(error)) from error


def _to_float32(_module: nn.Module, inputs: tuple[Tensor]) -> tuple[Tensor]:
    return (inputs[0].float(),)
