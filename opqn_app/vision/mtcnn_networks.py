"""MTCNN's three networks and its suppression of overlaps, without the packages they come from.

facenet-pytorch brings the weights and torchvision the compiled loop. Importing either loads all
models of torchvision, torch's compiler and SymPy, which is 150 MB and more than a second.
"""

import importlib.util
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader, FileFinder
from pathlib import Path

import torch
from torch import Tensor, nn


class ProposalNet(nn.Module):
    """P-Net; its layers only, since `mtcnn` runs them in a way of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 10, 3)
        self.prelu1 = nn.PReLU(10)
        self.conv2 = nn.Conv2d(10, 16, 3)
        self.prelu2 = nn.PReLU(16)
        self.conv3 = nn.Conv2d(16, 32, 3)
        self.prelu3 = nn.PReLU(32)
        self.conv4_1 = nn.Conv2d(32, 2, 1)
        self.conv4_2 = nn.Conv2d(32, 4, 1)
        _load(self, "pnet")


class RefineNet(nn.Module):
    """R-Net: (n, 3, 24, 24) → shifts (n, 4) and, for no face and face, scores (n, 2)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 28, 3)
        self.prelu1 = nn.PReLU(28)
        self.pool1 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.conv2 = nn.Conv2d(28, 48, 3)
        self.prelu2 = nn.PReLU(48)
        self.pool2 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.conv3 = nn.Conv2d(48, 64, 2)
        self.prelu3 = nn.PReLU(64)
        self.dense4 = nn.Linear(576, 128)
        self.prelu4 = nn.PReLU(128)
        self.dense5_1 = nn.Linear(128, 2)
        self.dense5_2 = nn.Linear(128, 4)
        _load(self, "rnet")

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.pool1(self.prelu1(self.conv1(x)))
        x = self.pool2(self.prelu2(self.conv2(x)))
        x = _columns_first(self.prelu3(self.conv3(x)))
        x = self.prelu4(self.dense4(x))
        return self.dense5_2(x), self.dense5_1(x).softmax(1)


class PlaceNet(nn.Module):
    """O-Net: (n, 3, 48, 48) → shifts (n, 4), points (n, 10) all x before all y, scores (n, 2)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 32, 3)
        self.prelu1 = nn.PReLU(32)
        self.pool1 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.conv2 = nn.Conv2d(32, 64, 3)
        self.prelu2 = nn.PReLU(64)
        self.pool2 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.conv3 = nn.Conv2d(64, 64, 3)
        self.prelu3 = nn.PReLU(64)
        self.pool3 = nn.MaxPool2d(2, 2, ceil_mode=True)
        self.conv4 = nn.Conv2d(64, 128, 2)
        self.prelu4 = nn.PReLU(128)
        self.dense5 = nn.Linear(1152, 256)
        self.prelu5 = nn.PReLU(256)
        self.dense6_1 = nn.Linear(256, 2)
        self.dense6_2 = nn.Linear(256, 4)
        self.dense6_3 = nn.Linear(256, 10)
        _load(self, "onet")

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x = self.pool1(self.prelu1(self.conv1(x)))
        x = self.pool2(self.prelu2(self.conv2(x)))
        x = self.pool3(self.prelu3(self.conv3(x)))
        x = _columns_first(self.prelu4(self.conv4(x)))
        x = self.prelu5(self.dense5(x))
        return self.dense6_2(x), self.dense6_3(x), self.dense6_1(x).softmax(1)


def nms(boxes: Tensor, scores: Tensor, most: float) -> Tensor:
    """torchvision.ops.nms: rows kept, best first; a box that a better one covers goes.

    Args:
        boxes: (n, 4) left, top, right, bottom.
        scores: (n,).
        most: intersection over union that may remain.
    """
    kept: Tensor = torch.ops.torchvision.nms(boxes, scores, most)
    return kept


def _columns_first(x: Tensor) -> Tensor:
    """(n, c, h, w) → (n, w · h · c): the order in which the dense weights were trained."""
    return x.permute(0, 3, 2, 1).flatten(1)


def _load(net: nn.Module, name: str) -> None:
    file = _folder("facenet_pytorch") / "data" / f"{name}.pt"
    net.load_state_dict(torch.load(file, map_location="cpu", weights_only=True))
    net.eval()


def _folder(package: str) -> Path:
    """Of an installed package, which is not imported."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ImportError(f"{package} is not installed", name=package)
    return Path(spec.origin).parent


def _load_compiled_loop() -> None:
    """Torchvision's operators become known to torch, as when it is imported."""
    finder = FileFinder(str(_folder("torchvision")), (ExtensionFileLoader, EXTENSION_SUFFIXES))
    spec = finder.find_spec("_C")
    if spec is None:
        raise ImportError("torchvision has no compiled part", name="torchvision._C")
    torch.ops.load_library(spec.origin)  # type: ignore[no-untyped-call]


_load_compiled_loop()
