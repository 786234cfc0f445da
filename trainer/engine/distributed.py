"""Several processes of one run, as torchrun starts them; one process is the case of size 1."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

# The first process validates and writes while the others wait; a large gallery takes a while.
PATIENCE = timedelta(hours=2)
CPU = torch.device("cpu")


@dataclass(frozen=True, slots=True)
class World:
    """This process among all of the run."""

    rank: int = 0
    size: int = 1
    device: torch.device = CPU

    @property
    def is_main(self) -> bool:
        """Whether this process writes files and reports."""
        return self.rank == 0

    def any(self, flag: bool) -> bool:
        """Whether `flag` is set in any process; all must ask."""
        if self.size == 1:
            return flag
        votes = torch.tensor([int(flag)], device=self.device)
        dist.all_reduce(votes, dist.ReduceOp.MAX)
        return bool(votes.item())

    def mean(self, values: Tensor) -> Tensor:
        """The mean of `values` over the processes."""
        if self.size == 1:
            return values
        summed = values.clone()
        dist.all_reduce(summed)
        return summed / self.size

    def gather(self, value: Any) -> list[Any]:
        """`value` of every process, by rank, known to all."""
        if self.size == 1:
            return [value]
        values: list[Any] = [None] * self.size
        dist.all_gather_object(values, value)
        return values

    def barrier(self) -> None:
        """Wait until all processes are here."""
        if self.size > 1:
            dist.barrier()


def is_main_process() -> bool:
    """Whether this process writes files and reports, as far as the environment says."""
    return int(os.environ.get("RANK", "0")) == 0


def launched_by_torchrun() -> bool:
    """Whether the environment says that this is one of several processes."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


@contextmanager
def joined_world(device: str) -> Iterator[World]:
    """This process's place; the process group lives as long as the block.

    Args:
        device: "cpu" or "cuda"; each process takes the graphics card of its local rank.
    """
    local = int(os.environ.get("LOCAL_RANK", "0"))
    chosen = torch.device(device, local) if device == "cuda" else torch.device(device)
    if device == "cuda":
        torch.cuda.set_device(chosen)
    if not launched_by_torchrun():
        yield World(device=chosen)
        return
    if dist.is_initialized():  # a block inside another: several runs of one command
        yield World(rank=dist.get_rank(), size=dist.get_world_size(), device=chosen)
        return
    dist.init_process_group("nccl" if device == "cuda" else "gloo", timeout=PATIENCE)
    try:
        yield World(rank=dist.get_rank(), size=dist.get_world_size(), device=chosen)
    finally:
        dist.destroy_process_group()
