"""A 1×1 convolution that one thread computes as fast as several do."""

import torch
from torch import Tensor, nn


class Pointwise(nn.Conv2d):
    """nn.Conv2d of 1×1 filters without bias, computed by oneDNN wherever that is possible.

    For one thread and few pictures torch takes a product of matrices instead, by a library that
    keeps to narrow instructions on processors that are not its maker's: twice the time on an AMD.
    """

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__(n_in, n_out, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        if _is_left_to_torch(x):
            return super().forward(x)
        return torch.mkldnn_convolution(x, self.weight, None, (0, 0), (1, 1), (1, 1), 1)


def _is_left_to_torch(x: Tensor) -> bool:
    """With gradients, on a graphics card, in other types or shapes, and to be exported."""
    return (
        torch.is_grad_enabled()
        or x.dim() != 4
        or x.device.type != "cpu"
        or x.dtype != torch.float32
        or torch.is_autocast_enabled("cpu")
        or torch.jit.is_tracing()  # type: ignore[attr-defined, no-untyped-call]
        or torch.compiler.is_compiling()
        or not torch.backends.mkldnn.enabled
        or not torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    )
