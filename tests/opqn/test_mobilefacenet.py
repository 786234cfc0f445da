"""The small trunk: its sizes, and the licensed weights it was written for."""

from pathlib import Path

import pytest
import torch
from torch import nn

from opqn_app.opqn.torch.mobilefacenet import MobileFaceNet

TRUNK_WEIGHTS = Path(__file__).parents[3] / "shared" / "data" / "mobilefacenet_facexzoo.pt"


def test_mobilefacenet_halves_the_picture_four_times_and_sums_the_rest() -> None:
    with torch.device("meta"):
        net = MobileFaceNet().eval()
    x = torch.empty(2, 3, 112, 112, device="meta")
    sides = []
    for part in ("conv1", "conv2_dw", "conv_23", "conv_3", "conv_34", "conv_4", "conv_45"):
        x = getattr(net, part)(x)
        sides.append(x.shape[-1])
    assert sides == [56, 56, 28, 28, 14, 14, 7]
    assert net(torch.empty(2, 3, 112, 112, device="meta")).shape == (2, 512)
    assert sum(p.numel() for p in net.parameters()) == pytest.approx(1_200_000, rel=0.02)
    assert not any(m.bias is not None for m in net.modules() if isinstance(m, nn.Conv2d))


@pytest.mark.skipif(not TRUNK_WEIGHTS.is_file(), reason="the trunk's weights are not on this disk")
def test_the_real_trunk_loads_without_renaming() -> None:
    state = torch.load(TRUNK_WEIGHTS, weights_only=True, map_location="cpu")
    net = MobileFaceNet()
    net.load_state_dict(state, strict=True)
    assert len(state) == 333
