"""What the steps of an epoch are fed: pictures on the device, cropped and damaged, and labels."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat

import torch
from torch import Tensor

from opqn_app.core.errors import SettingsError
from trainer.config import TrainConfig
from trainer.data import augment
from trainer.data.batches import PictureStore, batch_bounds, endless_order, epoch_order
from trainer.data.loading import TrainingData
from trainer.engine.distributed import World


@dataclass(frozen=True, slots=True, eq=False)
class Fed:
    """One step's share of this process.

    Attributes:
        pixels: (B + U, S, S, 3); the labelled pictures, then the unlabelled ones.
        labels: (B,) int64.
        teacher: (B, E) embeddings to follow, or None.
        n_global: labelled pictures of all processes together.
    """

    pixels: Tensor
    labels: Tensor
    teacher: Tensor | None
    n_global: int


class Feed:
    """The training pictures of a run, in an order that seed and position decide.

    Args:
        uses_unlabelled: each step also takes as many pictures of the role "unlabelled", if there
            are any. Their order goes on from epoch to epoch.
        generator: draws the augmentation, in the order of the steps and not ahead of them.
    """

    def __init__(
        self,
        config: TrainConfig,
        data: TrainingData,
        world: World,
        *,
        uses_unlabelled: bool,
        generator: torch.Generator,
    ) -> None:
        self._config, self._data, self._world = config, data, world
        self._generator = generator
        self._labels = torch.from_numpy(data.labels[data.split.train]).to(world.device)
        self._teacher: Tensor | None = None
        if data.teacher is not None:
            self._teacher = torch.from_numpy(data.teacher[data.split.train]).to(world.device)
        self._n_unlabelled = len(data.split.unlabelled) if uses_unlabelled else 0
        self._stores: list[PictureStore] = []

    def bounds(self) -> list[tuple[int, int]]:
        """Start and stop of each step in the order of an epoch.

        Raises:
            SettingsError: the pictures make no batch, or processes would get unequal shares.
        """
        n, engine = len(self._data.split.train), self._config.engine
        if engine.batch_size % self._world.size:
            reason = (
                f"{engine.batch_size} can't be shared out evenly to {self._world.size} processes"
            )
            raise SettingsError("engine.batch_size", reason)
        bounds = batch_bounds(
            n, engine.batch_size, drop_last=engine.drop_last, world=self._world.size
        )
        if not bounds:
            reason = f"{n} training pictures make no batch of {engine.batch_size}"
            raise SettingsError("engine.batch_size", reason)
        return bounds

    def steps(self, epoch: int, first: int) -> Iterator[Fed]:
        """The steps of `epoch` from `first` on."""
        bounds, seed = self.bounds(), self._config.engine.seed
        order = epoch_order(len(self._data.split.train), seed=seed, epoch=epoch)
        whole = [order[start:stop] for start, stop in bounds[first:]]
        mine = [self._share(rows) for rows in whole]
        labelled, unlabelled = self._pictures()
        others: Iterator[Tensor | None] = repeat(None, len(mine))
        if unlabelled is not None:
            n = bounds[-1][1]
            endless = endless_order(self._n_unlabelled, epoch * n, n, seed=seed)
            others = unlabelled.batches([self._share(endless[i:j]) for i, j in bounds[first:]])
        for pixels, rows, more, wanted in zip(
            labelled.batches(mine), mine, others, whole, strict=True
        ):
            n_global = len(wanted)
            # Nothing in a step may wait for the device: every copy to it is non-blocking.
            pixels = self._augmented(pixels, n_global)
            if more is not None:
                pixels = torch.cat([pixels, self._augmented(more, n_global)])
            rows = rows.to(pixels.device, non_blocking=True)
            teacher = None if self._teacher is None else self._teacher[rows]
            yield Fed(pixels, self._labels[rows], teacher, n_global)

    def _share(self, rows: Tensor) -> Tensor:
        return rows[self._world.rank :: self._world.size]

    def _augmented(self, pixels: Tensor, n_global: int) -> Tensor:
        method, config = self._config.method, self._config.augment
        slack = method.stored_size - method.input_size
        draws = augment.draw(n_global, config, slack=slack, generator=self._generator)
        draws = draws.part(self._world.rank, self._world.size)
        pixels = augment.crop_and_flip(pixels, draws, method.input_size)
        return augment.damage(pixels, draws, config)

    def _pictures(self) -> tuple[PictureStore, PictureStore | None]:
        if not self._stores:
            split, images = self._data.split, self._data.pictures.images
            roles = [split.train, split.unlabelled] if self._n_unlabelled else [split.train]
            self._stores = [PictureStore(images, rows, self._world.device) for rows in roles]
        return self._stores[0], self._stores[1] if len(self._stores) > 1 else None
