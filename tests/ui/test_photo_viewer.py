import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QToolButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from opqn_app.index.indexing import index_folder
from opqn_app.store.library import Library
from opqn_app.store.records import PhotoRecord
from opqn_app.ui.kit import face_boxes
from opqn_app.ui.library.photo_canvas import PhotoCanvas
from opqn_app.ui.library.photo_viewer import PhotoViewer
from opqn_app.ui.work.session import Session
from tests.library_fakes import fake_engine
from tests.odd_files import corners, encoded
from tests.ui.keyboard import tab_through

MakePeople = Callable[..., Path]


@pytest.fixture
def photos(
    session: Session, index_folder_of: Callable[[Path], None], people: MakePeople
) -> list[PhotoRecord]:
    for name, tints in {"a.png": ("red", "green"), "b.png": ("blue",), "c.png": ()}.items():
        people(f"in/{name}", *tints)
    index_folder_of(people("in/d.png", "green").parent)
    with Library.open(session.library_path) as library:
        return sorted(library.photos(), key=lambda each: each.rel_path)


@pytest.fixture
def viewer(session: Session, qtbot: QtBot) -> Iterator[PhotoViewer]:
    window = QWidget()
    window.resize(900, 600)
    below = QLineEdit(window)
    QVBoxLayout(window).addWidget(below)
    qtbot.addWidget(window)
    made = PhotoViewer(session, window)
    window.show()
    window.activateWindow()
    below.setFocus()
    yield made
    window.close()


def chips(viewer: PhotoViewer) -> list[QToolButton]:
    return [each for each in viewer.findChildren(QToolButton) if each.objectName() == "faceChip"]


def canvas_of(viewer: PhotoViewer) -> PhotoCanvas:
    canvas = viewer.findChild(PhotoCanvas)
    assert canvas is not None
    return canvas


def open_and_wait(qtbot: QtBot, viewer: PhotoViewer, photos: list[PhotoRecord], row: int) -> None:
    viewer.open_photos(photos, row)
    qtbot.waitUntil(lambda: "Opening" not in viewer.hint, timeout=120_000)


def test_a_photo_shows_its_faces_as_numbered_buttons(
    viewer: PhotoViewer, photos: list[PhotoRecord], qtbot: QtBot
) -> None:
    open_and_wait(qtbot, viewer, photos, 0)
    names = [chip.accessibleName() for chip in chips(viewer)]
    assert [name.split(",")[0] for name in names] == ["Search with face 1", "Search with face 2"]
    assert "blurred" in names[0]  # a painted square has no detail
    assert canvas_of(viewer).accessibleDescription() == "2 faces found"


def test_arrow_keys_go_through_the_photos_and_stop_at_the_ends(
    viewer: PhotoViewer, photos: list[PhotoRecord], qtbot: QtBot
) -> None:
    open_and_wait(qtbot, viewer, photos, 0)
    qtbot.keyClick(viewer, Qt.Key.Key_Left)
    assert viewer.photo == photos[0]
    for expected in (photos[1], photos[2], photos[3], photos[3]):
        qtbot.keyClick(viewer, Qt.Key.Key_Right)
        assert viewer.photo == expected
    qtbot.waitUntil(lambda: len(chips(viewer)) == 1, timeout=120_000)


@pytest.mark.parametrize("key", [Qt.Key.Key_Escape, Qt.Key.Key_Space])
def test_a_key_closes_it_and_gives_the_keyboard_back(
    viewer: PhotoViewer, photos: list[PhotoRecord], qtbot: QtBot, key: Qt.Key
) -> None:
    below = viewer.window().focusWidget()
    open_and_wait(qtbot, viewer, photos, 0)
    with qtbot.waitSignal(viewer.closed):
        qtbot.keyClick(viewer, key)
    assert viewer.isHidden()
    assert viewer.window().focusWidget() is below


def test_a_number_key_searches_with_that_face(
    viewer: PhotoViewer, photos: list[PhotoRecord], qtbot: QtBot, session: Session
) -> None:
    open_and_wait(qtbot, viewer, photos, 0)
    with Library.open(session.library_path) as library:
        second = library.faces_of(photos[0].id)[1]
    with qtbot.waitSignal(viewer.face_search_requested) as wanted:
        qtbot.keyClick(viewer, Qt.Key.Key_2)
    assert wanted.args == [second.id]
    assert viewer.isHidden()


