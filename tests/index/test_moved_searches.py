"""Saved searches of a folder follow it only where all its photos went to one place."""

from pathlib import Path

import pytest

from opqn_app.index.moved_searches import _place_of

TRIPS = Path("/photos/Trips")


@pytest.mark.parametrize(
    ("moved", "place"),
    [
        ([("Trips/a.jpg", "Tours/a.jpg"), ("Trips/x/b.jpg", "Tours/x/b.jpg")], "Tours"),
        ([("Trips/a.jpg", "Tours/a.jpg"), ("Home/a.jpg", "Attic/a.jpg")], "Tours"),
        ([("Trips/a.jpg", "Old/Trips/a.jpg")], "Old/Trips"),
        ([("Trips/a.jpg", "Tours/a.jpg"), ("Trips/b.jpg", "Home/b.jpg")], None),
        ([("Trips/a.jpg", "Tours/1.jpg")], None),
        ([("Trips 2/a.jpg", "Tours/a.jpg")], None),
    ],
)
def test_where_a_folder_went(moved: list[tuple[str, str]], place: str | None) -> None:
    photos = Path("/photos")
    found = _place_of(TRIPS, [(photos / old, photos / new) for old, new in moved])
    assert found == (None if place is None else photos / place)
