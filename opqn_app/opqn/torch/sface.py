"""SFace, the trunk of the bundled models: (B, 3, 112, 112) → (B, 128).

A MobileNet of depthwise separable blocks whose last 7×7 map goes through one fully connected layer.
The Apache-2.0 weights (NOTICE) were trained on RGB pictures scaled to (v - 127.5) / 128.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn

from opqn_app.opqn.torch.prelu import PReLU

EMBEDDING_DIM = 128
MAP_SIDE = 7
CHANNELS = (32, 64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)
HALVED = (1, 3, 5, 11)  # the blocks that halve the map: 112 px → 7
CONV_EPS, MAP_EPS = 1e-3, 2e-5  # of the normalisation after convolutions, and of the last two


class Separable(nn.Module):
    """A filter for each channel, then a mix of the channels; both normalised, with PReLU."""

    def __init__(self, n_in: int, n_out: int, stride: int) -> None:
        super().__init__()
        self.dw = nn.Conv2d(n_in, n_in, 3, stride=stride, padding=1, groups=n_in, bias=False)
        self.dw_bn = nn.BatchNorm2d(n_in, eps=CONV_EPS)
        self.dw_prelu = PReLU(n_in)
        self.conv = nn.Conv2d(n_in, n_out, 1, bias=False)
        self.bn = nn.BatchNorm2d(n_out, eps=CONV_EPS)
        self.prelu = PReLU(n_out)

    def forward(self, x: Tensor) -> Tensor:
        x = self.dw_prelu(self.dw_bn(self.dw(x)))
        out: Tensor = self.prelu(self.bn(self.conv(x)))
        return out


class SFace(nn.Module):
    """9.6 M parameters, two thirds of them in the last layer."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, CHANNELS[0], 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(CHANNELS[0], eps=CONV_EPS)
        self.prelu = PReLU(CHANNELS[0])
        self.blocks = nn.Sequential(
            *(
                Separable(n_in, n_out, 2 if number in HALVED else 1)
                for number, (n_in, n_out) in enumerate(pairwise(CHANNELS))
            )
        )
        self.map_bn = nn.BatchNorm2d(CHANNELS[-1], eps=MAP_EPS)
        self.fc = nn.Linear(CHANNELS[-1] * MAP_SIDE**2, EMBEDDING_DIM)
        self.out_bn = nn.BatchNorm1d(EMBEDDING_DIM, eps=MAP_EPS)

    def forward(self, x: Tensor) -> Tensor:
        x = self.blocks(self.prelu(self.bn(self.conv(x))))  # (B, 1024, 7, 7)
        out: Tensor = self.out_bn(self.fc(torch.flatten(self.map_bn(x), 1)))
        return out
