"""Everybody in a family library is named in the window, with the clicks that the table says."""

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from opqn_app.core.progress import finished
from opqn_app.core.settings import Settings
from opqn_app.engine import load_engine
from opqn_app.people.neighbours import nearest_faces
from opqn_app.people.word_sums import WordSums
from opqn_app.ui.shell.main_window import MainWindow
from opqn_app.ui.work.session import Session
from tests.family_faces import SHARED, family_faces, make_library
from tests.ui.naming_user import NamingUser

N_FACES = 1000
MODEL = "bundled-64"
TIMEOUT = 600_000


@pytest.fixture
def shared() -> Path:
    if not (SHARED / "faces.csv").is_file():
        pytest.skip("the faces of made families are not here: no ../shared/data")
    return SHARED


@pytest.mark.slow
def test_a_family_is_named_with_the_clicks_of_the_table(
    shared: Path, tmp_path: Path, qtbot: QtBot, themed: QApplication
) -> None:
    from trainer.evaluate.group_figures import group_figures
    from trainer.evaluate.grouping import grouped

    engine = load_engine(MODEL, "cpu")
    encoder: Any = engine.encoder
    faces = family_faces(N_FACES)
    codes = make_library(tmp_path / "library.sqlite", faces, encoder)
    sums = WordSums.of(encoder)
    edges = finished(nearest_faces(codes, sums))
    table = group_figures(
        grouped(codes, sums, edges, encoder.links, encoder.links.joins_from), faces.people
    )
    settings = Settings(library=str(tmp_path / "library.sqlite"), model=MODEL)
    session = Session(settings, engine_factory=lambda _model, _device: engine)
    try:
        window = MainWindow(session)
        qtbot.addWidget(window)
        window.resize(1200, 800)
        window.show()
        window.show_page("people")
        with qtbot.waitSignal(session.people.grouping.ended, timeout=TIMEOUT):
            session.load_engine()
            session.refresh_status()
        user = NamingUser(session, window, [str(person) for person in faces.people])
        user.rest()
        with qtbot.waitActive(window, timeout=TIMEOUT):
            window.activateWindow()
        user.name_everybody()
        assert user.wrong_people() == {}
        # The table counts one click for each face that is put right. Of those that were taken out
        # of one group, who show one person stand together and get their name at once.
        assert user.clicks + user.spared == table.clicks
        assert user.answers.total() == len([c for c in user.times.clicks if c.kind in user.answers])
    finally:
        session.shut_down()
