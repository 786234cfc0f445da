"""Pairs of groups of which some faces list each other, and which of them pick each other.

They are what takes most room when faces are grouped: 14 bytes a pair, and 6 while both groups are
a face each (`Alone`). First there are up to 16 pairs a face. So they are changed in place, and
looked at some at a time.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from opqn_app.core.types import Floats, Ids
from opqn_app.opqn.links import Links
from opqn_app.people.alone import Alone
from opqn_app.people.growing import Groups
from opqn_app.people.known import Labels, Mask
from opqn_app.people.likely import Likely, together
from opqn_app.people.neighbours import Edges, Listed
from opqn_app.people.room import room

MANY = 8192  # pairs that are looked at together
ASKED = 4096  # pairs whose chances are found together
MOST_PARTS = 250  # in which equal pairs are looked for
NEVER = np.float32(2.0)  # instead of a chance, of those that must not be joined


class Pairs:
    """Pairs of groups; of n faces.

    Attributes:
        first, second: (p,) names of the groups, `first` < `second`; without those that are alone.
    """

    def __init__(self, n: int) -> None:
        self._n, self._n_pairs, self._step = n, 0, 1.0
        self._alone: Alone | None = None
        self._columns = self._with_room(0, np.uint16)

    def _with_room(self, n_pairs: int, scores: DTypeLike) -> tuple[NDArray[Any], ...]:
        """Of as many pairs: first, second, best, chances; there may be more than are used.

        `best` is the best score of a listed pair, in steps. A chance is that both show one person;
        nan where it is not known; less than 0 where it is known that nothing is against it, and
        then 0 less the chance.
        """
        return tuple(room((n_pairs,), kind) for kind in (np.int32, np.int32, scores, np.float32))

    @property
    def first(self) -> Labels:
        return self._columns[0][: self._n_pairs]

    @property
    def second(self) -> Labels:
        return self._columns[1][: self._n_pairs]

    @property
    def _best(self) -> NDArray[Any]:
        return self._columns[2][: self._n_pairs]

    @property
    def _chances(self) -> Floats:
        return self._columns[3][: self._n_pairs]

    def __len__(self) -> int:
        return self._n_pairs + (0 if self._alone is None else len(self._alone))

    @property
    def best(self) -> Floats:
        """(p,) the best score of a listed pair of faces."""
        return self._scores(slice(None))

    def add_all(self, edges: Edges | Listed, groups: Groups, links: Links) -> None:
        """Every listed pair of faces, in groups, once; lists are given up."""
        if isinstance(edges, Listed) and edges.scores.dtype == np.uint16:
            self._alone = Alone(edges.given_up(), links)
            self._columns = self._with_room(len(self._alone), np.uint16)  # there are never more
            is_several = groups.sizes[groups.labels] > 1
            if is_several.any():
                self._take_in(is_several, groups.labels)
                self._merge()
            return
        self.add(edges.all_pairs(), groups.labels)
        if (groups.sizes > 1).any():  # else each pair is there once
            self.merge()

    def add(self, edges: Edges, labels: Labels) -> None:
        """Listed pairs of faces, in groups; the arrays of `edges` are taken over.

        A pair may be there twice until `merge`, or until one of its groups is joined.
        """
        if (labels != np.arange(self._n)).any():
            _rename_all(edges.first, edges.second, labels)
        self._append(edges)

    def merge(self) -> None:
        """Make one pair of those of the same groups, of those that were added."""
        self._keep_if(lambda few: self.first[few] != self.second[few])
        self._merge()

    def look_again(self, groups: Groups, links: Links) -> None:
        """Find the chances that are not known."""
        for start in range(0, len(self.first), ASKED):
            unknown = start + np.flatnonzero(np.isnan(self._chances[start : start + ASKED]))
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
            are_settled, found = True, []
            for keeper in self._keepers():
                for pairs in keeper.likely(least):
                    by_first, by_second = pairs.choices()
                    one, other = by_first >= lowest[pairs.first], by_second >= lowest[pairs.second]
                    new = (one | other) & keeper.is_new(pairs)
                    if new.any():
                        picked = pairs.of(new)
                        apart = groups.are_apart(picked.first, picked.second)
                        keeper.settle(picked, apart)
                        are_settled &= not apart.any()
                    found.append(pairs.of(one & other))
            if are_settled:
                joined = together(found)
                return joined.first, joined.second, joined.chances

    def likely(self, least: float) -> Iterator[Likely]:
        """Pairs with a chance of at least `least` that nothing is known to be against."""
        for start in range(0, len(self.first), MANY):
            chances = np.abs(self._chances[start : start + MANY])
            rows = np.flatnonzero((chances >= least) & (chances != NEVER))
            if len(rows):
                chances = chances[rows]
                rows += start
                yield Likely(rows, self.first[rows], self.second[rows], chances)

    def is_new(self, likely: Likely) -> Mask:
        """Of which pairs it is not known whether something is against them."""
        found: Mask = self._chances[likely.rows] > 0
        return found

    def settle(self, likely: Likely, apart: Mask) -> None:
        """Now it is known of these."""
        self._chances[likely.rows] = np.where(apart, NEVER, -likely.chances)

    def rename(self, renamed: Labels, changed: Labels) -> None:
        """After some groups were joined."""
        is_changed = np.zeros(self._n, np.bool_)
        is_changed[changed] = True
        done = 0
        for start in range(0, len(self.first), MANY):
            few = slice(start, start + MANY)
            first, second, chances = self.first[few], self.second[few], self._chances[few]
            stay = chances != NEVER
            chances[is_changed[first] | is_changed[second]] = np.nan
            _rename_all(first, second, renamed)
            stay &= first != second
            done = self._move(few, stay, done)
        self._n_pairs = done
        self._take_in(is_changed, renamed)
        self._merge()

    def _take_in(self, changed: Mask, renamed: Labels) -> None:
        """The pairs of faces that are alone no more."""
        if self._alone is None:
            return
        for edges in self._alone.leave(changed):
            _rename_all(edges.first, edges.second, renamed)
            self._append(edges.of(edges.first != edges.second))

    def _append(self, edges: Edges) -> None:
        """Pairs that are named by groups, and of which nothing is known."""
        start, self._step = self._n_pairs, edges.step
        self._n_pairs += len(edges)
        if self._n_pairs > len(self._columns[0]):
            known = self._columns
            self._columns = self._with_room(self._n_pairs, edges.scores.dtype)
            for column, old in zip(self._columns, known, strict=True):
                column[:start] = old[:start]
        new = edges.first, edges.second, edges.scores, np.float32(np.nan)
        for column, values in zip(self._columns, new, strict=True):
            column[start : self._n_pairs] = values

    def _scores(self, rows: Any) -> Floats:
        found: Floats = self._best[rows].astype(np.float32) * np.float32(self._step)
        return found

    def _keepers(self) -> "Sequence[Pairs | Alone]":
        return [self] if self._alone is None else [self, self._alone]

    def _last_picked(self, groups: Groups, least: float) -> Ids:
        """(n,) the last choice that each group picks."""
        best = np.full(self._n, -1, np.int64)
        large: list[tuple[Labels, Ids]] = []  # choices of groups that pick several
        for pairs in chain.from_iterable(each.likely(least) for each in self._keepers()):
            for names, choices in zip((pairs.first, pairs.second), pairs.choices(), strict=True):
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

    def _merge(self) -> None:
        """Make one pair of those of the same groups, which are among those nothing is known of."""
        touched = np.isnan(self._chances)
        n_parts = min(int(np.count_nonzero(touched)) // MANY + 1, MOST_PARTS)
        if n_parts == 1:
            self._merge_some(np.flatnonzero(touched))
        else:  # pairs of one group are in one part
            part = touched.view(np.uint8)
            for start in range(0, len(part), MANY):
                few = slice(start, start + MANY)
                part[few] = np.where(part[few], self.first[few] % n_parts, MOST_PARTS)
            for i in range(n_parts):
                self._merge_some(np.flatnonzero(part == i))
            del part
        del touched
        self._keep_if(lambda few: self._chances[few] != NEVER)

    def _merge_some(self, rows: NDArray[np.intp]) -> None:
        """Of the same pairs among `rows` the first takes the best score; the others go."""
        keys = self.first[rows].astype(np.int64) * self._n + self.second[rows]
        order = np.argsort(keys, kind="stable")
        keys, rows = keys[order], rows[order]
        is_first = np.append(True, keys[1:] != keys[:-1]) if len(keys) else np.empty(0, np.bool_)
        starts = np.flatnonzero(is_first)
        if len(starts) == len(rows):
            return
        self._best[rows[starts]] = np.maximum.reduceat(self._best[rows], starts)
        self._chances[rows[~is_first]] = NEVER

    def _keep_if(self, stays: Callable[[slice], Mask]) -> None:
        """Only some of the pairs."""
        done = 0
        for start in range(0, self._n_pairs, MANY):
            few = slice(start, min(start + MANY, self._n_pairs))
            done = self._move(few, stays(few), done)
        self._n_pairs = done

    def _move(self, few: slice, stay: Mask, to: int) -> int:
        """Some of a few pairs, to a place before them; returns where they end."""
        end, few = to + int(np.count_nonzero(stay)), slice(few.start, few.start + len(stay))
        for column in self._columns:
            column[to:end] = column[few][stay]
        return end


def _rename_all(first: Labels, second: Labels, renamed: Labels) -> None:
    """In place, some at a time."""
    for start in range(0, len(first), MANY):
        few = slice(start, start + MANY)
        one, other = renamed[first[few]], renamed[second[few]]
        np.minimum(one, other, out=first[few])
        np.maximum(one, other, out=second[few])
