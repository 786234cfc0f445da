"""What follows from decisions: each is applied in turn, and can be taken back, last one first.

It knows faces by content only. So it does not depend on what is in the library now.
"""

from collections.abc import Callable, Iterable, MutableMapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from opqn_app.people.facts import Facts, PeopleFacts
from opqn_app.people.kinds import Kind
from opqn_app.store.decision_records import Decision, FaceKey

Side = tuple[int, int]  # a decision that faces are not the same, and on which side of it one is

_ABSENT: Any = object()
_Change = tuple[MutableMapping[Any, Any], Any, Any]  # a mapping, a key, the value it had


@dataclass(frozen=True, slots=True)
class _Step:
    """What one row has changed, and which people."""

    changes: list[_Change]
    people: set[int]


class State:
    """All that decisions say. Only `apply` and `take_back` change it.

    Attributes:
        facts: of every person.
        members: of every person, the faces.
        owner: the person that a face is.
        rejected: people that a face is not; some may have been merged since, see `current`.
        apart: by face, the sides it is on; it is none of the faces on the other side.
        sides: the faces of each side.
        not_faces: boxes without a face.
        drawn: boxes that a person drew.
        merged_into: of people who turned out to be another.
        about: by face, the rows that count and are about it.
        about_person: by person, the rows that count and are about the person as a whole.
    """

    def __init__(self) -> None:
        self.facts = PeopleFacts()
        self.members: dict[int, dict[FaceKey, None]] = {}
        self.owner: dict[FaceKey, int] = {}
        self.rejected: dict[FaceKey, frozenset[int]] = {}
        self.apart: dict[FaceKey, frozenset[Side]] = {}
        self.sides: dict[Side, tuple[FaceKey, ...]] = {}
        self.not_faces: dict[FaceKey, None] = {}
        self.drawn: dict[FaceKey, None] = {}
        self.merged_into: dict[int, int] = {}
        self.about: dict[FaceKey, tuple[Decision, ...]] = {}
        self.about_person: dict[int, tuple[Decision, ...]] = {}
        self._in_photo: dict[tuple[bytes, int], int] = {}
        self._steps: list[_Step] = []
        self._changes: list[_Change] = []  # of the last step
        self._rules: dict[str, Callable[[Decision], None]] = {
            Kind.NAMED: self._named,
            Kind.IS: self._is,
            Kind.IS_NOT: self._is_not,
            Kind.MERGED: self._merged,
            Kind.SPLIT: self._split,
            Kind.HIDDEN: self._hidden,
            Kind.SHOWN: self._shown,
            Kind.NOT_A_FACE: self._not_a_face,
            Kind.A_FACE: self._a_face,
            Kind.BOX_DRAWN: self._box_drawn,
            Kind.RENAMED: self._renamed,
            Kind.PICTURE: self._picture,
            Kind.IMPORTED_FROM: self._imported_from,
            Kind.RELEASED: self._released,
        }

    def apply(self, row: Decision) -> set[int]:
        """Let a row count. What can't be, such as a person twice in a photo, is left out of it.

        Returns:
            The people it has changed.
        """
        self._changes = []
        self._steps.append(_Step(self._changes, set()))
        for key in (*row.faces, *row.others):
            self._put(self.about, key, (*self.about.get(key, ()), row))
        self._rules[row.kind](row)
        return self._steps[-1].people

    def take_back(self) -> set[int]:
        """Undo the last `apply`; returns the people this has changed."""
        step = self._steps.pop()
        for mapping, key, old in reversed(step.changes):
            if old is _ABSENT:
                del mapping[key]
            else:
                mapping[key] = old
        return step.people

    def current(self, person: int | None) -> int | None:
        """The person that a person is now, after merges; None for one there is not."""
        while person in self.merged_into:
            person = self.merged_into[person]
        return person if person in self.facts else None

    def not_these(self, key: FaceKey) -> frozenset[int]:
        """The people, as they are now, that the user said a face is not.

        A face that is not the same as one of Ann's is not Ann.
        """
        people = {self.current(person) for person in self.rejected.get(key, ())}
        for row, side in self.apart.get(key, ()):
            people |= {self.owner.get(other) for other in self.sides[row, 1 - side]}
        people -= {None, self.owner.get(key)}
        return frozenset(person for person in people if person is not None)

    def twice_in_photo(self, keys: Iterable[FaceKey], person: int | None) -> list[FaceKey]:
        """Those of `keys` with which a person, or a new one, would be on a photo twice."""
        seen: set[bytes] = set()
        found = []
        for key in dict.fromkeys(keys):
            if person is not None and self.owner.get(key) == person:
                continue
            if key.content_hash in seen or self.is_in_photo(key.content_hash, person):
                found.append(key)
            seen.add(key.content_hash)
        return found

    def is_in_photo(self, content_hash: bytes, person: int | None) -> bool:
        return person is not None and self._in_photo.get((content_hash, person), 0) > 0

    def shared_photos(self, person: int, other: int) -> list[FaceKey]:
        """The faces of `other` in photos that `person` is on."""
        return [k for k in self.members[other] if self.is_in_photo(k.content_hash, person)]

    def _named(self, row: Decision) -> None:
        self._new_person(row, Facts(row.name), row.faces)

    def _is(self, row: Decision) -> None:
        person = self.current(row.person)
        if person is not None:
            self._give_all(row.faces, person, is_twice=row.is_twice)

    def _is_not(self, row: Decision) -> None:
        person = self.current(row.person)
        if person is not None:
            self._reject(row.faces, person)
        others = [key for key in row.others if key not in row.faces]
        if not others:
            return
        for person in sorted({self.owner[key] for key in others if key in self.owner}):
            self._reject((k for k in row.faces if self.owner.get(k) == person), person)
        for number, side in enumerate((row.faces, others)):
            self._put(self.sides, (row.id, number), tuple(side))
            for key in side:
                self._put(self.apart, key, self.apart.get(key, frozenset()) | {(row.id, number)})

    def _merged(self, row: Decision) -> None:
        person, other = self.current(row.person), self.current(row.other)
        if person is None or other is None or person == other:
            return
        if not row.is_twice and self.shared_photos(person, other):
            return
        mine, theirs = self.facts[person], self.facts[other]
        moving = list(self.members[other])
        for key in moving:
            self._take(key)
        self._put(self.merged_into, other, person)
        self._steps[-1].people.add(other)
        self._drop(self.facts, other)
        self._drop(self.members, other)
        for key in moving:
            self._give(key, person)
        for key in list(self.members[person]):
            self._accept(key, person)
        name = theirs.name if mine.name is None else mine.name
        picture = mine.picture or theirs.picture
        # Nobody who was shown may vanish by being somebody else too.
        is_hidden = mine.is_hidden and theirs.is_hidden
        self._put(self.facts, person, Facts(name, is_hidden, picture))
        self._note(person, *self.about_person.get(other, ()), row)

    def _split(self, row: Decision) -> None:
        person = self.current(row.person)
        leaving = [key for key in dict.fromkeys(row.faces) if self.owner.get(key) == person]
        if person is None or not leaving:
            return
        self._reject(leaving, person)
        self._begin(row, Facts(row.name))
        for key in leaving:
            self._give(key, row.id)
        self._note(person, row)

    def _hidden(self, row: Decision) -> None:
        if row.person is None:
            self._new_person(row, Facts(row.name, is_hidden=True), row.faces)
        else:
            self._set_facts(row, is_hidden=True)

    def _shown(self, row: Decision) -> None:
        self._set_facts(row, is_hidden=False)

    def _not_a_face(self, row: Decision) -> None:
        for key in row.faces:
            self._take(key)
            self._put(self.not_faces, key, None)

    def _a_face(self, row: Decision) -> None:
        for key in row.faces:
            self._drop(self.not_faces, key)

    def _box_drawn(self, row: Decision) -> None:
        for key in row.faces:
            self._put(self.drawn, key, None)
            self._drop(self.not_faces, key)

    def _renamed(self, row: Decision) -> None:
        self._set_facts(row, name=row.name)

    def _picture(self, row: Decision) -> None:
        if row.faces and self.owner.get(row.faces[0]) == self.current(row.person):
            self._set_facts(row, picture=row.faces[0])

    def _imported_from(self, row: Decision) -> None:
        person = self.current(row.person)
        if row.person is not None and person is None:
            return
        free = [
            key
            for key in row.faces
            if key not in self.owner
            and key not in self.not_faces
            and (person is None or person not in self.not_these(key))
        ]
        if person is None:
            self._new_person(row, Facts(row.name), free)
        else:
            self._give_all(free, person, is_twice=row.is_twice)

    def _released(self, row: Decision) -> None:
        for key in row.faces:
            self._drop(self.not_faces, key)
            if key in self.owner:
                self._reject([key], self.owner[key])

    def _new_person(self, row: Decision, facts: Facts, faces: Sequence[FaceKey]) -> None:
        if faces:
            self._begin(row, facts)
            self._give_all(faces, row.id, is_twice=row.is_twice)

    def _begin(self, row: Decision, facts: Facts) -> None:
        self._put(self.facts, row.id, facts)
        self._put(self.members, row.id, {})
        self._note(row.id, row)

    def _set_facts(self, row: Decision, **new: Any) -> None:
        person = self.current(row.person)
        if person is not None:
            self._put(self.facts, person, replace(self.facts[person], **new))
            self._note(person, row)

    def _note(self, person: int, *rows: Decision) -> None:
        self._steps[-1].people.add(person)
        together = {row.id: row for row in (*self.about_person.get(person, ()), *rows)}
        self._put(self.about_person, person, tuple(together[i] for i in sorted(together)))

    def _give_all(self, keys: Sequence[FaceKey], person: int, *, is_twice: bool) -> None:
        for key in dict.fromkeys(keys):
            owner = self.owner.get(key)
            if owner == person or (not is_twice and self.is_in_photo(key.content_hash, person)):
                continue
            if owner is not None:
                self._reject([key], owner)  # who moves a face from Ann to Ben says it is not Ann
            self._give(key, person)

    def _give(self, key: FaceKey, person: int) -> None:
        self._drop(self.not_faces, key)
        self._accept(key, person)
        self._put(self.owner, key, person)
        self._put(self.members[person], key, None)
        self._count(key, person, 1)

    def _take(self, key: FaceKey) -> None:
        person = self.owner.get(key)
        if person is None:
            return
        self._drop(self.owner, key)
        self._drop(self.members[person], key)
        self._count(key, person, -1)
        if self.facts[person].picture == key:
            self._put(self.facts, person, replace(self.facts[person], picture=None))

    def _reject(self, keys: Iterable[FaceKey], person: int) -> None:
        for key in keys:
            if self.owner.get(key) == person:
                self._take(key)
            self._put(self.rejected, key, self.rejected.get(key, frozenset()) | {person})
            self._steps[-1].people.add(person)

    def _accept(self, key: FaceKey, person: int) -> None:
        """A face is the person: what was said against it does not hold any more."""
        rejected = self.rejected.get(key)
        if rejected is None:
            return
        kept = frozenset(other for other in rejected if self.current(other) != person)
        if kept != rejected:
            self._put(self.rejected, key, kept)

    def _count(self, key: FaceKey, person: int, more: int) -> None:
        self._steps[-1].people.add(person)
        place = key.content_hash, person
        self._put(self._in_photo, place, self._in_photo.get(place, 0) + more)

    def _put(self, mapping: MutableMapping[Any, Any], key: Any, value: Any) -> None:
        self._changes.append((mapping, key, mapping.get(key, _ABSENT)))
        mapping[key] = value

    def _drop(self, mapping: MutableMapping[Any, Any], key: Any) -> None:
        if key in mapping:
            self._changes.append((mapping, key, mapping.pop(key)))
