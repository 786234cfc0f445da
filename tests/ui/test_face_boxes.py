import pytest
from PySide6.QtCore import QPointF, QRectF

from opqn_app.core.types import Box
from opqn_app.ui.kit import face_boxes
from tests.ui.photo_records import face

TILE = QRectF(10, 20, 200, 150)


def test_a_fitted_photo_lies_whole_inside_the_target() -> None:
    placed = face_boxes.fit(4000, 1000, TILE).rect(Box(0, 0, 4000, 1000))
    assert placed == QRectF(10, 70, 200, 50)


def test_a_covering_photo_leaves_no_gap_and_keeps_heads() -> None:
    placed = face_boxes.cover(1000, 2000, TILE).rect(Box(0, 0, 1000, 2000))
    assert placed.contains(TILE)
    assert TILE.top() - placed.top() < placed.bottom() - TILE.bottom()


@pytest.mark.parametrize("zoom", [1.0, 3.0])
def test_zoom_keeps_the_middle_in_the_middle(zoom: float) -> None:
    placed = face_boxes.fit(300, 400, TILE, zoom=zoom).rect(Box(0, 0, 300, 400))
    assert placed.center() == TILE.center()
    assert placed.height() == 150 * zoom


def test_of_two_faces_under_the_mouse_the_smaller_is_meant() -> None:
    large, small = face(1, Box(0, 0, 100, 100)), face(2, Box(40, 40, 60, 60))
    placement = face_boxes.Placement(2.0, 10.0, 0.0)
    at = face_boxes.face_at([large, small], placement, QPointF(110, 100))
    assert at is small
    assert face_boxes.face_at([large, small], placement, QPointF(30, 20)) is large
    assert face_boxes.face_at([large, small], placement, QPointF(5, 5)) is None


def test_weaknesses_are_words() -> None:
    weak = face(1, Box(0, 0, 20, 20), confidence=0.9)
    assert face_boxes.weakness_in_words(weak) == "small and uncertain"
    assert face_boxes.weakness_in_words(face(2, Box(0, 0, 90, 90))) == ""
