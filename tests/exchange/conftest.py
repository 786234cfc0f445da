"""A library of known faces, for what other programs say of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from opqn_app.people.ledger import Ledger
from opqn_app.store.library import Library
from tests.people_world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Four photos with three faces each: ids 1 to 12; photo 5 is a copy of the first: 13 to 15."""
    with Library.open(tmp_path / "library.sqlite", write=True) as library:
        world = World(library)
        for content in range(4):
            world.add_photo(content, [0, 1, 2])
        world.add_photo(0, [0, 1, 2])
        yield world


@pytest.fixture
def ledger(world: World) -> Ledger:
    return Ledger(world.library)
