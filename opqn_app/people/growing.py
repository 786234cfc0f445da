"""Groups of faces while they grow: their sizes, their centres, and what is known of pairs of them.

About 40 bytes a face, and one vector for each group of three faces or more that was asked for.
"""

import numpy as np

from opqn_app.core.types import Codes, Floats
from opqn_app.opqn.links import PairEvidence
from opqn_app.people.known import GroupMarks, Known, Labels, Mask
from opqn_app.people.room import room
from opqn_app.people.word_sums import WordSums

BLOCK = 256  # pairs whose vectors are multiplied at once
LARGE = 128  # faces of a group from which words are counted
PICKING = 8  # faces for each partner that a group picks, but the first
STEPS = 32767.0  # of the largest entry of a stored vector
NOT_YET = -1  # instead of a slot, of a face alone and of a group that nobody has asked for
TWO = -2  # less the row of the other face, instead of the slot of a group of two


class Groups:
    """Groups as they grow; each is named by its lowest row.

    Attributes:
        labels: (n,) the group of each face.
        sizes: (n,) faces of the group of that name; 0 where there is none.
    """

    def __init__(self, codes: Codes, sums: WordSums, known: Known) -> None:
        n = len(codes)
        self._codes, self._words = codes, sums
        self.labels = known.start.copy()
        self.sizes = np.bincount(self.labels, minlength=n).astype(np.int32)
        self._marks = GroupMarks(known.marks, known.people, self.labels)
        # Mean score inside a group, each face with itself too.
        self._within = np.ones(n, np.float32)
        self._slots = np.full(n, NOT_YET, np.int32)
        self._centres = _Centres(n, sums.dim)

    @property
    def n_groups(self) -> int:
        return int(np.count_nonzero(self.sizes))

    def evidence(self, first: Labels, second: Labels, best: Floats) -> PairEvidence:
        """Of pairs of groups whose best listed scores are `best`."""
        self._sum_up(self._missing(first, second))
        one, other = self.sizes[first], self.sizes[second]
        mean = best.astype(np.float64)  # of two faces there is one score
        several = np.flatnonzero((one > 1) | (other > 1))
        # Pairs of one large group come together: its vector is made once for all of them.
        large = np.where(one >= other, first, second)
        several = several[np.argsort(large[several])]
        for start in range(0, len(several), BLOCK):
            few = several[start : start + BLOCK]
            product = self._products(large[few], (first + second - large)[few])
            mean[few] = product / (one[few] * other[few].astype(np.float64))
        within = np.sqrt(self._within[first].astype(np.float64) * self._within[second])
        sizes = one.astype(np.float64), other.astype(np.float64)
        return PairEvidence(mean, mean / within, best.astype(np.float64), *sizes)

    def are_apart(self, first: Labels, second: Labels) -> Mask:
        """Which pairs of groups must not be joined."""
        return self._marks.are_apart(self.labels, first, second)

    def picks(self, names: Labels) -> Labels:
        """How many partners groups pick at once: more than one where that changes them little."""
        found: Labels = np.maximum(self.sizes[names] // PICKING, 1)
        return found

    def join(self, kept: Labels, lost: Labels) -> None:
        """Join each of `lost`, (j,), to one in `kept`, by whose name it goes then.

        None of `kept` is among `lost`; several may come to one.
        """
        self._sum_up(self._missing(kept, lost))
        order = np.argsort(kept, kind="stable")
        kept, lost = kept[order], lost[order]
        ends = np.append(np.flatnonzero(np.diff(kept)) + 1, len(kept))
        start = 0
        while start < len(kept):  # as many as fit, whole groups only
            last = np.searchsorted(ends, start + BLOCK, "right") - 1
            stop = int(ends[max(last, np.searchsorted(ends, start, "right"))])
            names, first = np.unique(kept[start:stop], return_index=True)
            come = lost[start:stop]
            total = self._of(names)
            sizes = self.sizes[names] + np.add.reduceat(self.sizes[come], first)
            for begin in range(0, len(come), BLOCK):  # however many come to one
                few = come[begin : begin + BLOCK]
                place = np.searchsorted(first, np.arange(begin, begin + len(few)), "right") - 1
                where, at = np.unique(place, return_index=True)
                total[where] += np.add.reduceat(self._of(few), at, axis=0)
            centres = (total / sizes[:, None]).astype(np.float32)
            self._within[names] = np.einsum("ij,ij->i", centres, centres)
            is_two = sizes == 2  # two rows are cheaper to keep than a vector
            self._slots[names[is_two]] = TWO - come[first[is_two]]
            self._centres.put(self._slots, names[~is_two], centres[~is_two])
            start = stop
        self._centres.release(self._slots, lost)
        np.add.at(self.sizes, kept, self.sizes[lost])
        self.sizes[lost] = 0
        self._marks.join(kept, lost)
        renamed = np.arange(len(self.labels), dtype=np.int32)
        renamed[lost] = kept
        self.labels = renamed[self.labels]

    def _products(self, first: Labels, second: Labels) -> Floats:
        """Of the sums of the vectors of two groups, pair by pair; `first` is sorted."""
        names, place = np.unique(first, return_inverse=True)
        one = self._of(names)
        names, others = np.unique(second, return_inverse=True)
        other = self._of(names)
        found: Floats = np.einsum("ij,ij->i", one[place], other[others])
        return found

    def _sum_up(self, names: Labels) -> None:
        """Centres of groups of several faces there are from the start, when they are asked for."""
        if not len(names):
            return
        is_asked = np.zeros(len(self.sizes), np.bool_)
        is_asked[names] = True
        rows = np.flatnonzero(is_asked[self.labels])
        rows = rows[np.argsort(self.labels[rows], kind="stable")]
        names = np.sort(names)
        ends = np.cumsum(self.sizes[names])
        is_large = self.sizes[names] >= LARGE
        for name, end in zip(names[is_large].tolist(), ends[is_large].tolist(), strict=True):
            here = rows[end - self.sizes[name] : end]
            lengths = self._words.lengths(self._codes)[here]
            total = self._words.total(self._codes[here], lengths)
            self._set(np.array([name], np.int32), total[None] / np.float32(len(here)))
        rows = rows[~np.repeat(is_large, self.sizes[names])]
        names = names[~is_large]
        ends = np.cumsum(self.sizes[names])
        for start in range(0, len(names), BLOCK):
            few = names[start : start + BLOCK]
            total = np.zeros((len(few), self._words.dim), np.float32)
            begin = int(ends[start] - self.sizes[few[0]])
            end = int(ends[start + len(few) - 1])
            for at in range(begin, end, BLOCK):  # however large a group is
                here = rows[at : min(at + BLOCK, end)]
                which, first = np.unique(self.labels[here], return_index=True)
                vectors = self._words.units_of(self._codes, here)
                place = np.searchsorted(few, which)
                total[place] += np.add.reduceat(vectors, first, axis=0)
            self._set(few, (total / self.sizes[few, None]).astype(np.float32))

    def _missing(self, *names: Labels) -> Labels:
        """Groups of several faces that have no centre yet."""
        is_asked = np.zeros(len(self.sizes), np.bool_)
        for some in names:
            is_asked[some] = True
        found = np.flatnonzero(is_asked & (self.sizes > 1) & (self._slots == NOT_YET))
        return found.astype(np.int32)

    def _of(self, names: Labels) -> Floats:
        """(j, D) sums of the vectors of groups."""
        slots = self._slots[names]
        if (slots == NOT_YET).all():
            return self._words.units_of(self._codes, names)
        out = np.empty((len(names), self._words.dim), np.float32)
        held, two = np.flatnonzero(slots >= 0), np.flatnonzero(slots <= TWO)
        out[held] = self._centres.times(slots[held], self.sizes[names[held]].astype(np.float32))
        alone = np.flatnonzero(slots < 0)  # of groups of two, first that by whose name it goes
        out[alone] = self._words.units_of(self._codes, names[alone])
        if len(two):
            others = self._words.units_of(self._codes, TWO - slots[two])
            out[two] = _as_kept(out[two] + others)
        return out

    def _set(self, names: Labels, centres: Floats) -> None:
        self._within[names] = np.einsum("ij,ij->i", centres, centres)
        self._centres.put(self._slots, names, centres)


class _Centres:
    """Vectors in 16 bits, each in steps of its own; there is room for n, of which little is used.

    What that rounds changes a chance less than a face more does.
    """

    def __init__(self, n: int, dim: int) -> None:
        self._vectors = room((n, dim), np.int16)
        self._steps = room((n,), np.float32)
        self._free: list[int] = []
        self._n_used = 0

    def times(self, slots: Labels, sizes: Floats) -> Floats:
        """(j, D) vectors times their sizes."""
        found: Floats = self._vectors[slots].astype(np.float32)
        found *= (self._steps[slots] * sizes)[:, None]
        return found

    def put(self, slots: Labels, names: Labels, vectors: Floats) -> None:
        """Keep vectors of groups; `slots`, by name, is written where a group has none."""
        new = names[slots[names] < 0]
        missing = max(len(new) - len(self._free), 0)
        self._free.extend(range(self._n_used, self._n_used + missing))
        self._n_used += missing
        slots[new] = [self._free.pop() for _ in new]
        steps = _steps_of(vectors)
        self._steps[slots[names]] = steps
        self._vectors[slots[names]] = np.rint(vectors / steps[:, None])

    def release(self, slots: Labels, names: Labels) -> None:
        """Forget the vectors of groups."""
        held = names[slots[names] >= 0]
        self._free.extend(slots[held].tolist())
        slots[names] = NOT_YET


def _as_kept(sums: Floats) -> Floats:
    """(j, D) sums of the vectors of two faces as if their centres had been kept in 16 bits."""
    sums /= np.float32(2)
    steps = _steps_of(sums)
    sums /= steps[:, None]
    np.rint(sums, out=sums)
    sums *= (steps * np.float32(2))[:, None]
    return sums


def _steps_of(vectors: Floats) -> Floats:
    """(j,) what the last bit of each vector is worth."""
    found: Floats = np.maximum(np.abs(vectors).max(axis=1), np.float32(1e-12)) / np.float32(STEPS)
    return found
