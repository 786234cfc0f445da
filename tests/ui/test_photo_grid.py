from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from opqn_app.core.types import Box
from opqn_app.ui.kit.grid_layout import GridSection
from opqn_app.ui.kit.section_grid import GAP
from opqn_app.ui.kit.thumbnails import ThumbnailCache
from opqn_app.ui.library.photo_grid import PhotoGrid
from opqn_app.ui.library.photo_model import PhotoListModel
from opqn_app.ui.work.session import Session
from tests.ui.photo_records import face, photo, photo_list, shown

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
        cache = ThumbnailCache(session.runner, blank, parent=session)
        grid = PhotoGrid(model, cache, cache)
        model.setParent(grid)
        qtbot.addWidget(grid)
        grid.resize(700, 500)
        grid.show()
        grid.show_rows(shown(photo(i) for i in range(1000 + count, 1000, -1)))
        QApplication.processEvents()
        return grid

    return make


def middle_of(grid: PhotoGrid, row: int) -> QPoint:
    index = grid.model().index(row, 0)
    return grid.picture_rect(index).center()


def model_of(grid: PhotoGrid) -> PhotoListModel:
    model = grid.model()
    assert isinstance(model, PhotoListModel)
    return model


def test_tiles_fill_the_width_without_a_gap_at_the_right(make_grid: MakeGrid) -> None:
    grid = make_grid(30)
    left_over = grid.usable_width - grid.columns * (grid.side + 2 * GAP)
    assert grid.columns >= 2
    assert 0 <= left_over < grid.columns


def test_faces_are_asked_for_once_when_the_mouse_comes(make_grid: MakeGrid, qtbot: QtBot) -> None:
    grid = make_grid(4)
    asked = []
    grid.faces_wanted.connect(lambda wanted: asked.append(wanted.id))
    qtbot.mouseMove(grid.viewport(), middle_of(grid, 2))
    qtbot.mouseMove(grid.viewport(), middle_of(grid, 2) + QPoint(3, 3))
    assert asked == [model_of(grid).photos[2].id]


def test_a_click_on_a_face_box_picks_that_face(make_grid: MakeGrid, qtbot: QtBot) -> None:
    grid = make_grid(4)
    first = model_of(grid).photos[1]
    grid.show_faces(first.id, [face(71, MIDDLE, of=first)])
    with qtbot.waitSignal(grid.face_picked) as picked:
        qtbot.mouseMove(grid.viewport(), middle_of(grid, 1))
        qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=middle_of(grid, 1))
    assert picked.args == [71]


def test_a_click_beside_the_faces_only_selects(make_grid: MakeGrid, qtbot: QtBot) -> None:
    grid = make_grid(4)
    first = model_of(grid).photos[1]
    grid.show_faces(first.id, [face(71, Box(0, 0, 40, 40), of=first)])
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
    first = model_of(grid).photos[0]
    grid.setCurrentIndex(model_of(grid).index(0))
    grid.show_faces(first.id, [face(71, MIDDLE), face(72, MIDDLE)])
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
    newer = [photo(i) for i in range(2000 + 10 * grid.columns, 2000, -1)]
    grid.show_rows(shown([*newer, *model.photos]))
    row = model.row_of(chosen.id)
    assert row == 100 + len(newer)
    assert [each.id for each in grid.selected_photos()] == [chosen.id]
    assert grid.currentIndex().row() == row
    assert grid.visualRect(model.index(row)).top() == top_before


def test_control_and_wheel_change_the_size_of_the_tiles(make_grid: MakeGrid) -> None:
    grid = make_grid(30)
    before = grid.side
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
    assert grid.side > before


def test_a_heading_that_is_out_of_sight_is_told(make_grid: MakeGrid, qtbot: QtBot) -> None:
    grid = make_grid(0)
    grid.show_rows(shown(photo(99 - i, taken_at="2023-01-02") for i in range(60)))
    told: list[str] = []
    grid.heading_changed.connect(told.append)
    grid.verticalScrollBar().setValue(400)
    qtbot.waitUntil(lambda: told[-1:] == ["January 2023"])
    grid.verticalScrollBar().setValue(0)
    qtbot.waitUntil(lambda: told[-1:] == [""])


