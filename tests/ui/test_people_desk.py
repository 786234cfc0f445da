"""The desk: one lane, one ledger; each gesture is told, refused or doubted."""

import gc
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Event, Timer
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from opqn_app.core.settings import Settings
from opqn_app.core.types import Box
from opqn_app.people.gestures import name_faces
from opqn_app.people.guesses import Guesses
from opqn_app.people.ledger import Ledger
from opqn_app.store.library import Library
from opqn_app.ui.work import grouping_run, people_jobs
from opqn_app.ui.work.people_desk import PeopleDesk
from opqn_app.ui.work.people_jobs import Doubt, PeopleView
from opqn_app.ui.work.session import Session
from tests.ui.tint_engine import tint_engine

Wait = Callable[..., Any]


@pytest.fixture
def desk(
    session: Session, album: Path, index_folder_of: Callable[[Path], None], qtbot: QtBot
) -> PeopleDesk:
    """A desk on a library of three red faces, one green and one blue."""
    index_folder_of(album)
    qtbot.waitUntil(lambda: session.people.view is not None, timeout=60_000)
    qtbot.waitUntil(lambda: len(view_of(session.people).photo_of) == 5, timeout=60_000)
    return session.people


@pytest.fixture
def told(desk: PeopleDesk, qtbot: QtBot) -> Wait:
    """A function that makes a gesture and waits until it is told."""

    def wait(act: Callable[..., None], *args: Any, **options: Any) -> str:
        with qtbot.waitSignal(desk.told, timeout=60_000) as signal:
            act(*args, **options)
        return str(signal.args[0])

    return wait


def view_of(desk: PeopleDesk) -> PeopleView:
    assert desk.view is not None
    return desk.view


def names(desk: PeopleDesk) -> dict[str | None, tuple[int, ...]]:
    return {person.name: person.faces for person in view_of(desk).persons}


def test_every_gesture_shows_at_once_and_can_be_undone(desk: PeopleDesk, told: Wait) -> None:
    told(desk.name, [1, 2], "Anna")
    assert names(desk) == {"Anna": (1, 2)}
    assert desk.name_of(1) == "Anna"
    assert desk.name_of(3) is None
    (anna,) = view_of(desk).persons
    assert view_of(desk).n_photos[anna.id] == 2
    told(desk.rename, anna.id, "Ann")
    told(desk.hide, anna.id)
    assert desk.name_of(1) is None
    for left in ({"Ann": (1, 2)}, {"Anna": (1, 2)}, {}):
        told(desk.undo)
        assert names(desk) == left
    assert not view_of(desk).can_undo
    assert view_of(desk).redo_words == "2 faces are Anna."
    assert told(desk.redo) == "Redone: 2 faces are Anna."
    assert view_of(desk).undo_words == "2 faces are Anna."
    assert names(desk) == {"Anna": (1, 2)}


def test_merging_people_and_faces_is_one_gesture(desk: PeopleDesk, told: Wait) -> None:
    told(desk.name, [1, 2], "Anna")
    told(desk.name, [3], "Hannah")
    one, two = (person.id for person in view_of(desk).persons)
    told(desk.merge_all, one, [two], [5])
    assert names(desk) == {"Anna": (1, 2, 3, 5)}
    told(desk.undo)
    assert names(desk) == {"Anna": (1, 2), "Hannah": (3,)}


def test_who_would_be_on_a_photo_twice_is_asked_about(
    desk: PeopleDesk, told: Wait, qtbot: QtBot
) -> None:
    photo_of = view_of(desk).photo_of
    pair = [face for face in photo_of if list(photo_of.values()).count(photo_of[face]) == 2]
    with qtbot.waitSignal(desk.doubted, timeout=60_000) as signal:
        desk.name(pair, "Anna")
    doubt = signal.args[0]
    assert isinstance(doubt, Doubt)
    assert names(desk) == {}
    only, twice = doubt.choices
    told(desk.decide, only[1])
    assert names(desk) == {"Anna": (pair[0],)}
    told(desk.undo)
    told(desk.decide, twice[1])
    assert names(desk) == {"Anna": tuple(pair)}


def test_merging_people_of_one_photo_is_asked_about(
    desk: PeopleDesk, told: Wait, qtbot: QtBot
) -> None:
    told(desk.name, [1, 2], "Anna")
    told(desk.name, [3], "Ben")
    anna, ben = view_of(desk).persons
    with qtbot.waitSignal(desk.doubted, timeout=60_000) as signal:
        desk.merge_all(anna.id, [ben.id], [4])  # neither is on a photo with Anna now
    ((_, anyhow),) = signal.args[0].choices
    told(desk.decide, anyhow)
    assert names(desk) == {"Anna": (1, 2, 3, 4)}


def test_a_name_of_somebody_else_is_asked_about(desk: PeopleDesk, told: Wait, qtbot: QtBot) -> None:
    told(desk.name, [1, 2], "Anna")
    told(desk.name, [3], "Ben")
    ben = view_of(desk).persons[1]
    with qtbot.waitSignal(desk.doubted, timeout=60_000) as signal:
        desk.rename(ben.id, "anna")
    (_, same), (_, another) = signal.args[0].choices
    told(desk.decide, same)
    assert names(desk) == {"Anna": (1, 2, 3)}
    told(desk.undo)
    told(desk.decide, another)
    with qtbot.waitSignal(desk.doubted, timeout=60_000) as signal:
        desk.name([5], "Anna")
    assert len(signal.args[0].choices) == 2
    told(desk.decide, signal.args[0].choices[1][1])
    assert names(desk)["anna"] == (3, 5)


