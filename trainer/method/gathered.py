"""Rows of all processes, for terms of a loss that compare the pictures of a whole batch."""

from typing import Any, cast

import torch
import torch.distributed as dist
from torch import Tensor


def gathered(rows: Tensor) -> Tensor:
    """The rows (n, ...) of every process under each other, (W · n, ...); alone, the same tensor.

    Gradients flow back to the process a row came from, summed over all that used it. So where each
    process takes the mean over its own rows, or the same value of all, the mean over processes
    that DistributedDataParallel makes is the gradient of one process with the whole batch.
    """
    if not dist.is_available() or not dist.is_initialized() or dist.get_world_size() == 1:
        return rows
    return cast("Tensor", _Gather.apply(rows))  # type: ignore[no-untyped-call]


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, rows: Tensor) -> Tensor:
        ctx.n = len(rows)
        parts = [torch.empty_like(rows) for _ in range(dist.get_world_size())]
        dist.all_gather(parts, rows.contiguous())
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        grad = grads[0].contiguous().clone()
        dist.all_reduce(grad)
        start = dist.get_rank() * ctx.n
        return grad[start : start + ctx.n]
