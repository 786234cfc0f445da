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

import numpy as np

from opqn_app.core import allocator
from opqn_app.core.types import Codes, Floats
from opqn_app.opqn.links import Links, PairEvidence
from opqn_app.people.growing import Groups
from opqn_app.people.known import Known, Labels, Mask
from opqn_app.people.neighbours import Edges, Listed
from opqn_app.people.pairs import Pairs
from opqn_app.people.word_sums import WordSums

SHRUNK = 0.03  # of the pairs, from which it is worth giving their room back
CERTAIN = 0.95  # of parts, which are nearly never two people


def group_faces(
    codes: Codes,
    sums: WordSums,
    edges: Edges | Listed,
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
        edges: listed pairs of these faces. Lists are given up if all faces are fresh.
        fresh: (n,) faces of which something new is known. Groups without one are not joined with
            each other; by default all are fresh.

    Yields:
        How many groups there are, after each round.

    Returns:
        (n,) the group of each face, named by its lowest row.
    """
    groups = Groups(codes, sums, known.fallen_apart())
    # Pairs of which nothing is new are looked up once one of their groups is joined.
    is_open = whole(groups.labels, fresh)
    pairs, left = Pairs(len(codes)), None if is_open.all() else edges
    if left is None:
        pairs.add_all(edges, groups, links)
        del edges  # its room is given back where nobody else holds it
        allocator.give_back_unused()
    else:
        pairs.add(left.touching(is_open, labels=groups.labels), groups.labels)
        pairs.merge()
    held = len(pairs)
    while True:
        pairs.look_again(groups, links)
        first, second, chances = pairs.partners(groups, least)
        if not len(first):
            return groups.labels
        kept, lost = _stars(groups, first, second, chances)
        changed = np.concatenate([kept, lost])
        if left is not None:
            come = whole(groups.labels, changed) & ~is_open
            if come.any():
                touched = left.touching(come, but=is_open, labels=groups.labels)
                pairs.add(touched, groups.labels)
                del touched
                is_open |= come
        renamed = np.arange(len(codes), dtype=np.int32)
        renamed[lost] = kept
        pairs.rename(renamed, changed)  # first: then there are fewer of them
        del renamed
        if len(pairs) < held * (1 - SHRUNK):
            held = len(pairs)
            allocator.give_back_unused()
        groups.join(kept, lost)
        yield groups.n_groups


def whole(labels: Labels, some: Labels | Mask | None) -> Mask:
    """(n,) which faces are in one group with some rows; all of them for None."""
    if some is None:
        return np.ones(len(labels), np.bool_)
    is_asked = np.zeros(len(labels), np.bool_)
    is_asked[labels[some]] = True
    found: Mask = is_asked[labels]
    return found


def evidence_of_pairs(
    codes: Codes, sums: WordSums, edges: Edges, start: Labels
) -> tuple[Labels, Labels, PairEvidence]:
    """What is known of each pair of groups of which two faces are listed: what links learn from.

    Args:
        start: (n,) the group of each face, named by its lowest row.

    Returns:
        The groups of each pair by name, (p,) and (p,), and the evidence.
    """
    groups = Groups(codes, sums, replace(Known.nothing(len(codes)), start=start))
    pairs = Pairs(len(codes))
    pairs.add(edges.all_pairs(), groups.labels)
    pairs.merge()
    return pairs.first, pairs.second, groups.evidence(pairs.first, pairs.second, pairs.best)


def _stars(groups: Groups, first: Labels, second: Labels, chances: Floats) -> tuple[Labels, Labels]:
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


def _send_back(groups: Groups, centres: dict[int, list[int]]) -> None:
    """Of those who come to one centre and can't be one person, only the first may come now."""
    pairs = [pair for comers in centres.values() for pair in combinations(comers, 2)]
    if pairs:
        one, other = np.array(pairs, np.int32).T
        apart = groups.are_apart(one, other)
        late = set(other[apart].tolist())
        for comers in centres.values():
            comers[:] = [each for each in comers if each not in late]
