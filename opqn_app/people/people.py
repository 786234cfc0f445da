"""Who is on the photos, as far as the user has said it: what follows from the decisions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from opqn_app.people.bindings import Bindings
from opqn_app.people.history import counting
from opqn_app.people.state import Side, State
from opqn_app.store.decision_records import Decision, FaceKey, PlacedFace

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Person:
    """A person of the library.

    Attributes:
        id: that of the decision that made the person; it never changes.
        name: None where nobody has given one yet.
        faces: ids of faces the user said are this person, ascending, in all copies of a photo.
        picture: the face that the user chose to stand for the person, if it is in the library.
        drawn: those of `faces` whose box the user drew.
        waiting: faces that are this person and not in the library now, such as those of a photo
            that was moved away. They count again when they come back.
    """

    id: int
    name: str | None
    faces: tuple[int, ...]
    is_hidden: bool
    picture: int | None
    drawn: tuple[int, ...]
    waiting: int


@dataclass(frozen=True, slots=True)
class People:
    """Everybody, and what no machine may do against the user's word. All ids are the library's.

    Attributes:
        persons: by id.
        owner: face → the person it is.
        rejected: face → people it is not.
        apart: face → sides of "not the same"; two faces on two sides of one are two people.
        left_out: boxes that are no faces.
        photo_of: face → photo.
        shown: (photo, person) where the user said that the person is on the photo.
    """

    persons: Mapping[int, Person]
    owner: Mapping[int, int]
    rejected: Mapping[int, frozenset[int]]
    apart: Mapping[int, frozenset[Side]]
    left_out: frozenset[int]
    photo_of: Mapping[int, int]
    shown: frozenset[tuple[int, int]]

    def may_join(self, face: int, other: int) -> bool:
        """Whether a machine may take two faces for one person without being told so.

        People are never joined, named or not; what was rejected is not tried again; and nobody is
        on a photo twice, unless the user said so.
        """
        one, two = self.owner.get(face), self.owner.get(other)
        if face in self.left_out or other in self.left_out:
            return False
        if one is not None and two is not None:
            return one == two
        if one is not None or two is not None:
            stranger, person = (other, one) if one is not None else (face, two)
            if person is not None and not self.may_be(stranger, person):
                return False
        photo = self.photo_of.get(face)
        if photo is not None and photo == self.photo_of.get(other):
            return False
        return not self._are_apart(face, other)

    def may_be(self, face: int, person: int) -> bool:
        """Whether a machine may suggest that a face is a person; not what is decided already."""
        return (
            face not in self.left_out
            and face not in self.owner
            and person not in self.rejected.get(face, ())
            and (self.photo_of.get(face), person) not in self.shown
        )

    def _are_apart(self, face: int, other: int) -> bool:
        theirs = dict(self.apart.get(other, ()))
        return any(theirs.get(row, side) != side for row, side in self.apart.get(face, ()))


def people_of(decisions: Sequence[Decision], faces: Iterable[PlacedFace]) -> People:
    """Everybody, from the whole ledger and the faces of a library; the same for the same input.

    Args:
        decisions: all rows, in order, those that are undone included.
        faces: all faces, in any order.
    """
    state, bindings = State(), Bindings()
    for row in counting(decisions):
        state.apply(row)
    for row in decisions:
        bindings.add_keys((*row.faces, *row.others))
    placed = list(faces)
    bindings.bind_all(placed)
    return people_now(state, bindings, {face.id: face.photo_id for face in placed})


def people_now(state: State, bindings: Bindings, photo_of: Mapping[int, int]) -> People:
    """Everybody, from what was derived already.

    Args:
        photo_of: of every face of the library.
    """
    owner = _by_face(bindings, state.owner)
    not_these = {key: state.not_these(key) for key in (*state.rejected, *state.apart)}
    return People(
        persons={person: person_now(state, bindings, person) for person in state.facts},
        owner=owner,
        rejected=_by_face(bindings, {key: people for key, people in not_these.items() if people}),
        apart=_by_face(bindings, state.apart),
        left_out=left_out(state, bindings),
        photo_of=photo_of,
        shown=frozenset((photo_of[face], person) for face, person in owner.items()),
    )


def person_now(state: State, bindings: Bindings, person: int) -> Person:
    """One person of `state.facts`."""
    facts, keys = state.facts[person], state.members[person]
    found = [bindings.faces_of.get(key) for key in keys]
    drawn = [key for key in keys if key in state.drawn] if state.drawn else []
    picture = None if facts.picture is None else bindings.faces_of.get(facts.picture)
    return Person(
        id=person,
        name=facts.name,
        faces=tuple(sorted(face for faces in found if faces for face in faces)),
        is_hidden=facts.is_hidden,
        picture=picture[0] if picture else None,
        drawn=_faces(bindings, drawn),
        waiting=found.count(None),
    )


def left_out(state: State, bindings: Bindings) -> frozenset[int]:
    """Faces that count as none: by the user's word, or drawn boxes whose drawing is undone."""
    return frozenset(
        face_id
        for face_id, face in bindings.placed.items()
        if is_left_out(state, bindings.key_of.get(face_id), face)
    )


def is_left_out(state: State, key: FaceKey | None, face: PlacedFace) -> bool:
    return key in state.not_faces or (face.is_drawn and key not in state.drawn)


def _faces(bindings: Bindings, keys: Iterable[FaceKey]) -> tuple[int, ...]:
    return tuple(sorted(face for key in keys for face in bindings.faces_of.get(key, ())))


def _by_face(bindings: Bindings, values: Mapping[FaceKey, Value]) -> dict[int, Value]:
    found = bindings.faces_of
    return {face: value for key, value in values.items() for face in found.get(key, ())}
