"""Trunk outputs of sets of crops, computed once and kept on disk: a stopped run goes on there."""

import hashlib
import logging
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from opqn_app.core.files import replacing
from opqn_app.opqn.torch.backbone import mirror_mean
from opqn_app.opqn.torch.model import OpqnModel
from trainer.method.head import embed_crops
from trainer.recipes.degrade import degraded
from trainer.recipes.table_sets import CropsOfPeople

logger = logging.getLogger(__name__)

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
        path = self._folder / name
        if not path.is_file():
            found = _embed(model, data, view)
            with replacing(path) as file:
                np.save(file, found.numpy())
        return torch.from_numpy(np.load(path))


def _embed(model: OpqnModel, data: CropsOfPeople, view: str) -> Tensor:
    kind = view.removesuffix("mirrored").removesuffix("plain").strip()
    crops = degraded(data.crops, kind) if kind else data.crops
    logger.info("%s: %d crops, %s", data.title, len(data), view)
    batches: list[Tensor] = []
    done, said = 0, time.monotonic()
    for batch in embed_crops(model, crops, mirrored=view.endswith("mirrored"), batch_size=16):
        batches.append(batch)
        done += len(batch)
        if time.monotonic() - said > 30:
            said = time.monotonic()
            logger.info("  %d/%d", done, len(data))
    return torch.cat(batches)
