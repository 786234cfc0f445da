from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from PySide6.QtWidgets import QProgressBar, QToolButton
from pytestqt.qtbot import QtBot

from opqn_app.ui.shell.status_line import StatusLine
from opqn_app.ui.work.session import Session
from tests.ui.gated_engine import GatedDetector

LONG = 120_000


@pytest.fixture
def session(gated_session: Session) -> Session:
    return gated_session


@pytest.fixture
def line(session: Session, qtbot: QtBot) -> StatusLine:
    made = StatusLine(session)
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.fixture
def many(make_photo: Callable[..., Path]) -> Path:
    for seed in range(40):
        make_photo(f"Many/{seed:02}.png", seed=seed)
    return make_photo("Many/broken.jpg").parent


def tool(line: StatusLine, words: str) -> QToolButton:
    return next(each for each in line.findChildren(QToolButton) if each.text() == words)


def bar(line: StatusLine) -> QProgressBar:
    found = line.findChild(QProgressBar)
    assert found is not None
    return found


def test_an_empty_library_is_told_that_nothing_is_sent(
    line: StatusLine, session: Session, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(session.status_read, timeout=LONG):
        session.refresh_status()
    assert line.text == "Your photos stay on this computer. Nothing is sent anywhere."
    assert not bar(line).isVisible()


def test_a_run_is_shown_paused_resumed_and_summed_up(
    line: StatusLine, session: Session, gate: GatedDetector, many: Path, qtbot: QtBot
) -> None:
    (many / "broken.jpg").write_bytes(b"")
    session.index(many)
    gate.let_pass(16)
    qtbot.waitUntil(lambda: "of 41 photos" in line.text, timeout=LONG)
    assert line.text.startswith("Finding faces in Many: ")
    assert bar(line).isVisible()
    tool(line, "Pause").click()
    assert session.is_paused
    assert line.text.startswith("Paused. Finding faces in Many: ")
    tool(line, "Resume").click()
    assert not session.is_paused
    with qtbot.waitSignal(session.indexing_finished, timeout=LONG):
        gate.let_pass(1000)
    assert line.text == "Indexed 40 photos, 40 faces, 1 problem."
    assert not bar(line).isVisible()
    assert not session.is_indexing


def test_cancel_says_what_stays(
    line: StatusLine, session: Session, gate: GatedDetector, many: Path, qtbot: QtBot
) -> None:
    session.index(many)
    gate.let_pass(16)
    qtbot.waitUntil(lambda: "of 41 photos" in line.text, timeout=LONG)
    with qtbot.waitSignal(session.indexing_cancelled, timeout=LONG):
        tool(line, "Cancel").click()
        gate.let_pass(1000)
    assert line.text.startswith("Stopped. ")
    assert "they stay" in line.text
    assert not bar(line).isVisible()


def test_a_folder_that_is_not_there_is_told_in_plain_words(
    line: StatusLine, session: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(session.indexing_failed, timeout=LONG):
        session.index(tmp_path / "unplugged")
    assert "can't be read" in line.text
    assert "Plug its disk in" in line.text


def test_after_grouping_the_line_says_what_the_library_holds(
    line: StatusLine, session: Session
) -> None:
    """Grouping began before the library was read, and found nothing to do."""
    grouping = session.people.grouping
    grouping._task = session.runner.start("groups", lambda: None)
    for _ in range(2):
        grouping.started.emit()
        assert line.text == "Getting ready to group the faces"
    session._on_status(
        SimpleNamespace(photos=3, faces=1, revision=1, roots=(), remembers_faces=True)
    )
    grouping._task = None
    grouping.ended.emit("")
    assert line.text == "3 photos, 1 face in your library"


def test_what_was_indexed_is_said_no_more_when_a_folder_is_removed(
    line: StatusLine, session: Session, many: Path, gate: GatedDetector, qtbot: QtBot
) -> None:
    """Faces are grouped anew meanwhile; the line must not go back to what it said before."""
    gate.let_pass(100)
    with qtbot.waitSignal(session.indexing_finished, timeout=LONG):
        session.index(many)
    assert line.text.startswith("Indexed")
    grouping = session.people.grouping
    session.root_forgotten.emit(many, None)
    grouping._task = session.runner.start("groups", lambda: None)
    grouping.started.emit()
    session._on_status(
        SimpleNamespace(photos=2, faces=1, revision=9, roots=(), remembers_faces=True)
    )
    grouping._task = None
    grouping.ended.emit("")
    assert line.text == "2 photos, 1 face in your library"
