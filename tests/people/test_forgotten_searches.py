"""Saved searches that go with a person who is forgotten, and those that stay."""

import pytest

from opqn_app.people import gestures
from opqn_app.people.forgetting import forget_person
from opqn_app.people.ledger import Ledger
from opqn_app.people.photo_filter import PhotoFilter
from tests.people_world import World


@pytest.mark.parametrize(
    ("name", "called", "is_gone"),
    [
        ("Art", "Party 2026", False),
        ("Art", "Smart art", True),
        ("Art", "Art's photos", True),
        ("art", "(ART)", True),
        ("Al", "Al-2019", True),
        ("Al", "All of 2019", False),
        ("J.", "J. in Rome", True),
        ("医生", "我的医生们", True),
        ("דוד", "תמונות לדוד", True),
    ],
)
def test_of_the_saved_searches_those_that_are_called_so_go(
    ledger: Ledger, world: World, name: str, called: str, is_gone: bool
) -> None:
    """! "Art" took the search "Party 2026" along, without a word."""
    gestures.name_faces(ledger, [1], name)
    gestures.name_faces(ledger, [2], "Zoe")
    zoe = gestures.find_person(ledger, "Zoe")
    person = gestures.find_person(ledger, name)
    searches = world.library.saved_searches
    searches.save(called, PhotoFilter(together=(zoe,)).as_json())
    searches.save("Both", PhotoFilter(without=(person,)).as_json())
    report = forget_person(ledger, person)
    assert set(report.searches) == ({"Both", called} if is_gone else {"Both"})
    assert [each.name for each in searches.all()] == ([] if is_gone else [called])
