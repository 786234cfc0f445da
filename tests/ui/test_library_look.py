"""How the Library page shows photos: faces, folders in folders, copies once, saved searches."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from opqn_app.core import settings as settings_file
from opqn_app.store.library import Library
from opqn_app.ui.library.folder_list import Folder, FolderRole
from opqn_app.ui.library.folder_view import mark_rect
from opqn_app.ui.library.library_page import LibraryPage
from opqn_app.ui.library.library_view import LibraryReader, Wanted
from opqn_app.ui.library.photo_rows import Look, arrange
from opqn_app.ui.shell.main_window import MainWindow
from opqn_app.ui.work.session import Session
from tests.ui.menu_clicks import choose, right_click, words_of

MakePeople = Callable[..., Path]
Told = Callable[[Callable[[], object]], str]
TIMEOUT = 120_000
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def trips(people: MakePeople, tmp_path: Path) -> Path:
    """Six photos in folders in folders; one lies there twice."""
    people("Trips/2019/Alps/a.png", "red")
    people("Trips/2019/Alps/b.png", "green")
    people("Trips/2019/c.png", "blue", "red")
    people("Trips/2020/d.png", "green", "red")
    people("Trips/e.png", "blue")
    shutil.copy(tmp_path / "Trips/2019/Alps/a.png", tmp_path / "Trips/2020/copy.png")
    return tmp_path / "Trips"


@pytest.fixture
def page(
    session: Session, trips: Path, index_folder_of: Callable[[Path], None], qtbot: QtBot
) -> LibraryPage:
    index_folder_of(trips)
    made = LibraryPage(session)
    qtbot.addWidget(made)
    made.resize(1000, 700)
    made.show()
    desk = session.people
    qtbot.waitUntil(lambda: desk.view is not None and len(desk.view.photo_of) == 8, timeout=TIMEOUT)
    shows(made, qtbot, "a", "b", "c", "d", "e")
    return made


def shows(page: LibraryPage, qtbot: QtBot, *names: str) -> None:
    wanted = sorted(f"{name}.png" for name in names)
    qtbot.waitUntil(
        lambda: sorted(each.path.name for each in page.photos.photos) == wanted, timeout=TIMEOUT
    )


def rows(page: LibraryPage) -> list[tuple[str, int]]:
    model = page.folder_model
    found: list[Folder] = [model.index(row).data(FolderRole) for row in range(model.rowCount())]
    return [("  " * each.depth + each.name, each.photos) for each in found]


def go_to(page: LibraryPage, path: Path | None) -> None:
    page.folder_list.setFocus()
    page.folder_list.setCurrentIndex(page.folder_model.index(page.folder_model.row_of(path)))


def button(page: LibraryPage, words: str) -> QPushButton:
    found = page.findChildren(QPushButton)
    return next(each for each in found if each.text() == words and each.isVisible())


def test_folders_open_and_close_by_keyboard(page: LibraryPage, qtbot: QtBot, trips: Path) -> None:
    assert rows(page) == [("All photos", 6), ("Trips", 6)]
    go_to(page, trips)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Right):
        QTest.keyClick(page.folder_list, key)  # opens Trips, goes to 2019, opens it
    assert rows(page) == [
        *(("All photos", 6), ("Trips", 6), ("  2019", 3)),
        *(("    Alps", 2), ("  2020", 2)),
    ]
    shows(page, qtbot, "a", "b", "c")
    QTest.keyClick(page.folder_list, Qt.Key.Key_Down)
    shows(page, qtbot, "a", "b")
    assert page.header.title == "Alps"
    qtbot.waitUntil(lambda: page.header.counts == "2 photos, 2 faces", timeout=TIMEOUT)
    assert not page.header._remove_action.isEnabled()  # the folder that was added can be removed
    told = page.folder_list.currentIndex().data(Qt.ItemDataRole.AccessibleTextRole)
    assert told == "Alps, 2 photos, level 2"
    QTest.keyClick(page.folder_list, Qt.Key.Key_Left)  # to 2019
    QTest.keyClick(page.folder_list, Qt.Key.Key_Left)  # closes it
    shows(page, qtbot, "a", "b", "c")
    assert ("    Alps", 2) not in rows(page)


def test_a_click_on_the_mark_opens_and_shows_nothing_else(
    page: LibraryPage, qtbot: QtBot, trips: Path
) -> None:
    def click(path: Path) -> None:
        index = page.folder_model.index(page.folder_model.row_of(path))
        place = mark_rect(page.folder_list.visualRect(index), index.data(FolderRole))
        QTest.mouseClick(page.folder_list.viewport(), LEFT, pos=place.center())

    click(trips)
    assert rows(page)[2:] == [("  2019", 3), ("  2020", 2)]
    assert page.header.title == "All photos"
    click(trips / "2019")
    go_to(page, trips / "2019" / "Alps")
    shows(page, qtbot, "a", "b")
    click(trips)  # what is shown would be hidden: the folder that closes is shown
    shows(page, qtbot, "a", "b", "c", "d", "e")
    assert page.header.title == "Trips"
    assert rows(page) == [("All photos", 6), ("Trips", 6)]


def test_only_the_folder_shown_is_looked_through_again(
    page: LibraryPage, qtbot: QtBot, trips: Path, session: Session, people: MakePeople
) -> None:
    page.show_folder(trips / "2020")
    shows(page, qtbot, "copy", "d")
    people("Trips/2019/new.png", "green", "blue")
    people("Trips/2020/new2.png", "blue", "green")
    with qtbot.waitSignal(session.indexing_finished, timeout=TIMEOUT):
        page.rescan()
    shows(page, qtbot, "copy", "d", "new2")
    assert page.header.title == "2020"


def test_faces_instead_of_photos(
    page: LibraryPage, qtbot: QtBot, session: Session, told: Told
) -> None:
    button(page, "Faces").click()
    qtbot.waitUntil(lambda: page.photos.rowCount() == 7, timeout=TIMEOUT)
    assert page.grid.grab().width() > 0
    with Library.open(session.library_path) as library:
        both = next(each for each in library.photos() if each.path.name == "c.png")
        left, right = library.face_table.from_left([both.id])[both.id]
    keys = page.photos.shown.keys
    assert keys.index(right) == keys.index(left) + 1
    page.grid.setFocus()
    page.grid.setCurrentIndex(page.photos.index(keys.index(left)))
    told(lambda: session.people.name([left], "Ben"))
    qtbot.waitUntil(lambda: page.grid.caption > 0, timeout=TIMEOUT)
    with qtbot.waitSignal(page.face_view_requested) as wanted:
        QTest.keyClick(page.grid, Qt.Key.Key_Space)
    assert wanted.args == [list(keys), keys.index(left)]
    page.follow_face(right)
    assert page.grid.faces_meant == [right]
    told(lambda: QTest.keyClick(page.grid, Qt.Key.Key_X))  # not a face
    qtbot.waitUntil(lambda: right not in page.photos.shown.keys, timeout=TIMEOUT)
    QTest.keyClicks(page.chips.line.field, "Ben")
    QTest.keyClick(page.chips.line.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: list(page.photos.shown.keys) == [left], timeout=TIMEOUT)
    button(page, "Photos").click()
    shows(page, qtbot, "c")


def test_the_menu_of_a_face_speaks_of_it(page: LibraryPage, qtbot: QtBot) -> None:
    button(page, "Faces").click()
    qtbot.waitUntil(lambda: page.photos.rowCount() == 7, timeout=TIMEOUT)
    page.grid.setCurrentIndex(page.photos.index(2))
    at = page.grid.picture_rect(page.photos.index(2)).center()
    menu = right_click(page.grid.viewport(), at)
    offered = [words for words in words_of(menu) if words]
    assert offered[:4] == [
        *("Look at the photo", "Name this face…", "Not a face", "Search with this face")
    ]
    with qtbot.waitSignal(page.face_search_requested) as wanted:
        choose(menu, "Search with this face")
    assert wanted.args == [page.photos.shown.keys[2]]


def test_a_picture_in_two_files_is_one_tile_and_both_can_be_seen(
    page: LibraryPage, qtbot: QtBot
) -> None:
    row = next(i for i, each in enumerate(page.photos.photos) if each.path.name == "a.png")
    assert "2020/copy.png" in page.photos.index(row).data(Qt.ItemDataRole.ToolTipRole)
    page.grid.setFocus()
    page.grid.setCurrentIndex(page.photos.index(row))
    at = page.grid.picture_rect(page.photos.index(row)).bottomRight() - QPoint(10, 10)
    menu = right_click(page.grid.viewport(), at)
    choose(menu, "Show all 2 copies")
    shows(page, qtbot, "a", "copy")
    assert [chip.text for chip in page.chips.line.chips] == ["copies of one photo"]
    page.chips.line.clear()
    shows(page, qtbot, "a", "b", "c", "d", "e")
    page.header.view.once.trigger()
    shows(page, qtbot, "a", "b", "c", "copy", "d", "e")
    assert settings_file.load().copies_once is False
    assert not page.header.view.near.isEnabled()


def test_of_a_large_library_the_newest_photos_come_first(
    page: LibraryPage, session: Session
) -> None:
    reader, wanted = LibraryReader(), Wanted()
    with Library.open(session.library_path) as library:
        assert reader.first(library, wanted) is None  # all are there soon
        first = reader.first(library, wanted, limit=0)
        assert first is not None
        assert (first.total, first.faces, len(first.shown.keys)) == (6, 8, 0)
        whole = reader.read(library, wanted)
        assert (whole.total, whole.faces, len(whole.shown.keys)) == (6, 8, 5)
        assert reader.first(library, wanted, limit=0) is None  # they are known


def test_headings_by_folder_are_remembered(
    page: LibraryPage, qtbot: QtBot, session: Session
) -> None:
    page.header.view.headings["folder"].trigger()
    qtbot.waitUntil(lambda: len(page.grid.sections()) == 4, timeout=TIMEOUT)
    assert [each.title for each in page.grid.sections()] == ["Trips", "2019", "Alps", "2020"]
    assert session.settings.headings == "folder"
    assert page.header.view.text() == "By folder"


def test_folders_that_differ_in_case_alone_have_one_heading_each(
    session: Session,
    people: MakePeople,
    tmp_path: Path,
    index_folder_of: Callable[[Path], None],
    qtbot: QtBot,
) -> None:
    for number, folder in enumerate(("Alps", "alps", "Alps", "alps")):
        people(f"Tours/{folder}/{number}.png", ("red", "green", "blue", "red")[number])
    if (tmp_path / "Tours" / "alps").samefile(tmp_path / "Tours" / "Alps"):
        pytest.skip("this disk does not tell them apart")
    index_folder_of(tmp_path / "Tours")
    with Library.open(session.library_path) as library:
        photos = library.photo_table.listed()
        shown = arrange(library, photos, Look("folder", once=False))
    assert [(each.title, each.rows) for each in shown.sections] == [("Alps", 2), ("alps", 2)]


def type_chip(page: LibraryPage, text: str) -> None:
    page.chips.line.field.setFocus()
    QTest.keyClicks(page.chips.line.field, text)
    QTest.keyClick(page.chips.line.field, Qt.Key.Key_Return)


def test_a_search_is_saved_renamed_and_stays_current(
    page: LibraryPage, qtbot: QtBot, session: Session, people: MakePeople, trips: Path
) -> None:
    saved = page._side.saved
    assert not saved.isVisible()
    page.show_folder(trips / "2019")
    type_chip(page, "2 faces")
    shows(page, qtbot, "c")
    button(page, "Save").click()
    qtbot.waitUntil(saved.isVisible, timeout=TIMEOUT)
    editor = QApplication.focusWidget()
    assert isinstance(editor, QLineEdit)  # its name can be typed at once
    assert editor.text() == "2 faces in 2019"
    editor.selectAll()
    QTest.keyClicks(editor, "Two of us")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: saved.searches.index(0).data() == "Two of us", timeout=TIMEOUT)
    page.chips.line.clear()
    page.show_folder(None)
    shows(page, qtbot, "a", "b", "c", "d", "e")
    people("Trips/2019/new.png", "green", "blue")
    with qtbot.waitSignal(session.indexing_finished, timeout=TIMEOUT):
        session.index(trips)
    told = Qt.ItemDataRole.AccessibleTextRole
    words = "Saved search Two of us, 2 photos"
    qtbot.waitUntil(lambda: saved.searches.index(0).data(told) == words, timeout=TIMEOUT)
    at = saved.visualRect(saved.searches.index(0)).center()
    QTest.mouseClick(saved.viewport(), LEFT, pos=at)
    shows(page, qtbot, "c", "new")
    assert [chip.text for chip in page.chips.line.chips] == ["2 faces", "in 2019"]


def test_a_saved_search_is_removed_and_brought_back(page: LibraryPage, qtbot: QtBot) -> None:
    saved = page._side.saved
    type_chip(page, "2 faces")
    shows(page, qtbot, "c", "d")
    button(page, "Save").click()
    qtbot.waitUntil(saved.isVisible, timeout=TIMEOUT)
    editor = QApplication.focusWidget()
    assert isinstance(editor, QLineEdit)
    QTest.keyClick(editor, Qt.Key.Key_Escape)
    saved.setFocus()
    QTest.keyClick(saved, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: not saved.isVisible(), timeout=TIMEOUT)
    assert page.messages.text.startswith("The saved search 2 faces is removed.")
    button(page, "Undo").click()
    qtbot.waitUntil(saved.isVisible, timeout=TIMEOUT)
    assert saved.searches.index(0).data() == "2 faces"
    page.chips.line.clear()
    shows(page, qtbot, "a", "b", "c", "d", "e")
    saved.setFocus()
    QTest.keyClick(saved, Qt.Key.Key_Return)
    shows(page, qtbot, "c", "d")


def test_a_saved_search_follows_its_folder_or_says_that_it_is_gone(
    page: LibraryPage, qtbot: QtBot, session: Session, trips: Path
) -> None:
    page.show_folder(trips / "2019" / "Alps")
    type_chip(page, "1 face")
    shows(page, qtbot, "a", "b")
    button(page, "Save").click()
    saved = page._side.saved
    qtbot.waitUntil(saved.isVisible, timeout=TIMEOUT)
    (trips / "2019").rename(trips / "2018")
    with qtbot.waitSignal(session.indexing_finished, timeout=TIMEOUT):
        session.index(trips)
    told = Qt.ItemDataRole.AccessibleTextRole
    moved = trips / "2018" / "Alps"
    qtbot.waitUntil(lambda: page.shelf.searches[0].asked.under == moved, timeout=TIMEOUT)
    assert saved.searches.index(0).data(told) == "Saved search 1 face in Alps, 2 photos"
    for photo in moved.iterdir():
        photo.unlink()
    with qtbot.waitSignal(session.indexing_finished, timeout=TIMEOUT):
        session.index(trips)
    lost = f"Saved search 1 face in Alps, no photo lies in {moved} any more"
    qtbot.waitUntil(lambda: saved.searches.index(0).data(told) == lost, timeout=TIMEOUT)
    label = saved.searches.index(0).data(FolderRole).label
    assert label == "1 face in Alps · folder is gone"


def test_saved_searches_are_offered_where_photos_are_chosen(
    session: Session, page: LibraryPage, qtbot: QtBot
) -> None:
    type_chip(page, "no face")
    type_chip(page, "1871")
    qtbot.waitUntil(lambda: page.chips.line.note == "No photo shows that.", timeout=TIMEOUT)
    for _ in range(2):
        button(page, "Save").click()
        qtbot.waitUntil(lambda: len(page.shelf.searches) > 0, timeout=TIMEOUT)
    qtbot.waitUntil(lambda: len(page.shelf.searches) == 2, timeout=TIMEOUT)
    offered = [action.text() for action in page.chips.line.offers()]
    assert offered[-2:] == ["Saved: 1871, no face", "Saved: 1871, no face 2"]


def test_the_whole_list_goes_to_the_viewer_which_leads_back(
    session: Session, trips: Path, index_folder_of: Callable[[Path], None], qtbot: QtBot
) -> None:
    index_folder_of(trips)
    window = MainWindow(session)
    qtbot.addWidget(window)
    window.resize(1200, 800)
    window.show()
    window.show_page("library")
    page = window.library
    shows(page, qtbot, "a", "b", "c", "d", "e")
    button(page, "Faces").click()
    qtbot.waitUntil(lambda: page.photos.rowCount() == 7, timeout=TIMEOUT)
    page.grid.setFocus()
    page.grid.setCurrentIndex(page.photos.index(0))
    QTest.keyClick(page.grid, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "Opening" not in window.viewer.hint, timeout=TIMEOUT)
    QTest.keyClick(window.viewer, Qt.Key.Key_Right)
    assert page.grid.currentIndex().row() == 1
    QTest.keyClick(window.viewer, Qt.Key.Key_Escape)
    session.shut_down()
