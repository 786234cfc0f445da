"""The viewer knows names, goes from face to face, and lets a face that was missed be drawn."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QSizeF, Qt
from PySide6.QtGui import QDrag, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from opqn_app.core.types import Box
from opqn_app.store.library import Library
from opqn_app.store.records import PhotoRecord
from opqn_app.ui.kit import face_boxes
from opqn_app.ui.kit.name_popover import NamePopover
from opqn_app.ui.library import box_by_keys
from opqn_app.ui.library.photo_canvas import KEY_STEP
from opqn_app.ui.library.photo_viewer import PhotoViewer
from opqn_app.ui.work.people_jobs import PeopleView
from opqn_app.ui.work.session import Session
from tests.ui.menu_clicks import choose, right_click, words_of

MakePeople = Callable[..., Path]
Told = Callable[[Callable[[], object]], str]
TIMEOUT = 120_000


@pytest.fixture
def album(varied_album: Path) -> Path:
    return varied_album


@pytest.fixture
def photos(
    session: Session, album: Path, index_folder_of: Callable[[Path], None], qtbot: QtBot
) -> dict[str, PhotoRecord]:
    """By name: two of red, one of green, and one of blue and red."""
    index_folder_of(album)
    desk = session.people
    qtbot.waitUntil(lambda: desk.view is not None and len(desk.view.photo_of) == 5, timeout=TIMEOUT)
    with Library.open(session.library_path) as library:
        return {photo.path.name: photo for photo in library.photos()}


@pytest.fixture
def viewer(session: Session, qtbot: QtBot) -> Iterator[PhotoViewer]:
    window = QWidget()
    window.resize(900, 600)
    qtbot.addWidget(window)
    made = PhotoViewer(session, window)
    window.show()
    window.activateWindow()
    yield made
    window.close()


def faces_of(session: Session, photo: PhotoRecord) -> list[int]:
    with Library.open(session.library_path) as library:
        return [face.id for face in library.faces_of(photo.id)]


def wait_shown(viewer: PhotoViewer, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: "Opening" not in viewer.hint, timeout=TIMEOUT)


def chips(viewer: PhotoViewer) -> list[str]:
    found = viewer.findChildren(QToolButton, "faceChip")
    return [chip.text() for chip in found if chip.isVisible()]


def popover_of(viewer: PhotoViewer) -> NamePopover:
    popover = viewer.gestures.popover
    assert popover is not None
    return popover


def view_of(viewer: PhotoViewer) -> PeopleView:
    view = viewer._session.people.view
    assert view is not None
    return view


def type_name(viewer: PhotoViewer, name: str) -> None:
    QTest.keyClicks(popover_of(viewer).field, name)
    QTest.keyClick(popover_of(viewer).field, Qt.Key.Key_Return)


def mouse(widget: QWidget, kind: QEvent.Type, at: QPoint) -> None:
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else left
    down = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else left
    where = QPointF(widget.mapToGlobal(at))
    QApplication.sendEvent(widget, QMouseEvent(kind, QPointF(at), where, button, down, none))


def drag(viewer: PhotoViewer, start: QPoint, end: QPoint) -> None:
    mouse(viewer.canvas, QEvent.Type.MouseButtonPress, start)
    for share in (0.3, 0.6, 1.0):
        step = QPoint(round(share * (end - start).x()), round(share * (end - start).y()))
        mouse(viewer.canvas, QEvent.Type.MouseMove, start + step)
    mouse(viewer.canvas, QEvent.Type.MouseButtonRelease, end)


def on_canvas(viewer: PhotoViewer, photo: PhotoRecord, box: Box) -> tuple[QPoint, QPoint]:
    room = viewer.canvas.rect().toRectF().adjusted(16, 8, -16, -8)
    rect = face_boxes.fit(photo.width, photo.height, room).rect(box)
    return rect.topLeft().toPoint(), rect.bottomRight().toPoint()


def test_names_are_at_the_boxes_and_follow_the_desk(
    viewer: PhotoViewer, photos: dict[str, PhotoRecord], qtbot: QtBot, told: Told, session: Session
) -> None:
    viewer.open_photos([photos["both.png"]], 0)
    wait_shown(viewer, qtbot)
    blue, red = faces_of(session, photos["both.png"])
    told(lambda: session.people.name([red], "Anna"))
    assert chips(viewer) == ["1", "2 Anna"]
    assert viewer.undo_bar.text == "1 face is Anna."
    told(lambda: session.people.no_face([blue]))
    assert chips(viewer) == ["1 Anna"]
    viewer.grab()


def test_faces_are_gone_through_in_their_order_each_with_its_own_box(
    viewer: PhotoViewer, photos: dict[str, PhotoRecord], qtbot: QtBot, session: Session
) -> None:
    blue, red = faces_of(session, photos["both.png"])
    (green,) = faces_of(session, photos["green.png"])
    shown: list[int] = []
    viewer.face_changed.connect(shown.append)
    viewer.open_faces([red, green, blue], 0)
    wait_shown(viewer, qtbot)
    assert (viewer.photo, viewer.canvas.current_face) == (photos["both.png"], red)
    for key, face, name in (
        (Qt.Key.Key_Right, green, "green.png"),
        (Qt.Key.Key_Right, blue, "both.png"),
        (Qt.Key.Key_Right, blue, "both.png"),
        (Qt.Key.Key_Left, green, "green.png"),
    ):
        QTest.keyClick(viewer, key)
        wait_shown(viewer, qtbot)
        assert (viewer.photo, viewer.canvas.current_face) == (photos[name], face)
    assert shown == [red, green, blue, green]
    mouse(viewer.canvas, QEvent.Type.MouseMove, QPoint(2, 2))
    assert viewer.canvas.current_face == green  # moving the mouse does not lose the mark


def test_a_key_names_the_first_face_without_a_name(
    viewer: PhotoViewer, photos: dict[str, PhotoRecord], qtbot: QtBot, told: Told, session: Session
) -> None:
    viewer.open_photos([photos["both.png"]], 0)
    wait_shown(viewer, qtbot)
    for name in ("Ben", "Anna"):
        QTest.keyClick(viewer, Qt.Key.Key_N)
        told(lambda name=name: type_name(viewer, name))  # type: ignore[misc]
    blue, red = faces_of(session, photos["both.png"])
    assert (session.people.name_of(blue), session.people.name_of(red)) == ("Ben", "Anna")
    QTest.keyClick(viewer, Qt.Key.Key_N)
    QTest.keyClick(popover_of(viewer).field, Qt.Key.Key_Escape)
    assert viewer.isVisible()


def test_a_menu_on_a_face_names_it_and_on_the_photo_offers_no_face(
    viewer: PhotoViewer, photos: dict[str, PhotoRecord], qtbot: QtBot, told: Told, session: Session
) -> None:
    viewer.open_photos([photos["both.png"]], 0)
    wait_shown(viewer, qtbot)
    blue, red = faces_of(session, photos["both.png"])
    place = viewer.canvas.place_of(red)
    assert place is not None
    menu = right_click(viewer.canvas, place.center())
    choose(menu, "Name this face…")
    told(lambda: type_name(viewer, "Anna"))
    assert session.people.name_of(red) == "Anna"
    assert session.people.name_of(blue) is None
    mouse(viewer.canvas, QEvent.Type.MouseMove, QPoint(2, 2))
    mouse(viewer.canvas, QEvent.Type.MouseButtonRelease, QPoint(2, 2))
    assert viewer.canvas.current_face == blue  # the next one without a name
    viewer.canvas.mark_face(None)
    menu = right_click(viewer.canvas, QPoint(1, 1))
    assert words_of(menu)[:2] == ["Name the faces…", "Add a face"]
    menu.close()


@pytest.mark.parametrize("by_key", [True, False])
def test_a_face_that_was_missed_is_drawn_and_named(
    viewer: PhotoViewer,
    photos: dict[str, PhotoRecord],
    qtbot: QtBot,
    told: Told,
    session: Session,
    by_key: bool,
) -> None:
    photo = photos["green.png"]
    viewer.open_photos([photo], 0)
    wait_shown(viewer, qtbot)
    if by_key:
        QTest.keyClick(viewer, Qt.Key.Key_B)
    else:
        viewer.draw_button.click()
    assert viewer.draw_button.isChecked()
    box = Box(110, 20, 150, 70)  # beside the green square
    drag(viewer, *on_canvas(viewer, photo, box))
    qtbot.waitUntil(
        lambda: viewer.gestures.popover is not None and popover_of(viewer).isVisible(),
        timeout=TIMEOUT,
    )
    assert len(chips(viewer)) == 2
    told(lambda: type_name(viewer, "Eve"))
    (eve,) = view_of(viewer).persons
    with Library.open(session.library_path) as library:
        (drawn,) = library.faces(list(eve.faces))
    assert drawn.photo.id == photo.id
    assert drawn.box.overlap(box) > 0.8
    told(session.people.undo)
    told(session.people.undo)
    assert len(chips(viewer)) == 1


def test_a_face_that_was_missed_is_drawn_and_named_by_keys_alone(
    viewer: PhotoViewer,
    photos: dict[str, PhotoRecord],
    qtbot: QtBot,
    told: Told,
    session: Session,
) -> None:
    photo, shift = photos["green.png"], Qt.KeyboardModifier.ShiftModifier
    viewer.open_photos([photo, photos["both.png"]], 0)
    wait_shown(viewer, qtbot)
    QTest.keyClick(viewer, Qt.Key.Key_B)
    for _ in range(4):  # the first one brings the box to the middle
        QTest.keyClick(viewer, Qt.Key.Key_Right)
    QTest.keyClick(viewer, Qt.Key.Key_Up)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down):
        QTest.keyClick(viewer, key, shift)
    assert viewer.photo == photo, "the arrow keys mean the box and not the next photo"
    QTest.keyClick(viewer, Qt.Key.Key_Return)
    qtbot.waitUntil(
        lambda: viewer.gestures.popover is not None and popover_of(viewer).isVisible(),
        timeout=TIMEOUT,
    )
    told(lambda: type_name(viewer, "Eve"))
    (eve,) = view_of(viewer).persons
    with Library.open(session.library_path) as library:
        (drawn,) = library.faces(list(eve.faces))
    room = viewer.canvas.rect().toRectF().adjusted(16, 8, -16, -8)
    step = KEY_STEP / face_boxes.fit(photo.width, photo.height, room).scale
    side = box_by_keys.FIRST * min(photo.width, photo.height)
    left = photo.width / 2 - side / 2 + 3 * step
    top = photo.height / 2 - side / 2 - step
    box = Box(left, top, left + side + 2 * step, top + side + step)
    assert drawn.box.overlap(box) > 0.9
    QTest.keyClick(viewer, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: viewer.photo == photos["both.png"], timeout=TIMEOUT)


def test_a_box_stays_on_the_photo_and_is_never_too_small() -> None:
    photo = QSizeF(200, 100)
    box = box_by_keys.first_box(QPointF(0, 0), photo)
    assert (box.left(), box.top(), box.width(), box.height()) == (0, 0, 20, 20)
    for key, sizes, wanted in (
        (Qt.Key.Key_Left, False, (0, 0, 20, 20)),
        (Qt.Key.Key_Right, False, (180, 0, 20, 20)),
        (Qt.Key.Key_Down, False, (180, 80, 20, 20)),
        (Qt.Key.Key_Right, True, (180, 80, 20, 20)),
        (Qt.Key.Key_Up, True, (180, 80, 20, 8)),
        (Qt.Key.Key_Left, True, (180, 80, 8, 8)),
    ):
        for _ in range(40):
            changed = box_by_keys.moved(box, key, 7.0, photo, sizes=sizes)
            assert changed is not None
            box = changed
        assert (box.left(), box.top(), box.width(), box.height()) == wanted
    assert box_by_keys.moved(box, Qt.Key.Key_A, 7.0, photo, sizes=False) is None


def test_escape_ends_drawing_before_it_closes_the_viewer(
    viewer: PhotoViewer, photos: dict[str, PhotoRecord], qtbot: QtBot
) -> None:
    viewer.open_photos([photos["green.png"]], 0)
    wait_shown(viewer, qtbot)
    QTest.keyClick(viewer, Qt.Key.Key_B)
    assert viewer.canvas.is_drawing
    assert viewer.hint.startswith("Draw a box")
    QTest.keyClick(viewer, Qt.Key.Key_Escape)
    assert not viewer.canvas.is_drawing
    assert not viewer.draw_button.isChecked()
    assert viewer.isVisible()
    QTest.keyClick(viewer, Qt.Key.Key_Escape)
    assert viewer.isHidden()


def test_a_box_that_can_not_be_is_refused_in_words(
    viewer: PhotoViewer, photos: dict[str, PhotoRecord], qtbot: QtBot, session: Session
) -> None:
    photo = photos["green.png"]
    viewer.open_photos([photo], 0)
    wait_shown(viewer, qtbot)
    QTest.keyClick(viewer, Qt.Key.Key_B)
    with qtbot.waitSignal(session.people.refused, timeout=TIMEOUT):
        drag(viewer, *on_canvas(viewer, photo, Box(100, 20, 103, 23)))
    assert "at least 8 pixels" in viewer.hint


def test_the_photo_is_dragged_out_while_it_is_shown_whole_and_moved_when_it_is_zoomed(
    viewer: PhotoViewer,
    photos: dict[str, PhotoRecord],
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dropped: list[str] = []

    def run(drag: QDrag, actions: Qt.DropAction) -> Qt.DropAction:
        assert actions == Qt.DropAction.CopyAction
        dropped.extend(url.toLocalFile() for url in drag.mimeData().urls())
        return actions

    monkeypatch.setattr(QDrag, "exec", run)
    viewer.open_photos([photos["green.png"]], 0)
    wait_shown(viewer, qtbot)
    middle = viewer.canvas.rect().center()
    drag(viewer, middle, middle + QPoint(60, 60))
    assert dropped == [str(photos["green.png"].path)]
    QTest.keyClick(viewer, Qt.Key.Key_Plus)
    drag(viewer, middle, middle + QPoint(60, 60))
    assert len(dropped) == 1
    QTest.keyClick(viewer, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    urls = QApplication.clipboard().mimeData().urls()
    assert [url.toLocalFile() for url in urls] == dropped
    photos["green.png"].path.unlink()
    QTest.keyClick(viewer, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert viewer.hint.startswith("green.png is not there now.")
