"""The view of one person, by mouse and keyboard."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from opqn_app.core.settings import Settings
from opqn_app.ui.people.forget_dialog import Forgetting
from opqn_app.ui.people.person_view import PersonView
from opqn_app.ui.people.suggestion_pages import Choice
from opqn_app.ui.work.people_jobs import PeopleView
from opqn_app.ui.work.session import Session
from tests.ui.person_album import ANNA, BEN, LIKE_ANNA, Album, Face, album_engine

TIMEOUT = 60_000
KEY, LEFT = Qt.Key, Qt.MouseButton.LeftButton
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


class Room:
    """A view on a library, and what it has asked for."""

    def __init__(self, session: Session, qtbot: QtBot) -> None:
        self.session, self.desk, self.qtbot = session, session.people, qtbot
        self.forgetting: Forgetting | None = None
        self.asked: list[str] = []
        self.photos: list[int] = []
        self.searches: list[list[int]] = []
        self.n_closed = 0
        self.view = PersonView(session, ask_to_forget=self._ask)
        self.view.photo_wanted.connect(lambda _photo, face: self.photos.append(face.id))
        self.view.search_wanted.connect(self.searches.append)
        self.view.closed.connect(self._on_closed)
        qtbot.addWidget(self.view)
        self.view.resize(1000, 800)

    def start(self, *, groups: bool = True) -> None:
        """Read, load and group, then be shown."""
        if groups:
            with self.qtbot.waitSignal(self.desk.grouping.ended, timeout=TIMEOUT):
                self.session.load_engine()
                self.session.refresh_status()
        else:
            self.session.refresh_status()
            self.wait(lambda: self.desk.view is not None)
        self.rest()
        self.view.show()
        self.qtbot.waitExposed(self.view)
        self.view.activateWindow()
        self.qtbot.waitUntil(self.view.isActiveWindow, timeout=TIMEOUT)

    def rest(self) -> None:
        """Wait until no lane has anything to do."""
        self.wait(lambda: not self.session.runner._tasks)

    def wait(self, is_so: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(is_so, timeout=TIMEOUT)

    def name(self, faces: list[int], name: str) -> int:
        """Somebody is named elsewhere; returns the person's id."""
        self.told(lambda: self.desk.name(faces, name))
        return next(p.id for p in self.people.persons if p.name == name)

    def told(self, act: Callable[[], Any]) -> str:
        """What the desk says of what is done."""
        with self.qtbot.waitSignal(self.desk.told, timeout=TIMEOUT) as signal:
            act()
        self.rest()
        return str(signal.args[0])

    def show(self, person: int) -> None:
        self.view.show_person(person)
        self.rest()

    def show_group(self, faces: list[int]) -> None:
        self.view.show_group(faces)
        self.rest()

    def press(self, key: Qt.Key, modifiers: Any = Qt.KeyboardModifier.NoModifier) -> None:
        """A key, wherever the keyboard is."""
        target = QApplication.focusWidget() or self.view
        self.qtbot.keyClick(target, key, modifiers)

    def click(self, face: int, modifiers: Any = Qt.KeyboardModifier.NoModifier) -> None:
        """A click on a face of the grid."""
        at = self.place(face).center()
        self.qtbot.mouseClick(self.view.grid.viewport(), LEFT, modifiers, at)

    def place(self, face: int) -> QRect:
        row = self.view.grid.faces.row_of(face)
        assert row is not None
        return self.view.grid.picture_rect(self.view.grid.faces.index(row))

    def faces_of(self, name: str) -> set[int]:
        return {face for p in self.people.persons if p.name == name for face in p.faces}

    @property
    def people(self) -> PeopleView:
        assert self.desk.view is not None
        return self.desk.view

    @property
    def shown(self) -> list[int]:
        """Faces of the grid, in order."""
        return [face for row in self.view.grid.faces.rows for face in row.face_ids]

    @property
    def headings(self) -> list[str]:
        return [section.title for section in self.view.grid.sections()]

    @property
    def chosen(self) -> list[int]:
        return sorted(self.view.grid.selected_ids())

    def _ask(self, _parent: QWidget, name: str, n_faces: int) -> Forgetting | None:
        self.asked.append(f"{name}, {n_faces}")
        return self.forgetting

    def _on_closed(self) -> None:
        self.n_closed += 1


