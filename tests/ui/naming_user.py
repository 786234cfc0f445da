"""A user who knows everybody, at the real window: names them, mends what is wrong, counts clicks.

What is counted is what `trainer.evaluate.group_figures` counts: one for each group, or single face,
that shows mostly somebody worth a name, one to take out each wrong face of these, and one to put
each wrong face of somebody worth a name where it belongs. Every click and key is timed, those too
that only lead to such an answer.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from PySide6.QtCore import QEventLoop, QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractItemView, QApplication, QWidget

from opqn_app.ui.people.people_page import PeoplePage
from opqn_app.ui.people.person_view import PersonView
from opqn_app.ui.people.tiles import Tile
from opqn_app.ui.shell.main_window import MainWindow
from opqn_app.ui.work.people_jobs import PeopleView
from opqn_app.ui.work.session import Session
from tests.ui.click_times import ClickTimes

WORTH = 3  # photos from which somebody is worth a name
PATIENCE_S = 120.0
LEFT, PLAIN = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


class NamingUser:
    """Names everybody of a library whose faces are 1 to n.

    Args:
        truth: (n,) who each face shows.

    Attributes:
        answers: how many of each kind it took.
        spared: answers of the table that named several faces at once took the place of.
        times: of every click and key.
    """

    def __init__(self, session: Session, window: MainWindow, truth: Sequence[str]) -> None:
        self._session, self._window = session, window
        self._truth = dict(enumerate(truth, start=1))
        counts = Counter(truth)
        self.worth = {person for person, number in counts.items() if number >= WORTH}
        self._refusals: list[object] = []
        session.people.refused.connect(self._refusals.append)
        session.people.doubted.connect(self._refusals.append)
        self.answers: Counter[str] = Counter()
        self.spared = 0
        self.times = ClickTimes(QApplication.processEvents, self._wait)

    @property
    def clicks(self) -> int:
        """How many answers it took."""
        return self.answers.total()

    @property
    def view(self) -> PeopleView:
        assert self._session.people.view is not None
        return self._session.people.view

    @property
    def _page(self) -> PeoplePage:
        assert self._window.people is not None
        return self._window.people

    def name_everybody(self) -> None:
        """Do all of it."""
        self._name_groups()
        self._page.grid.end_naming()
        for person in sorted(self.worth):
            self._take_out(person)
        self._page.show_everybody()
        self._put_right()

    def wrong_people(self) -> dict[str, set[int]]:
        """People worth a name whose faces are not all and only theirs, with the faces."""
        found = {p.name: set(p.faces) for p in self.view.persons}
        true: dict[str, set[int]] = {}
        for face, person in self._truth.items():
            if person in self.worth:
                true.setdefault(person, set()).add(face)
        return {
            person: faces ^ found.get(person, set())
            for person, faces in true.items()
            if faces != found.get(person, set())
        }

    def _name_groups(self) -> None:
        named = set()
        while True:
            rows = enumerate(self._page.model.tiles.tiles)
            todo = [(i, t) for i, t in rows if t.can_be_named and t.faces not in named]
            todo = [(i, t) for i, t in todo if self._shown(t) in self.worth]
            if not todo:
                return
            row, tile = todo[0]
            named.add(tile.faces)
            self._name_tile(row, self._shown(tile))

    def _name_tile(self, row: int, name: str) -> None:
        """Name a tile; the field stands at it already if the last answer led there."""
        grid = self._page.grid
        if not (grid.is_naming and grid.currentIndex().row() == row):
            grid.go_to(row)
            rect = grid.name_rect(grid.currentIndex())
            place = rect.center() - QPoint(rect.width() // 3, 0)
            self._click("click on the place for a name", grid, place)
        self._type(grid.field, name)
        self._answer("Enter names a tile", lambda: QTest.keyClick(grid.field, Qt.Key.Key_Return))

    def _take_out(self, person: str) -> None:
        """Open a person, and say of each wrong face that it is somebody else."""
        known = [p for p in self.view.persons if p.name == person]
        wrong = [f for p in known for f in p.faces if self._truth[f] != person]
        if not wrong:
            return
        row = self._page.model.row_of(known[0].id)
        assert row is not None
        view = self._open(row)
        for face in wrong:
            self._choose(view, face)
            act = partial(QTest.keyClick, view.grid, Qt.Key.Key_Delete)
            self._answer("Delete takes a face out", act)
        back = partial(QTest.keyClick, view.grid, Qt.Key.Key_Escape)
        self.times.time("Esc leads back to all", back)

    def _put_right(self) -> None:
        """Name the faces that were taken out, and those in groups of people not worth a name."""
        while True:
            owner = self.view.owner
            left = {f for f, p in self._truth.items() if p in self.worth and f not in owner}
            tiles = enumerate(self._page.model.tiles.tiles)
            todo = [(i, t) for i, t in tiles if t.can_be_named and left & set(t.faces)]
            if not todo:
                assert not left, f"the faces {sorted(left)} are nowhere to be named"
                return
            row, tile = todo[0]
            people = {self._truth[face] for face in tile.faces}
            if len(people) == 1:
                self._name_tile(row, people.pop())
                self.spared += len(tile.faces) - 1
                self._page.grid.end_naming()
            else:
                self._name_inside(row, [face for face in tile.faces if face in left])

    def _name_inside(self, row: int, faces: Sequence[int]) -> None:
        """Open a group of several people, and name its faces one by one while it shows them."""
        view = self._open(row)
        for face in faces:
            if view.grid.faces.row_of(face) is None:
                break  # the group is another one now
            self._choose(view, face)
            self.times.time("N opens the field", partial(QTest.keyClick, view.grid, Qt.Key.Key_N))
            field = QApplication.focusWidget()
            self._type(field, self._truth[face])
            act = partial(QTest.keyClick, field, Qt.Key.Key_Return)
            self._answer("Enter names a face", act)
        self._page.show_everybody()

    def _open(self, row: int) -> PersonView:
        """Double-click a tile, and wait until all of it is shown."""
        grid = self._page.grid
        grid.go_to(row)
        QApplication.processEvents()
        place = grid.picture_rect(grid.currentIndex()).center()
        act = partial(QTest.mouseDClick, grid.viewport(), LEFT, PLAIN, place)
        self.times.time("double click opens a tile", act, lambda: self._shows_faces)
        self.rest()
        assert self._page.person is not None
        return self._page.person

    @property
    def _shows_faces(self) -> bool:
        view = self._page.person
        return view is not None and view.isVisible() and view.grid.faces.rowCount() > 0

    def _choose(self, view: PersonView, face: int) -> None:
        row = view.grid.faces.row_of(face)
        assert row is not None, f"face {face} is not shown"
        index = view.grid.faces.index(row)
        view.grid.scrollTo(index)
        self._click("click chooses a face", view.grid, view.grid.picture_rect(index).center())

    def _click(self, kind: str, grid: QAbstractItemView, place: QPoint) -> None:
        QApplication.processEvents()  # it came into sight, which is no part of the click
        self.times.time(kind, partial(QTest.mouseClick, grid.viewport(), LEFT, PLAIN, place))

    def _type(self, field: QWidget | None, text: str) -> None:
        assert field is not None
        for letter in text:
            self.times.time("a letter of a name", partial(QTest.keyClicks, field, letter))

    def _answer(self, kind: str, act: Callable[[], object]) -> None:
        """One answer; its time ends when the window has drawn what came of it."""
        told: list[str] = []
        self._session.people.told.connect(told.append)
        self.times.time(kind, act, lambda: bool(told))
        self._session.people.told.disconnect(told.append)
        self.answers[kind] += 1
        self.rest()

    def rest(self) -> None:
        """Wait until no lane has anything to do."""
        self._wait(lambda: not self._session.runner._tasks)

    def _wait(self, is_so: Callable[[], bool]) -> None:
        until = time.perf_counter() + PATIENCE_S
        timer = QTimer(interval=1000)
        timer.start()
        while not is_so():
            assert not self._refusals, self._refusals
            assert time.perf_counter() < until, f"the window does not answer: {self._state()}"
            QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)

    def _state(self) -> str:
        """Where the window is, for whoever has to find out why it waits."""
        person = self._page.person
        chosen = [] if person is None else person.grid.selected_ids()
        seen = [] if person is None else [person.grid.place_of(face) for face in chosen]
        focus, active = QApplication.focusWidget(), QApplication.activeWindow()
        return f"{focus=} {active=} {chosen=} {seen=} tasks={self._session.runner._tasks}"

    def _shown(self, tile: Tile) -> str:
        """Whom a group shows mostly; of equals the first by name."""
        return mostly(self._truth[face] for face in tile.faces)


def mostly(people: Iterable[str]) -> str:
    """The most frequent one; of equals the first."""
    counts = Counter(people)
    return min(counts, key=lambda person: (-counts[person], person))
