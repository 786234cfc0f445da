"""What is known of faces before they are grouped: who they are, and who can't be one person.

"Can't be one person" is said by marks. A group is never joined with one that bars a mark it has.
So a photo with 4,000 faces takes 8,000 entries, and not one for each pair of its faces.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.types import Ids

Labels = NDArray[np.int32]
Mask = NDArray[np.bool_]
NOBODY = -1
AT_ONCE = 8192  # pairs or entries that are looked at together
SPARSE = 8  # ids for each face, up to which a table of all ids is worth its room
_BITS = 4  # the room that `HAS` and `BARS` take in a key


HAS, BARS = 1, 2  # bits of an entry


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """Which faces have marks and which bar them; a face may do both with the same mark.

    Attributes:
        rows: (h,) of faces.
        numbers: (h,) of marks, from 0.
        bits: (h,) `HAS`, `BARS`, or both.
        n: how many marks there are.
    """

    rows: Labels
    numbers: Labels
    bits: NDArray[np.uint8]
    n: int

    @classmethod
    def none(cls) -> "Marks":
        return cls.of_entries([], [], 0)

    @classmethod
    def of_entries(
        cls, having: Sequence[tuple[int, int]], barring: Sequence[tuple[int, int]], n: int
    ) -> "Marks":
        """Of rows of faces and numbers of marks, pair by pair."""
        entries = np.array([*having, *barring], np.int32).reshape(-1, 2)
        bits = np.repeat(np.array([HAS, BARS], np.uint8), [len(having), len(barring)])
        return cls(entries[:, 0].copy(), entries[:, 1].copy(), bits, n)

    @classmethod
    def of_photos(cls, photos: Ids, people: Labels) -> "Marks":
        """Nobody is on a photo twice, unless the user said that two of its faces are one person.

        Args:
            photos: (n,) the photo of each face.
            people: (n,) as in `Known`.
        """
        number = photos
        if photos.max(initial=0) > SPARSE * len(photos):
            _, number = np.unique(photos, return_inverse=True)
        several = np.bincount(number) > 1
        rows = np.flatnonzero(several[number]).astype(np.int32)
        numbers = (np.cumsum(several, dtype=np.int32) - 1)[number[rows]]
        bits = np.where(people[rows] == NOBODY, HAS | BARS, HAS).astype(np.uint8)
        return cls(rows, numbers, bits, int(np.count_nonzero(several)))

    def __add__(self, other: "Marks") -> "Marks":
        if not len(other.rows):
            return self
        return Marks(
            np.append(self.rows, other.rows),
            np.append(self.numbers, other.numbers + np.int32(self.n)),
            np.append(self.bits, other.bits),
            self.n + other.n,
        )

    def keys(self, labels: Labels) -> Ids:
        """(h,) one number an entry, sorted: of its group, then its mark, then its bits."""
        found: Ids = labels[self.rows].astype(np.int64)
        found *= self.n
        found += self.numbers
        found *= _BITS
        found += self.bits
        found.sort()
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What the user's decisions and the photos themselves say of n faces.

    Attributes:
        people: (n,) number of the named person that each face is; `NOBODY` where it has no name.
        start: (n,) the group that each face is in, named by its lowest row. Groups are joined and
            never cut, but for those that can't be one person.
        marks: of faces that can't be one person.
    """

    people: Labels
    start: Labels
    marks: Marks

    @classmethod
    def nothing(cls, n: int) -> "Known":
        """Every face is alone, has no name, and may be anybody."""
        return cls(np.full(n, NOBODY, np.int32), np.arange(n, dtype=np.int32), Marks.none())

    def fallen_apart(self, parts: Labels | None = None) -> "Known":
        """Cut the groups that can't be one person into their parts, and such parts into faces.

        Args:
            parts: (n,) of each face, named by its lowest row, inside the groups.
        """
        start = self.start
        for smaller in (parts, np.arange(len(start), dtype=np.int32)):
            wrong = self.impossible(start)
            if not wrong.any():
                break
            if smaller is not None:
                start = np.where(wrong, smaller, start)
        return replace(self, start=start)

    def impossible(self, labels: Labels) -> Mask:
        """(n,) which faces are in a group that can't be one person."""
        is_wrong = np.zeros(len(labels), np.bool_)
        if (labels == np.arange(len(labels))).all():
            return is_wrong
        lowest = np.full(len(labels), np.iinfo(np.int32).max, np.int32)
        named = self.people != NOBODY
        np.minimum.at(lowest, labels[named], self.people[named])
        is_wrong[labels[named][self.people[named] != lowest[labels[named]]]] = True
        marks = self.marks
        if len(marks.rows):
            keys = labels[marks.rows].astype(np.int64) * marks.n + marks.numbers
            order = np.argsort(keys)
            keys, rows, bits = keys[order], marks.rows[order], marks.bits[order]
            starts = np.flatnonzero(np.append(True, keys[1:] != keys[:-1]))
            is_two = np.minimum.reduceat(rows, starts) != np.maximum.reduceat(rows, starts)
            is_both = np.bitwise_or.reduceat(bits, starts) == HAS | BARS
            is_wrong[keys[starts[is_two & is_both]] // marks.n] = True
        return is_wrong[labels]


class GroupMarks:
    """The marks of groups while they grow: 8 bytes an entry."""

    def __init__(self, marks: Marks, people: Labels, labels: Labels) -> None:
        self._n, self._marks = marks.n, marks
        self._people = np.full(len(labels), NOBODY, np.int32)
        np.maximum.at(self._people, labels, people)
        self._keys = np.empty(0, np.int64)
        self._labels: Labels | None = None

    def join(self, kept: Labels, lost: Labels) -> None:
        np.maximum.at(self._people, kept, self._people[lost])

    def are_apart(self, labels: Labels, first: Labels, second: Labels) -> Mask:
        """Which pairs of groups must not be joined.

        Args:
            labels: (n,) the group of each face.
        """
        if labels is not self._labels:  # once a round
            self._rename(labels)
        found = np.empty(len(first), np.bool_)
        for start in range(0, len(first), AT_ONCE):
            few = slice(start, start + AT_ONCE)
            one, other = self._people[first[few]], self._people[second[few]]
            found[few] = (one != other) & (one != NOBODY) & (other != NOBODY)
            if self._n:
                found[few] |= self._meet(first[few], second[few])
        return found

    def _rename(self, labels: Labels) -> None:
        """A group is named by a face of it, so whatever a group was called tells what it is now."""
        if self._labels is None:
            self._keys = self._marks.keys(labels)
        for start in range(0, len(self._keys), AT_ONCE):
            few = self._keys[start : start + AT_ONCE]
            old, rest = np.divmod(few, self._n * _BITS)
            few[:] = labels[old] * np.int64(self._n * _BITS) + rest
        self._keys.sort()
        self._labels = labels

    def _meet(self, first: Labels, second: Labels) -> Mask:
        """Whether one of two groups has a mark that the other bars.

        Each mark of the group with fewer entries is looked up in those of the other.
        """
        size = self._n * _BITS
        starts, counts = self._entries(first)
        of_second, fewer = self._entries(second)
        swap = fewer < counts
        others = np.where(swap, first, second)
        starts, counts = np.where(swap, of_second, starts), np.where(swap, fewer, counts)
        pair = np.repeat(np.arange(len(first)), counts)
        place = np.arange(len(pair)) + np.repeat(starts - (np.cumsum(counts) - counts), counts)
        mark, bits = np.divmod(self._keys[place] % size, _BITS)
        wanted = others[pair].astype(np.int64) * size + mark * _BITS
        # Who has a mark is against all who bar it, whose entries come last.
        hit = self._has_entry(wanted, np.where(bits == HAS, BARS, HAS), bits == BARS)
        barring = np.flatnonzero(~hit & (bits == BARS))  # is against those who have it
        hit[barring] = self._has_entry(wanted[barring], HAS | BARS, False)
        found = np.zeros(len(first), np.bool_)
        found[pair[hit]] = True
        return found

    def _entries(self, names: Labels) -> tuple[Ids, Ids]:
        """Where those of groups begin, and how many there are."""
        first = names.astype(np.int64) * (self._n * _BITS)
        starts = np.searchsorted(self._keys, first)
        return starts, np.searchsorted(self._keys, first + self._n * _BITS) - starts

    def _has_entry(self, wanted: Ids, least: Any, is_exact: Any) -> Mask:
        """Whether there is an entry with these bits, or higher ones where it need not be exact."""
        at = np.searchsorted(self._keys, wanted + least)
        found: Mask = at < len(self._keys)
        keys = self._keys[np.minimum(at, len(self._keys) - 1)]
        found &= np.where(is_exact, keys == wanted + least, keys // _BITS == wanted // _BITS)
        return found