@pytest.fixture
def album(tmp_path: Path) -> Album:
    return Album(tmp_path / "library.sqlite")


@pytest.fixture
def room(album: Album, qtbot: QtBot, themed: QApplication) -> Iterator[Room]:
    """A view on the album as it is when `start` is called."""
    settings = Settings(library=str(album.path))
    session = Session(settings, engine_factory=album_engine)
    yield Room(session, qtbot)
    session.shut_down()


@pytest.fixture
def annas(album: Album) -> list[int]:
    """Six faces of Anna: two of 2024, one blurred of 2024, two of 2022, one without a date."""
    years = [(2022, 100.0), (2022, 100.0), (2024, 100.0), (2024, 100.0), (2024, 3.0), (None, 100.0)]
    return [album.add(year, Face(ANNA, sharp))[0] for year, sharp in years]


def test_faces_stand_under_their_years_newest_first_and_weak_ones_last(
    room: Room, annas: list[int]
) -> None:
    room.start()
    room.show(room.name(annas, "Anna"))
    assert room.headings == ["2024", "2022", "No date", "Less sure"]
    old, older, new, newer, blurred, undated = annas
    assert room.shown == [newer, new, older, old, undated, blurred]
    assert room.view.head.name_label.text() == "Anna"
    assert room.view.head.counts == "6 faces on 6 photos, 2022 to 2024"
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


# Suggestions


@pytest.fixture
def known(room: Room, album: Album) -> list[int]:
    """Anna, whom two faces are; three more are surely her, two perhaps; Ben is somebody else."""
    annas = [album.add(2020, Face(ANNA))[0] for _ in range(2)]
    for code in (ANNA, ANNA, ANNA, LIKE_ANNA, LIKE_ANNA, BEN):
        album.add(2020, Face(code))
    room.start()
    room.show(room.name(annas, "Anna"))
    return annas


def page_of(room: Room) -> list[tuple[tuple[int, ...], Choice]]:
    pages = room.view.strip.pages
    return [(each.faces, pages.choice(n)) for n, each in enumerate(pages.page)]


def test_sure_suggestions_are_ticked_and_enter_answers_the_page_as_one_gesture(
    room: Room, known: list[int]
) -> None:
    asked = page_of(room)
    assert asked, "somebody else may be Anna"
    assert all(choice == Choice.YES for _, choice in asked if choice != Choice.OPEN)
    ticked = {face for faces, choice in asked if choice == Choice.YES for face in faces}
    assert ticked
    room.told(lambda: room.press(KEY.Key_Return))
    assert room.faces_of("Anna") == {*known, *ticked}
    room.told(room.desk.undo)
    assert room.faces_of("Anna") == set(known)
    assert page_of(room), "what was undone is asked again"


def test_a_crossed_out_suggestion_is_never_asked_again(room: Room, known: list[int]) -> None:
    (faces, _), *_ = page_of(room)
    room.qtbot.mouseClick(room.view.strip._tiles[0].no, LEFT)
    assert page_of(room)[0][1] == Choice.NO
    for number, (_, choice) in enumerate(page_of(room)[1:], 1):
        if choice == Choice.YES:
            room.view.strip.choose(number, Choice.YES)  # open again
    room.told(lambda: room.qtbot.mouseClick(room.view.strip.answer_button, LEFT))
    assert room.faces_of("Anna") == set(known)
    asked = {face for each, _ in page_of(room) for face in each}
    assert not asked & set(faces)


def test_number_keys_turn_a_suggestion_from_wherever_the_keyboard_is(
    room: Room, known: list[int]
) -> None:
    room.view.grid.take_focus()
    first = page_of(room)[0][1]
    room.press(KEY.Key_1)
    assert page_of(room)[0][1] != first
    room.press(KEY.Key_1)
    room.press(KEY.Key_1)
    assert page_of(room)[0][1] == first
    before = page_of(room)
    room.press(KEY.Key_9)
    assert page_of(room) == before


