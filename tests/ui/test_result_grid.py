"""The grid's arithmetic against a slow layout, and its cost against the number of rows."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QAbstractListModel, QModelIndex, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QPainter, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QStyledItemDelegate, QStyleOptionViewItem, QWidget
from pytestqt.qtbot import QtBot

from opqn_app.ui.kit.section_grid import MARGIN, MAX_SIDE, MIN_SIDE
from opqn_app.ui.search.result_grid import FaceGrid


class Rows(QAbstractListModel):
    """Numbers, and a count of how often it was asked."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count
        self.asked = 0

    def rowCount(self, parent: Any = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else self.count

    def data(self, index: Any, role: int = 0) -> Any:
        self.asked += 1
        return str(index.row()) if role == Qt.ItemDataRole.DisplayRole else None


class Recorder(QStyledItemDelegate):
    """Notes which rows are painted."""

    def __init__(self) -> None:
        super().__init__()
        self.painted: list[int] = []

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Any) -> None:
        self.painted.append(index.row())


class Band(QWidget):
    def sizeHint(self) -> QSize:
        return QSize(100, 40)


def make_grid(count: int, divider: int | None = None, size: QSize | None = None) -> FaceGrid:
    grid = FaceGrid()
    grid.rows = Rows(count)  # type: ignore[attr-defined]  # keeps the model alive
    grid.setModel(grid.rows)  # type: ignore[attr-defined]
    grid.recorder = Recorder()  # type: ignore[attr-defined]
    grid.setItemDelegate(grid.recorder)  # type: ignore[attr-defined]
    grid.set_band(Band())
    grid.resize(size or QSize(640, 480))
    grid.set_divider(divider)
    return grid


def slow_rects(grid: FaceGrid, count: int, divider: int | None) -> list[QRect]:
    """Place cell after cell; before the divider start a new line below the band."""
    size, rects = grid.cell_size, []
    x, y = 0, MARGIN
    for row in range(count):
        if row == divider:
            if x:
                x, y = 0, y + size.height()
            y += 48
        rects.append(QRect(QPoint(MARGIN + x * size.width(), y - grid.verticalOffset()), size))
        x += 1
        if x == grid.columns:
            x, y = 0, y + size.height()
    return rects


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.integers(0, 60),
    st.one_of(st.none(), st.integers(0, 60)),
    st.integers(200, 900),
    st.integers(0, 40),
)
def test_cells_lie_where_a_slow_layout_puts_them(
    count: int, divider: int | None, width: int, scroll: int
) -> None:
    divider = None if divider is None else min(divider, count)
    grid = make_grid(count, divider, QSize(width, 300))
    grid.verticalScrollBar().setValue(scroll * 25)
    rects = slow_rects(grid, count, divider)
    model = grid.model()
    assert [grid.visualRect(model.index(row, 0)) for row in range(count)] == rects
    view = grid.viewport().rect()
    touching = {row for row, rect in enumerate(rects) if rect.intersects(view)}
    assert touching <= set(grid.rows_in(view))
    for row in touching:
        assert grid.indexAt(rects[row].center()).row() == row
    grid.deleteLater()


