"""No key of the People page acts on what is not seen to be meant."""

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from tests.ui.people_room import PeopleRoom

KEY = Qt.Key


def test_a_key_held_down_answers_nothing(asked: PeopleRoom) -> None:
    """Who holds Enter has not looked at the tiles that come."""
    before = asked.view
    asked.click(3)
    for key in (KEY.Key_Return, KEY.Key_Delete):
        held = QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier, "", True)
        QApplication.sendEvent(asked.grid, held)
    asked.rest()
    assert asked.view is before
    assert not any(action.autoRepeat() for action in asked.page.everybody.actions())


def test_a_key_brings_an_unseen_tile_into_sight_before_it_answers(asked: PeopleRoom) -> None:
    before, index = asked.view, asked.index(3)
    asked.click(3)
    asked.window.resize(784, 560)
    asked.grid.set_side(256)
    asked.rest()
    QApplication.processEvents()  # the page has its new size now
    for key in (KEY.Key_Return, KEY.Key_Delete, KEY.Key_1):
        asked.grid.verticalScrollBar().setValue(0)
        assert not asked.grid.is_in_sight(index)
        asked.press(key)
        asked.wait(lambda: asked.grid.is_in_sight(index))
        asked.rest()
        assert asked.view is before
    asked.told(lambda: asked.press(KEY.Key_Return))
    assert asked.people == {"Anna": (1, 2, 3, 4, 5, 6, 7, 10)}


def test_the_keyboard_comes_along_to_each_person_that_is_opened(asked: PeopleRoom) -> None:
    """The first has suggestions, which are gone when the next one is opened."""
    asked.click(0)
    asked.press(KEY.Key_Space)
    asked.rest()
    assert asked.page.person is not None
    assert asked.page.person.strip.isVisible()
    asked.press(KEY.Key_Escape)
    asked.click(2)
    asked.press(KEY.Key_Space)
    asked.rest()
    assert asked.page.person.head.field.hasFocus()
    asked.give("Dora")
    assert "Dora" in asked.people