def test_a_click_on_a_face_in_the_photo_searches_with_it(
    viewer: PhotoViewer, photos: list[PhotoRecord], qtbot: QtBot, session: Session
) -> None:
    open_and_wait(qtbot, viewer, photos, 1)
    with Library.open(session.library_path) as library:
        only = library.faces_of(photos[1].id)[0]
    canvas = canvas_of(viewer)
    room = canvas.rect().toRectF().adjusted(16, 8, -16, -8)
    placement = face_boxes.fit(photos[1].width, photos[1].height, room)
    with qtbot.waitSignal(viewer.face_search_requested) as wanted:
        point = placement.rect(only.box).center().toPoint()
        qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=point)
    assert wanted.args == [only.id]


def test_tab_stays_inside_while_it_is_open(
    viewer: PhotoViewer, photos: list[PhotoRecord], qtbot: QtBot
) -> None:
    open_and_wait(qtbot, viewer, photos, 0)
    reached = set(tab_through(qtbot, viewer.window(), 12))
    assert all(each is viewer or viewer.isAncestorOf(each) for each in reached)
    assert set(chips(viewer)) <= reached


def test_a_photo_that_is_away_says_so_and_keeps_its_faces(
    viewer: PhotoViewer, photos: list[PhotoRecord], qtbot: QtBot
) -> None:
    shutil.rmtree(photos[0].path.parent)
    open_and_wait(qtbot, viewer, photos, 0)
    assert "Its disk may be unplugged" in canvas_of(viewer).accessibleDescription()
    assert len(chips(viewer)) == 2
    viewer.grab()  # draws the stored crops


def test_a_photo_that_became_unreadable_gives_the_reason(
    viewer: PhotoViewer, photos: list[PhotoRecord], qtbot: QtBot
) -> None:
    photos[0].path.write_bytes(b"")
    open_and_wait(qtbot, viewer, photos, 0)
    assert "the file is empty" in canvas_of(viewer).accessibleDescription()


def test_of_a_photo_that_breaks_off_it_says_what_is_missing(
    viewer: PhotoViewer, photos: list[PhotoRecord], qtbot: QtBot
) -> None:
    jpeg = encoded(corners((160, 320)), "JPEG")
    photos[0].path.write_bytes(jpeg[: len(jpeg) - 9])  # its name ends in .png, which is no matter
    open_and_wait(qtbot, viewer, photos, 0)
    lost = "the end of the file is missing, and with it at most 5 % of the picture"
    said = f"It is shown although {lost}."
    assert (
        viewer.hint
        == f"Click a face to find that person, or right-click it to say who it is. {said}"
    )
    assert canvas_of(viewer).accessibleDescription() == said


def test_zoom_stops_at_the_whole_photo(
    viewer: PhotoViewer, photos: list[PhotoRecord], qtbot: QtBot
) -> None:
    open_and_wait(qtbot, viewer, photos, 0)
    canvas = canvas_of(viewer)
    for key, zooms in ((Qt.Key.Key_Plus, True), (Qt.Key.Key_0, False), (Qt.Key.Key_Minus, False)):
        qtbot.keyClick(viewer, key)
        assert (canvas.zoom > 1.0) is zooms


def test_a_photo_without_a_face_says_so(
    viewer: PhotoViewer, photos: list[PhotoRecord], qtbot: QtBot
) -> None:
    open_and_wait(qtbot, viewer, photos, 2)
    assert viewer.hint == "No face was found in this photo."
    assert chips(viewer) == []


def test_a_school_photo_does_not_make_the_viewer_wider_than_its_window(
    viewer: PhotoViewer, session: Session, people: MakePeople, qtbot: QtBot
) -> None:
    engine = fake_engine(n_faces=40)
    folder = people("crowd/a.png", "red").parent
    for _progress in index_folder(session.library_path, folder, engine):
        pass
    with Library.open(session.library_path) as library:
        crowd = library.photos()
    open_and_wait(qtbot, viewer, crowd, 0)
    assert len(chips(viewer)) == crowd[0].n_faces
    assert crowd[0].n_faces > 20
    assert viewer.width() == viewer.window().width()
    assert all(child.x() >= 0 for child in viewer.findChildren(PhotoCanvas))
    canvas = canvas_of(viewer)
    assert canvas.mapTo(viewer, canvas.rect().bottomRight()).x() < viewer.width()
