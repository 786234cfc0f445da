"""What a model guesses, told with regard to what was decided: groups nobody named, and who is who.

Guesses follow a ledger. An answer costs what it changes, not what is in the library.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.types import Floats, Ids
from opqn_app.opqn.face_encoder import FaceEncoder
from opqn_app.opqn.links import Links, PairEvidence
from opqn_app.people.decided import Decided, refused
from opqn_app.people.guess_data import GuessData
from opqn_app.people.kinds import Kind
from opqn_app.people.known import NOBODY, Mask
from opqn_app.people.ledger import Ledger
from opqn_app.people.state import State
from opqn_app.people.unnamed import Group, UnnamedGroups
from opqn_app.store.decision_records import Decision
from opqn_app.store.library import Library

__all__ = ["Group", "Guesses", "Suggestion"]

SURE = 0.9  # probability from which a suggestion needs no look
POSSIBLE = 0.05  # of people that faces are said to resemble
MOST_ALIKE = 9  # people that faces are said to resemble
MOST_ASKED = 32  # people who are looked at for it
LARGE = 64  # faces from which a person's sum is worth keeping


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Faces that may be a person.

    Attributes:
        faces: ids, best first.
        probability: that they are; at least `Links.suggests_from`.
        picture: the face that shows it best.
    """

    person: int
    faces: tuple[int, ...]
    probability: float
    picture: int

    @property
    def is_sure(self) -> bool:
        return self.probability >= SURE


