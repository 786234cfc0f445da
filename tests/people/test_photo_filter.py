"""Photos by chips: every combination against a slow look at all photos."""

import itertools
from pathlib import Path

from opqn_app.people import gestures
from opqn_app.people.ledger import Ledger
from opqn_app.people.photo_filter import PhotoFilter
from opqn_app.people.spans import Count, Span
from tests.people_world import World


def test_every_combination_of_chips_is_what_a_look_at_each_photo_says(ledger: Ledger) -> None:
    gestures.name_faces(ledger, [1, 4], "Anna")
    gestures.name_faces(ledger, [2, 5, 7], "Ben")
    gestures.mark_no_face(ledger, [8])
    anna, ben = (person.id for person in ledger.persons())
    library = ledger.library
    photos = library.photos(limit=1000)
    folder = photos[0].path.parent
    years: list[int | None] = [None, 1970, *{int((p.taken_at or "1970")[:4]) for p in photos}]
    several = [(), (anna,), (ben,), (anna, ben)]
    seen = set()
    for together, without, alone, year, under in itertools.product(
        several, several, (False, True), years, (None, folder)
    ):
        dates = None if year is None else Span(str(year), str(year))
        wanted = PhotoFilter(together, without, alone, under, dates)
        found = list(wanted.find(ledger))
        expected = []
        for photo in photos:
            faces = [f.id for f in library.faces_of(photo.id) if not ledger.is_left_out(f.id)]
            owners = [ledger.owner(face) for face in faces]
            stands = set(together) <= set(owners) and not set(without) & set(owners)
            if alone:
                of_them = sum(owner in together for owner in owners)
                stands &= len(faces) == (of_them if together else 1)
            if year is not None and photo.taken_at is not None:
                stands &= photo.taken_at.startswith(str(year))
            elif year is not None:
                stands &= photo.sort_time.startswith(str(year))  # of the file
            if under is not None:
                stands &= photo.path.is_relative_to(under)
            if stands:
                expected.append(photo)
        assert found == expected, wanted
        seen.add(len(found))
    assert len(seen) > 2


def test_a_person_who_is_gone_is_on_no_photo(ledger: Ledger) -> None:
    gestures.name_faces(ledger, [1, 4], "Anna")
    (anna,) = ledger.persons()
    assert PhotoFilter(together=(anna.id,)).find(ledger)
    everything = PhotoFilter().find(ledger)
    ledger.undo()
    assert list(PhotoFilter(together=(anna.id,)).find(ledger)) == []
    assert list(PhotoFilter(without=(anna.id,)).find(ledger)) == list(everything)


def test_chips_come_go_and_turn(tmp_path: Path) -> None:
    wanted = PhotoFilter().adding(1).adding(2).adding(3, is_without=True)
    assert wanted == PhotoFilter((1, 2), (3,))
    assert wanted.turning(1) == PhotoFilter((2,), (3, 1))
    assert wanted.turning(3) == PhotoFilter((1, 2, 3))
    assert wanted.adding(3) == PhotoFilter((1, 2, 3))
    assert wanted.leaving(3).leaving(1).leaving(2).is_empty


def test_photos_by_how_many_faces_they_show(ledger: Ledger) -> None:
    """What is no face does not count."""
    gestures.mark_no_face(ledger, [8])
    photos = {n: PhotoFilter(faces=count).find(ledger) for n, count in _COUNTS.items()}
    assert {n: len(found) for n, found in photos.items()} == {"2": 1, "3": 3, "2+": 4, "4+": 0}
    assert ledger.bindings.placed[8].photo_id in photos["2"].ids()


_COUNTS = {"2": Count(2, 2), "3": Count(3, 3), "2+": Count(2), "4+": Count(4)}


def test_photos_of_one_picture(ledger: Ledger, world: World) -> None:
    copy = world.add_photo(1, [0, 1, 2])
    found = PhotoFilter(copies_of=copy).find(ledger)
    assert sorted(found.ids()) == [2, copy]


def test_what_is_asked_can_be_kept_as_json() -> None:
    asked = PhotoFilter((1, 2), (3,), True, Path("/a/\udcff"), Span("2019-02"), Count(1, 3), 7)
    assert PhotoFilter.from_json(asked.as_json()) == asked
    assert PhotoFilter().as_json() == "{}"
    assert PhotoFilter.from_json('{"alone": true, "what is new": 1}') == PhotoFilter(alone=True)
