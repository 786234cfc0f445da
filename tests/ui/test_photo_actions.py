"""Photos and faces of the Library grid: named, rejected, copied, dragged; by mouse and keyboard."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QDrag, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from opqn_app.store.library import Library
from opqn_app.ui.kit.name_popover import NamePopover
from opqn_app.ui.library.library_page import LibraryPage
from opqn_app.ui.shell.main_window import MainWindow
from opqn_app.ui.work.session import Session
from tests.ui.menu_clicks import choose, right_click, words_of

MakePeople = Callable[..., Path]
Told = Callable[[Callable[[], object]], str]
TIMEOUT = 120_000
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def album(varied_album: Path) -> Path:
    return varied_album


@pytest.fixture
def window(
    session: Session, album: Path, index_folder_of: Callable[[Path], None], qtbot: QtBot
) -> Iterator[MainWindow]:
    """The whole window on its Library page, with four photos of the album."""
    index_folder_of(album)
    made = MainWindow(session)
    qtbot.addWidget(made)
    made.resize(1200, 800)
    made.show()
    made.show_page("library")
    desk = session.people
    qtbot.waitUntil(lambda: desk.view is not None and len(desk.view.photo_of) == 5, timeout=TIMEOUT)
    qtbot.waitUntil(lambda: len(made.library.photos.photos) == 4, timeout=TIMEOUT)
    yield made
    session.shut_down()


@pytest.fixture
def page(window: MainWindow) -> LibraryPage:
    return window.library


def row_of(page: LibraryPage, name: str) -> int:
    return next(i for i, each in enumerate(page.photos.photos) if each.path.name == name)


def go_to(page: LibraryPage, name: str, qtbot: QtBot) -> None:
    """Choose a photo by key, and wait for its faces."""
    page.grid.setFocus()
    page.grid.setCurrentIndex(page.photos.index(row_of(page, name)))
    photo = page.grid.current_photo
    assert photo is not None
    qtbot.waitUntil(lambda: len(page.grid.faces_shown(row_of(page, name), True)) > 0)


def faces_of(session: Session, name: str) -> list[int]:
    with Library.open(session.library_path) as library:
        (photo,) = (each for each in library.photos() if each.path.name == name)
        return [face.id for face in library.faces_of(photo.id)]


def popover_of(page: LibraryPage) -> NamePopover:
    popover = page.photo_actions.gestures.popover
    assert popover is not None
    assert popover.isVisible()
    return popover


def type_name(page: LibraryPage, name: str) -> None:
    QTest.keyClicks(popover_of(page).field, name)
    QTest.keyClick(popover_of(page).field, Qt.Key.Key_Return)


def move(widget: QWidget, at: QPoint, held: Qt.MouseButton = Qt.MouseButton.NoButton) -> None:
    where, none = QPointF(widget.mapToGlobal(at)), Qt.KeyboardModifier.NoModifier
    kind, button = QEvent.Type.MouseMove, Qt.MouseButton.NoButton
    QApplication.sendEvent(widget, QMouseEvent(kind, QPointF(at), where, button, held, none))


def test_a_key_names_the_only_face_of_a_photo(
    page: LibraryPage, qtbot: QtBot, told: Told, session: Session
) -> None:
    go_to(page, "green.png", qtbot)
    QTest.keyClick(page.grid, Qt.Key.Key_N)
    assert told(lambda: type_name(page, "Eve")) == "1 face is Eve."
    (green,) = faces_of(session, "green.png")
    assert page.grid.name_of(green) == "Eve"
    assert page.grid.hasFocus()
    page.grab()  # the name stands at the box
    told(lambda: QTest.keyClick(page.grid, Qt.Key.Key_Delete))
    assert page.grid.name_of(green) is None


def test_a_right_click_on_a_face_means_that_face(
    page: LibraryPage, qtbot: QtBot, told: Told, session: Session
) -> None:
    go_to(page, "both.png", qtbot)
    blue, red = faces_of(session, "both.png")
    place = page.grid.place_of(red)
    assert place is not None
    move(page.grid.viewport(), place.center())
    menu = right_click(page.grid.viewport(), place.center())
    page.grid.leaveEvent(QEvent(QEvent.Type.Leave))  # the mouse is in the menu now
    choose(menu, "Name this face…")
    told(lambda: type_name(page, "Anna"))
    assert (page.grid.name_of(blue), page.grid.name_of(red)) == (None, "Anna")
    menu = right_click(page.grid.viewport(), place.center())
    told(lambda: choose(menu, "Not a face"))
    assert page.grid.place_of(red) is None
    assert page.grid.place_of(blue) is not None


def test_of_several_faces_a_key_asks_in_the_large_photo(
    window: MainWindow, page: LibraryPage, qtbot: QtBot
) -> None:
    go_to(page, "both.png", qtbot)
    QTest.keyClick(page.grid, Qt.Key.Key_X)  # of which face? of none
    QTest.keyClick(page.grid, Qt.Key.Key_N)
    viewer = window.viewer
    assert viewer.isVisible()
    qtbot.waitUntil(
        lambda: viewer.gestures.popover is not None and viewer.gestures.popover.isVisible(),
        timeout=TIMEOUT,
    )
    assert not page._session.people.view.left_out  # type: ignore[union-attr]


def test_delete_on_a_photo_never_means_the_folder(
    page: LibraryPage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(page, "_confirm_removal", lambda *given: asked.append(given))
    go_to(page, "green.png", qtbot)
    QTest.keyClick(page.grid, Qt.Key.Key_Delete)
    assert not asked
    page.folder_list.setFocus()
    page.folder_list.setCurrentIndex(page.folder_model.index(1))
    QTest.keyClick(page.folder_list, Qt.Key.Key_Delete)
    assert len(asked) == 1


def test_selected_photos_are_copied_and_dragged_as_files(
    page: LibraryPage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, album: Path
) -> None:
    go_to(page, "green.png", qtbot)
    control = Qt.KeyboardModifier.ControlModifier
    QTest.keyClick(page.grid, Qt.Key.Key_A, control)
    QTest.keyClick(page.grid, Qt.Key.Key_C, control)
    urls = QApplication.clipboard().mimeData().urls()
    assert sorted(url.toLocalFile() for url in urls) == sorted(map(str, album.iterdir()))
    dropped: list[str] = []

    def run(drag: QDrag, actions: Qt.DropAction) -> Qt.DropAction:
        assert actions == Qt.DropAction.CopyAction
        dropped.extend(Path(url.toLocalFile()).name for url in drag.mimeData().urls())
        return actions

    monkeypatch.setattr(QDrag, "exec", run)
    page.grid.clearSelection()
    viewport = page.grid.viewport()
    start = page.grid.visualRect(page.photos.index(row_of(page, "a_red.png"))).center()
    QTest.mousePress(viewport, LEFT, pos=start)
    for step in (4, 12, 24):
        move(viewport, start + QPoint(step, step), LEFT)
    QTest.mouseRelease(viewport, LEFT, pos=start + QPoint(24, 24))
    assert dropped == ["a_red.png"]
    assert page.isVisible()  # the face under the mouse was not searched with


def test_a_photo_that_is_away_is_said_to_be(page: LibraryPage, qtbot: QtBot, album: Path) -> None:
    go_to(page, "green.png", qtbot)
    (album / "green.png").unlink()
    QTest.keyClick(page.grid, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert page.messages.text.startswith("green.png is not there now.")
    page.messages.hide()
    QTest.keyClick(page.grid, Qt.Key.Key_O)
    assert "plug it in" in page.messages.text


def test_the_menu_of_a_photo_beside_its_faces(page: LibraryPage, qtbot: QtBot) -> None:
    go_to(page, "both.png", qtbot)
    index = page.photos.index(row_of(page, "both.png"))
    corner = page.grid.visualRect(index).bottomRight() - QPoint(12, 12)
    menu = right_click(page.grid.viewport(), corner)
    offered = [words for words in words_of(menu) if words]
    assert offered == [
        "Look at the photo",
        "Name the faces…",
        "Copy the photo",
        "Open in its own program",
        "Show in folder",
    ]
    choose(menu, "Look at the photo")
    assert page.window().viewer.isVisible()  # type: ignore[attr-defined]


@pytest.mark.parametrize("by_mouse", [False, True])
def test_results_are_gone_through_in_the_large_photo_and_the_last_one_is_chosen(
    window: MainWindow, people: MakePeople, qtbot: QtBot, session: Session, by_mouse: bool
) -> None:
    def page(key: Qt.Key, button: str) -> None:
        if not by_mouse:
            QTest.keyClick(viewer, key)
            return
        found = [b for b in viewer.findChildren(QToolButton) if b.accessibleName() == button]
        QTest.mouseClick(found[0], LEFT)

    search, viewer = window.search, window.viewer
    with qtbot.waitSignal(session.results_ready, timeout=TIMEOUT):
        search.open_sources([people("q.png", "red")])
    grid, model = search.results.grid, search.results.model
    at = grid.picture_rect(model.index(0)).center()
    QTest.mouseClick(grid.viewport(), LEFT, pos=at)
    QTest.mouseDClick(grid.viewport(), LEFT, pos=at)
    assert viewer.isVisible()
    for face_id in model.all_ids():
        qtbot.waitUntil(lambda: "Opening" not in viewer.hint, timeout=TIMEOUT)
        assert viewer.canvas.current_face == face_id
        assert search.results.current_face_id() == face_id
        page(Qt.Key.Key_Right, "Next photo")
    page(Qt.Key.Key_Left, "Previous photo")
    QTest.keyClick(viewer, Qt.Key.Key_Escape)
    assert search.results.selected_ids() == model.face_ids([1])
    assert window.focusWidget() is grid


def test_a_key_does_not_mean_a_face_that_was_scrolled_from_under_the_mouse(
    window: MainWindow, qtbot: QtBot
) -> None:
    grid = window.library.grid
    window.resize(784, 560)
    grid.zoom(2)
    qtbot.waitUntil(lambda: grid.verticalScrollBar().maximum() > 300, timeout=TIMEOUT)
    index = grid.model().index(0, 0)
    grid.setCurrentIndex(index)
    qtbot.waitUntil(lambda: bool(grid._faces_of(grid.current_photo)), timeout=TIMEOUT)
    face = grid._faces_of(grid.current_photo)[0].id
    place = grid.place_of(face)
    assert place is not None
    QTest.mouseMove(grid.viewport(), place.center())
    grid.mean_face_at(place.center())
    assert grid.face_under_mouse == face
    grid.verticalScrollBar().setValue(300)
    assert grid.face_under_mouse != face
    grid.setCurrentIndex(grid.model().index(3, 0))
    assert face not in grid.faces_meant
