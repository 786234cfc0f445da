"""The last blocks of SFace, tuned so that the photos of a person rank each other first.

The blocks before them stay as published and see every crop without gradients, which keeps the
work within what a CPU can do in an hour. The loss asks what a search asks: every face is a query
against all training faces as they were when last seen (a memory bank, Wang et al. 2020), and each
photo of the same person should rank before all other people. Faces are compared as a head compares
them, relative to the mean of their collection and along discriminant directions. In the end the
weights are mixed with those published (Wortsman et al. 2022), which keeps what the latter know of
people who are not like those of the training set.
"""

import copy
import logging
import math
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from opqn_app.opqn.torch.sface import CHANNELS, SFace
from trainer.method.joint_head import group_means, relative_directions

logger = logging.getLogger(__name__)

SAID_EVERY_S = 60.0
CHUNKS = {"cpu": 16}


@dataclass(frozen=True, slots=True)
class LastBlocksSettings:
    """Everything that decides the tuned blocks besides the data.

    Attributes:
        depth: how many of the thirteen blocks are tuned, from 1, besides what comes after them.
        epochs, batch_size, warm_up: the latter in steps; then the rates fall as a half cosine.
        learning_rate: of the last block and what comes after it, by AdamW without decay.
        rate_decay: of the rate, for each block before the last.
        head_rate: of the directions and the class weights.
        scale, margin: of the ranking loss.
        class_share: weight of a margin classifier beside it, whose scale and margin follow.
        class_scale, class_margin: likewise.
        shrinkage: of the directions that faces are compared along.
        published: share of the published weights in the mixture that is kept.
        bfloat16: half the numbers' bits while training; fast where the processor has it.
        damaged: share of the crops that are seen as bad photos have them.
        seed: of the order, and of how a crop is seen.
    """

    depth: int = 7
    epochs: int = 5
    batch_size: int = 128
    warm_up: int = 100
    learning_rate: float = 1.5e-4
    rate_decay: float = 0.85
    head_rate: float = 1e-3
    scale: float = 20.0
    margin: float = 0.1
    class_share: float = 0.5
    class_scale: float = 24.0
    class_margin: float = 0.2
    shrinkage: float = 0.1
    published: float = 0.5
    bfloat16: bool = False
    damaged: float = 0.35
    seed: int = 0

    def __post_init__(self) -> None:
        """Raises: ValueError: a number beyond its range."""
        least = {"depth": 1, "epochs": 1, "batch_size": 2}
        for name, low in least.items():
            if getattr(self, name) < low:
                raise ValueError(f"{name.replace('_', ' ')} must be {low} or more")
        if self.depth >= len(CHANNELS):
            raise ValueError(f"depth must be {len(CHANNELS) - 1} or less")
        if not 0 < self.learning_rate < math.inf:
            raise ValueError("learning rate must be above 0, and a number")
        for name in ("published", "damaged"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be from 0 to 1")


class Views(Protocol):
    """Training faces as the last blocks see them."""

    def draw(self, rows: NDArray[np.int64], chance: np.random.Generator) -> Tensor:
        """(B, C, H, W) maps of the crops `rows` (B,), each seen in one of the ways there are."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class TrainingFaces:
    """Training faces; entry i of all belongs to one crop.

    Attributes:
        views: what each looks like to the last blocks.
        embeddings: (n, E) what the published trunk says of each, float32.
        labels: (n,) int64 people from 0, each with at least two faces.
        collections: (n,) int64, the collection of photos a face comes from.
    """

    views: Views
    embeddings: Tensor
    labels: Tensor
    collections: Tensor


@dataclass(frozen=True, slots=True)
class LastBlocksEpoch:
    """Means over an epoch: both losses, and how often the first answer was right in training."""

    epoch: int
    ranking: float
    classes: float
    rank1: float


class LastBlocks(nn.Module):
    """The last blocks and what comes after: `maps_of` → (B, 128). A copy; its norms stay fixed."""

    def __init__(self, trunk: SFace, depth: int) -> None:
        super().__init__()
        own = copy.deepcopy(trunk)
        _, self.blocks = _parted(own, depth)
        self.map_bn, self.fc, self.out_bn = own.map_bn, own.fc, own.out_bn
        self.eval()

    def forward(self, maps: Tensor) -> Tensor:
        x = torch.flatten(self.map_bn(self.blocks(maps)), 1)
        out: Tensor = self.out_bn(self.fc(x))
        return out

    def rates(self, settings: LastBlocksSettings) -> list[dict[str, Any]]:
        """Groups of parameters for an optimiser, each with its "rate"."""
        after = [self.map_bn, self.fc, self.out_bn]
        end = {"params": [p for m in after for p in m.parameters()], "rate": settings.learning_rate}
        return [end] + [
            {
                "params": list(block.parameters()),
                "rate": settings.learning_rate * settings.rate_decay**before_last,
            }
            for before_last, block in enumerate(reversed(self.blocks))
        ]


def maps_of(trunk: SFace, pixels: Tensor, depth: int) -> Tensor:
    """(B, 3, 112, 112) network input → (B, C, H, W), where `LastBlocks` of that depth start."""
    fixed, _ = _parted(trunk, depth)
    out: Tensor = fixed(trunk.prelu(trunk.bn(trunk.conv(pixels))))
    return out


def chunk_size(device: torch.device) -> int:
    """How many pictures go through a network at once: on a CPU what its cache holds."""
    return CHUNKS.get(device.type, 256)


def _parted(trunk: SFace, depth: int) -> tuple[nn.Sequential, nn.Sequential]:
    """The blocks that stay as they are, and the last `depth`, which are tuned; no copies."""
    blocks = list(trunk.blocks)
    return nn.Sequential(*blocks[:-depth]), nn.Sequential(*blocks[-depth:])


@torch.no_grad()
def with_last_blocks(trunk: SFace, last_blocks: LastBlocks, *, published: float) -> SFace:
    """A copy of the trunk whose last layers are mixed: its own and those of `last_blocks`.

    Args:
        published: share of its own, 0 to 1.
    """
    mixed = copy.deepcopy(trunk)
    _, blocks = _parted(mixed, len(last_blocks.blocks))
    pairs = (
        (blocks, last_blocks.blocks),
        (mixed.map_bn, last_blocks.map_bn),
        (mixed.fc, last_blocks.fc),
        (mixed.out_bn, last_blocks.out_bn),
    )
    for own, tuned in pairs:
        for ours, theirs in zip(own.parameters(), tuned.parameters(), strict=True):
            ours.lerp_(theirs.to(ours), 1 - published)
    return mixed.eval()


def ranking_loss(
    queries: Tensor, bank: Tensor, same: Tensor, left_out: Tensor, *, scale: float, margin: float
) -> Tensor:
    """How far the photos of a person are from ranking before those of all other people.

    For a query q with the positives P and the negatives N of the bank, the mean over p in P of
    log(1 + Σ_n exp(scale · (q·n - q·p + margin))); then the mean over queries.

    Args:
        queries: (B, d) of length 1.
        bank: (n, d) of length 1.
        same: (B, n) bool, which are positives; at least one in each row.
        left_out: (B, n) bool, which are neither: the query itself.
    """
    scores = scale * queries @ bank.T
    others = scores.masked_fill(same | left_out, -math.inf).logsumexp(1, keepdim=True)
    each = F.softplus(others - scores + scale * margin) * same
    return (each.sum(1) / same.sum(1)).mean()


class LastBlocksTraining:
    """Last blocks in training; `state` after an epoch is all that going on later needs.

    Args:
        last_blocks: trained in place, on its device.
        compiled: takes a C++ compiler and a minute, then less time.

    Raises:
        ValueError: there are more or fewer blocks than the settings say.
    """

    def __init__(
        self,
        last_blocks: LastBlocks,
        data: TrainingFaces,
        settings: LastBlocksSettings,
        *,
        compiled: bool = False,
    ) -> None:
        if len(last_blocks.blocks) != settings.depth:
            raise ValueError(
                f"there are {len(last_blocks.blocks)} blocks to tune, the settings say"
                f" {settings.depth}"
            )
        self.last_blocks, self._data, self._settings = last_blocks, data, settings
        self._forward: Callable[[Tensor], Tensor] = (
            torch.compile(last_blocks) if compiled else last_blocks
        )
        self._device = last_blocks.fc.weight.device
        self._epoch = 0
        means, rows = relative_directions(
            data.embeddings,
            data.labels,
            data.collections,
            data.embeddings.shape[1],
            shrinkage=settings.shrinkage,
        )
        self.directions = nn.Parameter(rows.to(self._device))
        self._means, self._labels = means.to(self._device), data.labels.to(self._device)
        self._collections = data.collections.to(self._device)
        with torch.no_grad():
            self._bank = self.features(data.embeddings.to(self._device), self._collections)
            centres = group_means(self._bank.cpu(), data.labels)
        self._centres = nn.Parameter(F.normalize(centres, dim=-1).to(self._device))
        self._optimizer = torch.optim.AdamW(
            [
                *last_blocks.rates(settings),
                {"params": [self.directions, self._centres], "rate": settings.head_rate},
            ],
            weight_decay=0.0,
        )

    def features(self, embeddings: Tensor, collections: Tensor | int) -> Tensor:
        """(B, E) embeddings of faces of collections (B,), or of one → (B, E) of length 1."""
        centred = embeddings - self._means[collections]
        return F.normalize(centred @ self.directions.T, dim=-1)

    def epochs(self) -> Iterator[LastBlocksEpoch]:
        """Train what is left of the epochs."""
        settings = self._settings
        n = len(self._data.labels)
        steps = max(1, n // settings.batch_size)
        while self._epoch < settings.epochs:
            chance = np.random.default_rng((settings.seed, self._epoch))
            order = chance.permutation(n)
            sums = np.zeros(3)
            started = said = time.monotonic()
            for step in range(steps):
                if (now := time.monotonic()) - said > SAID_EVERY_S:
                    said, left = now, (now - started) / step * (steps - step) / 60
                    what = (self._epoch + 1, step, steps, left)
                    logger.info("  epoch %d: step %d of %d, %.0f min left of it", *what)
                self._set_rates(self._epoch * steps + step, steps * settings.epochs)
                rows = np.sort(order[step * settings.batch_size :][: settings.batch_size])
                sums += self._step(rows, self._data.views.draw(rows, chance).to(self._device))
            self._epoch += 1
            yield LastBlocksEpoch(self._epoch, *(sums / steps).tolist())

    def state(self) -> dict[str, Any]:
        """Everything that changes in training: for torch.save, weights_only when loaded."""
        return {
            "epoch": self._epoch,
            "tail": self.last_blocks.state_dict(),
            "directions": self.directions.detach(),
            "centres": self._centres.detach(),
            "bank": self._bank,
            "optimizer": self._optimizer.state_dict(),
        }

    @torch.no_grad()
    def go_on_from(self, state: dict[str, Any]) -> None:
        """Take up what `state` returned, of the same data and settings."""
        self._epoch = state["epoch"]
        self.last_blocks.load_state_dict(state["tail"])
        self.directions.copy_(state["directions"])
        self._centres.copy_(state["centres"])
        self._bank.copy_(state["bank"])
        self._optimizer.load_state_dict(state["optimizer"])

    def _set_rates(self, step: int, total: int) -> None:
        factor = min(1.0, (step + 1) / self._settings.warm_up)
        factor *= 0.5 * (1 + math.cos(math.pi * step / total))
        for group in self._optimizer.param_groups:
            group["lr"] = group["rate"] * factor

    def _step(self, rows: NDArray[np.int64], maps: Tensor) -> NDArray[np.float64]:
        """One step of the optimiser: (3,) means over the batch of both losses and right answers."""
        means = np.zeros(3)
        at = torch.from_numpy(rows).to(self._device)
        seen = []
        self._optimizer.zero_grad()
        size = chunk_size(self._device)
        for part, chunk in zip(torch.split(at, size), torch.split(maps, size), strict=True):
            with self._precision():
                embeddings = self._forward(chunk)
            features = self.features(embeddings.float(), self._collections[part])
            ranking, classes, right = self._judged(features, part)
            share = len(part) / len(at)
            loss = share * (ranking + self._settings.class_share * classes)
            loss.backward()  # type: ignore[no-untyped-call]
            means += share * np.array([ranking.item(), classes.item(), right.item()])
            seen.append(features.detach())
        self._optimizer.step()
        self._bank[at] = torch.cat(seen)
        return means

    def _judged(self, features: Tensor, at: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Of faces `at` (b,) of the training set: both losses, and the share of right answers."""
        settings, labels = self._settings, self._labels[at]
        of_person = labels[:, None] == self._labels
        itself = torch.zeros_like(of_person).scatter_(1, at[:, None], value=True)
        ranking = ranking_loss(
            features, self._bank, of_person & ~itself, itself,
            scale=settings.scale, margin=settings.margin,
        )  # fmt: skip
        with torch.no_grad():
            first = (features @ self._bank.T).masked_fill(itself, -math.inf).argmax(1)
        right = (self._labels[first] == labels).float().mean()
        return ranking, self._class_loss(features, labels), right

    def _class_loss(self, features: Tensor, classes: Tensor) -> Tensor:
        cosines = features @ F.normalize(self._centres, dim=-1).T
        margins = self._settings.class_margin * F.one_hot(classes, len(self._centres))
        return F.cross_entropy(self._settings.class_scale * (cosines - margins), classes)

    def _precision(self) -> AbstractContextManager[None]:
        return torch.autocast(self._device.type, torch.bfloat16, enabled=self._settings.bfloat16)
