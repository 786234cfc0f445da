"""The real window on its People page, as somebody with a mouse and a keyboard uses it."""

from collections.abc import Callable
from typing import Any
from unittest import mock

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QDrag, QDragEnterEvent, QDragMoveEvent, QDropEvent, QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from opqn_app.ui.people.people_grid import PeopleGrid
from opqn_app.ui.people.people_page import PeoplePage
from opqn_app.ui.people.tile_model import DRAGGED
from opqn_app.ui.people.tiles import Tile
from opqn_app.ui.shell.main_window import MainWindow
from opqn_app.ui.work.people_jobs import PeopleView
from opqn_app.ui.work.session import Session

TIMEOUT = 20_000
LEFT = Qt.MouseButton.LeftButton
PLAIN = Qt.KeyboardModifier.NoModifier


class PeopleRoom:
    """A window, and what can be done in it."""

    def __init__(self, session: Session, qtbot: QtBot) -> None:
        self.session, self.desk, self.qtbot = session, session.people, qtbot
        self.window = MainWindow(session)
        qtbot.addWidget(self.window)

    def start(self) -> None:
        """Show the page, and wait until all faces are grouped."""
        window = self.window
        window.show()
        window.show_page("people")
        with self.qtbot.waitSignal(self.desk.grouping.ended, timeout=TIMEOUT):
            self.session.load_engine()
            self.session.refresh_status()
        self.rest()
        with self.qtbot.waitActive(window, timeout=TIMEOUT):
            window.activateWindow()
        self.wait(lambda: self.grid.hasFocus())

    def wait(self, is_so: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(is_so, timeout=TIMEOUT)

    def rest(self) -> None:
        """Wait until no lane has anything to do."""
        self.wait(lambda: not self.session.runner._tasks)

    def told(self, act: Callable[[], Any]) -> str:
        """What is told of what `act` does."""
        with self.qtbot.waitSignal(self.desk.told, timeout=TIMEOUT) as signal:
            act()
        self.rest()
        return str(signal.args[0])

    def press(self, key: Qt.Key, modifiers: Any = PLAIN) -> None:
        """A key, wherever the keyboard is."""
        self.qtbot.keyClick(QApplication.focusWidget() or self.window, key, modifiers)

    def type(self, text: str) -> None:
        self.qtbot.keyClicks(QApplication.focusWidget(), text)

    def give(self, name: str) -> str:
        """Type a name into the open field, and press Enter."""
        self.type(name)
        return self.told(lambda: self.press(Qt.Key.Key_Return))

    def click(self, row: int, modifiers: Any = PLAIN) -> None:
        """A click on a face."""
        place = self.grid.picture_rect(self.index(row)).center()
        self.qtbot.mouseClick(self.grid.viewport(), LEFT, modifiers, place)

    def click_at(self, place: QPoint) -> None:
        self.qtbot.mouseClick(self.grid.viewport(), LEFT, PLAIN, place)

    def click_name(self, row: int) -> None:
        """A click on the place for a name."""
        rect = self.grid.name_rect(self.index(row))
        self.click_at(QPoint(rect.left() + 12, rect.center().y()))

    def open(self, row: int) -> None:
        place = self.grid.picture_rect(self.index(row)).center()
        self.qtbot.mouseDClick(self.grid.viewport(), LEFT, PLAIN, place)

    def drag(self, row: int, target: int) -> None:
        """One tile onto another, by the mouse; only the system's part is played."""
        at = QPointF(self.grid.picture_rect(self.index(target)).center())
        viewport, begun = self.grid.viewport(), []

        def carry(drag: QDrag, actions: Qt.DropAction) -> Qt.DropAction:
            data, place = drag.mimeData(), at.toPoint()
            begun.append(data.formats())
            assert not drag.pixmap().isNull()
            QApplication.sendEvent(viewport, QDragEnterEvent(place, actions, data, LEFT, PLAIN))
            QApplication.sendEvent(viewport, QDragMoveEvent(place, actions, data, LEFT, PLAIN))
            QApplication.sendEvent(viewport, QDropEvent(at, actions, data, LEFT, PLAIN))
            return actions

        start = self.grid.picture_rect(self.index(row)).center()
        with mock.patch.object(QDrag, "exec", carry):
            self.qtbot.mousePress(viewport, LEFT, PLAIN, start)
            for step in (4, 12, 24):
                where = start + QPoint(step, step)
                kind, screen = QEvent.Type.MouseMove, QPointF(viewport.mapToGlobal(where))
                none = Qt.MouseButton.NoButton
                move = QMouseEvent(kind, QPointF(where), screen, none, LEFT, PLAIN)
                QApplication.sendEvent(viewport, move)
            self.qtbot.mouseRelease(viewport, LEFT, PLAIN, where)
        assert begun == [[DRAGGED]], "one drag begins"

    def index(self, row: int) -> Any:
        return self.page.model.index(row, 0)

    @property
    def page(self) -> PeoplePage:
        assert self.window.people is not None
        return self.window.people

    @property
    def grid(self) -> PeopleGrid:
        return self.page.grid

    @property
    def tiles(self) -> tuple[Tile, ...]:
        return self.page.model.tiles.tiles

    @property
    def words(self) -> list[str]:
        """What the tiles say: a name, or how many faces have none."""
        return [tile.fate or tile.name or str(len(tile.faces)) for tile in self.tiles]

    @property
    def view(self) -> PeopleView:
        assert self.desk.view is not None
        return self.desk.view

    @property
    def people(self) -> dict[str | None, tuple[int, ...]]:
        return {person.name: person.faces for person in self.view.persons}

    def row_of(self, face: int) -> int:
        """The tile of a face."""
        return next(row for row, tile in enumerate(self.tiles) if face in tile.faces)
