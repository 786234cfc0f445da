"""Join faces into groups that show one person: learned links, partners who choose each other.

Every face begins as a group of its own. In rounds each group picks the partner with which it most
likely shows one person, of those with at least the wanted probability. A group of 16 faces or more
picks one for each 8, for the first few change it little. Those that pick each other become one
group. `opqn_app.opqn.links` says what the probability is made of. Only pairs of groups that have
changed are looked at again.

Some groups are never joined: those with faces that are known to be two people, such as two faces
of one photo, and those that have different names.
"""

from collections.abc import Generator
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.types import Codes, Floats, Ids
from opqn_app.opqn.links import Links, PairEvidence
from opqn_app.people.known import GroupMarks, Known, Labels, Mask
from opqn_app.people.neighbours import Edges
from opqn_app.people.word_sums import WordSums, scaled

CERTAIN = 0.95  # of parts, which are nearly never two people
BLOCK = 1024  # pairs whose vectors are multiplied at once
MANY = 65_536  # pairs that are merged at once
LAST = np.iinfo(np.int32).max
PICKING = 8  # faces for each partner that a group picks, but the first


def group_faces(
    codes: Codes,
    sums: WordSums,
    edges: Edges,
    links: Links,
    known: Known,
    *,
    least: float,
    fresh: Mask | None = None,
) -> Generator[int, None, Labels]:
    """Join groups that show one person with at least the probability `least`.

    The result depends on nothing but the arguments: of equal chances the lower row wins.

    Args:
        codes: (n, M).
        edges: listed pairs of these faces.
        fresh: (n,) faces of which something new is known. Groups without one are not joined with
            each other; by default all are fresh.

    Yields:
        How many groups there are, after each round.

    Returns:
        (n,) the group of each face, named by its lowest row.
    """
    known = known.fallen_apart()
    groups = _Groups(codes, sums, known)
    pairs = _Pairs(groups.labels, edges, fresh)
    del edges  # their room is given back where nobody else holds them
    while True:
        pairs.look_again(groups, links)
        first, second, chances = pairs.partners(groups, least)
        if not len(first):
            return groups.labels
        kept, lost = _stars(groups, first, second, chances)
        renamed = groups.join(kept, lost)
        pairs.rename(renamed, np.concatenate([kept, lost]))
        yield groups.n_groups


def evidence_of_pairs(
    codes: Codes, sums: WordSums, edges: Edges, start: Labels
) -> tuple[Labels, Labels, PairEvidence]:
    """What is known of each pair of groups of which two faces are listed: what links learn from.

    Args:
        start: (n,) the group of each face, named by its lowest row.

    Returns:
        The groups of each pair by name, (p,) and (p,), and the evidence.
    """
    groups = _Groups(codes, sums, replace(Known.nothing(len(codes)), start=start))
    pairs = _Pairs(groups.labels, edges)
    return pairs.first, pairs.second, groups.evidence(pairs.first, pairs.second, pairs.best)


