"""What the view of one person shows."""

from typing import Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication

from opqn_app.store.library import Library
from tests.ui.keyboard import tab_through
from tests.ui.person.person_room import KEY, LEFT, Room
from tests.ui.person_album import ANNA, BEN, Album, Face


def test_faces_stand_under_their_years_newest_first_and_weak_ones_last(
    room: Room, annas: list[int]
) -> None:
    room.start()
    room.show(room.name(annas, "Anna"))
    assert room.headings == ["2024", "2022", "1970", "Less sure"]
    old, older, new, newer, blurred, undated = annas
    assert room.shown == [newer, new, older, old, undated, blurred]
    assert room.view.head.name_label.text() == "Anna"
    assert room.view.head.counts == "6 faces on 6 photos, 1970 to 2024"
    weak = room.view.grid.faces.index(5)
    assert "The face is blurred." in weak.data(Qt.ItemDataRole.ToolTipRole)


def test_a_face_that_is_little_like_the_others_is_less_sure(
    room: Room, album: Album, annas: list[int]
) -> None:
    (stranger,) = album.add(2023, Face(BEN))
    room.start()
    room.show(room.name([*annas, stranger], "Anna"))
    assert room.headings[-1] == "Less sure"
    assert stranger in room.shown[-2:]
    row = room.view.grid.faces.row_of(stranger)
    tip = room.view.grid.faces.index(row or 0).data(Qt.ItemDataRole.ToolTipRole)
    assert "It is little like the other faces" in tip


def test_whole_photos_are_shown_with_one_switch(room: Room, album: Album, annas: list[int]) -> None:
    mirror = album.add(2021, Face(ANNA), Face(ANNA))
    room.start()
    room.told(lambda: room.desk.name([*annas, *mirror], "Anna", is_twice=True))
    room.show(room.people.persons[0].id)
    assert len(room.view.grid.faces.rows) == 8
    room.qtbot.mouseClick(room.view.controls.photos_button, LEFT)
    room.rest()
    assert len(room.view.grid.faces.rows) == 7
    row = next(r for r in room.view.grid.faces.rows if mirror[0] in r.face_ids)
    assert sorted(row.face_ids) == sorted(mirror)
    room.qtbot.mouseClick(room.view.controls.faces_button, LEFT)
    assert len(room.view.grid.faces.rows) == 8


def test_a_part_is_taken_out_with_one_click(room: Room, album: Album, annas: list[int]) -> None:
    others = [album.add(2019, Face(BEN))[0] for _ in range(3)]
    room.start()
    room.show(room.name([*annas, *others], "Anna"))
    room.qtbot.mouseClick(room.view.controls.parts_button, LEFT)
    room.rest()
    assert room.headings == ["Part 1", "Part 2"]
    assert [s.action for s in room.view.grid.sections()] == ["These are somebody else"] * 2
    place = room.view.grid.heading_rect(1)
    at = QPoint(place.right() - 30, place.bottom() - 12)
    room.told(lambda: room.qtbot.mouseClick(room.view.grid.viewport(), LEFT, pos=at))
    assert room.faces_of("Anna") == set(annas)
    assert room.headings == ["Part 1"]
    assert [s.action for s in room.view.grid.sections()] == [""]
    (nameless,) = [p for p in room.people.persons if p.name is None]
    assert set(nameless.faces) == set(others)


def test_a_part_is_named_by_keys(room: Room, album: Album, annas: list[int]) -> None:
    others = [album.add(2019, Face(BEN))[0] for _ in range(3)]
    room.start()
    room.show(room.name([*annas, *others], "Anna"))
    room.view.controls.parts_button.click()
    room.rest()
    room.click(others[0])
    room.press(KEY.Key_A)
    assert room.chosen == sorted(others)
    room.press(KEY.Key_N)
    room.qtbot.keyClicks(QApplication.focusWidget(), "Ben")
    room.told(lambda: room.press(KEY.Key_Return))
    assert room.faces_of("Ben") == set(others)
    assert room.faces_of("Anna") == set(annas)


def test_five_thousand_faces_are_laid_out_and_painted_a_screen_at_a_time(
    room: Room, album: Album
) -> None:
    photos = [(f"m{n}.jpg", f"{2000 + n % 20}-01-01T00:00:00", [Face(ANNA)]) for n in range(5000)]
    faces = [ids[0] for ids in album.add_many(photos)]
    room.start(groups=False)
    room.show(room.name(faces, "Anna"))
    assert len(room.shown) == 5000
    painted: list[int] = []
    delegate = room.view.grid.itemDelegate()
    paint = delegate.paint

    def count(painter: Any, option: Any, index: Any) -> None:
        painted.append(index.row())
        paint(painter, option, index)

    delegate.paint = count  # type: ignore[method-assign]
    bar = room.view.grid.verticalScrollBar()
    for height in (0, bar.maximum() // 2, bar.maximum()):
        bar.setValue(height)
        painted.clear()
        room.view.grid.viewport().grab()
        assert 0 < len(painted) < 80


def test_a_person_without_a_face_in_the_library_says_so(
    room: Room, album: Album, anna: list[int]
) -> None:
    with Library.open(album.path, write=True) as library:
        photos = {face.photo.id for face in library.faces(anna)}
        library.writer.rearrange(library.roots()[0].id, [], sorted(photos))
    room.told(lambda: room.desk.rename(room.people.persons[0].id, "Ann"))
    room.desk.refresh()
    room.rest()
    assert room.view.stack.currentWidget() is room.view.empty
    assert "None of these faces" in room.view.empty.words


def test_tab_goes_through_all_of_it(room: Room, known: list[int]) -> None:
    reached = list(tab_through(room.qtbot, room.view, 12))
    for widget in (
        room.view.head.back_button,
        room.view.head.search_button,
        room.view.strip.answer_button,
        room.view.controls.photos_button,
        room.view.grid,
    ):
        assert widget in reached


def test_what_is_decided_while_another_page_is_shown_is_seen_on_coming_back(
    room: Room, anna: list[int]
) -> None:
    room.view.hide()
    room.told(lambda: room.desk.reject([anna[0]], room.people.persons[0].id))
    assert anna[0] in room.shown
    room.view.show()
    room.rest()
    assert anna[0] not in room.shown