class Guesses:
    """The guesses of one model, read from a library; used in one thread with one ledger.

    Args:
        encoder: None for no guesses at all.
    """

    def __init__(self, encoder: FaceEncoder | None = None) -> None:
        self._encoder = encoder
        self._data = GuessData.nothing()
        self._ledger: Ledger | None = None  # that which is followed
        self._state: State | None = None
        self._read = 0  # rows of its journal

    @classmethod
    def load(cls, library: Library, encoder: FaceEncoder) -> "Guesses":
        """Those of a library; empty where none were made yet.

        While those of this model are being made, groups are those of the model before.
        """
        guesses = cls(encoder)
        guesses.refresh(library)
        return guesses

    def refresh(self, library: Library) -> None:
        """Read what has been grouped since, and which faces there are."""
        if self._encoder is not None:
            self._data = GuessData.read(library, self._encoder, self._data)
        self._ledger = None

    def __len__(self) -> int:
        """How many faces are grouped."""
        return len(self._data)

    def unnamed(self, ledger: Ledger) -> list[Group]:
        """Groups of faces nobody decided on, largest first; some are of one face.

        What counts as no face is not in them, nor are faces that are suggested to a person of
        their own group.
        """
        self._follow(ledger)
        return self._unnamed.groups()

    def best_first(self, face_ids: Sequence[int]) -> tuple[int, ...]:
        """Those of faces that are known, the one first that shows best who it is."""
        return self._data.best_first(self._data.rows_of(face_ids))

    def suggestions(self, ledger: Ledger, person: int, limit: int = 200) -> list[Suggestion]:
        """Groups and parts of groups that may be a person, likeliest first.

        What was rejected, what is decided, and faces on a photo with the person are not in it.
        """
        self._follow(ledger)
        current, links = ledger.state.current(person), self._data.links
        if current is None or links is None:
            return []
        own = np.flatnonzero(self._decided.people == current)
        best = self._data.best_scores(own)
        free = (self._decided.people == NOBODY) & ~self._decided.left_out
        near = np.flatnonzero((best > 0) & free)
        whole, pieces = self._units(ledger, near, current, own)
        found = self._likely(current, own, whole, best, links)
        taken = {id(unit) for unit, _ in found}
        left = [unit for unit in whole if id(unit) not in taken]
        if left:
            whole_units = {(int(unit[0]), len(unit)) for unit in left}
            parts = self._parts_of(np.concatenate(left))
            pieces += [part for part in parts if (int(part[0]), len(part)) not in whole_units]
        found += self._likely(current, own, pieces, best, links)
        found = sorted(found, key=lambda each: (-each[1], int(each[0][0])))[:limit]
        return [self._suggestion(current, unit, chance) for unit, chance in found]

    def resembles(self, ledger: Ledger, face_ids: Sequence[int]) -> list[tuple[int, float]]:
        """People that faces may be, taken together, likeliest first, with the probability.

        People whom one of the faces is not, by the user's word or by a common photo, are left out.
        """
        self._follow(ledger)
        links, rows = self._data.links, self._data.rows_of(face_ids)
        if links is None or not len(rows):
            return []
        best = self._data.best_scores(rows)
        near = np.flatnonzero((best > 0) & (self._decided.people != NOBODY))
        people, place = np.unique(self._decided.people[near], return_inverse=True)
        scores = np.zeros(len(people), np.float32)
        np.maximum.at(scores, place, best[near])
        owners = set(self._decided.people[rows].tolist())
        sums, size = self._data.totals([rows]), np.array([len(rows)])
        found = []
        for i in np.argsort(-scores, kind="stable")[:MOST_ASKED].tolist():
            person = int(people[i])
            own = np.flatnonzero(self._decided.people == person)
            if person in owners or self._is_refused(ledger, rows, person, own).any():
                continue
            total = self._total(person, own)
            (chance,) = self._chances(total, len(own), sums, size, scores[[i]], links)
            if chance >= POSSIBLE:
                found.append((person, float(chance)))
        return sorted(found, key=lambda each: (-each[1], each[0]))[:MOST_ALIKE]

    def parts_of(self, face_ids: Sequence[int]) -> list[tuple[int, ...]]:
        """Faces in the parts that are certain, the largest first; those not grouped yet in none.

        Whoever they are said to be, a part nearly never shows two people.
        """
        rows = self._data.rows_of(face_ids)
        parts = [tuple(self._data.faces.face_ids[some].tolist()) for some in self._parts_of(rows)]
        return sorted(parts, key=lambda part: (-len(part), part[0]))

    def _likely(
        self, person: int, own: Ids, units: list[Ids], best: Floats, links: Links
    ) -> list[tuple[Ids, float]]:
        """Those of some sets of rows that are the person with enough probability to ask."""
        if not units:
            return []
        scores = np.array([best[unit].max() for unit in units], np.float32)
        sizes = np.array([len(unit) for unit in units])
        total, sums = self._total(person, own), self._data.totals(units)
        chances = self._chances(total, len(own), sums, sizes, scores, links)
        own_groups = np.unique(self._data.groups[own])
        # Faces of the person's own groups were joined with that probability when they came.
        is_inside = np.isin([self._data.groups[unit[0]] for unit in units], own_groups)
        chances = np.where(is_inside, np.maximum(chances, links.joins_from), chances)
        return [
            (unit, float(p))
            for unit, p in zip(units, chances.tolist(), strict=True)
            if p >= links.suggests_from
        ]

    def _chances(
        self, total: Floats, n: int, sums: Floats, counts: Ids, best: Floats, links: Links
    ) -> Floats:
        """(u,) of a person of n faces with the sum `total`, and u sets of `counts` faces each."""
        sums, sizes = sums.astype(np.float64), counts.astype(np.float64)
        whole = total.astype(np.float64)
        mean = sums @ whole / (sizes * n)
        within = np.einsum("ij,ij->i", sums, sums) / sizes**2 * (whole @ whole) / n**2
        mean = np.where((sizes == 1) & (n == 1), best, mean)
        likeness = mean / np.sqrt(within)
        pairs = PairEvidence(mean, likeness, best.astype(np.float64), np.full(len(sizes), n), sizes)
        found: Floats = links.probability(pairs).astype(np.float32)
        return found

    def _units(
        self, ledger: Ledger, near: Ids, person: int, own: Ids
    ) -> tuple[list[Ids], list[Ids]]:
        """Groups near to a person that may be it as a whole, and parts of the others.

        Whatever is in one group with a face of the person is near.
        """
        data = self._data
        labels = np.unique(data.groups[np.concatenate([near, own])])
        groups = [data.group_rows(label) for label in labels.tolist()]
        rows = np.concatenate([np.empty(0, np.intp), *groups])
        place = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
        people, parts = self._decided.people[rows], data.parts[rows]
        is_free = (people == NOBODY) & ~self._decided.left_out[rows]
        may_be = is_free.copy()
        may_be[is_free] = ~self._is_refused(ledger, rows[is_free], person, own)
        is_other = (people != NOBODY) & (people != person)
        # Groups of which whoever is free may be the person, and nobody is somebody else.
        is_mixed = np.zeros(len(groups), np.bool_)
        is_mixed[place[is_other | (is_free & ~may_be)]] = True
        whole = _split(rows[may_be & ~is_mixed[place]], place[may_be & ~is_mixed[place]])
        # A part lies within one group.
        is_asked = np.zeros(len(data), np.bool_)
        is_asked[data.parts[near]] = True
        is_asked = is_asked[parts] | np.isin(labels, data.groups[own])[place]
        is_another = np.zeros(len(data), np.bool_)
        is_another[parts[is_other]] = True
        is_another[data.parts[own]] = False
        some = may_be & is_mixed[place] & is_asked & ~is_another[parts]
        return whole, self._parts_of(rows[some])

    def _parts_of(self, rows: Ids) -> list[Ids]:
        """By the names of the parts; each ascending if the rows are."""
        parts = self._data.parts[rows]
        order = np.argsort(parts, kind="stable")
        return _split(rows[order], parts[order])

    def _suggestion(self, person: int, rows: Ids, chance: float) -> Suggestion:
        faces = self._data.best_first(rows)
        return Suggestion(person, faces, chance, faces[0])

    def _is_refused(self, ledger: Ledger, rows: Ids, person: int, own: Ids) -> Mask:
        photos = self._data.photos
        ids = self._data.faces.face_ids[rows]
        return refused(ledger, person, ids, photos[rows], np.unique(photos[own]))

    def _total(self, person: int, own: Ids) -> Floats:
        """The sum of a person's faces, made from what has changed since it was asked for last."""
        known = self._totals.get(person)
        total: Floats
        if known is None or len(own) < LARGE:
            total = self._data.totals([own])[0]
        else:
            before, total = known
            come = np.setdiff1d(own, before, assume_unique=True)
            gone = np.setdiff1d(before, own, assume_unique=True)
            if len(come):
                total = total + self._data.totals([come])[0]
            if len(gone):
                total = total - self._data.totals([gone])[0]
        if len(own) >= LARGE:
            self._totals[person] = own, total
        return total

    def _follow(self, ledger: Ledger) -> None:
        """Take in what was decided since."""
        if self._ledger is not ledger or self._state is not ledger.state:
            self._ledger, self._state = ledger, ledger.state
            self._decided = Decided.of(ledger, self._data.faces.face_ids)
            self._totals: dict[int, tuple[Ids, Floats]] = {}
            self._unnamed = UnnamedGroups(self._data, self._decided, ledger)
        else:
            self._take(ledger, ledger.journal[self._read :])
        self._read = len(ledger.journal)

    def _take(self, ledger: Ledger, rows: Iterable[Decision]) -> None:
        changed, people = set(), set()
        for row in rows:
            about = {ledger.state.current(each) for each in (row.id, row.person, row.other)}
            people |= {person for person in about if person is not None}
            changed |= {*row.faces, *row.others}
            if row.kind == Kind.MERGED:
                for person in about:
                    changed |= ledger.state.members.get(person or 0, {}).keys()
        faces = [face for key in changed for face in ledger.bindings.faces_of.get(key, ())]
        at = self._data.rows_of(faces)
        before = self._decided.people[at]
        for i, face in zip(at.tolist(), self._data.faces.face_ids[at].tolist(), strict=True):
            owner = ledger.owner(face)
            self._decided.left_out[i] = ledger.is_left_out(face)
            self._decided.people[i] = NOBODY if owner is None else owner
        people |= {*before.tolist(), *self._decided.people[at].tolist()} - {NOBODY}
        own = np.isin(self._decided.people, list(people))
        self._unnamed.look_again(np.union1d(self._data.groups[at], self._data.groups[own]))


def _split(values: Ids, names: NDArray[np.integer]) -> list[Ids]:
    """Values in runs of one name."""
    if not len(values):
        return []
    return np.split(values, np.flatnonzero(names[1:] != names[:-1]) + 1)
