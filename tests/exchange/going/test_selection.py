"""What goes out: which photos, which of their faces, and who they are."""

import pytest

from opqn_app.core.progress import finished
from opqn_app.exchange.going.selection import GoingPhoto, Wanted, chosen
from opqn_app.people import gestures
from opqn_app.people.ledger import Ledger
from opqn_app.people.photo_filter import PhotoFilter
from opqn_app.people.spans import Span
from tests.people_world import World, true_box


@pytest.fixture
def ledger(world: World) -> Ledger:
    """Four photos, none of them twice."""
    world.delete(5)
    return Ledger(world.library)


def gone(ledger: Ledger, wanted: Wanted) -> list[tuple[int, list[tuple[int, str | None]]]]:
    """Photo id and (face id, name) of what goes out."""
    photos: list[GoingPhoto] = finished(chosen(ledger, wanted))
    return [(each.photo.id, [(face.id, face.name) for face in each.faces]) for each in photos]


def person(ledger: Ledger, name: str) -> int:
    return gestures.find_person(ledger, name)


def test_all_goes_out_newest_first_with_faces_from_the_left(ledger: Ledger) -> None:
    gestures.name_faces(ledger, [2, 4], "Ann")
    gestures.mark_no_face(ledger, [3])
    found = finished(chosen(ledger, Wanted()))
    assert [each.photo.id for each in found] == [4, 3, 2, 1]
    assert [(face.id, face.name) for face in found[3].faces] == [(1, None), (2, "Ann")]
    assert found[3].faces[1].box == true_box(1)
    assert found[3].faces[1].person == person(ledger, "Ann")
    assert found[3].names == ("Ann",)


def test_of_people_their_faces_alone_go_out(ledger: Ledger) -> None:
    gestures.name_faces(ledger, [1, 4], "Ann")
    gestures.name_faces(ledger, [2, 12], "Ben")
    ann, ben = person(ledger, "Ann"), person(ledger, "Ben")
    assert gone(ledger, Wanted(people=(ann,))) == [(2, [(4, "Ann")]), (1, [(1, "Ann")])]
    assert gone(ledger, Wanted(people=(ann, ben))) == [
        (4, [(12, "Ben")]),
        (2, [(4, "Ann")]),
        (1, [(1, "Ann"), (2, "Ben")]),
    ]
    both = PhotoFilter(together=(ann, ben))
    assert gone(ledger, Wanted(both)) == [(1, [(1, "Ann"), (2, "Ben"), (3, None)])]
    assert gone(ledger, Wanted(both, people=(ben,))) == [(1, [(2, "Ben")])]
    assert gone(ledger, Wanted(PhotoFilter(dates=Span("2020", "2020")), people=(ann, ben))) == []


def test_given_photos_and_faces_with_what_a_search_says(ledger: Ledger) -> None:
    gestures.name_faces(ledger, [1], "Ann")
    assert [each[0] for each in gone(ledger, Wanted(photos=(3, 1, 99)))] == [3, 1]
    found = finished(chosen(ledger, Wanted(faces=(5, 1, 99), chances={5: 0.5})))
    assert [(face.id, face.name, face.probability) for each in found for face in each.faces] == [
        *((5, None, 0.5), (1, "Ann", None)),
    ]
    assert gone(ledger, Wanted(photos=())) == []
    assert gone(ledger, Wanted(faces=())) == []


def test_hidden_people_go_out_where_they_are_asked_for_alone(ledger: Ledger) -> None:
    gestures.name_faces(ledger, [1], "Ann")
    ann = person(ledger, "Ann")
    gestures.hide(ledger, ann)
    assert gone(ledger, Wanted(photos=(1,))) == [(1, [(1, None), (2, None), (3, None)])]
    assert gone(ledger, Wanted(people=(ann,))) == [(1, [(1, "Ann")])]


def test_people_who_are_one_now_and_nobody_of_whom_is_known(ledger: Ledger, world: World) -> None:
    gestures.name_faces(ledger, [1], "Ann")
    gestures.name_faces(ledger, [4], "Anne")
    ann, anne = person(ledger, "Ann"), person(ledger, "Anne")
    gestures.merge(ledger, ann, anne)
    assert gone(ledger, Wanted(people=(anne,))) == [(2, [(4, "Ann")]), (1, [(1, "Ann")])]
    assert gone(ledger, Wanted(people=(999,))) == []
    world.delete(2)
    ledger.refresh()
    assert [each[0] for each in gone(ledger, Wanted(people=(ann,)))] == [1]
