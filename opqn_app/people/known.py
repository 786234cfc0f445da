"""What is known of faces before they are grouped: who they are, and who can't be one person.

"Can't be one person" is said by marks. A group is never joined with one that bars a mark it has.
So a photo with 4,000 faces takes 8,000 entries, and not one for each pair of its faces.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.types import Ids

Labels = NDArray[np.int32]
Mask = NDArray[np.bool_]
NOBODY = -1


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """Which faces have marks and which bar them; a face may do both with the same mark.

    Attributes:
        having, barring: (h, 2) and (b, 2) int64: rows of faces, and numbers of marks from 0.
        n: how many marks there are.
    """

    having: Ids
    barring: Ids
    n: int

    @classmethod
    def none(cls) -> "Marks":
        return cls(np.empty((0, 2), np.int64), np.empty((0, 2), np.int64), 0)

    @classmethod
    def of_photos(cls, photos: Ids, people: Labels) -> "Marks":
        """Nobody is on a photo twice, unless the user said that two of its faces are one person.

        Args:
            photos: (n,) the photo of each face.
            people: (n,) as in `Known`.
        """
        _, number, count = np.unique(photos, return_inverse=True, return_counts=True)
        rows = np.flatnonzero(count[number] > 1)
        marks, numbers = np.unique(number[rows], return_inverse=True)
        having = np.stack([rows, numbers], axis=1)
        return cls(having, having[people[rows] == NOBODY], len(marks))

    def __add__(self, other: "Marks") -> "Marks":
        shift = np.array([0, self.n])
        return Marks(
            np.concatenate([self.having, other.having + shift]),
            np.concatenate([self.barring, other.barring + shift]),
            self.n + other.n,
        )


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
        entries = np.concatenate([self.marks.having, self.marks.barring])
        if len(entries):
            keys, rows = _keys(labels, entries, self.marks.n), entries[:, 0]
            bars = np.arange(len(entries)) >= len(self.marks.having)
            order = np.argsort(keys)
            keys, rows, bars = keys[order], rows[order], bars[order]
            starts = np.flatnonzero(np.append(True, keys[1:] != keys[:-1]))
            is_two = np.minimum.reduceat(rows, starts) != np.maximum.reduceat(rows, starts)
            is_both = np.minimum.reduceat(bars, starts) != np.maximum.reduceat(bars, starts)
            is_wrong[keys[starts[is_two & is_both]] // self.marks.n] = True
        return is_wrong[labels]


class GroupMarks:
    """The marks of groups while they grow."""

    def __init__(self, marks: Marks, people: Labels, labels: Labels) -> None:
        self._marks = marks
        self._people = np.full(len(labels), NOBODY, np.int32)
        np.maximum.at(self._people, labels, people)
        self._labels: Labels | None = None
        self._having = self._barring = np.empty(0, np.int64)

    def join(self, kept: Labels, lost: Labels) -> None:
        np.maximum.at(self._people, kept, self._people[lost])

    def are_apart(self, labels: Labels, first: Labels, second: Labels) -> Mask:
        """Which pairs of groups must not be joined.

        Args:
            labels: (n,) the group of each face.
        """
        one, other = self._people[first], self._people[second]
        found: Mask = (one != other) & (one != NOBODY) & (other != NOBODY)
        if self._marks.n and len(first):
            if labels is not self._labels:  # sorted once a round
                self._having = self._barring = np.empty(0, np.int64)  # no room for both
                self._having = _sorted_keys(labels, self._marks.having, self._marks.n)
                self._barring = _sorted_keys(labels, self._marks.barring, self._marks.n)
                self._labels = labels
            found |= self._meets(first, second) | self._meets(second, first)
        return found

    def _meets(self, one: Labels, other: Labels) -> Mask:
        """Whether `one` has a mark that `other` bars; the shorter list is looked up in the other."""
        n = self._marks.n
        had, barred = _ranges(self._having, one, n), _ranges(self._barring, other, n)
        is_shorter = had[1] - had[0] <= barred[1] - barred[0]
        found = np.zeros(len(one), np.bool_)
        for few, spans, keys, others, wanted in (
            (np.flatnonzero(is_shorter), had, self._having, other, self._barring),
            (np.flatnonzero(~is_shorter), barred, self._barring, one, self._having),
        ):
            starts, counts = spans[0][few], (spans[1] - spans[0])[few]
            pair = np.repeat(few, counts)
            place = np.arange(len(pair)) + np.repeat(starts - (np.cumsum(counts) - counts), counts)
            asked = others[pair].astype(np.int64) * n + keys[place] % n
            at = np.searchsorted(wanted, asked)
            hit = at < len(wanted)
            hit[hit] = wanted[at[hit]] == asked[hit]
            found[pair[hit]] = True
        return found


def _ranges(keys: Ids, names: Labels, n: int) -> tuple[Ids, Ids]:
    """Where the marks of groups begin and end in sorted keys."""
    first = names.astype(np.int64) * n
    return np.searchsorted(keys, first), np.searchsorted(keys, first + n)


def _sorted_keys(labels: Labels, entries: Ids, n: int) -> Ids:
    found = _keys(labels, entries, n)
    found.sort()
    return found


def _keys(labels: Labels, entries: Ids, n: int) -> Ids:
    found: Ids = labels[entries[:, 0]].astype(np.int64) * n + entries[:, 1]
    return found
