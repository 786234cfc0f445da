"""The fast PReLU is torch's: values to the bit, gradients to rounding."""

import pytest
import torch
from torch import nn

from opqn_app.opqn.torch.prelu import PReLU


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_training_gives_torchs_values_and_gradients(kind: torch.dtype) -> None:
    torch.manual_seed(0)
    x = torch.randn(3, 4, 9, 7).to(kind).requires_grad_()
    slopes, wanted = PReLU(4), nn.PReLU(4)
    with torch.no_grad():
        slopes.weight.copy_(torch.tensor([0.25, -0.5, 0.0, 1.5]))
        wanted.weight.copy_(slopes.weight)
    down = torch.randn(3, 4, 9, 7).to(kind)
    values = slopes(x)
    gradients = torch.autograd.grad(values, [x, slopes.weight], down)
    expected = wanted.to(kind)(x)
    expected_gradients = torch.autograd.grad(expected, [x, wanted.weight], down)
    assert torch.equal(values, expected)
    assert torch.equal(gradients[0], expected_gradients[0])
    tolerance = 1e-5 if kind == torch.float32 else 0.05
    assert torch.allclose(
        gradients[1], expected_gradients[1].float(), rtol=tolerance, atol=tolerance
    )


def test_without_gradients_it_is_torchs_own() -> None:
    """What the app encodes with does not depend on how a model was trained."""
    x = torch.randn(2, 3, 5, 5)
    slopes = PReLU(3)
    with torch.inference_mode():
        assert torch.equal(slopes(x), nn.functional.prelu(x, slopes.weight))
    assert torch.equal(slopes(x), nn.functional.prelu(x, slopes.weight))
    assert slopes.state_dict().keys() == {"weight"}
