"""Pairs of groups that are likely to show one person, and what each group picks by."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.types import Floats, Ids
from opqn_app.people.known import Labels, Mask

LAST = np.iinfo(np.int32).max


@dataclass(frozen=True, slots=True, eq=False)
class Likely:
    """Some pairs, (p,).

    Attributes:
        rows: where whoever keeps them has them.
        first, second: names of the groups, `first` < `second`.
        chances: float32, more than 0.
    """

    rows: NDArray[np.intp]
    first: Labels
    second: Labels
    chances: Floats

    def choices(self) -> tuple[Ids, Ids]:
        """What the first and the second group pick by.

        Of each choice that is one number: the likelier one is greater, then that of the lower name.
        """
        chance = self.chances.view(np.int32).astype(np.int64) << 32
        return chance + (LAST - self.second), chance + (LAST - self.first)

    def of(self, some: Mask) -> "Likely":
        """Some of them."""
        return Likely(
            self.rows[some].astype(np.int32),
            self.first[some],
            self.second[some],
            self.chances[some],
        )


def together(parts: list[Likely]) -> Likely:
    """All of them."""
    none = np.empty(0, np.int32)
    return Likely(
        np.concatenate([none, *(part.rows for part in parts)]),
        np.concatenate([none, *(part.first for part in parts)]),
        np.concatenate([none, *(part.second for part in parts)]),
        np.concatenate([none.astype(np.float32), *(part.chances for part in parts)]),
    )
