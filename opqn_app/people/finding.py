"""Photos by who is on them: with these people, without those, alone, of a year, below a folder."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from opqn_app.core.files import real_path
from opqn_app.people.ledger import Ledger
from opqn_app.store.records import FaceRecord, PhotoRecord


def find_photos(
    ledger: Ledger,
    together: Sequence[int],
    without: Sequence[int] = (),
    *,
    year: int | None = None,
    under: Path | None = None,
    alone: bool = False,
) -> list[PhotoRecord]:
    """Photos that show all of some people, newest first.

    Args:
        together: ids of the people; without any, all photos are looked through.
        without: of people who are on none of them.
        year: of the time taken, else of the file.
        under: a folder that the photos lie in, however deep.
        alone: no other face was found on the photo; what is no face does not count. Without
            `together`, one face was found on it.
    """
    table = ledger.library.photo_table
    if together:
        wanted = set.intersection(*(_photos_of(ledger, person) for person in together))
        photos = table.of_ids(sorted(wanted), year)
    else:
        photos = table.of_year(year)
    avoided = set().union(*(_photos_of(ledger, person) for person in without))
    photos = [photo for photo in photos if photo.id not in avoided]
    if under is not None:
        folder = real_path(under)
        photos = [photo for photo in photos if photo.path.is_relative_to(folder)]
    if alone:
        faces = _faces_of_people(ledger, together)
        asked = {photo.id for photo in photos}
        nobody = Counter(
            face.photo_id
            for face in ledger.bindings.placed.values()
            if face.photo_id in asked and ledger.is_left_out(face.id)
        )
        photos = [p for p in photos if p.n_faces - nobody[p.id] == (faces[p.id] if together else 1)]
    return photos


def faces_from_left(ledger: Ledger, photo_id: int) -> list[FaceRecord]:
    """The faces of a photo from left to right, as people count them; not drawings undone."""
    faces = ledger.library.faces_of(photo_id)
    placed = ledger.bindings.placed
    shown = [
        face
        for face in faces
        if not (face.id in placed and placed[face.id].is_drawn and ledger.is_left_out(face.id))
    ]
    return sorted(shown, key=lambda face: (face.box.left + face.box.right, face.box.top, face.id))


def _photos_of(ledger: Ledger, person: int) -> set[int]:
    known = ledger.person(person)
    assert known is not None, "ids of people come from the ledger"
    return {ledger.bindings.placed[face].photo_id for face in known.faces}


def _faces_of_people(ledger: Ledger, people: Sequence[int]) -> Counter[int]:
    found = [ledger.person(person) for person in dict.fromkeys(people)]
    return Counter(
        ledger.bindings.placed[face].photo_id
        for person in found
        if person is not None
        for face in person.faces
    )
