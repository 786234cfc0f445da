"""What a network in training takes: the app's input, with constants that stay on the device."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from opqn_app.opqn.torch.preprocess import scale_pixels


class NetworkInput(nn.Module):
    """Pictures of the network's own size in, its input out; nothing is learned or stored.

    Args:
        channel_order: "rgb" or "bgr".
        mean, std: of each channel, 0 to 255, in that order.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, channel_order: str, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.is_bgr = channel_order == "bgr"
        for name, value in (("mean", mean), ("std", std)):
            constant = torch.tensor(value, dtype=torch.float32)[:, None, None]
            self.register_buffer(name, constant, persistent=False)

    def forward(self, pixels: Tensor) -> Tensor:
        """(B, S, S, 3) RGB uint8 or float, 0 to 255 → (B, 3, S, S) float32.

        A permuted NHWC tensor already is channels_last, so nothing is copied for that.
        """
        x = pixels.permute(0, 3, 1, 2).float()
        return scale_pixels(x, self.mean, self.std, is_bgr=self.is_bgr)