class _Groups:
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
        self._within = np.ones(
            n, np.float32
        )  # mean score inside a group, each face with itself too
        # Means of the vectors of groups of two or more, and where they are; one face is its code.
        self._slots = np.full(n, -1, np.int32)
        # There is room for all there can be, of which little is used and takes memory. Half floats:
        # a chance changes less by them than by a face more.
        self._vectors = np.empty((n, sums.dim), np.float16)
        self._free: list[int] = []
        self._n_slots = 0
        self._order = np.argsort(self.labels, kind="stable").astype(np.int32)
        self._counts = self.sizes.copy()
        self._starts = np.cumsum(self._counts, dtype=np.int32) - self._counts

    @property
    def n_groups(self) -> int:
        return int(np.count_nonzero(self.sizes))

    def evidence(self, first: Labels, second: Labels, best: Floats) -> PairEvidence:
        """Of pairs of groups whose best listed scores are `best`."""
        self._sum_up(self._missing(first, second))
        one, other = self.sizes[first].astype(np.float64), self.sizes[second].astype(np.float64)
        mean = best.astype(np.float64)  # of two faces there is one score
        several = np.flatnonzero((one > 1) | (other > 1))
        for start in range(0, len(several), BLOCK):
            few = several[start : start + BLOCK]
            product = np.einsum("ij,ij->i", self._of(first[few]), self._of(second[few]))
            mean[few] = product / (one[few] * other[few])
        within = np.sqrt(self._within[first].astype(np.float64) * self._within[second])
        return PairEvidence(mean, mean / within, best.astype(np.float64), one, other)

    def are_apart(self, first: Labels, second: Labels) -> Mask:
        """Which pairs of groups must not be joined."""
        return self._marks.are_apart(self.labels, first, second)

    def picks(self, names: Labels) -> Labels:
        """How many partners groups pick at once: more than one where that changes them little."""
        found: Labels = np.maximum(self.sizes[names] // PICKING, 1)
        return found

    def join(self, kept: Labels, lost: Labels) -> Labels:
        """Join each of `lost`, (j,), to one in `kept`; the new name of each old one.

        None of `kept` is among `lost`; several may come to one.
        """
        self._sum_up(self._missing(kept, lost))
        order = np.argsort(kept, kind="stable")
        kept, lost = kept[order], lost[order]
        ends = np.append(np.flatnonzero(np.diff(kept)) + 1, len(kept))
        start = 0
        while start < len(kept):  # as many as fit, whole groups only
            stop = int(
                ends[
                    max(
                        np.searchsorted(ends, start + BLOCK, "right") - 1,
                        np.searchsorted(ends, start, "right"),
                    )
                ]
            )
            here = kept[start:stop]
            names, first = np.unique(here, return_index=True)
            total = self._of(names) + np.add.reduceat(self._of(lost[start:stop]), first, axis=0)
            sizes = self.sizes[names] + np.add.reduceat(self.sizes[lost[start:stop]], first)
            self._set(names, (total / sizes[:, None]).astype(np.float32))
            start = stop
        self._release(lost)
        np.add.at(self.sizes, kept, self.sizes[lost])
        self.sizes[lost] = 0
        grown = np.unique(kept)
        self._within[grown] = self._mean_within(grown)
        self._marks.join(kept, lost)
        renamed = np.arange(len(self.labels), dtype=np.int32)
        renamed[lost] = kept
        self.labels = renamed[self.labels]
        return renamed

    def _sum_up(self, names: Labels) -> None:
        """Sums of groups of several faces there are from the start, when they are asked for."""
        for start in range(0, len(names), BLOCK):
            few = names[start : start + BLOCK]
            counts = self._counts[few]
            place = np.repeat(np.arange(len(few), dtype=np.int32), counts)
            firsts = self._starts[few] - (np.cumsum(counts) - counts)
            total = np.zeros((len(few), self._words.dim), np.float32)
            for begin in range(0, len(place), BLOCK):  # however large a group is
                here = place[begin : begin + BLOCK]
                at = np.arange(begin, begin + len(here)) + firsts[here]
                vectors = self._words.units(self._codes[self._order[at]])
                which, first = np.unique(here, return_index=True)
                total[which] += np.add.reduceat(vectors, first, axis=0)
            self._set(few, (total / counts[:, None]).astype(np.float32))
            self._within[few] = self._mean_within(few)

    def _missing(self, *names: Labels) -> Labels:
        """Groups of several faces that have no sum yet."""
        is_asked = np.zeros(len(self.sizes), np.bool_)
        for some in names:
            is_asked[some] = True
        found = np.flatnonzero(is_asked & (self.sizes > 1) & (self._slots < 0))
        return found.astype(np.int32)

    def _of(self, names: Labels) -> Floats:
        """(j, D) sums of the vectors of groups."""
        out = np.empty((len(names), self._words.dim), np.float32)
        slots = self._slots[names]
        held = slots >= 0
        out[held] = self._vectors[slots[held]] * self.sizes[names[held], None].astype(np.float32)
        single, place = np.unique(names[~held], return_inverse=True)
        out[~held] = scaled(self._words.sums(self._codes[single]))[place]
        return out

    def _set(self, names: Labels, vectors: Floats) -> None:
        new = names[self._slots[names] < 0]
        missing = max(len(new) - len(self._free), 0)
        self._free.extend(range(self._n_slots, self._n_slots + missing))
        self._n_slots += missing
        self._slots[new] = [self._free.pop() for _ in new]
        self._vectors[self._slots[names]] = vectors

    def _release(self, names: Labels) -> None:
        held = names[self._slots[names] >= 0]
        self._free.extend(self._slots[held].tolist())
        self._slots[held] = -1

    def _mean_within(self, names: Labels) -> Floats:
        squares = np.empty(len(names), np.float32)
        for start in range(0, len(names), BLOCK):
            few = self._vectors[self._slots[names[start : start + BLOCK]]].astype(np.float32)
            squares[start : start + BLOCK] = np.einsum("ij,ij->i", few, few)
        return squares


class _Pairs:
    """Pairs of groups of which some faces list each other.

    Attributes:
        first, second: (p,) names of the groups.
        best: (p,) the best score of a listed pair of faces.
        chances: (p,) that both show one person; nan where it is not known.
        may_join: (p,) that nothing is known against it; False also where nobody has looked.
    """

    def __init__(self, labels: Labels, edges: Edges, fresh: Mask | None = None) -> None:
        self._n = len(labels)
        self.first, self.second = edges.first.copy(), edges.second.copy()
        self._rename_all(labels)
        self.best = edges.scores.copy()
        self.chances = np.full(len(edges), np.nan, np.float32)
        if fresh is not None:
            is_fresh = np.zeros(self._n, np.bool_)
            is_fresh[labels[fresh]] = True
            self.chances[~(is_fresh[self.first] | is_fresh[self.second])] = 0.0
        self.may_join = np.zeros(len(edges), np.bool_)
        if (labels != np.arange(self._n)).any():  # else each pair is there once
            self._take(self.first != self.second)
            self._merge(np.ones(len(self.first), np.bool_))

    def look_again(self, groups: _Groups, links: Links) -> None:
        """Find the chances that are not known."""
        unknown = np.flatnonzero(np.isnan(self.chances))
        for start in range(0, len(unknown), BLOCK * 8):
            few = unknown[start : start + BLOCK * 8]
            pairs = groups.evidence(self.first[few], self.second[few], self.best[few])
            self.chances[few] = links.probability(pairs)

    def partners(self, groups: _Groups, least: float) -> tuple[Labels, Labels, Floats]:
        """Pairs of groups that pick each other, and their chances.

        Pairs that must not be joined are forgotten where a group would pick them.
        """
        while True:
            likely = np.flatnonzero(self.chances >= least)
            first, second = self.first[likely], self.second[likely]
            # Of each choice one number: the likelier one is greater, then that of the lower name.
            chance = self.chances[likely].view(np.int32).astype(np.int64) << 32
            by_first, by_second = chance + (LAST - second), chance + (LAST - first)
            best = np.full(self._n, -1, np.int64)
            np.maximum.at(best, first, by_first)
            np.maximum.at(best, second, by_second)
            self._lower_to_picks(best, groups, (first, second), (by_first, by_second))
            picked_by_first, picked_by_second = by_first >= best[first], by_second >= best[second]
            picked = picked_by_first | picked_by_second
            new = likely[picked & ~self.may_join[likely]]
            apart = groups.are_apart(self.first[new], self.second[new])
            self.may_join[new] = True
            if not apart.any():
                both = likely[picked_by_first & picked_by_second]
                return self.first[both], self.second[both], self.chances[both]
            stay = np.ones(len(self.chances), np.bool_)
            stay[new[apart]] = False
            self._take(stay)

    def _lower_to_picks(
        self,
        best: Ids,
        groups: _Groups,
        names: tuple[Labels, Labels],
        choices: tuple[Ids, Ids],
    ) -> None:
        """Let `best` be the last choice that a group picks, where it picks several."""
        large = np.concatenate([np.flatnonzero(groups.picks(name) > 1) for name in names])
        n_first = int(np.count_nonzero(groups.picks(names[0]) > 1))
        name = np.concatenate([names[0][large[:n_first]], names[1][large[n_first:]]])
        choice = np.concatenate([choices[0][large[:n_first]], choices[1][large[n_first:]]])
        order = np.lexsort((-choice, name))
        name, choice = name[order], choice[order]
        starts = np.flatnonzero(np.append(True, name[1:] != name[:-1])) if len(name) else order
        counts = np.diff(np.append(starts, len(name)))
        lasts = starts + np.minimum(groups.picks(name[starts]), counts) - 1
        best[name[starts]] = choice[lasts]

    def rename(self, renamed: Labels, changed: Labels) -> None:
        """After some groups were joined."""
        is_changed = np.zeros(self._n, np.bool_)
        is_changed[changed] = True
        touched = is_changed[self.first] | is_changed[self.second]
        self._rename_all(renamed)
        self.chances[touched] = np.nan
        self.may_join[touched] = False
        stay = self.first != self.second
        self._take(stay)
        self._merge(touched[stay])

    def _rename_all(self, renamed: Labels) -> None:
        for start in range(0, len(self.first), MANY):  # in place: pairs are what takes most room
            few = slice(start, start + MANY)
            first, second = renamed[self.first[few]], renamed[self.second[few]]
            np.minimum(first, second, out=self.first[few])
            np.maximum(first, second, out=self.second[few])

    def _merge(self, touched: NDArray[np.bool_]) -> None:
        """Make one pair of those of the same groups, which are among the touched ones."""
        stay = np.ones(len(touched), np.bool_)
        n_parts = int(np.count_nonzero(touched)) // MANY + 1
        if n_parts == 1:
            self._merge_some(np.flatnonzero(touched), stay)
        else:  # pairs of one group are in one part
            part = (self.first % n_parts).astype(np.int16)
            for i in range(n_parts):
                self._merge_some(np.flatnonzero(touched & (part == i)), stay)
        if not stay.all():
            self._take(stay)

    def _merge_some(self, rows: NDArray[np.intp], stay: Mask) -> None:
        """Of the same pairs among `rows` the first takes the best score; the others don't stay."""
        keys = _keys(self.first[rows], self.second[rows], self._n)
        order = np.argsort(keys, kind="stable")
        keys, rows = keys[order], rows[order]
        is_first = np.append(True, keys[1:] != keys[:-1]) if len(keys) else np.empty(0, np.bool_)
        starts = np.flatnonzero(is_first)
        if len(starts) == len(rows):
            return
        self.best[rows[starts]] = np.maximum.reduceat(self.best[rows], starts)
        stay[rows[~is_first]] = False

    def _take(self, stay: NDArray[np.bool_]) -> None:
        self.first = self.first[stay]
        self.second = self.second[stay]
        self.best = self.best[stay]
        self.chances = self.chances[stay]
        self.may_join = self.may_join[stay]


def _stars(
    groups: _Groups, first: Labels, second: Labels, chances: Floats
) -> tuple[Labels, Labels]:
    """What pairs that pick each other become: the names that stay, and those that come to them.

    A group that picks several is the centre of a star. Likelier pairs come first. Two who can't be
    one person do not come to one centre together.
    """
    is_large = (groups.picks(first) > 1) | (groups.picks(second) > 1)
    kept, lost = [first[~is_large]], [second[~is_large]]
    order = np.lexsort((second, first, -chances))
    large = order[is_large[order]]
    centres: dict[int, list[int]] = {}
    taken: set[int] = set()
    for one, other in zip(first[large].tolist(), second[large].tolist(), strict=True):
        is_lesser = (groups.sizes[one], -one) < (groups.sizes[other], -other)
        centre, comer = (other, one) if is_lesser else (one, other)
        if centre not in taken and comer not in taken and comer not in centres:
            centres.setdefault(centre, []).append(comer)
            taken.add(comer)
    _send_back(groups, centres)
    for centre, comers in centres.items():
        name = min([centre, *comers])
        others = [each for each in (centre, *comers) if each != name]
        kept.append(np.full(len(others), name, np.int32))
        lost.append(np.array(others, np.int32))
    return np.concatenate(kept), np.concatenate(lost)


def _send_back(groups: _Groups, centres: dict[int, list[int]]) -> None:
    """Of those who come to one centre and can't be one person, only the first may come now."""
    pairs = [pair for comers in centres.values() for pair in combinations(comers, 2)]
    if pairs:
        one, other = np.array(pairs, np.int32).T
        apart = groups.are_apart(one, other)
        late = set(other[apart].tolist())
        for comers in centres.values():
            comers[:] = [each for each in comers if each not in late]


def _keys(first: NDArray[Any], second: NDArray[Any], n: int) -> Ids:
    """One number a pair, whichever of the two comes first."""
    low, high = np.minimum(first, second), np.maximum(first, second)
    found: Ids = low.astype(np.int64) * n + high
    return found
