"""Pictures of labelled people, in memory."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.types import Crops


@dataclass(frozen=True, slots=True, eq=False)
class CropSet:
    """Pictures of people; entry i of each array belongs together.

    Attributes:
        images: (n, side, side, 3) uint8 RGB.
        people: (n,) names of the identity folders.
        files: (n,) paths inside the set.
    """

    images: Crops
    people: NDArray[Any]
    files: NDArray[Any]

    def __len__(self) -> int:
        return len(self.people)

    def centre(self, side: int) -> Crops:
        """The middle `side` × `side` pixels of each picture; a view."""
        margin = (self.images.shape[1] - side) // 2
        return self.images[:, margin : margin + side, margin : margin + side]

    def where(self, keep: NDArray[np.bool_]) -> "CropSet":
        """The entries that `keep` (n,) marks."""
        return CropSet(self.images[keep], self.people[keep], self.files[keep])