def test_arrows_space_and_delete_answer_without_a_mouse(room: Room, known: list[int]) -> None:
    tiles = room.view.strip._tiles
    assert tiles[0].picture.hasFocus(), "suggestions come first"
    first = page_of(room)[0][1]
    room.press(KEY.Key_Space)
    assert page_of(room)[0][1] != first
    room.press(KEY.Key_Delete)
    assert page_of(room)[0][1] in (Choice.NO, Choice.OPEN)
    if len(tiles) > 1:
        room.press(KEY.Key_Right)
        assert tiles[1].picture.hasFocus()
        room.press(KEY.Key_Left)
    room.press(KEY.Key_Down)
    assert room.view.grid.hasFocus()


def test_what_stays_open_is_passed_over_and_asked_again_on_demand(
    room: Room, known: list[int]
) -> None:
    for number, (_, choice) in enumerate(page_of(room)):
        if choice == Choice.YES:
            room.view.strip.choose(number, Choice.YES)
    passed = {face for faces, _ in page_of(room) for face in faces}
    before = room.people
    room.press(KEY.Key_Return)
    room.rest()
    assert room.people is before, "nothing was decided"
    assert not passed & {face for faces, _ in page_of(room) for face in faces}
    room.qtbot.mouseClick(room.view.strip.again, LEFT)
    room.rest()
    assert {face for faces, _ in page_of(room) for face in faces} == passed


def test_a_page_stays_as_it_is_while_others_decide_elsewhere(room: Room, known: list[int]) -> None:
    room.press(KEY.Key_1)
    before, places = page_of(room), [t.geometry() for t in room.view.strip._tiles]
    room.told(lambda: room.desk.choose_picture(room.people.persons[0].id, known[1]))
    assert page_of(room) == before
    assert [t.geometry() for t in room.view.strip._tiles] == places


def test_a_double_click_on_a_suggestion_shows_its_photo(room: Room, known: list[int]) -> None:
    tile, before = room.view.strip._tiles[0], page_of(room)
    room.qtbot.mouseClick(tile.picture, LEFT)
    room.qtbot.mouseDClick(tile.picture, LEFT)
    room.rest()
    assert room.photos == [tile.suggestion.picture]
    assert page_of(room)[0][0] == before[0][0]


# Chosen faces


@pytest.fixture
def anna(room: Room, annas: list[int]) -> list[int]:
    """Anna is shown, with six faces."""
    room.start()
    room.show(room.name(annas, "Anna"))
    return annas


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


def test_a_chosen_face_can_be_no_face_at_all(room: Room, anna: list[int]) -> None:
    room.click(anna[1])
    room.told(lambda: room.press(KEY.Key_X))
    assert anna[1] in room.people.left_out
    assert anna[1] not in room.shown


def test_chosen_faces_are_copied_as_files(room: Room, anna: list[int]) -> None:
    room.click(anna[0])
    room.click(anna[1], CTRL)
    room.press(KEY.Key_C, CTRL)
    data = QApplication.clipboard().mimeData()
    assert sorted(Path(url.toLocalFile()).name for url in data.urls()) == ["00001.jpg", "00002.jpg"]
    QApplication.clipboard().clear()  # the application outlives Python


# The person as a whole


def test_n_or_a_click_renames(room: Room, anna: list[int]) -> None:
    room.view.grid.take_focus()
    room.press(KEY.Key_N)
    field = room.view.head.field
    assert field.hasFocus()
    assert field.selectedText() == "Anna"
    room.press(KEY.Key_Escape)
    assert room.n_closed == 0
    room.qtbot.mouseClick(room.view.head.name_label, LEFT)
    room.qtbot.keyClicks(field, "Johanna")
    room.told(lambda: room.press(KEY.Key_Return))
    assert room.faces_of("Johanna") == set(anna)
    assert room.view.head.name_label.text() == "Johanna"
    assert room.view.head.name_label.isVisible()


