"""The window's state: indexing in turn, the newest query wins, failures as plain sentences."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from opqn_app.core import settings as settings_file
from opqn_app.core.errors import FolderUnavailable, ModelMissing
from opqn_app.core.settings import Settings
from opqn_app.engine import Engine
from opqn_app.store.library import Library
from opqn_app.ui.work.session import Session
from tests.ui.tint_engine import TintEncoder, tint_engine

MakePeople = Callable[..., Path]
TIMEOUT = 120_000


@pytest.fixture
def album(people: MakePeople, tmp_path: Path) -> Path:
    people("album/red.png", "red")
    people("album/green.png", "green")
    people("album/both.png", "blue", "red")
    return tmp_path / "album"


def test_indexing_reports_its_way_and_changes_the_library(
    session: Session, album: Path, qtbot: QtBot
) -> None:
    seen: list[Any] = []
    session.indexing_progressed.connect(seen.append)
    signals = [session.indexing_started, session.indexing_finished, session.library_changed]
    with qtbot.waitSignals(signals, timeout=TIMEOUT):
        session.index(album)
        assert session.is_indexing
        assert session.indexing_root == album
    qtbot.waitUntil(
        lambda: session.status is not None and session.status.faces == 4, timeout=TIMEOUT
    )
    assert not session.is_indexing
    assert session.indexing_root is None
    assert seen[-1].done == 3


def test_folders_are_indexed_in_turn_and_the_same_one_waits_once(
    session: Session, album: Path, people: MakePeople, tmp_path: Path, qtbot: QtBot
) -> None:
    people("other/a.png", "green")
    finished: list[Path] = []
    session.indexing_finished.connect(lambda root, _report: finished.append(root))
    for root in (album, album, tmp_path / "other", tmp_path / "other"):
        session.index(root)
    assert session.waiting_roots == (tmp_path / "other",)
    qtbot.waitUntil(lambda: len(finished) == 2, timeout=TIMEOUT)
    assert finished == [album, tmp_path / "other"]


def test_cancelling_drops_the_waiting_folders(
    session: Session, album: Path, people: MakePeople, tmp_path: Path, qtbot: QtBot
) -> None:
    people("other/a.png", "green")
    session.index(album)
    session.index(tmp_path / "other")
    session.pause_indexing()
    assert session.is_paused
    with qtbot.waitSignal(session.indexing_cancelled, timeout=TIMEOUT) as cancelled:
        session.cancel_indexing()
    assert cancelled.args == [album]
    assert session.waiting_roots == ()


def test_a_missing_folder_fails_with_a_sentence_and_the_next_one_runs(
    session: Session, album: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    failures: list[tuple[Path, Exception]] = []
    session.indexing_failed.connect(lambda root, error: failures.append((root, error)))
    with qtbot.waitSignal(session.indexing_finished, timeout=TIMEOUT):
        session.index(tmp_path / "gone")
        session.index(album)
    assert [root for root, _error in failures] == [tmp_path / "gone"]
    assert isinstance(failures[0][1], FolderUnavailable)


def test_forgetting_a_folder_takes_its_faces_away(
    session: Session, album: Path, index_folder_of: Callable[[Path], None], qtbot: QtBot
) -> None:
    index_folder_of(album)
    with qtbot.waitSignals([session.root_forgotten, session.library_changed], timeout=TIMEOUT):
        session.forget(album)
    qtbot.waitUntil(
        lambda: session.status is not None and session.status.faces == 0, timeout=TIMEOUT
    )


def test_a_photo_is_opened_then_its_faces_come_then_results(
    session: Session,
    album: Path,
    people: MakePeople,
    index_folder_of: Callable[[Path], None],
    qtbot: QtBot,
) -> None:
    index_folder_of(album)
    photo = people("query.png", "green", "red")
    shown: list[str] = []
    session.query_photo_opened.connect(lambda photo: shown.append(photo.name))
    with qtbot.waitSignal(session.query_faces_found, timeout=TIMEOUT) as found:
        session.open_query(photo)
    assert shown == ["query.png"]
    assert found.args is not None
    opened, faces = found.args
    assert opened.name == "query.png"
    assert len(faces) == 2
    with qtbot.waitSignal(session.results_ready, timeout=TIMEOUT) as answer:
        session.search_faces([faces[0].crop])
    assert answer.args is not None
    outcome = answer.args[0]
    assert len(outcome.ranking) == 4
    curve = TintEncoder().calibration
    assert curve is not None
    assert outcome.calibration == curve.among(outcome.ranking.scores)
    assert outcome.calibration.intercept > curve.intercept  # other tints score 0.4 here
    probabilities = outcome.calibration.probability(outcome.ranking.scores)
    assert [round(float(p)) for p in probabilities] == [1, 0, 0, 0]
    parts = outcome.index.contributions(outcome.tables, outcome.ranking.face_ids)
    np.testing.assert_allclose(parts.sum(axis=1), outcome.ranking.scores, rtol=1e-5)


def test_pixels_can_be_a_query(session: Session, people: MakePeople, qtbot: QtBot) -> None:
    image = QImage(str(people("q.png", "blue")))
    with qtbot.waitSignal(session.query_faces_found, timeout=TIMEOUT) as found:
        session.open_query(image)
    assert found.args is not None
    assert found.args[0].name == "the pasted picture"
    assert len(found.args[1]) == 1


def test_the_newest_query_wins(session: Session, people: MakePeople, qtbot: QtBot) -> None:
    names: list[str] = []
    session.query_faces_found.connect(lambda opened, _faces: names.append(opened.name))
    session.query_failed.connect(names.append)
    for number in range(5):
        session.open_query(people(f"q{number}.png", "red"))
    qtbot.waitUntil(lambda: bool(names), timeout=TIMEOUT)
    with qtbot.waitSignal(session.results_ready, timeout=TIMEOUT):
        session.search_faces([np.zeros((112, 112, 3), np.uint8)])
    assert names == ["q4.png"]


def test_a_dropped_query_is_never_answered(
    session: Session, people: MakePeople, qtbot: QtBot
) -> None:
    answers: list[Any] = []
    session.query_faces_found.connect(lambda *found: answers.append(found))
    session.open_query(people("q.png", "red"))
    session.drop_query()
    with qtbot.waitSignal(session.status_read, timeout=TIMEOUT):
        session.refresh_status()
    session.search_faces([np.zeros((112, 112, 3), np.uint8)])
    qtbot.waitSignal(session.results_ready, timeout=TIMEOUT).wait()
    assert not answers


def test_a_photo_without_a_face_fails_with_advice(session: Session, qtbot: QtBot) -> None:
    grey = QImage(80, 80, QImage.Format.Format_RGB32)
    grey.fill(QColor(120, 120, 120))
    with qtbot.waitSignal(session.query_failed, timeout=TIMEOUT) as failed:
        session.open_query(grey, "grey.png")
    assert failed.args is not None
    assert failed.args[0].startswith("No face was found in grey.png.")


def test_an_engine_that_fails_is_tried_again_by_the_next_query(
    qtbot: QtBot, people: MakePeople, tmp_path: Path
) -> None:
    tries: list[str] = []

    def factory(model: str, device: str) -> Engine:
        tries.append(model)
        if len(tries) == 1:
            raise ModelMissing(model)
        return tint_engine()

    session = Session(Settings(library=str(tmp_path / "l.sqlite")), engine_factory=factory)
    photo = people("q.png", "red")
    with qtbot.waitSignals([session.engine_failed, session.query_failed], timeout=TIMEOUT):
        session.open_query(photo)
    assert not session.has_engine
    with qtbot.waitSignals([session.engine_ready, session.query_faces_found], timeout=TIMEOUT):
        session.open_query(photo)
    assert session.has_engine
    session.shut_down()


def test_shutting_down_while_the_engine_loads_ends(
    qtbot: QtBot, people: MakePeople, tmp_path: Path
) -> None:
    gate, loading = threading.Event(), threading.Event()

    def factory(_model: str, _device: str) -> Engine:
        loading.set()
        gate.wait(120)
        raise ModelMissing("late")

    session = Session(Settings(library=str(tmp_path / "l.sqlite")), engine_factory=factory)
    session.open_query(people("q.png", "red"))
    qtbot.waitUntil(loading.is_set, timeout=TIMEOUT)
    threading.Timer(0.05, gate.set).start()
    session.shut_down()
    assert session.runner.is_shut_down


def test_choices_are_remembered_in_the_settings_file(session: Session, qtbot: QtBot) -> None:
    with qtbot.waitSignal(session.settings_changed):
        session.remember(min_probability=0.8, group_by_photo=True)
    kept = settings_file.load()
    assert kept.min_probability == 0.8
    assert kept.group_by_photo


def test_a_library_named_for_this_time_is_not_kept_as_a_setting(
    themed: object, tmp_path: Path
) -> None:
    """`opqn gui --library FILE` and the demo's window must not replace the user's own library."""
    own = Settings(library=str(tmp_path / "own.sqlite"))
    other = tmp_path / "other.sqlite"
    session = Session(own, library=other, engine_factory=tint_engine)
    session.remember(group_by_photo=True)
    session.shut_down()
    assert session.library_path == other
    kept = settings_file.load()
    assert kept.group_by_photo
    assert kept.library == own.library


def test_a_removed_folder_is_not_brought_back_by_a_run_that_waited(
    session: Session,
    album: Path,
    people: MakePeople,
    index_folder_of: Callable[[Path], None],
    tmp_path: Path,
    qtbot: QtBot,
) -> None:
    other = people("other/a.png", "green").parent
    inner = people("other/inner/b.png", "blue").parent
    index_folder_of(other)
    session.index(album)
    session.pause_indexing()
    session.index(other)
    session.index(inner, retry_failures=True)
    third = people("third/c.png", "red").parent
    session.index(third, retry_failures=True)
    waiting = session._waiting[-1]
    session.forget(other)
    assert session.waiting_roots == (third,)
    assert session._waiting[-1] is waiting  # with its options
    assert session.indexing_root == album
    with qtbot.waitSignals([session.root_forgotten, session.indexing_finished], timeout=TIMEOUT):
        session.resume_indexing()
    qtbot.waitUntil(lambda: not session.is_indexing, timeout=TIMEOUT)
    with Library.open(session.library_path) as library:
        assert [root.path for root in library.roots()] == [album, third]


def test_removing_a_folder_ends_its_own_run(session: Session, album: Path, qtbot: QtBot) -> None:
    session.index(album)
    session.pause_indexing()
    with qtbot.waitSignal(session.indexing_cancelled, timeout=TIMEOUT) as cancelled:
        session.forget(album)
    assert cancelled.args == [album]


def test_codes_are_in_memory_before_the_first_query(
    session: Session, album: Path, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(session.indexing_finished, timeout=TIMEOUT):
        session.index(album)
    other = Session(session.settings, library=session.library_path, engine_factory=_tint)
    other.load_engine()
    qtbot.waitUntil(lambda: other._searcher.n_faces == 4, timeout=TIMEOUT)
    other.shut_down()
    nothing = Session(session.settings, library=album / "none", engine_factory=_tint)
    with qtbot.waitSignal(nothing.engine_ready, timeout=TIMEOUT):
        nothing.load_engine()
    nothing.shut_down()
    assert not (album / "none").exists(), "loading makes no library"


def _tint(_model: str, _device: str) -> Engine:
    return tint_engine()
