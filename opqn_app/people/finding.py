"""Photos by who is on them, by date, by folder, by how many faces they show."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from opqn_app.core.files import real_path
from opqn_app.people.ledger import Ledger
from opqn_app.people.spans import Count, Span
from opqn_app.store.photo_list import ID, N_FACES, TIME, PhotoList
from opqn_app.store.records import FaceRecord


def find_photos(
    ledger: Ledger,
    together: Sequence[int],
    without: Sequence[int] = (),
    *,
    year: int | None = None,
    under: Path | None = None,
    alone: bool = False,
    dates: Span | None = None,
    faces: Count | None = None,
    within: Path | None = None,
) -> PhotoList:
    """Photos that show all of some people, newest first.

    Args:
        together: ids of the people; without any, all photos are looked through.
        without: of people who are on none of them.
        year: of the time taken, else of the file.
        under: a folder that the photos lie in, however deep.
        alone: no other face was found on the photo; what is no face does not count. Without
            `together`, one face was found on it.
        dates: between which they were taken, else written.
        faces: how many were found on the photo; what is no face does not count.
        within: a folder that they lie in besides.
    """
    table = ledger.library.photo_table
    if together:
        wanted = set.intersection(*(_photos_of(ledger, person) for person in together))
        photos = table.listed_of(sorted(wanted))
    else:
        photos = table.listed()
    for folder in (under, within):
        if folder is not None:
            photos = photos.under(real_path(folder))
    of_year = None if year is None else Span(f"{year:04}", f"{year:04}")
    for span in (of_year, dates):
        if span is not None:
            photos = photos.chosen(row for row in photos.rows if span.has(row[TIME]))
    avoided = set().union(*(_photos_of(ledger, person) for person in without))
    if avoided:
        photos = photos.chosen(row for row in photos.rows if row[ID] not in avoided)
    if not alone and faces is None:
        return photos
    rows = photos.rows
    here = {row[ID] for row in rows}
    nobody = Counter(
        face.photo_id
        for face in ledger.bindings.placed.values()
        if face.photo_id in here and ledger.is_left_out(face.id)
    )
    if faces is not None:
        rows = [row for row in rows if faces.has(row[N_FACES] - nobody[row[ID]])]
    if alone:
        of_them = _faces_of_people(ledger, together)
        rows = [
            row
            for row in rows
            if row[N_FACES] - nobody[row[ID]] == (of_them[row[ID]] if together else 1)
        ]
    return photos.chosen(rows)


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