def test_merging_into_somebody_goes_on_with_them(room: Room, album: Album, anna: list[int]) -> None:
    (ben,) = album.add(2023, Face(BEN))
    room.told(lambda: room.desk.name([ben], "Ben"))
    room.view.head.merge_action.trigger()
    room.qtbot.keyClicks(room.view.head.field, "Ben")
    room.told(lambda: room.press(KEY.Key_Return))
    assert room.faces_of("Ben") == {*anna, ben}
    assert room.view.head.name_label.text() == "Ben"
    assert set(room.shown) == {*anna, ben}


def test_merging_into_nobody_says_so(room: Room, anna: list[int]) -> None:
    room.view.head.merge_action.trigger()
    room.qtbot.keyClicks(room.view.head.field, "Zoe")
    room.press(KEY.Key_Return)
    assert room.view.messages.text == "Nobody is called Zoe."
    assert room.faces_of("Anna") == set(anna)


def test_hiding_closes_the_view(room: Room, anna: list[int]) -> None:
    room.told(room.view.head.hide_action.trigger)
    assert room.n_closed == 1
    assert room.people.persons[0].is_hidden


def test_forgetting_asks_first(room: Room, anna: list[int]) -> None:
    room.view.head.forget_action.trigger()
    room.rest()
    assert room.asked == ["Anna, 6"]
    assert room.faces_of("Anna") == set(anna)
    room.forgetting = Forgetting(with_faces=False)
    room.view.head.forget_action.trigger()
    room.wait(lambda: room.n_closed == 1)
    room.rest()
    assert room.people.persons == ()
    assert not room.people.can_undo


@pytest.mark.parametrize(
    ("key", "modifiers"),
    [(KEY.Key_Escape, CTRL & SHIFT), (KEY.Key_Left, Qt.KeyboardModifier.AltModifier)],
)
def test_escape_and_alt_left_go_back(
    room: Room, anna: list[int], key: Qt.Key, modifiers: Any
) -> None:
    room.press(key, modifiers)
    assert room.n_closed == 1


# Groups


def test_a_group_waits_for_a_name_and_becomes_a_person(room: Room, annas: list[int]) -> None:
    room.start()
    room.show_group(annas)
    field = room.view.head.field
    assert field.hasFocus()
    assert room.view.strip.isHidden()
    room.qtbot.keyClicks(field, "Anna")
    room.told(lambda: room.press(KEY.Key_Return))
    assert room.faces_of("Anna") == set(annas)
    assert room.view.head.name_label.text() == "Anna"
    assert room.view.head.name_label.isVisible()
    room.told(room.desk.undo)
    assert room.view.subject is not None
    assert room.view.subject.person is None
    assert set(room.shown) == set(annas)


def test_faces_are_taken_out_of_a_group(room: Room, annas: list[int]) -> None:
    room.start()
    room.show_group(annas)
    room.click(annas[0])
    room.told(lambda: room.press(KEY.Key_Delete))
    assert set(room.shown) == set(annas[1:])
    room.told(room.desk.undo)
    assert set(room.shown) == set(annas)


def test_hiding_a_group_closes_the_view(room: Room, annas: list[int]) -> None:
    room.start()
    room.show_group(annas)
    room.told(room.view.head.hide_action.trigger)
    assert room.n_closed == 1


# Parts


def test_a_part_is_taken_out_with_one_click(room: Room, album: Album, annas: list[int]) -> None:
    others = [album.add(2019, Face(BEN))[0] for _ in range(3)]
    room.start()
    room.show(room.name([*annas, *others], "Anna"))
    room.qtbot.mouseClick(room.view.controls.parts_button, LEFT)
    room.rest()
    assert room.headings == ["Part 1", "Part 2"]
    assert room.view.grid.sections()[0].action == ""
    place = room.view.grid.heading_rect(1)
    at = QPoint(place.right() - 30, place.bottom() - 12)
    room.told(lambda: room.qtbot.mouseClick(room.view.grid.viewport(), LEFT, pos=at))
    assert room.faces_of("Anna") == set(annas)
    assert room.headings == ["Part 1"]
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


# Many faces


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
