"""A library in which a few faces are named."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from opqn_app.people import gestures
from opqn_app.people.ledger import Ledger
from opqn_app.store.library import Library
from tests.people_world import World


@pytest.fixture
def library_path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "library.sqlite"


@pytest.fixture
def world(library_path: Path) -> Iterator[World]:
    """Four photos with three faces each: 1, 4 and 7 are Anna, 2 is Ben; a search is saved."""
    with Library.open(library_path, write=True) as library:
        world = World(library)
        for content in range(4):
            world.add_photo(content, [0, 1, 2])
        ledger = Ledger(library)
        gestures.name_faces(ledger, [1, 4, 7], "Anna Secret")
        gestures.name_faces(ledger, [2], "Ben")
        library.saved_searches.save("By the sea", "{}")
        yield world


@pytest.fixture
def ledger(world: World) -> Ledger:
    return Ledger(world.library)
