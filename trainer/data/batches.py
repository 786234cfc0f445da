"""Pictures of the training split as batches on the device, in an order that can be resumed."""

import logging
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

logger = logging.getLogger(__name__)

RESIDENT_SHARE = 0.5  # of the free graphics memory that pictures may take
COPIED_AT_ONCE = 8192


def epoch_order(n: int, *, seed: int, epoch: int) -> Tensor:
    """The order of an epoch, from seed and number alone: nothing to store, nothing to rewind."""
    generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
    return torch.randperm(n, generator=generator)


def endless_order(n: int, first: int, count: int, *, seed: int) -> Tensor:
    """Places `first` to `first + count` of an endless row of orders of `n`, one after another."""
    rounds = range(first // n, (first + count - 1) // n + 1)
    whole = torch.cat([epoch_order(n, seed=seed, epoch=each) for each in rounds])
    start = first - rounds.start * n
    return whole[start : start + count]


def batch_bounds(
    n: int, batch_size: int, *, drop_last: bool, world: int = 1
) -> list[tuple[int, int]]:
    """Start and stop of every batch of all processes together.

    A last batch is cut to a multiple of the processes, and left out when it would give one of them
    a single picture, which batch normalisation can't work with.
    """
    whole = [(i, i + batch_size) for i in range(0, n - batch_size + 1, batch_size)]
    start = len(whole) * batch_size
    rest = (n - start) // world * world
    if not drop_last and rest >= 2 * world:
        whole.append((start, start + rest))
    return whole


class PictureStore:
    """uint8 pictures: on the device when they fit, else in host memory, fetched one batch ahead.

    Args:
        images: (N, S, S, 3) uint8; kept, not copied.
        chosen: (n,) rows of `images` that batches are made of.
        device: where batches are wanted.
    """

    def __init__(
        self, images: NDArray[np.uint8], chosen: NDArray[np.intp], device: torch.device
    ) -> None:
        self._device = device
        self._host = torch.from_numpy(images)
        self._chosen = torch.from_numpy(chosen)
        self._resident: Tensor | None = None
        size = len(chosen) * images[0].nbytes
        if device.type == "cuda" and size <= RESIDENT_SHARE * _free_memory(device):
            self._resident = torch.empty((len(chosen), *images.shape[1:]), dtype=torch.uint8,
                                         device=device)  # fmt: skip
            for start in range(0, len(chosen), COPIED_AT_ONCE):
                rows = self._chosen[start : start + COPIED_AT_ONCE]
                self._resident[start : start + len(rows)] = self._host[rows].to(device)
        place = "host memory" if self._resident is None else "graphics memory"
        logger.info("%.2f GB of pictures in %s", size / 1e9, place)

    def batches(self, rows: list[Tensor]) -> Iterator[Tensor]:
        """The pictures of each of `rows` (row numbers on the CPU), in turn."""
        if self._resident is not None:
            for wanted in rows:
                yield self._resident[wanted.to(self._device, non_blocking=True)]
            return
        if self._device.type == "cpu":
            for wanted in rows:
                yield self._host[self._chosen[wanted]]
            return
        with ThreadPoolExecutor(1) as pool:
            ahead: Future[Tensor] | None = pool.submit(self._gather, rows[0]) if rows else None
            for following in [*rows[1:], None]:
                assert ahead is not None
                ready = ahead.result()
                ahead = pool.submit(self._gather, following) if following is not None else None
                yield ready.to(self._device, non_blocking=True)

    def _gather(self, wanted: Tensor) -> Tensor:
        return self._host[self._chosen[wanted]].pin_memory()


def _free_memory(device: torch.device) -> int:
    free, _total = torch.cuda.mem_get_info(device)
    return int(free)
