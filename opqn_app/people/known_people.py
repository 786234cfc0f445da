"""What grouping has to keep to, of the faces of a library: decisions and photos."""

import numpy as np

from opqn_app.core.types import Ids
from opqn_app.people.grouping import NOBODY, Known, apart_in_photos
from opqn_app.people.people import People


def known_of(people: People, face_ids: Ids) -> Known:
    """The user's word and the photos, by row.

    Args:
        face_ids: (n,) ascending; faces that count as none are not among them.
    """
    row_of = {face: row for row, face in enumerate(face_ids.tolist())}
    owners = np.full(len(face_ids), NOBODY, np.int32)
    start = np.arange(len(face_ids), dtype=np.int32)
    first: dict[int, int] = {}
    for face, person in sorted(people.owner.items()):
        row = row_of.get(face)
        if row is not None:
            start[row] = first.setdefault(person, row)
            owners[row] = person
    photos = np.array([people.photo_of.get(face, -face) for face in face_ids.tolist()], np.int64)
    pairs = [
        (row_of[face], first[person])
        for face, persons in people.rejected.items()
        for person in persons
        if face in row_of and person in first
    ]
    told = np.array([*pairs, *_on_two_sides(people, row_of)], np.int64).reshape(-1, 2)
    return Known(np.concatenate([apart_in_photos(photos), told]), owners, start)


def _on_two_sides(people: People, row_of: dict[int, int]) -> list[tuple[int, int]]:
    """Rows of each two faces that are not the same person, without being somebody's."""
    sides: dict[tuple[int, int], list[int]] = {}
    for face, places in people.apart.items():
        for place in places:
            if face in row_of:
                sides.setdefault(place, []).append(row_of[face])
    return [
        (one, other)
        for (decision, side), rows in sides.items()
        if side == 0
        for one in rows
        for other in sides.get((decision, 1), ())
    ]
