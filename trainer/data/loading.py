"""From a data config to pictures in memory with roles, labels and a record of what they are."""

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.errors import DataError, SettingsError
from opqn_app.core.types import Floats
from trainer.config import TrainConfig
from trainer.data.crop_set import CropSet, joined
from trainer.data.picture_files import without_pictures
from trainer.data.picture_set import read_pictures
from trainer.data.splits import (
    ROLES,
    Split,
    draw_split,
    duplicates_across,
    load_split,
    manifest_hash,
)

SHOWN_DUPLICATES = 50
UNLABELLED = "(unlabelled)"  # stands for the person of a picture that has none


@dataclass(frozen=True, slots=True, eq=False)
class TrainingData:
    """What a run works on.

    Attributes:
        pictures: all of them, squares of `method.stored_size`.
        split: which rows do what.
        classes: (C,) names of the people that are trained on, sorted.
        labels: (n,) class of each picture; -1 for people who are not trained on.
        people: (n,) number of each person, trained on or not.
        teacher: (n, E) embeddings to follow, or None.
        template_share: side of the app's crop ÷ side of the stored square.
    """

    pictures: CropSet
    split: Split
    classes: NDArray[Any]
    labels: NDArray[np.int64]
    people: NDArray[np.int64]
    teacher: Floats | None
    template_share: float

    @property
    def without_a_picture(self) -> list[str]:
        """The people of whom no picture could be taken, by name."""
        return without_pictures(self.pictures.left_out, self.pictures.people)


@lru_cache(maxsize=1)  # reads every pixel, and the runs of one command share their data
def describe(data: TrainingData) -> dict[str, Any]:
    """Counts, fingerprint and exact duplicates, for the record of a run."""
    split = data.split
    twins = duplicates_across(split, data.pictures)
    return {
        "pictures": len(data.pictures),
        "people": len(np.unique(data.people)),
        "trained_people": len(data.classes),
        "split": split.kind,
        **{role: len(getattr(split, role)) for role in ROLES},
        "manifest": manifest_hash(data.pictures),
        "duplicates_across": len(twins),
        "duplicates_shown": [list(pair) for pair in twins[:SHOWN_DUPLICATES]],
        "left_out": [[entry.file, entry.reason] for entry in data.pictures.left_out],
        "read_in_part": dict(sorted(data.pictures.partly.items())),
        "people_without_a_picture": data.without_a_picture,
    }


def load_data(config: TrainConfig, *, split_file: Path | None = None) -> TrainingData:
    """Read and split the pictures.

    Args:
        split_file: a recorded split that is used instead of what `config` says.

    Raises:
        DataError, SettingsError: something about the data, or how it is named, does not fit.
    """
    data = config.data
    sources = [Path(source).expanduser() for source in data.sources]
    if data.layout == "folders":
        pictures = read_pictures(
            sources, side=config.method.stored_size, cut=data.cut, part=data.part
        )
        roles = None
    else:
        from trainer.data.benchmarks import benchmark

        chosen = benchmark(data.layout)
        pictures, roles = chosen.load(
            _only_one(sources), side=config.method.stored_size, cut=data.cut
        )
    recorded = split_file or (Path(data.split_file) if data.split_file else None)
    if not data.unlabelled:
        split = load_split(recorded, pictures) if recorded else draw_split(pictures, data, roles)
        return label_data(pictures, split, config)
    paths = [Path(source).expanduser() for source in data.unlabelled]
    more = _nobodys(read_pictures(paths, side=config.method.stored_size, cut=data.cut))
    both = joined([pictures, more])
    if recorded:
        split = load_split(recorded, both)
    else:
        split = draw_split(pictures, data, roles)
        rows = np.concatenate([split.unlabelled, np.arange(len(pictures), len(both))])
        split = replace(split, unlabelled=rows)
    pictures = both
    return label_data(pictures, split, config)


def _nobodys(pictures: CropSet) -> CropSet:
    """The same pictures without the names of their folders."""
    files = np.char.add("unlabelled/", pictures.files)
    return replace(pictures, people=np.full(len(pictures), UNLABELLED), files=files)


def label_data(pictures: CropSet, split: Split, config: TrainConfig) -> TrainingData:
    """Number the people of pictures that are already read and split.

    Raises:
        DataError: fewer than two people train, or the teacher lacks a picture.
    """
    _, people = np.unique(pictures.people, return_inverse=True)
    classes = np.unique(pictures.people[split.train])
    if len(classes) < 2:
        raise DataError("the training data", "it shows fewer than two people")
    place = np.minimum(np.searchsorted(classes, pictures.people), len(classes) - 1)
    labels = np.where(classes[place] == pictures.people, place, -1).astype(np.int64)
    return TrainingData(
        pictures=pictures,
        split=split,
        classes=classes,
        labels=labels,
        people=people.astype(np.int64),
        teacher=_teacher(config, pictures),
        template_share=_template_share(config),
    )


def _template_share(config: TrainConfig) -> float:
    data = config.data
    if not data.template:
        return 1.0
    if not data.cut:
        raise SettingsError("data.template", "it needs data.cut, the pixels it is a part of")
    return data.template / data.cut


def _teacher(config: TrainConfig, pictures: CropSet) -> Floats | None:
    """Embeddings in the order of the pictures, found by file name."""
    if not config.method.distillation_weight:
        return None
    path = Path(config.data.teacher)
    try:
        with np.load(path, allow_pickle=False) as stored:
            row_of = {str(file): row for row, file in enumerate(stored["files"])}
            rows = [row_of[str(file)] for file in pictures.files]
            return np.asarray(stored["embeddings"], dtype=np.float32)[rows]
    except KeyError as error:
        raise DataError(path, f"the embeddings lack {error}") from error
    except (OSError, ValueError) as error:
        raise DataError(path, f"it is no npz of files and embeddings ({error})") from error


def _only_one(sources: list[Path]) -> Path:
    if len(sources) != 1:
        raise DataError("the training data", "a benchmark is read from one folder")
    return sources[0]
