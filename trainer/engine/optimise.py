"""The optimiser and what surrounds a step: groups, rates, clipping, averaged weights."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from trainer.config import EngineConfig
from trainer.engine.schedule import learning_rate, trunk_learning_rate
from trainer.method.networks import Network
from trainer.method.objective import Objective


def build_optimiser(objective: Objective, engine: EngineConfig) -> torch.optim.Optimizer:
    """SGD or Adam over everything that learns, in groups by part and by whether weights decay.

    Fused: a step is one pass over the weights instead of five to ten.
    """
    trunk = {id(p) for p in objective.network.trunk.parameters()}
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for parameter in objective.parameters():
        decays = parameter.dim() > 1 or not engine.no_decay_vectors
        groups.setdefault((id(parameter) in trunk, decays), []).append(parameter)
    described: list[dict[str, Any]] = [
        {
            "params": parameters,
            "is_trunk": is_trunk,
            "weight_decay": engine.weight_decay if decays else 0.0,
        }
        for (is_trunk, decays), parameters in groups.items()
    ]
    if engine.optimiser == "adam":
        betas = (engine.momentum, 0.999)
        return torch.optim.Adam(described, lr=engine.lr, betas=betas, fused=True)
    return torch.optim.SGD(described, lr=engine.lr, momentum=engine.momentum, fused=True)


def set_rates(
    optimiser: torch.optim.Optimizer, engine: EngineConfig, epoch: int, progress: float
) -> None:
    """The learning rates of this step; see `trainer.engine.schedule`."""
    for group in optimiser.param_groups:
        rate = trunk_learning_rate if group["is_trunk"] else learning_rate
        group["lr"] = rate(engine, epoch, progress)


def clip(objective: Objective, most: float) -> Tensor:
    """Length of the whole gradient before it is cut to `most` (0: not cut)."""
    gradients = [p.grad for p in objective.parameters() if p.grad is not None]
    norm = torch.nn.utils.get_total_norm(gradients)
    if most:
        torch.nn.utils.clip_grads_with_norm_(objective.parameters(), most, norm)
    return norm


class AveragedWeights:
    """An exponential mean of a network's weights and statistics.

    Args:
        decay: share of the mean that a step keeps, 0 to 1.
    """

    def __init__(self, network: Network, decay: float) -> None:
        self._network, self._decay = network, decay
        self.state = _copied(network)

    @torch.no_grad()
    def update(self) -> None:
        """Take in the current weights."""
        for name, value in self._network.state_dict().items():
            if value.is_floating_point():
                self.state[name].lerp_(value, 1 - self._decay)
            else:
                self.state[name].copy_(value)

    def restore(self, state: dict[str, Tensor]) -> None:
        """Put back what `state` was when it was saved."""
        for name, value in state.items():
            self.state[name].copy_(value)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The network has the mean weights inside the block."""
        own = _copied(self._network)
        self._network.load_state_dict(self.state)
        try:
            yield
        finally:
            self._network.load_state_dict(own)


def _copied(network: Network) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in network.state_dict().items()}
