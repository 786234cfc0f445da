"""Pairs of two faces that both are alone yet: 6 bytes a pair.

How likely they show one person follows from their score, so that takes a table and not a number a
pair. Nor is the first face of each pair kept: only how many pairs each face tells of.
"""

from collections.abc import Iterator

import numpy as np

from opqn_app.core.types import Floats
from opqn_app.opqn.links import Links, PairEvidence
from opqn_app.people.known import Labels, Mask
from opqn_app.people.likely import Likely
from opqn_app.people.neighbours import Edges, Told

FEW = 2048  # faces whose pairs are looked at together
SCORES = 1 << 16  # that 16 bits tell apart


class Alone:
    """Pairs that lists tell of, while both faces are alone.

    Args:
        told: taken over.
    """

    def __init__(self, told: Told, links: Links) -> None:
        self._counts, self._scores, self._step = told.counts, told.scores, told.step
        # The other face; ~ it once it is known that nothing is against the pair; the face itself
        # where something is.
        self._near = told.near
        self._chances = _chances(links, told.step)

    def __len__(self) -> int:
        return len(self._near)

    def likely(self, least: float) -> Iterator[Likely]:
        """Pairs with a chance of at least `least` that nothing is known to be against."""
        for own, few in self._blocks():
            chances = self._chances[self._scores[few]]
            rows = np.flatnonzero(chances >= least)
            own, chances, near = own[rows], chances[rows], self._near[few][rows]
            other = np.where(near < 0, ~near, near)
            rows += few.start
            fine = other != own
            if not fine.all():
                rows, own, other, chances = rows[fine], own[fine], other[fine], chances[fine]
            if len(rows):
                yield Likely(rows, np.minimum(own, other), np.maximum(own, other), chances)

    def is_new(self, likely: Likely) -> Mask:
        """Of which pairs it is not known whether something is against them."""
        found: Mask = self._near[likely.rows] >= 0
        return found

    def settle(self, likely: Likely, apart: Mask) -> None:
        """Now it is known of these."""
        near = self._near[likely.rows]
        own = likely.first + likely.second - near
        self._near[likely.rows] = np.where(apart, own, ~near)

    def leave(self, changed: Mask) -> Iterator[Edges]:
        """Take out the pairs with a face of (n,) `changed`, some at a time; run to the end.

        Those that something is against are forgotten.
        """
        done = 0
        for own, few in self._blocks():
            near, scores = self._near[few], self._scores[few]
            other = np.where(near < 0, ~near, near)
            fine = own != other
            gone = changed[own] | changed[other]
            stay = fine & ~gone
            gone &= fine
            first, last = (int(own[0]), int(own[-1])) if len(own) else (0, -1)
            edges = Edges(own[gone], other[gone], scores[gone], self._step)
            kept = slice(done, done + int(np.count_nonzero(stay)))
            self._near[kept], self._scores[kept] = near[stay], scores[stay]
            self._counts[first : last + 1] = np.bincount(
                own[stay] - first, minlength=last + 1 - first
            )
            done = kept.stop
            if len(edges):
                yield edges
        self._near.resize(done, refcheck=False)
        self._scores.resize(done, refcheck=False)

    def _blocks(self) -> Iterator[tuple[Labels, slice]]:
        """Which face tells of each pair, and where the pairs are, some at a time."""
        end = 0
        for start in range(0, len(self._counts), FEW):
            counts = self._counts[start : start + FEW]
            faces = np.arange(start, start + len(counts), dtype=np.int32)
            own: Labels = np.repeat(faces, counts)
            here = slice(end, end + len(own))
            end = here.stop
            yield own, here


def _chances(links: Links, step: float) -> Floats:
    """(SCORES,) that two faces with a score show one person, as `Groups.evidence` has it."""
    found = np.empty(SCORES, np.float32)
    for scores in np.array_split(np.arange(SCORES, dtype=np.uint16), 32):  # for the room it takes
        score = (scores.astype(np.float32) * np.float32(step)).astype(np.float64)
        one = np.ones(len(score))
        found[scores] = links.probability(PairEvidence(score, score, score, one, one))
    return found