def test_what_can_not_be_is_refused_in_a_sentence(desk: PeopleDesk, qtbot: QtBot) -> None:
    for act in (lambda: desk.rename(99, "Anna"), lambda: desk.name([1], " ")):
        with qtbot.waitSignal(desk.refused, timeout=60_000) as signal:
            act()
        assert str(signal.args[0]).endswith(".")
    assert not view_of(desk).persons


def test_what_another_program_decided_is_seen_with_the_next_gesture(
    desk: PeopleDesk, told: Wait, session: Session
) -> None:
    with Library.open_to_decide(session.library_path) as library:
        name_faces(Ledger(library), [1, 2], "Anna")
    told(desk.name, [3], "Ben")
    assert names(desk) == {"Anna": (1, 2), "Ben": (3,)}


def test_names_are_there_after_a_restart(
    desk: PeopleDesk, told: Wait, session: Session, qtbot: QtBot
) -> None:
    told(desk.name, [1, 2], "Anna")
    session.shut_down()
    again = Session(Settings(library=str(session.library_path)), engine_factory=tint_engine)
    try:
        with qtbot.waitSignal(again.people.changed, timeout=60_000):
            again.refresh_status()
        assert again.people.name_of(2) == "Anna"
        with qtbot.waitSignal(again.people.told, timeout=60_000):
            again.people.undo()
        assert not view_of(again.people).persons
    finally:
        again.shut_down()


def test_a_session_without_a_library_has_no_people_and_makes_no_file(
    session: Session, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(session.engine_ready, timeout=60_000):
        session.load_engine()
    session.people.ask(lambda _ledger, _guesses: None)
    qtbot.wait(100)
    assert session.people.view is None
    assert not session.library_path.exists()


def test_what_was_said_is_kept_though_the_window_is_closed_at_once(
    session: Session, desk: PeopleDesk
) -> None:
    is_busy, goes_on = Event(), Event()

    def work(_ledger: Ledger, _guesses: Guesses) -> None:
        is_busy.set()
        goes_on.wait(60)

    desk.ask(work)
    assert is_busy.wait(60)
    desk.name([1, 2], "Anna")
    late = desk.ask(lambda _ledger, _guesses: None)
    Timer(0.2, goes_on.set).start()
    session.shut_down()
    with Library.open(session.library_path) as library:
        assert [person.name for person in Ledger(library).persons()] == ["Anna"]
    assert not late.is_done


def test_a_large_library_is_not_searched_for_garbage_again_and_again(
    session: Session, desk: PeopleDesk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full search stops every thread; what is held of many faces is no garbage."""
    frozen: list[bool] = []
    monkeypatch.setattr(gc, "freeze", lambda: frozen.append(True))
    for limit, expected in ((5, 0), (4, 1), (4, 1)):
        monkeypatch.setattr(people_jobs, "MANY_FACES", limit)
        with qtbot.waitSignal(desk.changed, timeout=60_000):
            desk.refresh()
        qtbot.waitUntil(lambda: not session.runner._tasks, timeout=60_000)
        assert len(frozen) == expected


def test_grouping_that_a_run_without_news_stopped_goes_on(
    desk: PeopleDesk,
    session: Session,
    album: Path,
    index_folder_of: Callable[[Path], None],
    monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
) -> None:
    session.refresh_status()
    qtbot.waitUntil(lambda: not session.runner._tasks, timeout=60_000)
    begun: list[int] = []

    def group_for_ever(*_args: object) -> Any:
        begun.append(1)
        while True:
            yield None

    monkeypatch.setattr(grouping_run, "group_library", group_for_ever)
    desk.group()
    qtbot.waitUntil(lambda: len(begun) == 1, timeout=60_000)
    index_folder_of(album)  # nothing is new in it
    qtbot.waitUntil(lambda: len(begun) == 2, timeout=60_000)
    desk.grouping.cancel()


def test_a_drawn_box_needs_no_second_reading_of_all_decisions(
    desk: PeopleDesk, told: Wait, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(desk.name, [1, 2], "Anna")
    with Library.open(desk._session.library_path) as library:
        (face,) = library.faces([1])
    box = Box(0, 0, 12, 12)
    begun: list[Ledger] = []
    monkeypatch.setattr(Ledger, "_begin", begun.append)
    drawn: list[int] = []
    desk.draw_box(face.photo, box, drawn.append)
    qtbot.waitUntil(lambda: bool(drawn), timeout=60_000)
    assert view_of(desk).photo_of[drawn[0]] == face.photo.id
    assert begun == []
    told(desk.undo)
    assert drawn[0] in view_of(desk).left_out
    assert names(desk) == {"Anna": (1, 2)}


def test_a_box_is_not_drawn_while_another_program_writes(desk: PeopleDesk, qtbot: QtBot) -> None:
    path = desk._session.library_path
    with Library.open(path) as library:
        (face,) = library.faces([1])
    with (
        Library.open(path, write=True) as writing,
        qtbot.waitSignal(desk.refused, timeout=60_000),
    ):
        desk.draw_box(face.photo, Box(0, 0, 12, 12), lambda _face: pytest.fail("drawn"))
    with Library.open(path) as library:
        assert not library.decision_table.decisions()
    assert writing.path == path


def test_decisions_that_a_disk_changed_are_named_and_not_followed(
    desk: PeopleDesk, told: Wait, session: Session, qtbot: QtBot
) -> None:
    told(desk.name, [1, 2], "Anna")
    with closing(sqlite3.connect(session.library_path)) as raw, raw:
        raw.execute("UPDATE decisions SET name = 'Anma'")
    later = Session(session.settings, engine_factory=lambda _model, _device: tint_engine())
    try:
        with qtbot.waitSignal(later.people.refused, timeout=60_000) as signal:
            later.people.refresh()
        assert "opqn check --repair" in str(signal.args[0])
        assert later.people.view is None
    finally:
        later.shut_down()
