"""Trunk outputs of sets of crops, computed once and kept on disk: a stopped run goes on there."""

import hashlib
import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from opqn_app.core.files import replacing
from opqn_app.core.types import Crops
from opqn_app.opqn.torch.backbone import mirror_mean
from opqn_app.opqn.torch.model import OpqnModel
from trainer.method.head import embed_crops
from trainer.recipes.degrade import degraded
from trainer.recipes.table_sets import CropsOfPeople

logger = logging.getLogger(__name__)

SAID_EVERY_S = 30.0
VIEWS = ("plain", "mirrored")  # or a kind of `trainer.recipes.degrade`


def trunk_id(model: OpqnModel) -> str:
    """Names the trunk's weights: models that share a trunk share its outputs."""
    return weights_id(model.trunk)


def weights_id(network: nn.Module) -> str:
    """Sixteen hex digits over the weights of a network."""
    digest = hashlib.sha256()
    for name, value in sorted(network.state_dict().items()):
        digest.update(name.encode() + value.cpu().numpy().tobytes())
    return digest.hexdigest()[:16]


def kept_array(path: Path, compute: Callable[[], NDArray[Any]]) -> NDArray[Any]:
    """The array in the file `path` (.npy), computed where it is not there yet."""
    if not path.is_file():
        found = compute()
        with replacing(path) as file:
            np.save(file, found)
    stored: NDArray[Any] = np.load(path)
    return stored


def kept_arrays(
    path: Path, compute: Callable[[], Mapping[str, NDArray[Any]]]
) -> Mapping[str, NDArray[Any]]:
    """The same of several arrays by name, in one file (.npz)."""
    if not path.is_file():
        found = dict(compute())
        with replacing(path) as file:
            np.savez(file, **found)  # type: ignore[arg-type]  # a name may not be allow_pickle
    with np.load(path) as stored:
        return {name: stored[name] for name in stored.files}


def trunk_outputs(
    model: OpqnModel, crops: Crops, *, mirrored: bool, title: str, batch_size: int = 16
) -> Tensor:
    """(n, E) outputs of the trunk for 112 px crops, in one pass; the log says how far it is."""
    logger.info("%s: %d crops%s", title, len(crops), ", mirrored" if mirrored else "")
    batches: list[Tensor] = []
    done, began = 0, time.monotonic()
    said = began
    for batch in embed_crops(model, crops, mirrored=mirrored, batch_size=batch_size):
        batches.append(batch)
        done += len(batch)
        if time.monotonic() - said > SAID_EVERY_S:
            said = time.monotonic()
            logger.info("  %d/%d, %.0f crops/s", done, len(crops), done / (said - began))
    return torch.cat(batches)


class TrunkCache:
    """Keeps what trunks made of crops in a folder, which is made if missing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def embedding(self, model: OpqnModel, data: CropsOfPeople, view: str = "plain") -> Tensor:
        """(n, E) what the head of a model gets of the crops as they are, or degraded as named.

        Of a model that averages with the mirror image, the mean of both; "mirrored" is then the
        same as "plain".
        """
        if not model.config.mirror_average:
            return self.single(model, data, view)
        view = "" if view in VIEWS else f"{view} "
        both = (self.single(model, data, f"{view}{side}".strip()) for side in VIEWS)
        return mirror_mean(*both)

    def single(self, model: OpqnModel, data: CropsOfPeople, view: str) -> Tensor:
        """(n, E) outputs of the trunk in one pass.

        Args:
            view: "plain", "mirrored", a kind of `trainer.recipes.degrade`, or such a kind and
                one of the first two.
        """
        if data.origin is not None and view in VIEWS:
            whole, rows = data.origin
            return self.single(model, whole, view)[rows]
        name = f"{data.name}-{data.digest}-{trunk_id(model)}-{view.replace(' ', '-')}.npy"
        return torch.from_numpy(
            kept_array(self._folder / name, lambda: _embed(model, data, view).numpy())
        )


def _embed(model: OpqnModel, data: CropsOfPeople, view: str) -> Tensor:
    kind = view.removesuffix("mirrored").removesuffix("plain").strip()
    crops = degraded(data.crops, kind) if kind else data.crops
    title = f"{data.title}, {kind}" if kind else data.title
    return trunk_outputs(model, crops, mirrored=view.endswith("mirrored"), title=title)
