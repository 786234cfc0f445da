"""Another model takes over only when every face has a code of it."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from opqn_app.core import settings as settings_file
from opqn_app.core.errors import ModelMissing
from opqn_app.core.settings import Settings
from opqn_app.core.types import Codes, Crops
from opqn_app.engine import Engine
from opqn_app.store.library import Library
from opqn_app.ui.shell.status_line import StatusLine
from opqn_app.ui.work.session import Session
from tests.library_fakes import PixelDetector, PixelEncoder

MakePeople = Callable[..., Path]
TIMEOUT = 120_000
GATE = threading.Event()


class SlowEncoder(PixelEncoder):
    """Another model, whose first batch of faces waits at the gate."""

    def __init__(self) -> None:
        super().__init__("slow-id")

    def encode(self, crops: Crops) -> Codes:
        assert GATE.wait(120), "the gate was never opened"
        return super().encode(crops)


def engine_of(model: str, _device: str) -> Engine:
    if model == "missing":
        raise ModelMissing(model)
    return Engine(
        PixelDetector(n_faces=1), SlowEncoder() if model == "slow" else PixelEncoder("old-id")
    )


@pytest.fixture
def session(qtbot: QtBot, themed: object, tmp_path: Path, people: MakePeople) -> Iterator[Session]:
    GATE.clear()
    settings = Settings(library=str(tmp_path / "library.sqlite"), model="old")
    made = Session(settings, engine_factory=engine_of)
    folder = people("album/one.png", "red").parent
    people("album/two.png", "blue")
    with qtbot.waitSignal(made.indexing_finished, timeout=TIMEOUT):
        made.index(folder)
    yield made
    GATE.set()
    made.shut_down()


def crop_of(tint: tuple[int, int, int]) -> Crops:
    return np.full((112, 112, 3), tint, np.uint8)


def search(session: Session, qtbot: QtBot) -> tuple[str, int]:
    """The model that answered and how many faces it knows."""
    with qtbot.waitSignal(session.results_ready, timeout=TIMEOUT) as answered:
        session.search_faces([crop_of((200, 40, 40))])
    outcome = answered.args[0]
    return outcome.index.model_id, len(outcome.ranking)


def test_the_old_codes_answer_until_the_new_ones_cover_the_library(
    session: Session, qtbot: QtBot
) -> None:
    session.switch_model("slow")
    assert session.is_switching
    assert search(session, qtbot) == ("old-id", 2)
    assert session.settings.model == "old"
    with qtbot.waitSignal(session.model_switched, timeout=TIMEOUT) as switched:
        GATE.set()
    assert switched.args == ["slow"]
    assert search(session, qtbot) == ("slow-id", 2)
    assert (session.settings.model, session.settings.next_model) == ("slow", "")
    assert settings_file.load().model == "slow"


def test_a_folder_waits_for_the_switch_and_is_indexed_with_the_new_model(
    session: Session, people: MakePeople, qtbot: QtBot, tmp_path: Path
) -> None:
    session.switch_model("slow")
    session.index(people("second/two.png", "green").parent)
    assert session.waiting_roots
    with qtbot.waitSignals([session.model_switched, session.indexing_finished], timeout=TIMEOUT):
        GATE.set()
    with Library.open(tmp_path / "library.sqlite") as library:
        assert sum(len(s.face_ids) for s in library.code_segments("slow-id")) == 3


def test_a_model_that_can_not_be_loaded_changes_nothing(session: Session, qtbot: QtBot) -> None:
    with qtbot.waitSignal(session.model_switch_ended, timeout=TIMEOUT) as ended:
        session.switch_model("missing")
    assert ended.args[0] == "missing"
    assert "There is no model" in ended.args[1]
    assert (session.settings.model, session.settings.next_model) == ("old", "")


def test_a_switch_can_be_stopped(session: Session, qtbot: QtBot) -> None:
    session.switch_model("slow")
    with qtbot.waitSignal(session.model_switch_ended, timeout=TIMEOUT) as ended:
        session.cancel_indexing()
        GATE.set()
    assert ended.args == ["slow", ""]
    assert session.settings.model == "old"
    assert not session.is_switching


def test_a_switch_cut_off_by_closing_goes_on_at_the_next_start(
    session: Session, qtbot: QtBot
) -> None:
    session.switch_model("slow")
    GATE.set()
    session.shut_down()
    kept = settings_file.load()
    assert kept.next_model in ("slow", "")
    again = Session(replace(session.settings, next_model="slow"), engine_factory=engine_of)
    with qtbot.waitSignal(again.model_switched, timeout=TIMEOUT):
        again.load_engine()
    again.shut_down()


def test_a_library_of_an_earlier_version_of_the_model_is_coded_anew_at_the_start(
    session: Session, qtbot: QtBot, tmp_path: Path
) -> None:
    """The model kept its name, and the photos are gone."""
    GATE.set()
    session.shut_down()
    for photo in (tmp_path / "album").iterdir():
        photo.unlink()

    def newer(_model: str, _device: str) -> Engine:
        return Engine(PixelDetector(n_faces=1), PixelEncoder("new-id"))

    again = Session(session.settings, engine_factory=newer)
    with qtbot.waitSignal(again.model_switched, timeout=TIMEOUT) as switched:
        again.load_engine()
    assert switched.args == ["old"]
    assert search(again, qtbot) == ("new-id", 2)
    again.shut_down()
    once_more = Session(session.settings, engine_factory=newer)
    with (
        qtbot.assertNotEmitted(once_more.model_switch_progressed),
        qtbot.waitSignal(once_more.engine_ready, timeout=TIMEOUT),
    ):
        once_more.load_engine()
    # What looks whether the codes are behind stands before this one in its lane.
    with qtbot.waitSignal(once_more.read(lambda _library: None).succeeded, timeout=TIMEOUT):
        pass
    assert not once_more.is_switching
    once_more.shut_down()


def test_the_settings_dialog_changes_the_model_the_same_way(session: Session, qtbot: QtBot) -> None:
    GATE.set()
    with qtbot.waitSignal(session.model_switched, timeout=TIMEOUT):
        session.change_settings(replace(session.settings, model="slow", theme="dark"))
    assert (session.settings.model, session.settings.theme) == ("slow", "dark")


def test_the_status_line_tells_of_the_switch(session: Session, qtbot: QtBot) -> None:
    line = StatusLine(session)
    qtbot.addWidget(line)
    GATE.set()
    with qtbot.waitSignal(session.model_switch_progressed, timeout=TIMEOUT):
        session.switch_model("slow")
    assert line.text == "Getting ready to search with slow: 2 of 2 faces"
    qtbot.waitUntil(lambda: not session.is_switching, timeout=TIMEOUT)
    assert line.text == "slow now answers your searches."
