"""The face networks: aligned pictures (B, 3, S, S) → features (B, D)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from opqn_app.core.errors import ModelError
from opqn_app.opqn.config import OpqnConfig
from opqn_app.opqn.torch import mobilefacenet, sface
from opqn_app.opqn.torch.mobilefacenet import MobileFaceNet
from opqn_app.opqn.torch.prelu import PReLU
from opqn_app.opqn.torch.sface import SFace

CHANNELS = (64, 128, 256, 512)
NARROW_CHANNELS = (16, 32, 64, 128)
INCEPTION_DIM = 512
BLOCKS = (1, 2, 4, 1)  # with the four stage convolutions: 4 + 2 · 8 = 20


class ResidualBlock(nn.Module):
    """Two 3×3 convolutions beside an identity; nothing follows the sum."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.prelu1 = PReLU(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.prelu2 = PReLU(channels)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.prelu1(self.bn1(self.conv1(x)))
        y = self.prelu2(self.bn2(self.conv2(y)))
        return x + y


class ResNet20(nn.Module):
    """The paper's network; names and shapes are those of the released checkpoints (156 tensors).

    Args:
        feature_dim: D.
        input_size: 32 or 112 px; both end in a small map that is flattened, so the size is fixed.
    """

    def __init__(self, feature_dim: int, input_size: int) -> None:
        super().__init__()
        first_stride = 1 if input_size == 32 else 2
        side = 4 if input_size == 32 else 7
        self.layer1 = _stage(3, CHANNELS[0], BLOCKS[0], stride=first_stride)
        self.layer2 = _stage(CHANNELS[0], CHANNELS[1], BLOCKS[1], stride=2)
        self.layer3 = _stage(CHANNELS[1], CHANNELS[2], BLOCKS[2], stride=2)
        self.layer4 = _stage(CHANNELS[2], CHANNELS[3], BLOCKS[3], stride=2)
        flat = CHANNELS[3] * side * side
        self.bn = nn.BatchNorm1d(flat)  # in the released code, not in the paper
        self.drop = nn.Dropout(0.5)
        self.fc = nn.Linear(flat, feature_dim)
        self.last_bn = nn.BatchNorm1d(feature_dim)

    def forward(self, x: Tensor) -> Tensor:
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        x = self.drop(self.bn(torch.flatten(x, 1)))
        out: Tensor = self.last_bn(self.fc(x))
        return out  # (B, D)


class NarrowResNet20(nn.Module):
    """ResNet20 with a quarter of the channels and without the flattened map's normalisation.

    A sixteenth of the work, so that a CPU can train it in minutes.

    Args:
        feature_dim: D.
        input_size: 16 px or more; the flattened map's size follows from it.
    """

    def __init__(self, feature_dim: int, input_size: int) -> None:
        super().__init__()
        strides = (1 if input_size <= 32 else 2, 2, 2, 2)
        stages: list[nn.Module] = []
        n_in, side = 3, input_size
        for n_out, n_blocks, stride in zip(NARROW_CHANNELS, BLOCKS, strides, strict=True):
            stages += _stage(n_in, n_out, n_blocks, stride=stride)
            n_in, side = n_out, -(-side // stride)
        self.stages = nn.Sequential(*stages)
        self.drop = nn.Dropout(0.5)
        self.fc = nn.Linear(n_in * side * side, feature_dim)
        self.last_bn = nn.BatchNorm1d(feature_dim)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last_bn(self.fc(self.drop(torch.flatten(self.stages(x), 1))))
        return out


class EmbeddedTrunk(nn.Module):
    """A face network that was trained before OPQN, with the embedding E → D on top.

    `trunk` is a module of its own so that it can be loaded, frozen, or read on its own.

    Args:
        trunk: (B, 3, 112, 112) → (B, E).
        n_embedding: E.
        feature_dim: D.
        mirror_average: the embedding is the direction between those of the face and of its
            mirror image, at the price of a second pass; it is then of unit length.
    """

    def __init__(
        self, trunk: nn.Module, n_embedding: int, feature_dim: int, *, mirror_average: bool = False
    ) -> None:
        super().__init__()
        self.trunk = trunk
        self.embed = nn.Linear(n_embedding, feature_dim, bias=False)  # the BN has the bias
        self.last_bn = nn.BatchNorm1d(feature_dim)
        self.mirror_average = mirror_average

    def forward(self, x: Tensor) -> Tensor:
        return self.from_embedding(self.embedding(x))

    def embedding(self, x: Tensor) -> Tensor:
        """(B, 3, 112, 112) → (B, E): what a head can be trained on, computed once."""
        if not self.mirror_average:
            out: Tensor = self.trunk(x)
            return out
        plain, mirrored = self.trunk(torch.cat([x, x.flip(3)])).chunk(2)  # faster than two passes
        return mirror_mean(plain, mirrored)

    def from_embedding(self, embedding: Tensor) -> Tensor:
        """(B, E) embedding → (B, D)."""
        out: Tensor = self.last_bn(self.embed(embedding))
        return out


def mirror_mean(plain: Tensor, mirrored: Tensor) -> Tensor:
    """The unit vector half-way between the directions of two embeddings (B, E)."""
    return F.normalize(F.normalize(plain, dim=-1) + F.normalize(mirrored, dim=-1), dim=-1)


def build_backbone(config: OpqnConfig) -> nn.Module:
    """The untrained network that `config` names."""
    if config.backbone == "resnet20":
        return ResNet20(config.feature_dim, config.input_size)
    if config.backbone == "resnet20-narrow":
        return NarrowResNet20(config.feature_dim, config.input_size)
    trunk, n_embedding = _trunk(config.backbone)
    return EmbeddedTrunk(
        trunk, n_embedding, config.feature_dim, mirror_average=config.mirror_average
    )


def _trunk(name: str) -> tuple[nn.Module, int]:
    """A trunk and the length of its embedding.

    Raises:
        ModelError: it needs the package facenet-pytorch, which is not there.
    """
    if name == "mobilefacenet":
        return MobileFaceNet(), mobilefacenet.EMBEDDING_DIM
    if name == "sface":
        return SFace(), sface.EMBEDDING_DIM
    try:
        from facenet_pytorch import InceptionResnetV1
    except ImportError as error:
        reason = "The backbone inception-resnet-v1 needs the package facenet-pytorch."
        raise ModelError(reason) from error
    return InceptionResnetV1(pretrained=None), INCEPTION_DIM


def _stage(n_in: int, n_out: int, n_blocks: int, *, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(n_in, n_out, 3, stride=stride, padding=1),
        nn.BatchNorm2d(n_out),
        PReLU(n_out),
        *(ResidualBlock(n_out) for _ in range(n_blocks)),
    )
