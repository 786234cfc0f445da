"""A message comes over the page: what the user is about to press stays where it is."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from opqn_app.ui.kit.message_bar import MessageBar
from opqn_app.ui.shell.main_window import MainWindow
from opqn_app.ui.work.session import Session

LONG = "The library was written by a newer version of this program, so it can only be looked at."


class Page(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.head, self.foot = QPushButton("above"), QPushButton("below")
        column = QVBoxLayout(self)
        column.addWidget(self.head)
        column.addWidget(QLabel("what is shown"), 1)
        column.addWidget(self.foot)
        self.messages = MessageBar(self)
        self.resize(500, 400)


@pytest.fixture
def page(qtbot: QtBot) -> Page:
    made = Page()
    qtbot.addWidget(made)
    made.show()
    with qtbot.waitActive(made):
        made.activateWindow()
    return made


@pytest.fixture
def window(session: Session, qtbot: QtBot) -> Iterator[MainWindow]:
    made = MainWindow(session)
    qtbot.addWidget(made)
    made.show()
    yield made
    session.shut_down()


def places(page: QWidget, bar: QWidget) -> dict[QWidget, QRect]:
    """Where everything on the page is, but the bar."""
    return {
        each: QRect(each.mapTo(page, QPoint()), each.size())
        for each in page.findChildren(QWidget)
        if each is not bar and not bar.isAncestorOf(each) and each.isVisibleTo(page)
    }


@pytest.mark.parametrize("key", ["search", "library", "evaluate", "train"])
@pytest.mark.parametrize("size", [(800, 600), (1280, 720)])
def test_nothing_moves_when_a_message_comes_and_goes(
    window: MainWindow, qtbot: QtBot, key: str, size: tuple[int, int]
) -> None:
    window.resize(*size)
    window.show_page(key)
    page = window.pages[key]
    bar = page.messages  # type: ignore[attr-defined]
    if key == "evaluate":
        qtbot.waitUntil(lambda: bool(page.form.models.chosen))  # type: ignore[attr-defined]
    qtbot.wait(200)
    before = places(page, bar)
    bar.warn(LONG, "Copy the command")
    qtbot.wait(20)
    assert bar.isVisible()
    assert places(page, bar) == before
    assert bar.parentWidget().rect().contains(bar.geometry())
    assert bar._label.height() >= bar._label.heightForWidth(bar._label.width())
    bar.hide()
    qtbot.wait(20)
    assert places(page, bar) == before


def test_the_bar_of_the_model_moves_nothing(window: MainWindow, qtbot: QtBot) -> None:
    window.resize(800, 600)
    bar = window.switch_bar
    qtbot.wait(20)
    before = places(window, bar)
    bar.use.show()
    bar._say("note", LONG)
    qtbot.wait(20)
    assert bar.isVisible()
    assert places(window, bar) == before
    assert window.stack.rect().contains(bar.geometry())


def test_it_lies_at_the_foot(page: Page) -> None:
    page.messages.say("Done.")
    assert page.messages.geometry().bottom() > 370


def test_it_does_not_come_under_the_pointer(page: Page) -> None:
    page.setFocus()
    QCursor.setPos(page.mapToGlobal(QPoint(250, 370)))
    page.messages.say("Done.")
    assert page.messages.geometry().top() < 20
    QCursor.setPos(page.mapToGlobal(QPoint(250, 200)))
    page.messages.say("Another one.", "Go")
    assert page.messages.geometry().top() < 20, "a bar that is seen stays where it is"
    page.messages.hide()
    page.messages.say("Done.")
    assert page.messages.geometry().bottom() > 370
    page.messages.hide()
    page.head.setFocus()
    here = QPoint(250, 370)
    QCursor.setPos(page.mapToGlobal(here))
    page.messages.say("Done.")
    assert not page.messages.geometry().contains(here)
    assert not page.messages.geometry().intersects(page.head.geometry())


def test_it_never_covers_what_has_the_keyboard(page: Page) -> None:
    page.foot.setFocus()
    page.messages.say("Done.")
    assert not page.messages.geometry().intersects(page.foot.geometry())
    page.messages.hide()
    page.head.setFocus()
    page.messages.say("Done.")
    assert not page.messages.geometry().intersects(page.head.geometry())


def test_two_bars_do_not_lie_over_each_other(page: Page) -> None:
    other = MessageBar(page)
    page.messages.say("Done.")
    other.warn("Something else.")
    assert not other.geometry().intersects(page.messages.geometry())
