"""A view of one person on a made library, and hands to use it with."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from opqn_app.ui.people.forget_dialog import Forgetting
from opqn_app.ui.people.person_view import PersonView
from opqn_app.ui.work.people_jobs import PeopleView
from opqn_app.ui.work.session import Session

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
