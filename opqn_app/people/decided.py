"""The user's word about the faces of a library, as arrays that grouping keeps to."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from opqn_app.core.types import Ids
from opqn_app.people.kinds import Kind
from opqn_app.people.known import NOBODY, Labels, Marks, Mask
from opqn_app.people.ledger import Ledger
from opqn_app.store.decision_records import Decision, FaceKey
from opqn_app.store.group_table import GroupingState


@dataclass(frozen=True, slots=True, eq=False)
class Decided:
    """What was decided of n faces.

    Attributes:
        people: (n,) ids of people; `NOBODY` where nobody said.
        left_out: (n,) what counts as no face.
        marks: of faces that the user said are not the same, or not a person.
    """

    people: Labels
    left_out: Mask
    marks: Marks

    @classmethod
    def of(cls, ledger: Ledger, face_ids: Ids) -> "Decided":
        """Args: face_ids: (n,) ascending."""
        state, bindings = ledger.state, ledger.bindings
        people = np.full(len(face_ids), NOBODY, np.int32)
        left_out = np.zeros(len(face_ids), np.bool_)
        numbers: dict[object, int] = {}
        having: list[tuple[int, int]] = []
        barring: list[tuple[int, int]] = []
        not_these = {key: state.not_these(key) for key in (*state.rejected, *state.apart)}
        disputed = frozenset(person for some in not_these.values() for person in some)
        placed = sorted(bindings.placed)
        rows = np.searchsorted(face_ids, np.array(placed, np.int64)).tolist()
        for face_id, row in zip(placed, rows, strict=True):
            if row == len(face_ids) or face_ids[row] != face_id:
                continue
            left_out[row] = ledger.is_left_out(face_id)
            key = bindings.key_of.get(face_id)
            if key is None or left_out[row]:
                continue
            owner = state.owner.get(key)
            if owner is not None:
                people[row] = owner
            if owner in disputed:
                having.append((row, numbers.setdefault(owner, len(numbers))))
            barring += [
                (row, numbers.setdefault(person, len(numbers))) for person in not_these.get(key, ())
            ]
            for decision, side in state.apart.get(key, ()):
                having.append((row, numbers.setdefault((decision, side), len(numbers))))
                barring.append((row, numbers.setdefault((decision, 1 - side), len(numbers))))
        return cls(people, left_out, Marks.of_entries(having, barring, len(numbers)))


def changes_groups(rows: Iterable[Decision]) -> bool:
    """Whether other faces may be joined after a gesture than before it."""
    return any(
        row.kind not in (Kind.RENAMED, Kind.PICTURE, Kind.SHOWN)
        and not (row.kind == Kind.HIDDEN and row.person is not None)
        for row in rows
    )


def refused(ledger: Ledger, person: int, face_ids: Ids, photos: Ids, own_photos: Ids) -> Mask:
    """Which faces are not a person: by the user's word, or since the person is on their photo.

    Args:
        face_ids, photos: (n,) faces and their photos.
        own_photos: those with the person, ascending.
    """
    place = np.searchsorted(own_photos, photos)
    found: Mask = np.append(own_photos, NOBODY)[place] == photos
    key_of, state = ledger.bindings.key_of, ledger.state
    for i, face in enumerate(face_ids.tolist()):
        key = key_of.get(face)
        if key is not None and person in state.not_these(key):
            found[i] = True
    return found


def changed_since(ledger: Ledger, before: GroupingState | None) -> list[int]:
    """Faces of the library about which the user said something new, or took it back.

    Args:
        before: the last state that counted; None where everything is new.
    """
    if before is None or before.erasures != ledger.erasures:
        return list(ledger.bindings.key_of)
    table = ledger.library.decision_table
    rows = table.decisions(after=before.decision)
    targets = [row.target for row in rows if row.target is not None]
    keys: set[FaceKey] = set()
    for row in (*rows, *table.of_gestures(targets)):
        keys |= _about(ledger, row)
    return [face for key in keys for face in ledger.bindings.faces_of.get(key, ())]


def _about(ledger: Ledger, row: Decision) -> set[FaceKey]:
    people = {ledger.state.current(person) for person in (row.id, row.person, row.other)}
    keys = {*row.faces, *row.others}
    return keys.union(*(ledger.state.members[person] for person in people if person is not None))
