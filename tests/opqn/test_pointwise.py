"""A 1×1 convolution is torch's to rounding, and oneDNN's where torch would not take it."""

from typing import Any

import pytest
import torch
from torch import nn

from opqn_app.opqn.torch.pointwise import Pointwise
from opqn_app.opqn.torch.sface import SFace


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Pictures of each call of oneDNN's convolution."""
    sizes: list[int] = []
    real = torch.mkldnn_convolution

    def count(x: torch.Tensor, *others: Any) -> torch.Tensor:
        sizes.append(len(x))
        return real(x, *others)

    monkeypatch.setattr(torch, "mkldnn_convolution", count)
    return sizes


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("shape", [(1, 6, 9, 7), (2, 6, 14, 14), (20, 6, 1, 1)])
def test_it_gives_torchs_values(
    shape: tuple[int, ...], layout: torch.memory_format, counted: list[int]
) -> None:
    torch.manual_seed(0)
    ours, x = Pointwise(6, 5), torch.randn(shape).to(memory_format=layout)
    torchs = nn.Conv2d(6, 5, 1, bias=False)
    torchs.load_state_dict(ours.state_dict())
    with torch.inference_mode():
        torch.testing.assert_close(ours(x), torchs(x), rtol=1e-5, atol=1e-6)
    assert counted == [shape[0]]


def test_all_of_sfaces_mixes_use_it(counted: list[int]) -> None:
    net = SFace().eval()
    with torch.inference_mode():
        net(torch.randn(2, 3, 112, 112))
    assert counted == [2] * 13


@pytest.mark.filterwarnings("ignore:.torch.jit.*is deprecated:DeprecationWarning")
def test_training_tracing_and_other_types_are_left_to_torch(counted: list[int]) -> None:
    conv, x = Pointwise(6, 5), torch.randn(2, 6, 4, 4)
    conv(x).sum().backward()
    assert conv.weight.grad is not None
    with torch.no_grad():
        traced = torch.jit.trace(conv, x, check_trace=False)
        with torch.autocast("cpu", torch.bfloat16):
            assert conv(x).dtype == torch.bfloat16
        conv.double()(x.double())
    assert "mkldnn" not in str(traced.graph)
    assert not counted
