"""Libraries for the view of one person, and the view."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from opqn_app.core.settings import Settings
from opqn_app.ui.work.session import Session
from tests.ui.person.person_room import Room
from tests.ui.person_album import ANNA, BEN, LIKE_ANNA, Album, Face, album_engine


@pytest.fixture
def album(tmp_path: Path) -> Album:
    return Album(tmp_path / "library.sqlite")


@pytest.fixture
def room(album: Album, qtbot: QtBot, themed: QApplication) -> Iterator[Room]:
    """A view on the album as it is when `start` is called."""
    settings = Settings(library=str(album.path))
    session = Session(settings, engine_factory=album_engine)
    yield Room(session, qtbot)
    session.shut_down()


@pytest.fixture
def annas(album: Album) -> list[int]:
    """Six faces of Anna: two of 2024, one blurred of 2024, two of 2022, one without a date."""
    years = [(2022, 100.0), (2022, 100.0), (2024, 100.0), (2024, 100.0), (2024, 3.0), (None, 100.0)]
    return [album.add(year, Face(ANNA, sharp))[0] for year, sharp in years]


@pytest.fixture
def known(room: Room, album: Album) -> list[int]:
    """Anna, whom two faces are; three more are surely her, two perhaps; Ben is somebody else."""
    annas = [album.add(2020, Face(ANNA))[0] for _ in range(2)]
    for code in (ANNA, ANNA, ANNA, LIKE_ANNA, LIKE_ANNA, BEN):
        album.add(2020, Face(code))
    room.start()
    room.show(room.name(annas, "Anna"))
    return annas


@pytest.fixture
def anna(room: Room, annas: list[int]) -> list[int]:
    """Anna is shown, with six faces."""
    room.start()
    room.show(room.name(annas, "Anna"))
    return annas
