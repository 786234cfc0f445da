"""What can be done with the chosen tiles: by keys, by the menu, by the mouse; one gesture each."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from opqn_app.ui.kit.name_field import NameField
from opqn_app.ui.people.hints import Hints
from opqn_app.ui.people.people_grid import PeopleGrid
from opqn_app.ui.people.tiles import Tile, selection_of
from opqn_app.ui.work.people_desk import PeopleDesk


class PeopleActions(QObject):
    """The actions of a page; `all` is what a menu shows, None parts groups.

    Args:
        page: the actions answer to keys while it has the keyboard.
    """

    def __init__(self, desk: PeopleDesk, grid: PeopleGrid, hints: Hints, page: QWidget) -> None:
        super().__init__(page)
        self._desk, self._grid, self._hints, self._page = desk, grid, hints, page
        self.open = self._action("Open", "Space", self._open)
        self.name = self._action("Name", "N", self.begin_naming)
        self.yes = self._action("Yes, that is who it is", "", partial(self._on_current, True))
        self.no = self._action("No, somebody else", "", partial(self._on_current, False))
        self.merge = self._action("These are one person", "M", self.merge_chosen)
        self.hide = self._action("Hide", "H", self.hide_chosen)
        self.no_face = self._action("Not faces", "", self.mark_no_face)
        self.undo = self._action("Undo", "U", desk.undo)
        self.all: list[QAction | None] = [
            self.open, self.name, None, self.yes, self.no, None,
            self.merge, self.hide, self.no_face,
        ]  # fmt: skip
        for number in range(1, 10):
            self._action(f"Suggestion {number}", str(number), partial(self.pick, number - 1))
        grid.named.connect(self.give_name)
        grid.answered.connect(self.answer)
        grid.joined.connect(self.join)
        grid.selectionModel().selectionChanged.connect(lambda *_: self.show_enabled())
        grid.selectionModel().currentChanged.connect(lambda *_: self.show_enabled())
        hints.ready.connect(self.show_enabled)
        self.show_enabled()

    def show_enabled(self) -> None:
        """Offer what fits the chosen tiles."""
        chosen = self._chosen()
        live = [tile for tile in chosen if not tile.fate]
        is_one = len(chosen) == 1
        guess = self._hints.guess(chosen[0]) if is_one else None
        view = self._desk.view
        person = None if view is None or guess is None else view.by_id.get(guess)
        at = self._at()
        self.open.setEnabled(len(at) == 1)
        self.name.setEnabled(any(map(self._is_live, at)))
        self.name.setText("Change the name" if is_one and chosen[0].is_named else "Name")
        for action in (self.yes, self.no):
            action.setVisible(person is not None)
        if person is not None:
            self.yes.setText(f"Yes, this is {person.name}\tEnter")
            self.no.setText(f"No, this is not {person.name}\tDel")
        self.merge.setVisible(len(live) > 1)
        self.hide.setEnabled(bool(live))
        are_hidden = bool(live) and all(tile.is_hidden for tile in live)
        self.hide.setText("Show again" if are_hidden else "Hide")
        are_groups = bool(live) and all(tile.person is None for tile in live)
        self.no_face.setVisible(are_groups)

    # Gestures

    def give_name(self, rows: Sequence[int], field: NameField) -> None:
        """A name was typed or chosen for the tiles of `rows`."""
        tiles = [tile for tile in map(self._grid.tiles.tile, rows) if tile is not None]
        people, faces = selection_of(tiles)
        name, person, is_new = field.given, field.person, field.is_new
        if not people and not faces:
            return
        for tile in tiles:
            self._hints.forget(tile)
        ids = [tile.person for tile in people if tile.person is not None]
        if person is not None and person not in ids:
            task = self._desk.merge_all(person, ids, faces)
        elif len(ids) == 1 and not faces:
            if name == people[0].name:
                return
            task = self._desk.rename(ids[0], name)
        elif ids:
            task = self._desk.merge_all(ids[0], ids[1:], faces)
        else:
            task = self._desk.name(faces, name, is_new=is_new)
        task.succeeded.connect(lambda answer: self._grid.unanswered.keep(tiles, name, answer))

    def begin_naming(self) -> None:
        """Let the user type a name for the chosen tiles."""
        rows = [row for row in self._at() if self._is_live(row)]
        if rows:
            self._grid.begin_naming(rows)

    def answer(self, row: int, is_so: bool) -> None:
        """Answer "Anna?" on a tile."""
        tile = self._grid.tiles.tile(row)
        guess = None if tile is None else self._hints.guess(tile)
        if tile is None or guess is None:
            return
        self._hints.forget(tile)
        if is_so:
            self._say_yes(tile, guess)
            self._go_on(row)
        else:
            self._desk.reject(tile.faces, guess)

    def pick(self, number: int) -> None:
        """Take a numbered suggestion for the current tile, counted from 0."""
        row = self._grid.chosen_row
        tile = self._grid.tiles.tile(row)
        guesses = () if tile is None else self._hints.guesses(tile)
        if tile is not None and not self._grid.is_in_sight(self._grid.currentIndex()):
            self._grid.go_to(row)  # what is not seen is not meant
        elif tile is not None and number < len(guesses):
            self._hints.forget(tile)
            self._say_yes(tile, guesses[number][0])
            self._go_on(row)

    def merge_chosen(self) -> None:
        """Say that the chosen tiles are one person; groups alone need a name first."""
        people, faces = selection_of(self._chosen())
        if people:
            ids = [tile.person for tile in people if tile.person is not None]
            if len(ids) > 1 or faces:
                self._desk.merge_all(ids[0], ids[1:], faces)
        elif len(self._chosen()) > 1:
            self.begin_naming()

    def join(self, rows: Sequence[int], target: int) -> None:
        """Tiles were dropped onto another, who keeps the name if there is one."""
        tiles = [self._grid.tiles.tile(row) for row in (target, *rows)]
        live = [tile for tile in tiles if tile is not None and not tile.fate]
        people, faces = selection_of(live)
        onto = live[0].person if live else None
        ids = [tile.person for tile in people if tile.person is not None]
        if onto is not None and live[0].is_named:
            ids.sort(key=lambda person: person != onto)
        if ids:
            self._desk.merge_all(ids[0], ids[1:], faces)
        else:
            self._grid.select_rows(sorted([target, *rows]))
            self._grid.begin_naming([target, *rows])

    def hide_chosen(self) -> None:
        """Hide the chosen tiles, or show them again if all are hidden."""
        live = [tile for tile in self._chosen() if not tile.fate]
        people, faces = selection_of(live)
        hidden = not all(tile.is_hidden for tile in live)
        ids = [tile.person for tile in people if tile.person is not None]
        if ids or faces:
            self._desk.hide_all(ids, faces, hidden=hidden)

    def mark_no_face(self) -> None:
        """Say that the chosen groups show no faces."""
        _, faces = selection_of(self._chosen())
        if faces:
            self._desk.no_face(faces)

    def _say_yes(self, tile: Tile, person: int) -> None:
        if tile.person is None:
            self._desk.answer(person, yes=tile.faces)
        else:
            self._desk.merge_all(person, [tile.person])

    def _go_on(self, row: int) -> None:
        """The next one that waits, unless the mouse is what answers."""
        following = self._grid.tiles.next_nameless(row)
        if following is not None and row == self._grid.currentIndex().row():
            self._grid.go_to(following)

    def _on_current(self, is_so: bool) -> None:
        self.answer(self._grid.chosen_row, is_so)

    def _open(self) -> None:
        row = self._grid.currentIndex().row()
        if row >= 0:
            self._grid.opened.emit(row)

    def _at(self) -> list[int]:
        """What a name is asked for and what is opened: the chosen rows, else the current one."""
        current = self._grid.currentIndex().row()
        return self._grid.chosen_rows() or ([current] if current >= 0 else [])

    def _chosen(self) -> list[Tile]:
        tiles = map(self._grid.tiles.tile, self._grid.chosen_rows())
        return [tile for tile in tiles if tile is not None]

    def _is_live(self, row: int) -> bool:
        tile = self._grid.tiles.tile(row)
        return tile is not None and not tile.fate

    def _action(self, text: str, keys: str, act: Callable[[], object]) -> QAction:
        action = QAction(text, self._page)
        action.setAutoRepeat(False)  # the next tile has not been looked at
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        if keys:
            action.setShortcut(QKeySequence(keys))
        action.triggered.connect(lambda _checked=False: act())
        self._page.addAction(action)
        return action
