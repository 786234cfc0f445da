"""The face data as a frozen trunk sees it: made once for each trunk, kept in the run folder."""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from opqn_app.core.errors import DataError
from opqn_app.opqn.config import OpqnConfig
from opqn_app.opqn.torch.backbone import mirror_mean
from opqn_app.opqn.torch.model import OpqnModel
from trainer.data.picture_set import read_crops
from trainer.recipes.command import make_run_folder
from trainer.recipes.face_data import face_shards, families, is_tuning, of_people
from trainer.recipes.trunk_cache import kept_arrays, trunk_id, trunk_outputs

logger = logging.getLogger(__name__)

CROP = 112
FAMILY_PHOTOS = "fiw"  # the source in the labels that is most like people's own photos


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddedCrops:
    """A set of crops as the frozen trunk sees it.

    Attributes:
        plain, mirrored: (n, E) trunk outputs.
        people: (n,) names.
        files: (n,) paths in the set.
    """

    plain: Tensor
    mirrored: Tensor
    people: NDArray[np.str_]
    files: NDArray[np.str_]

    def seen_by(self, config: OpqnConfig) -> Tensor:
        """(n, E) what the head of a model gets of each crop."""
        return mirror_mean(self.plain, self.mirrored) if config.mirror_average else self.plain

    def where(self, keep: NDArray[np.bool_]) -> "EmbeddedCrops":
        """The entries that `keep` (n,) marks."""
        chosen = torch.from_numpy(np.flatnonzero(keep))
        return EmbeddedCrops(
            self.plain[chosen], self.mirrored[chosen], self.people[keep], self.files[keep]
        )


def embedded_sets(
    model: OpqnModel, data: Path, run: Path
) -> tuple[EmbeddedCrops, EmbeddedCrops, EmbeddedCrops]:
    """Training people, validation people and unseen LFW people, as the trunk of `model` sees them.

    Computed once for each trunk and kept in the folder `run`.
    """
    shards = face_shards(data)
    make_run_folder(run)
    trunk = trunk_id(model)
    return (
        embedded(model, shards, "train", run / f"train-{trunk}.npz"),
        validation_people(model, data, run),
        embedded(model, [data / "lfw_unseen.tar"], "", run / f"lfw-{trunk}.npz"),
    )


def validation_people(model: OpqnModel, data: Path, run: Path) -> EmbeddedCrops:
    """The validation people alone; kept in the folder `run`, which is there."""
    return embedded(model, face_shards(data), "val", run / f"val-{trunk_id(model)}.npz")


def embedded(model: OpqnModel, sources: list[Path], part: str, cache: Path) -> EmbeddedCrops:
    """Trunk outputs of a set, computed once and kept in `cache`."""

    def compute() -> dict[str, NDArray[np.generic]]:
        crops = read_crops(sources, part=part)
        title, seen = part or sources[0].name, crops.centre(CROP)
        plain, mirrored = (
            trunk_outputs(model, seen, mirrored=is_mirrored, title=title, batch_size=8).numpy()
            for is_mirrored in (False, True)
        )
        return {"plain": plain, "mirrored": mirrored, "people": crops.people, "files": crops.files}

    stored = kept_arrays(cache, compute)
    plain, mirrored = (torch.from_numpy(stored[name]) for name in ("plain", "mirrored"))
    return EmbeddedCrops(plain, mirrored, stored["people"], stored["files"])


def tuning_half(validation: EmbeddedCrops, labels_csv: Path) -> NDArray[np.bool_]:
    """(n,) True for the people that choices are made on; a family is on one side only."""
    return is_tuning(validation.people, families(labels_csv))


def collections_of(people: NDArray[np.str_], labels_csv: Path) -> tuple[Tensor, int]:
    """(n,) the number of the collection each face comes from, and that of family photos.

    The latter is 0 where the labels name no collection of them.
    """
    source = of_people(labels_csv, "source")
    unknown = sorted(set(people.tolist()) - source.keys())
    if unknown:
        raise DataError(labels_csv, f"it does not name {unknown[0]}, whose crops are there")
    names, numbers = np.unique([source[person] for person in people.tolist()], return_inverse=True)
    home = np.flatnonzero(names == FAMILY_PHOTOS)
    return torch.from_numpy(numbers.astype(np.int64)), int(home[0]) if len(home) else 0


def with_company(people: NDArray[np.str_]) -> tuple[NDArray[np.bool_], Tensor]:
    """Who has at least two crops: (n,) marks, and the labels from 0 of those marked."""
    _, inverse, counts = np.unique(people, return_inverse=True, return_counts=True)
    keep = counts[inverse] >= 2
    _, labels = np.unique(people[keep], return_inverse=True)
    return keep, torch.from_numpy(labels.astype(np.int64))
