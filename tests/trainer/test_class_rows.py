"""Products with class rows against the plain line of each, and their gradients."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from trainer.method.class_rows import dot_rows, dot_unit_rows, unit_rows

SCALE = 7.0
PAIRS: dict[str, tuple[Callable[..., Tensor], Callable[..., Tensor]]] = {
    "unit_rows": (lambda _x, rows: unit_rows(rows), lambda _x, rows: F.normalize(rows, dim=-1)),
    "dot_rows": (dot_rows, lambda x, rows: x @ rows.transpose(1, 2)),
    "dot_unit_rows": (
        lambda x, rows: dot_unit_rows(x, rows, SCALE),
        lambda x, rows: SCALE * x @ F.normalize(rows, dim=-1).transpose(1, 2),
    ),
}


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("shortened", [False, True])
def test_values_and_gradients_are_those_of_the_plain_line(name: str, shortened: bool) -> None:
    torch.manual_seed(0)
    x, rows = torch.randn(3, 5, 4, dtype=torch.float64), torch.randn(3, 6, 4, dtype=torch.float64)
    if shortened:
        rows[1, 2] *= 1e-14
    found = []
    for function in PAIRS[name]:
        a, b = x.clone().requires_grad_(), rows.clone().requires_grad_()
        out = function(a, b)
        (out * torch.linspace(-1, 2, out.numel(), dtype=out.dtype).view_as(out)).sum().backward()
        found.append([out.detach(), b.grad, a.grad if a.grad is not None else torch.zeros(())])
    for ours, plain in zip(*found, strict=True):
        assert ours is not None
        assert plain is not None
        assert torch.allclose(ours, plain, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", PAIRS)
def test_derivatives_are_exact(name: str) -> None:
    torch.manual_seed(1)
    given = [torch.randn(2, n, 3, dtype=torch.float64, requires_grad=True) for n in (4, 5)]
    assert torch.autograd.gradcheck(PAIRS[name][0], given)


def test_a_row_of_zeros_has_no_direction_and_no_broken_gradient() -> None:
    rows = torch.zeros(1, 2, 3, requires_grad=True)
    dot_unit_rows(torch.ones(1, 1, 3), rows, SCALE).sum().backward()
    assert rows.grad is not None
    assert torch.isfinite(rows.grad).all()
