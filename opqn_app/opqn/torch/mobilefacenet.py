"""MobileFaceNet, the small trunk of the bundled models: (B, 3, 112, 112) → (B, 512).

Layer names are those of the Apache-2.0 weights (NOTICE), which load without renaming. They were
trained on BGR pictures scaled to (v - 127.5) / 128.
"""

import torch
from torch import Tensor, nn

from opqn_app.opqn.torch.prelu import PReLU

EMBEDDING_DIM = 512


class ConvBlock(nn.Module):
    """Convolution without bias, batch normalisation, and PReLU unless the block is linear."""

    def __init__(
        self,
        n_in: int,
        n_out: int,
        kernel: int = 1,
        *,
        stride: int = 1,
        padding: int = 0,
        groups: int = 1,
        is_linear: bool = False,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            n_in, n_out, kernel, stride=stride, padding=padding, groups=groups, bias=False
        )
        self.bn = nn.BatchNorm2d(n_out)
        self.prelu = None if is_linear else PReLU(n_out)

    def forward(self, x: Tensor) -> Tensor:
        x = self.bn(self.conv(x))
        return x if self.prelu is None else self.prelu(x)


class DepthWise(nn.Module):
    """Widen 1×1, filter each channel 3×3, project 1×1; a residual block adds its input."""

    def __init__(
        self, n_in: int, n_out: int, width: int, *, stride: int, is_residual: bool = False
    ) -> None:
        super().__init__()
        self.conv = ConvBlock(n_in, width)
        self.conv_dw = ConvBlock(width, width, 3, stride=stride, padding=1, groups=width)
        self.project = ConvBlock(width, n_out, is_linear=True)
        self.is_residual = is_residual

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.project(self.conv_dw(self.conv(x)))
        return x + y if self.is_residual else y


class Residuals(nn.Module):
    """A row of residual depth-wise blocks of one size."""

    def __init__(self, channels: int, n_blocks: int, width: int) -> None:
        super().__init__()
        self.model = nn.Sequential(
            *(
                DepthWise(channels, channels, width, stride=1, is_residual=True)
                for _ in range(n_blocks)
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.model(x)
        return out


class MobileFaceNet(nn.Module):
    """1.2 M parameters; five halvings bring 112 px down to the 7×7 map that conv_6_dw sums."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = ConvBlock(3, 64, 3, stride=2, padding=1)
        self.conv2_dw = ConvBlock(64, 64, 3, padding=1, groups=64)
        self.conv_23 = DepthWise(64, 64, 128, stride=2)
        self.conv_3 = Residuals(64, 4, 128)
        self.conv_34 = DepthWise(64, 128, 256, stride=2)
        self.conv_4 = Residuals(128, 6, 256)
        self.conv_45 = DepthWise(128, 128, 512, stride=2)
        self.conv_5 = Residuals(128, 2, 256)
        self.conv_6_sep = ConvBlock(128, 512)
        self.conv_6_dw = ConvBlock(512, 512, 7, groups=512, is_linear=True)
        self.linear = nn.Linear(512, EMBEDDING_DIM, bias=False)
        self.bn = nn.BatchNorm1d(EMBEDDING_DIM)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv_23(self.conv2_dw(self.conv1(x)))  # (B, 64, 28, 28)
        x = self.conv_34(self.conv_3(x))  # (B, 128, 14, 14)
        x = self.conv_45(self.conv_4(x))  # (B, 128, 7, 7)
        x = self.conv_6_dw(self.conv_6_sep(self.conv_5(x)))  # (B, 512, 1, 1)
        out: Tensor = self.bn(self.linear(torch.flatten(x, 1)))
        return out
