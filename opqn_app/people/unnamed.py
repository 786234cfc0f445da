"""Groups of faces nobody decided on, kept while decisions are made."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.types import Ids
from opqn_app.people.decided import Decided, refused
from opqn_app.people.guess_data import GuessData
from opqn_app.people.known import NOBODY
from opqn_app.people.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Group:
    """Faces that are likely one person.

    Attributes:
        faces: ids, best first.
        parts: the same faces in sets that are nearly surely one person, largest first.
        picture: the face that shows best who it is.
        photos: how many photos they are on.
    """

    faces: tuple[int, ...]
    parts: tuple[tuple[int, ...], ...]
    picture: int
    photos: int


class UnnamedGroups:
    """Group by group, those faces that nobody decided on."""

    def __init__(self, data: GuessData, decided: Decided, ledger: Ledger) -> None:
        self._data, self._decided, self._ledger = data, decided, ledger
        touched = (decided.people != NOBODY) | decided.left_out
        is_touched = np.zeros(len(data) + 1, np.bool_)
        is_touched[data.groups[touched]] = True
        apart = [face for face, key in ledger.bindings.key_of.items() if key in ledger.state.apart]
        is_touched[data.groups[data.rows_of(apart)]] = True
        whole = np.flatnonzero(~is_touched[data.groups])
        self._groups = list(zip(*self._of_whole(whole), strict=True))
        self._sort()
        self.look_again(np.flatnonzero(is_touched[:-1]))

    def groups(self) -> list[Group]:
        """Largest first."""
        return [group for _, group in self._groups]

    def look_again(self, labels: NDArray[np.integer]) -> None:
        """After something was decided about faces of some groups."""
        if not len(labels):
            return
        gone = set(labels.tolist())
        self._groups = [each for each in self._groups if each[0] not in gone]
        free = (self._decided.people == NOBODY) & ~self._decided.left_out
        photos: dict[int, Ids] = {}
        for label in np.intersect1d(labels, self._data.groups[free]).tolist():
            for rows in self._shown(label, photos):
                self._groups.append((label, self._group(rows)))
        self._sort()

    def _sort(self) -> None:
        self._groups.sort(key=lambda each: (-len(each[1].faces), each[0], each[1].picture))

    def _of_whole(self, rows: Ids) -> tuple[list[int], list[Group]]:
        """The groups of rows, of which nobody decided on a face."""
        data = self._data
        labels, parts = data.groups[rows], data.parts[rows]
        ids = data.faces.face_ids[rows]
        _, place, count = np.unique(parts, return_inverse=True, return_counts=True)
        best = np.lexsort((-data.looks[rows], labels))
        by_part = np.lexsort((-data.looks[rows], parts, -count[place], labels))
        names, starts = np.unique(labels[best], return_index=True)
        _, photo = np.unique(data.photos[rows], return_inverse=True)
        seen = np.unique(labels.astype(np.int64) << 32 | photo) >> 32
        n_photos = np.diff(np.searchsorted(seen, np.append(names, len(data)))).tolist()
        ends = [*starts.tolist(), len(rows)]
        faces, sorted_faces = ids[best].tolist(), ids[by_part].tolist()
        cuts = np.append(np.flatnonzero(np.diff(parts[by_part])) + 1, len(rows)).tolist()
        groups, cut = [], 0
        for (start, end), n in zip(pairwise(ends), n_photos, strict=True):
            begin, pieces = start, []
            while begin < end:
                pieces.append(tuple(sorted_faces[begin : cuts[cut]]))
                begin = cuts[cut]
                cut += 1
            some = tuple(faces[start:end])
            groups.append(Group(some, tuple(pieces), some[0], n))
        return names.tolist(), groups

    def _group(self, rows: Ids) -> Group:
        return self._of_whole(rows)[1][0]

    def _shown(self, label: int, photos_of: dict[int, Ids]) -> Iterable[Ids]:
        """Those rows of a group that are shown, in sets that may be one person.

        Args:
            photos_of: of people who were looked at already, who may have thousands.
        """
        rows = self._data.group_rows(label)
        people = self._decided.people[rows]
        free = rows[(people == NOBODY) & ~self._decided.left_out[rows]]
        for person in np.unique(people[people != NOBODY]).tolist():
            photos, ids = self._data.photos, self._data.faces.face_ids
            if person not in photos_of:
                photos_of[person] = np.unique(photos[self._decided.people == person])
            own_photos = photos_of[person]
            free = free[refused(self._ledger, person, ids[free], photos[free], own_photos)]
        sides: dict[frozenset[tuple[int, int]], list[int]] = {}
        key_of, apart = self._ledger.bindings.key_of, self._ledger.state.apart
        for row, face in zip(free.tolist(), self._data.faces.face_ids[free].tolist(), strict=True):
            key = key_of.get(face)
            side = apart.get(key, frozenset()) if key is not None else frozenset()
            sides.setdefault(side, []).append(row)
        return [np.array(some, np.intp) for some in sides.values()]
