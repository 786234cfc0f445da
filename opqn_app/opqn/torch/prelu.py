"""PReLU that trains fast on a processor."""

from typing import Any, cast

import torch
from torch import Tensor, nn


class PReLU(nn.PReLU):
    """nn.PReLU for maps (B, C, H, W), whose gradient torch computes one value at a time on a CPU.

    There the gradient is put together from four vectorised passes: the same values.
    """

    def forward(self, x: Tensor) -> Tensor:
        if x.device.type != "cpu" or not torch.is_grad_enabled():
            return super().forward(x)
        return cast("Tensor", _Prelu.apply(x, self.weight.to(x.dtype)))  # type: ignore[no-untyped-call]


class _Prelu(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        return torch.prelu(x, weight)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor]:
        x, weight = ctx.saved_tensors
        above = torch.ops.aten.threshold_backward(grads[0], x, 0.0)  # the gradient where x > 0
        below = grads[0] - above
        to_x = torch.addcmul(above, below, weight[:, None, None])
        return to_x, (below * x).sum((0, 2, 3))
