"""Products with the rows of many classes, with gradients in few passes over memory.

With thousands of classes their weights are larger than all that is computed of a batch. What torch
derives by itself goes over them a dozen times, and part of it in an order that memory is slow at.
All of these give what the plain line in their docstring gives.
"""

from typing import Any, cast

import torch
from torch import Tensor

SHORTEST = 1e-12  # a shorter row is divided by this


def unit_rows(rows: Tensor) -> Tensor:
    """`F.normalize(rows, dim=-1)`."""
    return cast("Tensor", _UnitRows.apply(rows))  # type: ignore[no-untyped-call]


def dot_rows(x: Tensor, rows: Tensor) -> Tensor:
    """`x @ rows.transpose(1, 2)`: (M, N, d) and (M, C, d) → (M, N, C)."""
    return cast("Tensor", _DotRows.apply(x, rows))  # type: ignore[no-untyped-call]


def dot_unit_rows(x: Tensor, rows: Tensor, scale: float) -> Tensor:
    """`scale * dot_rows(x, unit_rows(rows))`; the product is divided by the lengths, not the rows.

    Args:
        x: (M, N, d).
        rows: (M, C, d).
    """
    return cast("Tensor", _DotUnitRows.apply(x, rows, scale))  # type: ignore[no-untyped-call]


class _UnitRows(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, rows: Tensor) -> Tensor:
        lengths = torch.linalg.vector_norm(rows, dim=-1, keepdim=True)
        unit: Tensor = rows / lengths.clamp_min(SHORTEST)
        ctx.save_for_backward(unit, lengths)
        return unit

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        unit, lengths = ctx.saved_tensors
        along = (grads[0] * unit).sum(-1, keepdim=True)
        along.masked_fill_(lengths < SHORTEST, 0.0)  # a length that was not divided by
        return torch.addcmul(grads[0], along, unit, value=-1.0).div_(lengths.clamp_min(SHORTEST))


class _DotRows(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, rows: Tensor) -> Tensor:
        ctx.save_for_backward(x, rows)
        return x @ rows.transpose(1, 2)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor]:
        x, rows = ctx.saved_tensors
        return grads[0] @ rows, grads[0].transpose(1, 2) @ x  # the second lies as `rows` does


class _DotUnitRows(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, rows: Tensor, scale: float) -> Tensor:
        lengths = torch.linalg.vector_norm(rows, dim=-1)  # (M, C)
        factors = (scale / lengths.clamp_min(SHORTEST))[:, None]
        dots = (x @ rows.transpose(1, 2)).mul_(factors)
        ctx.save_for_backward(x, rows, lengths, factors, dots)
        return dots

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None]:
        x, rows, lengths, factors, dots = ctx.saved_tensors
        along = (grads[0] * dots).sum(1) / lengths.square()
        along.masked_fill_(lengths < SHORTEST, 0.0)
        inner = grads[0] * factors
        to_rows = (inner.transpose(1, 2) @ x).addcmul_(along[..., None], rows, value=-1.0)
        return inner @ rows, to_rows, None
