"""A library of given faces, and its ledger."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from opqn_app.people.ledger import Ledger
from opqn_app.store.library import Library
from tests.people_world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Four photos with three faces each, indexed; faces are ids 1 to 12."""
    with Library.open(tmp_path / "data" / "library.sqlite", write=True) as library:
        world = World(library)
        for content in range(4):
            world.add_photo(content, [0, 1, 2])
        yield world


@pytest.fixture
def ledger(world: World) -> Ledger:
    return Ledger(world.library)
