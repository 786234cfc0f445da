"""Pictures of labelled people, in memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.types import Crops
from trainer.data.picture_files import Dropped


@dataclass(frozen=True, slots=True, eq=False)
class CropSet:
    """Pictures of people; entry i of each array belongs together.

    Attributes:
        images: (n, side, side, 3) uint8 RGB.
        people: (n,) names of the identity folders.
        files: (n,) paths inside the set.
        left_out: what was found beside them and takes no part.
        partly: by file, what is missing of those that could be read only in part.
    """

    images: Crops
    people: NDArray[Any]
    files: NDArray[Any]
    left_out: tuple[Dropped, ...] = ()
    partly: Mapping[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.people)

    def centre(self, side: int) -> Crops:
        """The middle `side` × `side` pixels of each picture; a view."""
        margin = (self.images.shape[1] - side) // 2
        return self.images[:, margin : margin + side, margin : margin + side]

    def where(self, keep: NDArray[np.bool_]) -> "CropSet":
        """The entries that `keep` (n,) marks."""
        files = self.files[keep]
        kept = self.partly.keys() & set(files.tolist()) if self.partly else ()
        return replace(
            self,
            images=self.images[keep],
            people=self.people[keep],
            files=files,
            partly={file: self.partly[file] for file in kept},
        )


def joined(sets: list[CropSet], names: list[str] | None = None) -> CropSet:
    """Several sets as one, in their order.

    Args:
        names: of each set, put before its files.
    """
    if names is not None:
        sets = [_below(name, each) for name, each in zip(names, sets, strict=True)]
    return CropSet(
        np.concatenate([each.images for each in sets]),
        np.concatenate([each.people for each in sets]),
        np.concatenate([each.files for each in sets]),
        tuple(entry for each in sets for entry in each.left_out),
        {file: lost for each in sets for file, lost in each.partly.items()},
    )


def _below(name: str, pictures: CropSet) -> CropSet:
    files = np.char.add(f"{name}/", pictures.files)
    left_out = tuple(entry.below(name) for entry in pictures.left_out)
    partly = {f"{name}/{file}": lost for file, lost in pictures.partly.items()}
    return replace(pictures, files=files, left_out=left_out, partly=partly)