def test_painting_a_hundred_thousand_rows_touches_one_screen(qtbot: QtBot) -> None:
    grid = make_grid(100_000, 70_000)
    qtbot.addWidget(grid)
    screen = len(grid.rows_in(grid.viewport().rect()))
    assert screen < 40
    for height in (0, grid.verticalScrollBar().maximum() // 2, grid.verticalScrollBar().maximum()):
        grid.verticalScrollBar().setValue(height)
        grid.recorder.painted.clear()  # type: ignore[attr-defined]
        grid.rows.asked = 0  # type: ignore[attr-defined]
        grid.grab()
        assert 0 < len(grid.recorder.painted) <= screen + 2 * grid.columns  # type: ignore[attr-defined]
        assert grid.rows.asked < 20 * screen  # type: ignore[attr-defined]


def test_resizing_and_zooming_ask_the_model_for_nothing(qtbot: QtBot) -> None:
    grid = make_grid(100_000)
    qtbot.addWidget(grid)
    grid.rows.asked = 0  # type: ignore[attr-defined]
    for width in range(400, 900, 50):
        grid.resize(width, 500)
        grid.set_side(96 + width // 10)
        assert grid.content_height() > 0
    assert grid.rows.asked < 100  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("key", "target"),
    [
        (Qt.Key.Key_Right, 3),
        (Qt.Key.Key_Left, 1),
        (Qt.Key.Key_Home, 0),
        (Qt.Key.Key_End, 19),
    ],
)
def test_arrow_keys_move_to_the_neighbour(qtbot: QtBot, key: Qt.Key, target: int) -> None:
    grid = make_grid(20)
    qtbot.addWidget(grid)
    grid.setCurrentIndex(grid.model().index(2, 0))
    QTest.keyClick(grid, key)
    assert grid.currentIndex().row() == target


def test_down_and_up_cross_the_band_in_the_same_column(qtbot: QtBot) -> None:
    grid = make_grid(20, 6)
    qtbot.addWidget(grid)
    columns = grid.columns
    assert columns == 4
    grid.setCurrentIndex(grid.model().index(4, 0))
    QTest.keyClick(grid, Qt.Key.Key_Down)
    assert grid.currentIndex().row() == 6
    QTest.keyClick(grid, Qt.Key.Key_Down)
    assert grid.currentIndex().row() == 10
    QTest.keyClick(grid, Qt.Key.Key_Up)
    QTest.keyClick(grid, Qt.Key.Key_Up)
    assert grid.currentIndex().row() == 4
    QTest.keyClick(grid, Qt.Key.Key_Up)
    QTest.keyClick(grid, Qt.Key.Key_Up)
    assert grid.currentIndex().row() == 0


def test_moving_the_current_face_scrolls_it_into_view(qtbot: QtBot) -> None:
    grid = make_grid(1000)
    qtbot.addWidget(grid)
    grid.show()
    grid.setCurrentIndex(grid.model().index(0, 0))
    QTest.keyClick(grid, Qt.Key.Key_End)
    assert grid.viewport().rect().contains(grid.visualRect(grid.currentIndex()).center())


def test_shift_selects_a_run_in_reading_order(qtbot: QtBot) -> None:
    grid = make_grid(20)
    qtbot.addWidget(grid)
    grid.show()
    model = grid.model()
    at = {row: grid.visualRect(model.index(row, 0)).center() for row in (1, 6, 7)}
    QTest.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=at[1])
    shift, ctrl = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
    QTest.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, shift, at[6])
    assert sorted(index.row() for index in grid.selectedIndexes()) == [1, 2, 3, 4, 5, 6]
    QTest.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, ctrl, at[7])
    assert len(grid.selectedIndexes()) == 7


def test_ctrl_wheel_zooms_within_its_limits_and_keeps_its_place(qtbot: QtBot) -> None:
    grid = make_grid(1000)
    qtbot.addWidget(grid)
    grid.show()
    grid.setCurrentIndex(grid.model().index(500, 0))
    for _ in range(20):
        QApplication.sendEvent(grid.viewport(), _wheel(120))
    assert grid.side == MAX_SIDE
    assert grid.visualRect(grid.currentIndex()).intersects(grid.viewport().rect())
    for _ in range(40):
        QApplication.sendEvent(grid.viewport(), _wheel(-120))
    assert grid.side == MIN_SIDE
    assert grid.visualRect(grid.currentIndex()).intersects(grid.viewport().rect())


def _wheel(turn: int) -> QWheelEvent:
    here = QPoint(20, 20)
    return QWheelEvent(
        here,
        here,
        QPoint(),
        QPoint(0, turn),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.ControlModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
