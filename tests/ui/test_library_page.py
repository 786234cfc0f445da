import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from opqn_app.store.library import Library
from opqn_app.ui.kit.photo_thumbnails import is_stand_in
from opqn_app.ui.library.folder_list import FolderRole
from opqn_app.ui.library.library_page import LibraryPage
from opqn_app.ui.work.session import Session
from tests.ui.gated_engine import GatedDetector
from tests.ui.keyboard import tab_through

MakePeople = Callable[..., Path]
Index = Callable[[Path], None]
LONG = 120_000  # ms; only reached by a test that fails


class Answers:
    """Stands for the dialogs: what the user would answer, and what was asked."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.removes = True
        self.asked: list[str] = []
        self.shown: list[Path] = []

    def choose(self, _parent: QWidget) -> Path | None:
        return self.folder

    def confirm(self, _parent: QWidget, root: object) -> bool:
        self.asked.append(str(root))
        return self.removes


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def make_page(qtbot: QtBot, answers: Answers) -> Callable[[Session], LibraryPage]:
    def make(session: Session) -> LibraryPage:
        page = LibraryPage(
            session,
            choose_folder=answers.choose,
            confirm_removal=answers.confirm,
            show_file=answers.shown.append,
        )
        qtbot.addWidget(page)
        page.resize(900, 600)
        page.show()
        return page

    return make


@pytest.fixture
def page(session: Session, make_page: Callable[[Session], LibraryPage]) -> LibraryPage:
    return make_page(session)


@pytest.fixture
def holiday(people: MakePeople) -> Path:
    people("Holiday/a.png", "red", "green")
    people("Holiday/b.png", "blue")
    (people("Holiday/c.png", "red").parent / "broken.jpg").write_bytes(b"")
    return people("Holiday/d.png", "green").parent


def names(page: LibraryPage) -> set[str]:
    return {photo.path.name for photo in page.photos.photos}


def states(page: LibraryPage) -> dict[str, str]:
    rows = [page.folder_model.index(row) for row in range(page.folder_model.rowCount())]
    return {row.data(FolderRole).name: row.data(FolderRole).state.text for row in rows}


def settled(qtbot: QtBot, page: LibraryPage, count: int) -> None:
    qtbot.waitUntil(lambda: len(page.photos.photos) == count, timeout=LONG)


def button(page: QWidget, words: str) -> QPushButton:
    return next(each for each in page.findChildren(QPushButton) if each.text() == words)


def test_without_folders_one_sentence_and_one_button_add_one(
    page: LibraryPage, qtbot: QtBot, answers: Answers, holiday: Path
) -> None:
    qtbot.waitUntil(lambda: page.empty.isVisible(), timeout=LONG)
    assert "Add a folder of photos" in page.empty.words
    answers.folder = holiday
    page.empty.button.click()
    settled(qtbot, page, 4)
    assert names(page) == {"a.png", "b.png", "c.png", "d.png"}
    assert page.header.title == "Holiday"
    qtbot.waitUntil(lambda: states(page)["Holiday"] == "1 problem", timeout=LONG)
    assert page.header.counts == "4 photos, 5 faces"


def test_a_user_who_thinks_better_of_it_adds_nothing(
    page: LibraryPage, session: Session, answers: Answers
) -> None:
    answers.folder = None
    page.add_folder()
    assert not session.is_indexing
    assert session.waiting_roots == ()


def test_progress_pause_and_resume_show_at_the_folder(
    gated_session: Session,
    gate: GatedDetector,
    make_page: Callable[[Session], LibraryPage],
    make_photo: Callable[..., Path],
    qtbot: QtBot,
) -> None:
    for seed in range(40):
        make_photo(f"Many/{seed:02}.png", seed=seed)
    page = make_page(gated_session)
    page.add(make_photo("Many/last.png", seed=99).parent)
    gate.let_pass(16)
    qtbot.waitUntil(lambda: states(page).get("Many") == "Indexing 39 %", timeout=LONG)
    settled(qtbot, page, 16)  # photos appear while it goes on
    gated_session.pause_indexing()
    assert states(page)["Many"] == "Paused at 39 %"
    gated_session.resume_indexing()
    assert states(page)["Many"] == "Indexing 39 %"
    gate.let_pass(1000)
    settled(qtbot, page, 41)
    qtbot.waitUntil(lambda: states(page)["Many"] == "Up to date", timeout=LONG)


@pytest.mark.slow
def test_a_second_folder_waits_and_cancel_keeps_what_is_done(
    gated_session: Session,
    gate: GatedDetector,
    make_page: Callable[[Session], LibraryPage],
    make_photo: Callable[..., Path],
    qtbot: QtBot,
) -> None:
    for seed in range(40):
        make_photo(f"Many/{seed:02}.png", seed=seed)
    page = make_page(gated_session)
    page.add(make_photo("Many/last.png", seed=99).parent)
    page.add(make_photo("Other/x.png", seed=100).parent)
    assert states(page)["Other"] == "Waiting for its turn"
    gate.let_pass(16)
    qtbot.waitUntil(lambda: states(page)["Many"] == "Indexing 39 %", timeout=LONG)
    with qtbot.waitSignal(gated_session.indexing_cancelled, timeout=LONG):
        gated_session.cancel_indexing()
        gate.let_pass(1000)
    page.show_folder(None)
    stopped = "Stopped before the end"
    qtbot.waitUntil(lambda: states(page).get("Many") == stopped, timeout=LONG)
    assert "Other" not in states(page)
    with Library.open(gated_session.library_path) as library:
        assert 16 <= library.photo_count() < 41


def test_problems_show_their_reason_and_are_tried_again(
    page: LibraryPage, qtbot: QtBot, index_folder_of: Index, holiday: Path, people: MakePeople
) -> None:
    index_folder_of(holiday)
    qtbot.waitUntil(lambda: "could not be read" in page.messages.text, timeout=LONG)
    assert page.messages.text == "1 file in Holiday could not be read."
    settled(qtbot, page, 4)
    page.show_problems(holiday)
    qtbot.waitUntil(lambda: page.failure_list.model.rowCount() == 1, timeout=LONG)
    assert page.failure_list.isVisible()
    told = page.failure_list.model.index(0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert told == "broken.jpg: the file is empty"
    shutil.copy(people("whole.png", "blue", "green"), holiday / "broken.jpg")
    button(page.failure_list, "Try all again").click()
    settled(qtbot, page, 5)
    qtbot.waitUntil(lambda: states(page)["Holiday"] == "Up to date", timeout=LONG)
    assert not page.failure_list.isVisible()


def test_an_ignored_problem_is_not_counted_any_more(
    page: LibraryPage, qtbot: QtBot, index_folder_of: Index, holiday: Path
) -> None:
    index_folder_of(holiday)
    page.show_problems(holiday)
    qtbot.waitUntil(lambda: page.failure_list.model.rowCount() == 1, timeout=LONG)
    page.failure_list.view.selectAll()
    button(page.failure_list, "Ignore").click()
    qtbot.waitUntil(lambda: states(page)["Holiday"] == "Up to date", timeout=LONG)
    assert page.failure_list.model.ignored_count == 1


@pytest.mark.slow
def test_a_file_with_a_problem_is_shown_where_it_lies(
    page: LibraryPage, qtbot: QtBot, index_folder_of: Index, holiday: Path, answers: Answers
) -> None:
    index_folder_of(holiday)
    page.show_problems(holiday)
    qtbot.waitUntil(lambda: page.failure_list.model.rowCount() == 1, timeout=LONG)
    page.failure_list.view.selectAll()
    button(page.failure_list, "Show in file manager").click()
    assert answers.shown == [holiday / "broken.jpg"]


def test_a_click_on_a_face_asks_for_a_search(
    page: LibraryPage, qtbot: QtBot, index_folder_of: Index, holiday: Path, session: Session
) -> None:
    index_folder_of(holiday)
    settled(qtbot, page, 4)
    row = next(i for i, photo in enumerate(page.photos.photos) if photo.path.name == "b.png")
    with Library.open(session.library_path) as library:
        only = library.faces_of(page.photos.photos[row].id)[0]
    page.grid.setCurrentIndex(page.photos.index(row))
    qtbot.waitUntil(lambda: len(page.grid.faces_shown(row, True)) == 1, timeout=LONG)
    with qtbot.waitSignal(page.face_search_requested) as wanted:
        qtbot.keyClick(page.grid, Qt.Key.Key_1)
    assert wanted.args == [only.id]


def test_space_hands_all_loaded_photos_to_the_viewer(
    page: LibraryPage, qtbot: QtBot, index_folder_of: Index, holiday: Path
) -> None:
    index_folder_of(holiday)
    settled(qtbot, page, 4)
    page.grid.setCurrentIndex(page.photos.index(2))
    with qtbot.waitSignal(page.photo_view_requested) as wanted:
        qtbot.keyClick(page.grid, Qt.Key.Key_Space)
    photos, row, _names = wanted.args
    assert ([*photos], row) == ([*page.photos.photos], 2)
    page.follow_photo(photos[3])
    assert page.grid.currentIndex().row() == 3


def test_removing_a_folder_asks_first_and_leaves_the_photos(
    page: LibraryPage,
    qtbot: QtBot,
    index_folder_of: Index,
    holiday: Path,
    answers: Answers,
    session: Session,
) -> None:
    index_folder_of(holiday)
    page.show_folder(holiday)
    settled(qtbot, page, 4)
    qtbot.waitUntil(lambda: page.header.counts == "4 photos, 5 faces", timeout=LONG)
    answers.removes = False
    page.remove_folder()
    assert len(answers.asked) == 1
    answers.removes = True
    with qtbot.waitSignal(session.root_forgotten, timeout=LONG):
        page.remove_folder()
    qtbot.waitUntil(lambda: page.empty.isVisible(), timeout=LONG)
    assert page.folder_model.rowCount() == 0
    assert (holiday / "a.png").exists()


def test_an_unplugged_folder_says_so_and_shows_its_stored_faces(
    page: LibraryPage, qtbot: QtBot, index_folder_of: Index, holiday: Path, tmp_path: Path
) -> None:
    index_folder_of(holiday)
    settled(qtbot, page, 4)
    holiday.rename(tmp_path / "elsewhere")
    page.refresh()
    gone = "Disk unplugged"
    qtbot.waitUntil(lambda: states(page)["Holiday"] == gone, timeout=LONG)
    photo = next(each for each in page.photos.photos if each.n_faces == 2)

    def is_drawn_from_faces() -> bool:
        pixmap = page.thumbs.pixmap(photo)
        return pixmap is not None and not pixmap.isNull() and is_stand_in(pixmap)

    qtbot.waitUntil(is_drawn_from_faces, timeout=LONG)
    with qtbot.waitSignal(page._session.indexing_failed, timeout=LONG):
        page.rescan()
    assert "Plug its disk in" in page.messages.text
    assert names(page) == {"a.png", "b.png", "c.png", "d.png"}


@pytest.mark.slow
def test_more_faces_are_looked_for_with_one_click_where_the_photos_are_there(
    page: LibraryPage, qtbot: QtBot, index_folder_of: Index, holiday: Path, tmp_path: Path
) -> None:
    attic = tmp_path / "Attic"
    attic.mkdir()
    for folder, name, width in ((holiday, "a.png", 1300), (attic, "large.png", 1310)):
        with Image.open(holiday / "d.png") as photo:
            photo.resize((width, 700)).save(folder / name)
        index_folder_of(folder)
    settled(qtbot, page, 5)
    look = next(
        each
        for each in page.findChildren(QToolButton)
        if each.accessibleName() == "Look for more faces"
    )
    waiting = "5 photos, 5 faces · 2 not searched thoroughly yet"
    qtbot.waitUntil(lambda: page.header.counts == waiting, timeout=LONG)
    assert look.isVisible()
    attic.rename(tmp_path / "elsewhere")
    page.refresh()
    qtbot.waitUntil(lambda: states(page)["Attic"] == "Disk unplugged", timeout=LONG)
    with qtbot.waitSignal(page._session.indexing_finished, timeout=LONG) as done:
        look.click()
    assert done.args is not None
    assert done.args[0] == holiday
    assert (done.args[1].searched, done.args[1].more_faces) == (1, 0)
    waiting = "5 photos, 5 faces · 1 not searched thoroughly yet"
    qtbot.waitUntil(lambda: page.header.counts == waiting, timeout=LONG)
    assert look.isHidden()
    assert not page._session.is_indexing


@pytest.mark.slow
def test_counts_are_read_whole_in_a_small_window(
    page: LibraryPage, qtbot: QtBot, index_folder_of: Index, holiday: Path
) -> None:
    """Beside the tabs of problems, with photos of a month that await the thorough search."""
    with Image.open(holiday / "d.png") as photo:
        photo.resize((1300, 700)).save(holiday / "a.png")
    index_folder_of(holiday)
    settled(qtbot, page, 4)
    page.resize(900 - 132, 600)  # a window of 900 px without what is left of the page
    page.header.show_heading("September 2026")
    qtbot.waitUntil(lambda: "1 not searched" in page.header.counts, timeout=LONG)
    label = page.header._counts
    assert "September" in label.text()
    assert button(page, "Problems (1)").isVisible()
    qtbot.waitUntil(lambda: label.width() >= label.sizeHint().width(), timeout=LONG)


def test_a_narrow_header_shows_the_name_and_leaves_the_tools_to_the_menu(page: LibraryPage) -> None:
    header = page.header
    header.offer_search(is_due=True)
    header.resize(500, 60)
    assert not header._search.isHidden()
    assert not header._rescan.isHidden()
    header.resize(400, 60)
    assert header._search.isHidden()
    assert header._rescan.isHidden()
    assert header._search_action.isEnabled()


def test_the_sample_goes_with_one_click(
    page: LibraryPage,
    qtbot: QtBot,
    index_folder_of: Index,
    holiday: Path,
    session: Session,
    monkeypatch: pytest.MonkeyPatch,
    answers: Answers,
) -> None:
    monkeypatch.setattr(session, "sample_photos", lambda: holiday)
    index_folder_of(holiday)
    settled(qtbot, page, 4)
    remove = button(page, "Remove the sample")
    qtbot.waitUntil(remove.isVisible, timeout=LONG)
    with qtbot.waitSignal(session.root_forgotten, timeout=LONG):
        remove.click()
    assert answers.asked == []
    qtbot.waitUntil(lambda: not remove.isVisible(), timeout=LONG)


def drag(kind: type, page: QWidget, path: Path) -> bool:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    place = QPoint(400, 300) if kind is QDragEnterEvent else QPointF(400, 300)
    event = kind(
        place,
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(page, event)
    return bool(event.isAccepted())


def test_a_dropped_folder_is_added_and_a_dropped_photo_left_to_the_window(
    page: LibraryPage, qtbot: QtBot, holiday: Path
) -> None:
    assert not drag(QDragEnterEvent, page, holiday / "a.png")
    assert drag(QDragEnterEvent, page, holiday)
    drag(QDropEvent, page, holiday)
    settled(qtbot, page, 4)


@pytest.mark.slow
def test_every_control_of_the_page_has_a_name_and_is_reached_by_keyboard(
    page: LibraryPage, qtbot: QtBot, index_folder_of: Index, holiday: Path
) -> None:
    index_folder_of(holiday)
    settled(qtbot, page, 4)
    page.folder_list.setFocus()
    reached = set(tab_through(qtbot, page, 12))
    assert page.folder_list in reached
    assert page.grid in reached
    for widget in reached:
        words = widget.text() if isinstance(widget, QPushButton) else ""
        assert widget.accessibleName() or words, widget
