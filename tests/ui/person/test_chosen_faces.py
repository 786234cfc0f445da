"""What is done with chosen faces of a person, by mouse and keyboard."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QDrag
from PySide6.QtWidgets import QApplication, QMenu

from opqn_app.ui.people import person_actions
from opqn_app.ui.work.tasks import TaskRunner
from tests.ui.menu_clicks import choose, right_click, words_of
from tests.ui.person.person_room import CTRL, KEY, LEFT, SHIFT, Room


def test_delete_says_that_the_chosen_faces_are_not_her_and_keeps_the_place(
    room: Room, anna: list[int]
) -> None:
    room.click(anna[0])
    room.click(anna[1], CTRL)
    assert room.chosen == sorted(anna[:2])
    assert room.told(lambda: room.press(KEY.Key_Delete)) == "2 faces are not Anna."
    assert room.faces_of("Anna") == set(anna[2:])
    assert room.view.grid.currentIndex().isValid()
    assert set(room.shown) == set(anna[2:])
    room.told(lambda: room.press(KEY.Key_U))
    assert set(room.shown) == set(anna)


def test_all_of_a_run_of_a_year_and_of_everything_can_be_chosen(
    room: Room, anna: list[int]
) -> None:
    old, older, new, newer, *_ = anna
    room.click(newer)
    room.click(older, SHIFT)
    assert room.chosen == sorted([newer, new, older])
    room.press(KEY.Key_A)
    assert room.chosen == sorted([old, older])
    room.press(KEY.Key_A, CTRL)
    assert room.chosen == sorted(anna)
    heading = room.view.grid.heading_rect(0)
    at = QPoint(heading.left() + 30, heading.bottom() - 12)
    room.qtbot.mouseClick(room.view.grid.viewport(), LEFT, pos=at)
    assert room.chosen == sorted([newer, new])


def test_a_rectangle_chooses_what_it_touches(room: Room, anna: list[int]) -> None:
    old, older, _, newer, *_ = anna
    one, other = room.place(newer), room.place(old)
    start = QPoint(one.left() - 4, one.top() - 2)
    stop = QPoint(one.left() + 20, other.top() + 10)
    port = room.view.grid.viewport()
    room.qtbot.mousePress(port, LEFT, pos=start)
    room.qtbot.mouseMove(port, start + QPoint(5, 30))
    room.qtbot.mouseMove(port, stop)
    assert room.chosen == sorted([newer, older])
    room.qtbot.mouseRelease(port, LEFT, pos=stop)
    assert room.chosen == sorted([newer, older])


def test_a_double_click_or_enter_shows_the_photo(room: Room, anna: list[int]) -> None:
    at = room.place(anna[0]).center()
    room.qtbot.mouseClick(room.view.grid.viewport(), LEFT, pos=at)
    room.qtbot.mouseDClick(room.view.grid.viewport(), LEFT, pos=at)
    assert room.photos == [anna[0]]
    room.press(KEY.Key_Return)
    assert room.photos == [anna[0], anna[0]]


def test_s_searches_with_the_chosen_and_the_button_with_all_good_ones(
    room: Room, anna: list[int]
) -> None:
    room.click(anna[2])
    room.press(KEY.Key_S)
    assert room.searches == [[anna[2]]]
    room.qtbot.mouseClick(room.view.head.search_button, LEFT)
    assert sorted(room.searches[1]) == sorted(set(anna) - {anna[4]})


def test_a_face_becomes_her_picture(room: Room, anna: list[int]) -> None:
    room.click(anna[1])
    room.told(lambda: room.press(KEY.Key_P))
    assert room.people.persons[0].picture == anna[1]
    assert room.view.subject is not None
    assert room.view.subject.picture == anna[1]


@pytest.mark.parametrize("by_menu", [False, True])
def test_a_chosen_face_can_be_no_face_at_all(room: Room, anna: list[int], by_menu: bool) -> None:
    room.click(anna[1])
    if by_menu:
        menu = right_click(room.view.grid.viewport(), room.place(anna[1]).center())
        room.told(lambda: choose(menu, "Not a face"))
    else:
        room.told(lambda: room.press(KEY.Key_X))
    assert anna[1] in room.people.left_out
    assert anna[1] not in room.shown


@pytest.mark.parametrize("by_menu", [False, True])
def test_chosen_faces_are_copied_as_files(room: Room, anna: list[int], by_menu: bool) -> None:
    room.click(anna[0])
    room.click(anna[1], CTRL)
    if by_menu:
        menu = right_click(room.view.grid.viewport(), room.place(anna[1]).center())
        choose(menu, "Copy the photos")
    else:
        room.press(KEY.Key_C, CTRL)
    data = QApplication.clipboard().mimeData()
    assert sorted(Path(url.toLocalFile()).name for url in data.urls()) == ["00001.jpg", "00002.jpg"]
    QApplication.clipboard().clear()  # the application outlives Python


def test_why_shows_decisions_and_the_confirmed_faces_most_like_it(
    room: Room, anna: list[int]
) -> None:
    room.click(anna[0])
    room.press(KEY.Key_W)
    room.rest()
    popover = room.view.acts.gestures.reasons
    assert popover is not None
    assert popover.isVisible()
    assert "6 faces are Anna." in popover.reasons
    assert len(popover.chances) == 5
    assert all(words.endswith(" %") for words in popover.chances)
    room.press(KEY.Key_Escape)
    assert popover.isHidden()
    assert room.n_closed == 0


def test_chosen_faces_are_somebody_else_by_name(room: Room, anna: list[int]) -> None:
    room.click(anna[0])
    room.press(KEY.Key_N)
    room.qtbot.keyClicks(QApplication.focusWidget(), "Ben")
    room.told(lambda: room.press(KEY.Key_Return))
    assert room.faces_of("Ben") == {anna[0]}
    assert room.faces_of("Anna") == set(anna[1:])
    assert room.view.head.name_label.text() == "Anna"


def test_chosen_photos_are_dragged_out_as_files(
    room: Room, anna: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    dragged: list[str] = []

    def run(drag: QDrag, actions: Qt.DropAction) -> Qt.DropAction:
        dragged.extend(Path(url.toLocalFile()).name for url in drag.mimeData().urls())
        return actions

    monkeypatch.setattr(QDrag, "exec", run)
    room.click(anna[0])
    at, port = room.place(anna[0]).center(), room.view.grid.viewport()
    room.qtbot.mousePress(port, LEFT, pos=at)
    for step in (10, 40, 80):
        room.qtbot.mouseMove(port, at + QPoint(step, step))
    room.qtbot.mouseRelease(port, LEFT, pos=at + QPoint(80, 80))
    assert dragged == ["00001.jpg"]
    assert room.chosen == [anna[0]]


def test_a_right_click_offers_everything_and_does_nothing_by_itself(
    room: Room, anna: list[int]
) -> None:
    before = room.people
    menu = right_click(room.view.grid.viewport(), room.place(anna[0]).center())
    offered = words_of(menu)
    for words in ("Look at the photo", "Not Anna", "Not a face", "Why is this Anna?"):
        assert words in offered
    assert room.chosen == [anna[0]]
    assert room.people is before
    room.told(lambda: choose(menu, "Not Anna"))
    assert room.faces_of("Anna") == set(anna[1:])


def test_more_offers_the_same_for_the_chosen_faces(room: Room, anna: list[int]) -> None:
    assert room.view.controls.more_button.isHidden()
    room.click(anna[0])
    room.click(anna[1], CTRL)
    room.qtbot.mouseClick(room.view.controls.more_button, LEFT)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert room.chosen == sorted(anna[:2])
    choose(menu, "Select all of this year")
    assert len(room.chosen) >= 2


def test_nothing_moves_under_the_pointer_until_it_has_gone(
    room: Room, anna: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    grid = room.view.grid
    before = {face: room.place(face) for face in anna}
    monkeypatch.setattr(grid, "underMouse", lambda: True)
    room.click(anna[0])
    room.told(lambda: room.press(KEY.Key_Delete))
    assert {face: room.place(face) for face in anna} == before
    assert room.view.head.counts.startswith("5 faces")
    gone = grid.faces.index(grid.faces.row_of(anna[0]) or 0)
    assert gone.data() == "taken out"
    room.click(anna[0])
    assert room.chosen == []
    room.told(lambda: room.press(KEY.Key_U))
    assert {face: room.place(face) for face in anna} == before
    assert gone.data() != "taken out"
    room.click(anna[0])
    room.told(lambda: room.press(KEY.Key_Delete))
    QApplication.sendEvent(grid, QEvent(QEvent.Type.Leave))
    assert set(room.shown) == set(anna[1:])


def test_one_copied_face_brings_its_photo_as_a_picture_too(
    room: Room, anna: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[TaskRunner | None] = []

    def copy(paths: Sequence[Path], *, runner: TaskRunner | None, face_ids: Sequence[int]) -> str:
        seen.append(runner)
        return f"{len(paths)} {list(face_ids)}"

    monkeypatch.setattr(person_actions, "copy_files", copy)
    room.click(anna[0])
    room.press(KEY.Key_C, CTRL)
    assert seen == [room.session.runner]
    assert room.view.messages.text == f"1 [{anna[0]}]"
