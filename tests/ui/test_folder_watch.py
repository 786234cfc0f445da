"""Folders that are kept up to date while the window is open, with the system's own events."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from opqn_app.core.errors import LibraryError, LibraryReadOnly
from opqn_app.core.settings import Settings
from opqn_app.core.types import Codes
from opqn_app.engine import Engine
from opqn_app.index import unrest, watching
from opqn_app.index.unrest import REST_S
from opqn_app.store.library import Library
from opqn_app.ui.library.folder_header import KEEP_UP
from opqn_app.ui.library.folder_list import FolderRole
from opqn_app.ui.library.library_page import LibraryPage
from opqn_app.ui.library.watch_switch import RAISE_LIMIT, limit_in_words, watched_in_words
from opqn_app.ui.work.session import Session
from tests.people.guess_world import GroupingEncoder
from tests.ui.gated_engine import GatedDetector
from tests.ui.menu_clicks import choose, right_click
from tests.ui.person_album import ANNA, BEN
from tests.ui.tint_engine import TintDetector, tint_engine

MakePeople = Callable[..., Path]
LONG = 120_000  # ms; only reached by a test that fails


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (unrest, watching):
        monkeypatch.setattr(module, "REST_S", 0.1)
    monkeypatch.setattr(watching, "TICK_S", 0.1)
    monkeypatch.setattr(watching, "is_on_battery", lambda: False)
    assert REST_S > 0.1


@pytest.fixture
def watched(
    session: Session, album: Path, index_folder_of: Callable[[Path], None], qtbot: QtBot
) -> Session:
    """A session that watches the album, which it knows."""
    begin(session)
    index_folder_of(album)
    qtbot.waitUntil(lambda: session.watch.way_of(album) == "events", timeout=LONG)
    return session


def begin(session: Session) -> None:
    session.watch.start()
    session.refresh_status()
    session.load_engine()


@pytest.fixture
def page(watched: Session, qtbot: QtBot) -> LibraryPage:
    made = LibraryPage(watched)
    qtbot.addWidget(made)
    made.resize(900, 600)
    made.show()
    qtbot.waitUntil(lambda: made.folder_model.rowCount() == 2, timeout=LONG)
    return made


def n_photos(session: Session) -> int:
    try:
        with Library.open(session.library_path) as library:
            return library.status().photos
    except LibraryError:  # it is not made yet
        return 0


def test_a_photo_that_is_copied_in_is_found_by_itself(
    watched: Session, people: MakePeople, qtbot: QtBot
) -> None:
    people("album/new.png", "green")
    qtbot.waitUntil(lambda: n_photos(watched) == 5, timeout=LONG)


def test_what_came_meanwhile_is_found_at_the_start(
    session: Session,
    album: Path,
    people: MakePeople,
    index_folder_of: Callable[[Path], None],
    qtbot: QtBot,
) -> None:
    index_folder_of(album)
    people("album/later/new.png", "green")
    session.shut_down()
    again = Session(Settings(library=str(session.library_path)), engine_factory=tint_engine)
    begin(again)
    qtbot.waitUntil(lambda: n_photos(again) == 5, timeout=LONG)
    again.shut_down()


def test_new_faces_join_people_as_suggestions(
    themed: QApplication, album: Path, people: MakePeople, tmp_path: Path, qtbot: QtBot
) -> None:
    session = Session(
        Settings(library=str(tmp_path / "grouped.sqlite")),
        engine_factory=lambda _model, _device: grouping_engine(),
    )
    begin(session)
    session.index(album)
    desk = session.people
    qtbot.waitUntil(lambda: n_photos(session) == 4 and not session.is_indexing, timeout=LONG)
    with Library.open(session.library_path) as library:
        reds = [
            face.id
            for photo in library.photos()
            if "red" in photo.path.name
            for face in library.faces_of(photo.id)
        ]
    with qtbot.waitSignal(desk.told, timeout=LONG):
        desk.name(reds, "Anna")
    assert desk.view is not None
    (anna,) = (person.id for person in desk.view.persons)
    qtbot.waitUntil(lambda: album in session.watch.ways(), timeout=LONG)
    people("album/another.png", "red", "green")
    found: list[Any] = []

    def is_suggested() -> bool:
        desk.ask(lambda ledger, guesses: guesses.suggestions(ledger, anna), found.append)
        with Library.open(session.library_path) as library:
            suggested = {i for answer in found for each in answer for i in each.faces}
            return "another.png" in {face.photo.path.name for face in library.faces([*suggested])}

    qtbot.waitUntil(is_suggested, timeout=LONG)
    assert sorted(desk.view.owner) == sorted(reds)  # nobody is named without a word of the user
    session.shut_down()


class TintCodes(GroupingEncoder):
    """A tint is a person, with the words of one."""

    def encode(self, crops: np.ndarray) -> Codes:
        tints = np.asarray(crops)[:, 40:72, 40:72].mean(axis=(1, 2)).argmax(axis=1)
        codes: Codes = np.array([ANNA, BEN, [12, 13, 14, 15]], np.uint8)[tints]
        return codes


def grouping_engine() -> Engine:
    encoder: Any = TintCodes()
    return Engine(TintDetector(), encoder)


def test_what_the_user_cancelled_is_not_begun_by_an_event(
    gated_session: Session,
    album: Path,
    gate: GatedDetector,
    people: MakePeople,
    tmp_path: Path,
    qtbot: QtBot,
) -> None:
    session = gated_session
    begin(session)
    people("other/a.png", "green")
    session.index(album)
    session.index(tmp_path / "other")
    with qtbot.waitSignal(session.indexing_cancelled, timeout=LONG):
        session.cancel_indexing()
        gate.let_pass(1)
    gate.let_pass(100)
    begun: list[Path] = []
    session.indexing_started.connect(begun.append)
    people("album/new.png", "green")
    qtbot.waitUntil(lambda: album in session.watch.ways(), timeout=LONG)
    people("album/newer.png", "blue")
    watcher = session.watch._watcher
    assert watcher is not None
    qtbot.waitUntil(lambda: watcher._places[album].unrest.folder is not None, timeout=LONG)
    qtbot.wait(500)  # a start would come in between
    assert begun == []
    session.index(album)  # the user wants it again
    qtbot.waitUntil(lambda: n_photos(session) == 6, timeout=LONG)
    people("album/newest.png", "red")
    qtbot.waitUntil(lambda: n_photos(session) == 7, timeout=LONG)


def test_nothing_is_begun_while_the_user_has_paused(
    gated_session: Session, album: Path, gate: GatedDetector, people: MakePeople, qtbot: QtBot
) -> None:
    session = gated_session
    begin(session)
    begun: list[Path] = []
    session.indexing_started.connect(begun.append)
    session.index(album)
    session.pause_indexing()
    gate.let_pass(2)
    people("album/new.png", "green")
    qtbot.wait(500)
    assert (begun, session.waiting_roots) == ([album], ())
    session.resume_indexing()
    gate.let_pass(100)
    qtbot.waitUntil(lambda: n_photos(session) == 5, timeout=LONG)


def test_a_disk_that_goes_and_comes_shows_at_once(
    page: LibraryPage, watched: Session, album: Path, qtbot: QtBot
) -> None:
    def state() -> str:
        return str(page.folder_model.index(1).data(FolderRole).state.text)

    album.rename(album.parent / "unplugged")
    qtbot.waitUntil(lambda: state() == "Disk unplugged", timeout=LONG)
    (album.parent / "unplugged").rename(album)
    qtbot.waitUntil(lambda: state() == "Ready to search", timeout=LONG)
    assert n_photos(watched) == 4


def test_the_switch_of_a_folder_is_kept(
    page: LibraryPage, watched: Session, album: Path, people: MakePeople, qtbot: QtBot
) -> None:
    row = page.folder_model.index(1)
    menu = right_click(page.folder_list.viewport(), page.folder_list.visualRect(row).center())
    assert page.folder_list.currentIndex() == row
    with qtbot.waitSignal(watched.watch.changed, timeout=LONG):
        choose(menu, KEEP_UP)
    qtbot.waitUntil(lambda: row.data(FolderRole).state.text == "Not watched", timeout=LONG)
    assert "F5" in row.data(FolderRole).note
    qtbot.waitUntil(lambda: not watched.runner._tasks, timeout=LONG)
    people("album/new.png", "green")
    qtbot.wait(500)
    assert n_photos(watched) == 4
    watched.shut_down()
    again = Session(Settings(library=str(watched.library_path)), engine_factory=tint_engine)
    begin(again)
    qtbot.waitUntil(lambda: not again.watch.is_on(album), timeout=LONG)
    again.watch.switch(album, is_on=True)
    qtbot.waitUntil(lambda: n_photos(again) == 5, timeout=LONG)
    again.shut_down()


def test_all_photos_have_no_switch(page: LibraryPage, qtbot: QtBot) -> None:
    page.show_folder(None)
    page.folder_list.setFocus()
    place = QPoint(-1, -1)  # as of the menu key
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, place, place)
    QApplication.sendEvent(page.folder_list.viewport(), event)
    menu = page.header.menu
    assert QApplication.activePopupWidget() is menu
    shown = [action.text() for action in menu.actions() if action.isVisible()]
    assert "Look for new photos" in shown
    assert KEEP_UP not in shown
    qtbot.keyClick(menu, Qt.Key.Key_Escape)


def test_a_switch_that_can_not_be_kept_says_so(
    page: LibraryPage, watched: Session, album: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> Library:
        raise LibraryReadOnly(path, "its disk is read-only")

    qtbot.waitUntil(lambda: not watched.runner._tasks, timeout=LONG)
    monkeypatch.setattr(Library, "open_to_decide", refuse)
    with qtbot.waitSignal(watched.watch.failed, timeout=LONG):
        watched.watch.switch(album, is_on=False)
    assert page.messages.text.startswith("The switch holds until this program ends.")
    assert "read-only" in page.messages.text
    with qtbot.waitSignal(watched.status_read, timeout=LONG):
        watched.refresh_status()
    qtbot.waitUntil(lambda: not watched.runner._tasks, timeout=LONG)
    assert not watched.watch.is_on(album)  # though the library says so


def test_old_problems_are_not_told_of_with_each_new_photo(
    page: LibraryPage, watched: Session, album: Path, people: MakePeople, qtbot: QtBot
) -> None:
    (album / "broken.jpg").write_bytes(b"no photo")
    qtbot.waitUntil(lambda: "could not be read" in page.messages.text, timeout=LONG)
    qtbot.waitUntil(lambda: page.failure_list.model.open_count == 1, timeout=LONG)
    page.messages.hide()
    people("album/new.png", "green")
    with qtbot.waitSignal(watched.indexing_finished, timeout=LONG):
        pass
    assert page.messages.text == ""


def test_too_many_folders_are_told_of_once_with_what_to_do(
    page: LibraryPage, watched: Session, album: Path, qtbot: QtBot
) -> None:
    watched.watch._ways = {album: "limit"}
    watched.watch.changed.emit()
    assert page.messages.text == limit_in_words(["album"])
    assert "Copy the command" in page.messages._button.text()
    page.messages._button.click()
    assert QApplication.clipboard().text() == RAISE_LIMIT
    watched.watch.changed.emit()
    assert page.messages.text == ""


def test_each_way_has_its_words() -> None:
    def words(way: Any, *, is_on: bool = True, is_resting: bool = False) -> tuple[str, str]:
        said = watched_in_words(is_on=is_on, way=way, is_resting=is_resting)
        return said.state, said.note

    assert words(None) == ("", "")
    assert words("events") == ("", "New photos come in by themselves.")
    assert words("share")[1].startswith("A network share")
    assert words("events", is_on=False)[0] == "Not watched"
    assert words("events", is_resting=True)[0] == "On battery"


@pytest.fixture(autouse=True)
def _ended(session: Session) -> Iterator[None]:
    yield
    session.shut_down()
