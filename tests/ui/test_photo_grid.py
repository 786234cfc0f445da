from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from opqn_app.core.types import Box
from opqn_app.ui.kit.thumbnails import ThumbnailCache
from opqn_app.ui.library.photo_delegate import tile_rect
from opqn_app.ui.library.photo_grid import PhotoGrid
from opqn_app.ui.library.photo_model import PhotoListModel
from opqn_app.ui.work.session import Session
from tests.ui.photo_records import face, photo

MakeGrid = Callable[[int], PhotoGrid]
MIDDLE = Box(100, 75, 300, 225)  # the middle of a photo of 400×300


def blank(photos: object) -> dict[object, QImage]:
    image = QImage(40, 30, QImage.Format.Format_RGB888)
    image.fill(Qt.GlobalColor.darkGreen)
    return dict.fromkeys(photos, image)  # type: ignore[call-overload, no-any-return]


@pytest.fixture
def make_grid(session: Session, qtbot: QtBot) -> MakeGrid:
    def make(count: int) -> PhotoGrid:
        model = PhotoListModel()
        grid = PhotoGrid(model, ThumbnailCache(session.runner, blank, parent=session))
        model.setParent(grid)
        qtbot.addWidget(grid)
        grid.resize(700, 500)
        model.refresh([photo(i) for i in range(1000 + count, 1000, -1)], total=count)
        grid.show()
        QApplication.processEvents()
        return grid

    return make


def middle_of(grid: PhotoGrid, row: int) -> QPoint:
    index = grid.model().index(row, 0)
    return tile_rect(grid.visualRect(index).toRectF()).center().toPoint()


def model_of(grid: PhotoGrid) -> PhotoListModel:
    model = grid.model()
    assert isinstance(model, PhotoListModel)
    return model


def test_tiles_fill_the_width_without_a_gap_at_the_right(make_grid: MakeGrid) -> None:
    grid = make_grid(30)
    columns = grid.viewport().width() // grid.gridSize().width()
    left_over = grid.viewport().width() - columns * grid.gridSize().width()
    assert columns >= 2
    assert left_over <= columns


def test_faces_are_asked_for_once_when_the_mouse_comes(make_grid: MakeGrid, qtbot: QtBot) -> None:
    grid = make_grid(4)
    asked = []
    grid.faces_wanted.connect(lambda wanted: asked.append(wanted.id))
    qtbot.mouseMove(grid.viewport(), middle_of(grid, 2))
    qtbot.mouseMove(grid.viewport(), middle_of(grid, 2) + QPoint(3, 3))
    assert asked == [model_of(grid).photos[2].id]


def test_a_click_on_a_face_box_picks_that_face(make_grid: MakeGrid, qtbot: QtBot) -> None:
    grid = make_grid(4)
    shown = model_of(grid).photos[1]
    grid.show_faces(shown.id, [face(71, MIDDLE, of=shown)])
    with qtbot.waitSignal(grid.face_picked) as picked:
        qtbot.mouseMove(grid.viewport(), middle_of(grid, 1))
        qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=middle_of(grid, 1))
    assert picked.args == [71]


def test_a_click_beside_the_faces_only_selects(make_grid: MakeGrid, qtbot: QtBot) -> None:
    grid = make_grid(4)
    shown = model_of(grid).photos[1]
    grid.show_faces(shown.id, [face(71, Box(0, 0, 40, 40), of=shown)])
    with qtbot.assertNotEmitted(grid.face_picked):
        qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=middle_of(grid, 1))
    assert grid.currentIndex().row() == 1


@pytest.mark.parametrize("key", [Qt.Key.Key_Space, Qt.Key.Key_Return])
def test_keys_open_the_current_photo(make_grid: MakeGrid, qtbot: QtBot, key: Qt.Key) -> None:
    grid = make_grid(4)
    grid.setCurrentIndex(model_of(grid).index(0))
    qtbot.keyClick(grid, Qt.Key.Key_Right)
    with qtbot.waitSignal(grid.photo_opened) as opened:
        qtbot.keyClick(grid, key)
    assert opened.args == [1]


def test_number_keys_pick_a_face_of_the_current_photo(make_grid: MakeGrid, qtbot: QtBot) -> None:
    grid = make_grid(4)
    shown = model_of(grid).photos[0]
    grid.setCurrentIndex(model_of(grid).index(0))
    grid.show_faces(shown.id, [face(71, MIDDLE), face(72, MIDDLE)])
    with qtbot.waitSignal(grid.face_picked) as picked:
        qtbot.keyClick(grid, Qt.Key.Key_2)
    assert picked.args == [72]
    with qtbot.assertNotEmitted(grid.face_picked):
        qtbot.keyClick(grid, Qt.Key.Key_3)


def test_photos_in_view_and_selection_stay_while_others_come_and_go(make_grid: MakeGrid) -> None:
    grid = make_grid(200)
    model = model_of(grid)
    chosen = model.photos[100]
    grid.setCurrentIndex(model.index(100))
    grid.scrollTo(model.index(100), PhotoGrid.ScrollHint.PositionAtTop)
    top_before = grid.visualRect(model.index(100)).top()
    columns = grid.viewport().width() // grid.gridSize().width()
    newer = [photo(i) for i in range(2000 + 10 * columns, 2000, -1)]
    with grid.anchored():
        model.refresh([*newer, *model.photos], total=len(model.photos) + len(newer))
    row = model.row_of(chosen.id)
    assert row == 100 + len(newer)
    assert grid.currentIndex().row() == row
    assert grid.visualRect(model.index(row)).top() == top_before


def test_control_and_wheel_change_the_size_of_the_tiles(make_grid: MakeGrid) -> None:
    grid = make_grid(30)
    before = grid.gridSize().width()
    event = QWheelEvent(
        QPointF(50, 50),
        QPointF(50, 50),
        QPoint(0, 0),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.ControlModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(grid.viewport(), event)
    assert grid.gridSize().width() > before


def test_the_month_in_view_is_told(make_grid: MakeGrid, qtbot: QtBot) -> None:
    grid = make_grid(2)
    with qtbot.waitSignal(grid.month_changed) as told:
        model_of(grid).refresh([photo(5, taken_at="2023-01-02")], total=1)
    assert told.args == ["January 2023"]


@pytest.mark.slow
def test_a_hundred_thousand_photos_scroll_at_once(make_grid: MakeGrid, qtbot: QtBot) -> None:
    grid = make_grid(100_000)
    grid.scrollToBottom()
    last = model_of(grid).index(99_999)
    assert grid.viewport().rect().intersects(grid.visualRect(last))