def test_photos_stand_under_months_days_and_folders() -> None:
    photos = [
        photo(5, taken_at="2024-03-14T10:00:00", name="a/x.jpg"),
        photo(4, taken_at="2024-03-02T10:00:00", name="x.jpg"),
        photo(3, taken_at="2023-01-02T10:00:00", name="a/b/x.jpg"),
        photo(2, taken_at="2022-01-02T10:00:00", name="a/y.jpg"),
        photo(1, taken_at=None, name="y.jpg"),
    ]

    def headings(kind: str) -> list[tuple[str, str]]:
        return [(section.title, section.note) for section in shown(photos, kind).sections]

    assert headings("month") == [
        ("March 2024", "2 photos"),
        ("January 2023", "1 photo"),
        ("January 2022", "1 photo"),
        ("No date", "1 photo"),
    ]
    assert headings("day")[:2] == [("14 March 2024", "1 photo"), ("2 March 2024", "1 photo")]
    assert headings("folder") == [
        ("nowhere", "2 photos"),
        ("a", "2 photos"),
        ("b", "1 photo · nowhere/a/b"),
    ]
    assert [each.id for each in shown(photos, "folder").photos] == [4, 1, 5, 2, 3]


def test_a_click_on_a_heading_selects_what_is_under_it(make_grid: MakeGrid, qtbot: QtBot) -> None:
    grid = make_grid(0)
    days = [f"2024-03-{day:02}T10:00:00" for day in (9, 9, 8, 8, 8)]
    grid.show_rows(shown([photo(9 - i, taken_at=day) for i, day in enumerate(days)], "day"))
    at = grid.heading_rect(1).center()
    qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert [each.id for each in grid.selected_photos()] == [7, 6, 5]


def test_keys_go_from_heading_to_heading_and_the_heading_comes_into_sight(
    make_grid: MakeGrid, qtbot: QtBot
) -> None:
    grid = make_grid(0)
    photos = [photo(99 - i, taken_at=f"2024-{12 - i // 9:02}-01") for i in range(90)]
    grid.show_rows(shown(photos))
    grid.setCurrentIndex(model_of(grid).index(89))
    while grid.currentIndex().row() > 9 + grid.columns:
        qtbot.keyClick(grid, Qt.Key.Key_Up)
    grid.setCurrentIndex(model_of(grid).index(10))
    assert grid.heading_rect(1).top() >= 0


def test_a_row_above_comes_into_sight_where_each_heading_has_one(make_grid: MakeGrid) -> None:
    grid = make_grid(30)
    grid.set_sections([GridSection(1, header=36, title=str(year)) for year in range(30)])
    last = grid.model().index(29, 0)
    for row in range(29):
        grid.scrollTo(last)
        grid.scrollTo(grid.model().index(row, 0))
        place = grid.picture_rect(grid.model().index(row, 0))
        assert grid.viewport().rect().contains(place)
        assert grid.viewport().rect().contains(grid.heading_rect(row))


def test_faces_are_chosen_as_photos_are(make_grid: MakeGrid, qtbot: QtBot) -> None:
    grid = make_grid(0)
    rows = shown([photo(5), photo(4)])
    faces = replace(
        rows,
        photos=photo_list([photo(5), photo(5), photo(4)]),
        keys=[71, 72, 60],
        row_of={71: 0, 72: 1, 60: 2},
        sections=(GridSection(3),),
        has_faces=True,
    )
    grid.show_rows(faces)
    assert grid.shape == 1.0
    qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=middle_of(grid, 1))
    assert grid.faces_meant == [72]
    qtbot.keyClick(grid, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert grid.faces_meant == [71, 72, 60]
    assert [each.id for each in grid.selected_photos()] == [5, 4]
    assert grid.place_of(60) == grid.picture_rect(model_of(grid).index(2))
    grid.show_rows(shown([photo(5)]))
    assert (grid.faces_meant, grid.currentIndex().row()) == ([], -1)


@pytest.mark.slow
def test_a_hundred_thousand_photos_scroll_at_once(make_grid: MakeGrid, qtbot: QtBot) -> None:
    grid = make_grid(100_000)
    grid.scrollToBottom()
    last = model_of(grid).index(99_999)
    assert grid.viewport().rect().intersects(grid.visualRect(last))
