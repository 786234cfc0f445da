"""The learning rate of every step: the paper's halving, and the options on top of it."""

from trainer.config import EngineConfig


def learning_rate(engine: EngineConfig, epoch: int, progress: float = 0.0) -> float:
    """The rate of the head and of a trunk without a rate of its own.

    Args:
        epoch: from 0.
        progress: share of the epoch that is done, 0 to 1; matters for the warm-up only.
    """
    rate: float = engine.lr * engine.lr_decay ** (epoch // engine.lr_step)
    return rate * _rise(epoch + progress, engine.warmup_epochs)


def trunk_learning_rate(engine: EngineConfig, epoch: int, progress: float = 0.0) -> float:
    """The rate of the trunk: 0 while it is frozen, then its own warm-up and factor."""
    if is_trunk_frozen(engine, epoch):
        return 0.0
    since = epoch - engine.trunk_frozen_epochs + progress
    rate = learning_rate(engine, epoch, progress) * engine.trunk_lr_scale
    return rate * _rise(since, engine.trunk_warmup_epochs)


def is_trunk_frozen(engine: EngineConfig, epoch: int) -> bool:
    """Whether the trunk and its statistics stand still in `epoch` (from 0)."""
    return epoch < engine.trunk_frozen_epochs or engine.trunk_lr_scale == 0.0


def _rise(done: float, over: float) -> float:
    return min(done / over, 1.0) if over > 0 else 1.0
