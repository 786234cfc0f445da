"""What would change among guesses if another model made the groups."""

from collections import Counter, defaultdict
from dataclasses import dataclass

import numpy as np

from opqn_app.core.types import Ids
from opqn_app.people.agreement_figures import Labels, shared_company
from opqn_app.people.people import People

SHOWN = 50  # groups that would be joined or cut, of which the faces are told


@dataclass(frozen=True, slots=True)
class PersonChange:
    """Faces that may be a person, by the groups of two models. No decision is among them.

    Attributes:
        name: None where nobody has given one yet.
        picture: a face that shows who it is.
        kept: how many faces both take for this person.
        gained: ids of those that only the new model takes for this person.
        lost: ids of those that only the old one does.
    """

    person: int
    name: str | None
    picture: int
    kept: int
    gained: tuple[int, ...]
    lost: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class GroupChanges:
    """The groups of an old and of a new model, side by side.

    Attributes:
        agreement: 0 to 1: how much the two groups of a face have in common, the mean over the
            faces that nobody decided on and that have company by either model; 1 without any.
        people: those who gain or lose faces, most first.
        unchanged: how many people gain and lose nothing.
        old_groups, new_groups: how many groups of two faces or more nobody has named.
        alike: how many of them are the same by both models.
        n_joined: groups of the new model that hold two faces or more of each of several old ones.
        n_cut: old ones that are in pieces of two faces or more by the new one.
        joined, cut: the pieces of the largest of them, largest first.
        gathered, scattered: faces that only the new one, or only the old one, gives company.
    """

    agreement: float
    people: tuple[PersonChange, ...]
    unchanged: int
    old_groups: int
    new_groups: int
    alike: int
    n_joined: int
    n_cut: int
    joined: tuple[tuple[tuple[int, ...], ...], ...]
    cut: tuple[tuple[tuple[int, ...], ...], ...]
    gathered: int
    scattered: int


def changes_of_groups(face_ids: Ids, old: Labels, new: Labels, people: People) -> GroupChanges:
    """Compare two groupings that both keep to the user's word.

    Args:
        face_ids: (n,) ascending.
        old, new: (n,) group of each face.
        people: who is who; the faces of a person are in one group.
    """
    free = np.array([face not in people.owner for face in face_ids.tolist()], np.bool_)
    company = [np.bincount(labels, minlength=len(labels))[labels] > 1 for labels in (old, new)]
    counted = free & (company[0] | company[1])
    shared = shared_company(old, new)[counted]
    changes, unchanged = _of_people(face_ids, old, new, people)
    sides = [_unnamed(face_ids, labels, people) for labels in (old, new)]
    joined, cut = _pieces(sides[1], sides[0]), _pieces(sides[0], sides[1])
    return GroupChanges(
        agreement=float(shared.mean()) if len(shared) else 1.0,
        people=changes,
        unchanged=unchanged,
        old_groups=len(sides[0]),
        new_groups=len(sides[1]),
        alike=len(set(sides[0]) & set(sides[1])),
        n_joined=len(joined),
        n_cut=len(cut),
        joined=tuple(joined[:SHOWN]),
        cut=tuple(cut[:SHOWN]),
        gathered=int(np.count_nonzero(free & company[1] & ~company[0])),
        scattered=int(np.count_nonzero(free & company[0] & ~company[1])),
    )


def _of_people(
    face_ids: Ids, old: Labels, new: Labels, people: People
) -> tuple[tuple[PersonChange, ...], int]:
    taken = [_taken_for(face_ids, labels, people) for labels in (old, new)]
    found = []
    for i in sorted(people.persons):
        before, after = taken[0].get(i, set()), taken[1].get(i, set())
        gained, lost = tuple(sorted(after - before)), tuple(sorted(before - after))
        if gained or lost:
            person = people.persons[i]
            picture = person.faces[0] if person.picture is None else person.picture
            kept = len(before & after)
            found.append(PersonChange(i, person.name, picture, kept, gained, lost))
    found.sort(key=lambda each: (-len(each.gained) - len(each.lost), each.person))
    return tuple(found), len(people.persons) - len(found)


def _taken_for(face_ids: Ids, labels: Labels, people: People) -> dict[int, set[int]]:
    """Person → faces that are in the person's group and may be the person, by the user's word."""
    person_of: dict[int, int] = {}
    faces = face_ids.tolist()
    for face, label in zip(faces, labels.tolist(), strict=True):
        if face in people.owner:
            person_of[label] = people.owner[face]
    found: dict[int, set[int]] = defaultdict(set)
    for face, label in zip(faces, labels.tolist(), strict=True):
        if label in person_of and people.may_be(face, person_of[label]):
            found[person_of[label]].add(face)
    return found


def _unnamed(face_ids: Ids, labels: Labels, people: People) -> list[tuple[int, ...]]:
    """The groups of two faces or more of which nobody decided on a face."""
    groups: dict[int, list[int]] = defaultdict(list)
    named = set()
    for face, label in zip(face_ids.tolist(), labels.tolist(), strict=True):
        groups[label].append(face)
        if face in people.owner:
            named.add(label)
    return [
        tuple(faces) for label, faces in groups.items() if label not in named and len(faces) > 1
    ]


def _pieces(
    wholes: list[tuple[int, ...]], parts: list[tuple[int, ...]]
) -> list[tuple[tuple[int, ...], ...]]:
    """The wholes that hold two faces or more of several parts, as such pieces, largest first."""
    part_of = {face: number for number, faces in enumerate(parts) for face in faces}
    found = []
    for faces in wholes:
        counts = Counter(part_of[face] for face in faces if face in part_of)
        several = [number for number, count in counts.most_common() if count > 1]
        if len(several) > 1:
            pieces = (tuple(f for f in faces if part_of.get(f) == number) for number in several)
            found.append(tuple(pieces))
    return sorted(found, key=lambda pieces: (-sum(map(len, pieces)), pieces))
