"""Pairs of groups of which some faces list each other, and which of them pick each other.

They are what takes most room when faces are grouped: 14 bytes a pair, and first there are up to 16
pairs a face. So they are changed in place, and looked at some at a time.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.types import Floats, Ids
from opqn_app.opqn.links import Links
from opqn_app.people.growing import Groups
from opqn_app.people.known import Labels, Mask
from opqn_app.people.neighbours import Edges

MANY = 8192  # pairs that are looked at together
MOST_PARTS = 250  # in which equal pairs are looked for
LAST = np.iinfo(np.int32).max
NEVER = np.float32(2.0)  # instead of a chance, of those that must not be joined


class Pairs:
    """Pairs of groups; of n faces.

    Attributes:
        first, second: (p,) names of the groups, `first` < `second`.
    """

    def __init__(self, n: int) -> None:
        self._n = n
        none = np.empty(0, np.int32)
        self.first, self.second = none, none
        self._best: NDArray[Any] = none  # the best score of a listed pair, in steps
        self._step = 1.0
        # That both show one person; nan where it is not known.
        # Less than 0 where it is known that nothing is against it, and then 0 less the chance.
        self._chances: Floats = none.astype(np.float32)

    def __len__(self) -> int:
        return len(self.first)

    @property
    def best(self) -> Floats:
        """(p,) the best score of a listed pair of faces."""
        return self._scores(slice(None))

    def add(self, edges: Edges, labels: Labels) -> None:
        """Listed pairs of faces, in groups; the arrays of `edges` are taken over.

        A pair may be there twice until `merge`, or until one of its groups is joined.
        """
        first, second = edges.first, edges.second
        if (labels != np.arange(self._n)).any():
            _rename_all(first, second, labels)
        known = len(self.first)
        if known:
            self._step, best = edges.step, np.append(self._best, edges.scores)
            first, second = np.append(self.first, first), np.append(self.second, second)
            self._best = best
        else:
            self._step, self._best = edges.step, edges.scores
        self.first, self.second = first, second
        chances = np.full(len(first), np.nan, np.float32)
        chances[:known] = self._chances
        self._chances = chances

    def merge(self) -> None:
        """Make one pair of those of the same groups."""
        self._keep(self.first != self.second)
        self._merge(np.ones(len(self.first), np.bool_))

    def look_again(self, groups: Groups, links: Links) -> None:
        """Find the chances that are not known."""
        for start in range(0, len(self.first), MANY):
            unknown = start + np.flatnonzero(np.isnan(self._chances[start : start + MANY]))
            if len(unknown):
                pairs = groups.evidence(
                    self.first[unknown], self.second[unknown], self._scores(unknown)
                )
                self._chances[unknown] = links.probability(pairs)

    def partners(self, groups: Groups, least: float) -> tuple[Labels, Labels, Floats]:
        """Pairs of groups that pick each other, and their chances.

        Pairs that must not be joined are forgotten where a group would pick them.
        """
        while True:
            lowest = self._last_picked(groups, least)
            picked, both = [], []
            for rows, first, second, by_first, by_second in self._likely(least):
                one, other = by_first >= lowest[first], by_second >= lowest[second]
                few = rows[one | other]
                picked.append(few[self._chances[few] > 0].astype(np.int32))
                both.append(rows[one & other].astype(np.int32))
            none = np.empty(0, np.int32)
            new = np.concatenate([none, *picked])
            apart = groups.are_apart(self.first[new], self.second[new])
            self._chances[new] = np.where(apart, NEVER, -self._chances[new])
            if not apart.any():
                rows = np.concatenate([none, *both])
                return self.first[rows], self.second[rows], np.abs(self._chances[rows])

    def rename(self, renamed: Labels, changed: Labels) -> None:
        """After some groups were joined."""
        is_changed = np.zeros(self._n, np.bool_)
        is_changed[changed] = True
        touched = np.empty(len(self.first), np.bool_)
        stay = np.empty(len(self.first), np.bool_)
        for start in range(0, len(self.first), MANY):
            few = slice(start, start + MANY)
            first, second, chances = self.first[few], self.second[few], self._chances[few]
            np.logical_or(is_changed[first], is_changed[second], out=touched[few])
            _rename_all(first, second, renamed)
            stay[few] = (chances != NEVER) & (first != second)
            chances[touched[few]] = np.nan
        self._keep(stay)
        touched = _shrunk(touched, stay)
        del stay
        self._merge(touched)

    def _scores(self, rows: Any) -> Floats:
        found: Floats = self._best[rows].astype(np.float32) * np.float32(self._step)
        return found

    def _likely(self, least: float) -> Iterator[tuple[NDArray[np.intp], Labels, Labels, Ids, Ids]]:
        """Rows of pairs with a chance of at least `least`, their groups, and what each picks by.

        Of each choice that is one number: the likelier one is greater, then that of the lower name.
        """
        for start in range(0, len(self.first), MANY):
            chances = np.abs(self._chances[start : start + MANY])
            rows = np.flatnonzero((chances >= least) & (chances != NEVER))
            if len(rows):
                chance = chances[rows].view(np.int32).astype(np.int64) << 32
                rows += start
                first, second = self.first[rows], self.second[rows]
                yield rows, first, second, chance + (LAST - second), chance + (LAST - first)

    def _last_picked(self, groups: Groups, least: float) -> Ids:
        """(n,) the last choice that each group picks."""
        best = np.full(self._n, -1, np.int64)
        large: list[tuple[Labels, Ids]] = []  # choices of groups that pick several
        for _, first, second, by_first, by_second in self._likely(least):
            for names, choices in ((first, by_first), (second, by_second)):
                np.maximum.at(best, names, choices)
                several = groups.picks(names) > 1
                if several.any():
                    large.append((names[several], choices[several]))
        if large:
            name, choice = (np.concatenate(each) for each in zip(*large, strict=True))
            order = np.lexsort((-choice, name))
            name, choice = name[order], choice[order]
            starts = np.flatnonzero(np.append(True, name[1:] != name[:-1]))
            counts = np.diff(np.append(starts, len(name)))
            lasts = starts + np.minimum(groups.picks(name[starts]), counts) - 1
            best[name[starts]] = choice[lasts]
        return best

    def _merge(self, touched: Mask) -> None:
        """Make one pair of those of the same groups, which are among the touched ones.

        Args:
            touched: (p,), in which something else stands afterwards.
        """
        n_parts = min(int(np.count_nonzero(touched)) // MANY + 1, MOST_PARTS)
        stay = np.ones(len(touched), np.bool_)
        if n_parts == 1:
            self._merge_some(np.flatnonzero(touched), stay)
        else:  # pairs of one group are in one part
            part = touched.view(np.uint8)
            for start in range(0, len(part), MANY):
                few = slice(start, start + MANY)
                part[few] = np.where(part[few], self.first[few] % n_parts, MOST_PARTS)
            for i in range(n_parts):
                self._merge_some(np.flatnonzero(part == i), stay)
        if not stay.all():
            self._keep(stay)

    def _merge_some(self, rows: NDArray[np.intp], stay: Mask) -> None:
        """Of the same pairs among `rows` the first takes the best score; the others don't stay."""
        keys = self.first[rows].astype(np.int64) * self._n + self.second[rows]
        order = np.argsort(keys, kind="stable")
        keys, rows = keys[order], rows[order]
        is_first = np.append(True, keys[1:] != keys[:-1]) if len(keys) else np.empty(0, np.bool_)
        starts = np.flatnonzero(is_first)
        if len(starts) == len(rows):
            return
        self._best[rows[starts]] = np.maximum.reduceat(self._best[rows], starts)
        stay[rows[~is_first]] = False

    def _keep(self, stay: Mask) -> None:
        """Only some of the pairs."""
        self.first = _shrunk(self.first, stay)
        self.second = _shrunk(self.second, stay)
        self._best = _shrunk(self._best, stay)
        self._chances = _shrunk(self._chances, stay)


def _shrunk(values: NDArray[Any], stay: Mask) -> NDArray[Any]:
    """Some entries of an array that nobody else holds; its room is given back."""
    done = 0
    for start in range(0, len(values), MANY):
        few = values[start : start + MANY][stay[start : start + MANY]]
        values[done : done + len(few)] = few
        done += len(few)
    values.resize(done, refcheck=False)
    return values


def _rename_all(first: Labels, second: Labels, renamed: Labels) -> None:
    """In place, some at a time."""
    for start in range(0, len(first), MANY):
        few = slice(start, start + MANY)
        one, other = renamed[first[few]], renamed[second[few]]
        np.minimum(one, other, out=first[few])
        np.maximum(one, other, out=second[few])
