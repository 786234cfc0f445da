"""Pictures of labelled people, in memory."""

from dataclasses import dataclass, replace
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
    """

    images: Crops
    people: NDArray[Any]
    files: NDArray[Any]
    left_out: tuple[Dropped, ...] = ()

    def __len__(self) -> int:
        return len(self.people)

    def centre(self, side: int) -> Crops:
        """The middle `side` × `side` pixels of each picture; a view."""
        margin = (self.images.shape[1] - side) // 2
        return self.images[:, margin : margin + side, margin : margin + side]

    def where(self, keep: NDArray[np.bool_]) -> "CropSet":
        """The entries that `keep` (n,) marks."""
        return replace(
            self, images=self.images[keep], people=self.people[keep], files=self.files[keep]
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
    )


def _below(name: str, pictures: CropSet) -> CropSet:
    files = np.char.add(f"{name}/", pictures.files)
    return replace(pictures, files=files, left_out=tuple(e.below(name) for e in pictures.left_out))
