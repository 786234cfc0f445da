"""What goes out: photos with their faces and who they are.

`chosen` is a generator of `Progress`; what it returns is the input of every export. It runs
in the thread of the ledger. The exports themselves need no library.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from opqn_app.core.types import Box
from opqn_app.exchange.going.exports import Pace
from opqn_app.exchange.records import Progress
from opqn_app.people.ledger import Ledger
from opqn_app.people.photo_filter import PhotoFilter
from opqn_app.store.records import FaceRecord, PhotoRecord

AT_ONCE = 500  # photos whose faces are read by one statement


@dataclass(frozen=True, slots=True)
class GoingFace:
    """A face of a photo that goes out.

    Attributes:
        box: in pixels of the upright photo.
        person, name: who it is by the user's word; None where nobody said, or the person has no
            name, or is hidden and was not asked for.
        probability: that it is who was searched for, 0 to 1; None where no search found it.
    """

    id: int
    box: Box
    person: int | None = None
    name: str | None = None
    probability: float | None = None


@dataclass(frozen=True, slots=True)
class GoingPhoto:
    """A photo that goes out; its file need not be there.

    Attributes:
        faces: from left to right.
    """

    photo: PhotoRecord
    faces: tuple[GoingFace, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Of the people on it, each once, from left to right."""
        return tuple(dict.fromkeys(face.name for face in self.faces if face.name is not None))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user wants to take out. Each attribute that is given narrows it; none is all.

    Attributes:
        which: as chips say it.
        people: ids of people; photos with any of them go out, and of the faces theirs alone.
        photos: ids of photos.
        faces: ids of faces; their photos go out, and of the faces these alone.
        chances: face id → probability, of a search.
    """

    which: PhotoFilter = field(default_factory=PhotoFilter)
    people: tuple[int, ...] = ()
    photos: tuple[int, ...] | None = None
    faces: tuple[int, ...] | None = None
    chances: Mapping[int, float] = field(default_factory=lambda: MappingProxyType({}))


def chosen(ledger: Ledger, wanted: Wanted) -> Generator[Progress, None, list[GoingPhoto]]:
    """The photos that go out, newest first, each with the faces that go with it."""
    people = {ledger.state.current(person) for person in wanted.people}
    own = _faces_of(ledger, people) if wanted.people else None
    if wanted.faces is not None:
        own = set(wanted.faces) if own is None else own & set(wanted.faces)
    photos: Sequence[PhotoRecord] = wanted.which.find(ledger)
    if wanted.photos is not None:
        asked = set(wanted.photos)
        photos = [photo for photo in photos if photo.id in asked]
    if own is not None:
        theirs = {face.photo.id for face in ledger.library.faces(sorted(own))}
        photos = [photo for photo in photos if photo.id in theirs]
    found: list[GoingPhoto] = []
    pace = Pace(len(photos), len(photos))
    for start in range(0, len(photos), AT_ONCE):
        few = photos[start : start + AT_ONCE]
        faces = ledger.library.face_table.of_photos([photo.id for photo in few])
        for photo in few:
            shown = [
                _going(ledger, face, people, wanted.chances)
                for face in _from_left(faces.get(photo.id, ()))
                if (own is None or face.id in own) and not ledger.is_left_out(face.id)
            ]
            found.append(GoingPhoto(photo, tuple(shown)))
        yield pace.at(few[-1].path.name, photos=len(few), work=len(few))
    return found


def _faces_of(ledger: Ledger, people: set[int | None]) -> set[int]:
    known = [ledger.person(person) for person in people if person is not None]
    return {face for person in known if person is not None for face in person.faces}


def _going(
    ledger: Ledger, face: FaceRecord, asked: set[int | None], chances: Mapping[int, float]
) -> GoingFace:
    owner = ledger.owner(face.id)
    facts = None if owner is None else ledger.state.facts[owner]
    if facts is None or facts.name is None or (facts.is_hidden and owner not in asked):
        return GoingFace(face.id, face.box, probability=chances.get(face.id))
    return GoingFace(face.id, face.box, owner, facts.name, chances.get(face.id))


def _from_left(faces: Sequence[FaceRecord]) -> list[FaceRecord]:
    return sorted(faces, key=lambda face: (face.box.left + face.box.right, face.box.top, face.id))
