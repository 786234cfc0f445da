""" "Also Anna?", answered by mouse and keyboard."""

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from opqn_app.ui.people.suggestion_pages import Choice
from tests.ui.person.person_room import KEY, LEFT, Room

PLAIN = Qt.KeyboardModifier.NoModifier


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


def test_enter_held_down_answers_one_page_only(room: Room, known: list[int]) -> None:
    """The next page has not been looked at."""
    strip = room.view.strip
    assert strip.isVisible()
    held = QKeyEvent(QEvent.Type.KeyPress, KEY.Key_Return, PLAIN, "\r", True)
    before = room.people
    QApplication.sendEvent(strip, held)
    room.rest()
    assert room.people is before


def test_suggestions_that_come_late_take_no_keyboard_from_who_types(
    room: Room, known: list[int]
) -> None:
    view = room.view
    view.close_view()
    person = next(p.id for p in room.people.persons if p.name == "Anna")
    view.show_person(person)
    view.head.rename()
    room.rest()
    assert view.strip.isVisible()
    assert view.head.field.hasFocus()
