"""Saves a search as a person: the likely faces are ticked, and one name is given to them all."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelectionModel, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QVBoxLayout, QWidget

from opqn_app.core.progress import counted
from opqn_app.ui.kit import keyboard
from opqn_app.ui.kit.controls import push_button, text_label
from opqn_app.ui.kit.name_field import NameField
from opqn_app.ui.kit.tips import plain
from opqn_app.ui.search.query import Query
from opqn_app.ui.search.results_view import ResultsView
from opqn_app.ui.work.session import Session

if TYPE_CHECKING:
    from opqn_app.people.ledger import Ledger, Outcome
    from opqn_app.ui.work.people_jobs import PeopleView

FIELD = 240  # pixels


class SaveBar(QWidget):
    """While it is open, what is selected in the grid is what will be named.

    Args:
        query: what is searched with now.

    Attributes:
        open_button: opens it; for the page to place.

    Signals:
        opened: True when it has opened, False when it has closed.
    """

    opened = Signal(bool)

    def __init__(
        self, session: Session, results: ResultsView, query: Callable[[], Query | None]
    ) -> None:
        super().__init__()
        self._desk, self._results, self._query = session.people, results, query
        self.setObjectName("saveBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.field = NameField(session)
        self.field.setAccessibleName("Who is this?")
        self.field.setFixedWidth(FIELD)
        self.open_button = push_button("Name this person…", self.open_bar, icon="face")
        self.save_button = push_button("Name the faces", self.field.give, is_primary=True)
        self.cancel_button = push_button("Cancel", self.close_bar)
        self._note = text_label(is_quiet=True, wraps=True)
        row = QHBoxLayout()
        row.setSpacing(8)
        for widget in (text_label("Who is this?", style="heading"), self.field):
            row.addWidget(widget)
        row.addWidget(self.save_button)
        row.addWidget(self.cancel_button)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self._note)
        grid = results.grid
        self._toggle = QAction("Tick or untick this face", self)
        self._toggle.setShortcut(QKeySequence("Space"))
        self._toggle.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self._toggle.triggered.connect(lambda _checked=False: self._turn_current())
        self._toggle.setEnabled(False)
        grid.addAction(self._toggle)
        self.field.name_given.connect(self._on_name)
        self.field.given_up.connect(self.close_bar)
        grid.selectionModel().selectionChanged.connect(lambda *_: self._count())
        results.model.modelReset.connect(self._count)
        results.counted.connect(lambda _counts: self._offer())
        self.hide()

    @property
    def note(self) -> str:
        return self._note.text()

    @property
    def faces(self) -> list[int]:
        """The faces that will be named: the ticked ones, and those that are searched with."""
        ticked = self._results.ticked_ids()
        return [*ticked, *(face for face in self._from_query() if face not in ticked)]

    def open_bar(self) -> None:
        """Tick what is likely this person, and ask for the name."""
        view, grid = self._desk.view, self._results.grid
        self._offer()
        if view is None or not self.open_button.isEnabled():
            return
        grid.setSelectionMode(QAbstractItemView.SelectionMode.MultiSelection)
        grid.setDragEnabled(False)
        self._show_open(True)
        likely = self._results.model.face_ids(range(self._results.model.n_likely))
        self._tick(to_tick(likely, view, self._from_query()))
        self.field.ask()

    def close_bar(self) -> None:
        """Leave everything as it is."""
        if self.isHidden():
            return
        grid, had_keyboard = self._results.grid, keyboard.is_in(keyboard.place_of(self), [self])
        grid.clearSelection()
        grid.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        grid.setDragEnabled(True)
        self._show_open(False)
        if had_keyboard:
            grid.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_bar()
        else:
            super().keyPressEvent(event)

    def _offer(self) -> None:
        """What is likely one of several people is not likely this person."""
        query, outcome = self._query(), self._results.outcome
        is_several = query is not None and outcome is not None and query.is_several(outcome.people)
        self.open_button.setEnabled(not is_several and self._results.model.n_likely > 0)
        likely = "Name the faces that are likely this person (Ctrl+S)"
        first = "These look like several people: choose above who is meant"
        self.open_button.setToolTip(plain(first if is_several else likely))

    def _show_open(self, is_open: bool) -> None:
        self.setVisible(is_open)
        self.open_button.setVisible(not is_open)
        self._results.why.setEnabled(not is_open)
        self._toggle.setEnabled(is_open)
        self.opened.emit(is_open)

    def _tick(self, rows: Sequence[int]) -> None:
        self._results.grid.select_rows(rows)
        self._count()

    def _turn_current(self) -> None:
        grid = self._results.grid
        flag = QItemSelectionModel.SelectionFlag.Toggle
        grid.selectionModel().select(grid.currentIndex(), flag)

    def _from_query(self) -> list[int]:
        """The faces searched with that are of the library and that nobody named."""
        query, view = self._query(), self._desk.view
        faces = () if query is None else query.face_ids
        return [face for face in faces if view is None or face not in view.owner]

    def _count(self) -> None:
        if self.isHidden():
            return
        ticked = len(self.faces)
        self.save_button.setText(f"Name {counted(ticked, 'face')}")
        self.save_button.setEnabled(ticked > 0)
        left = self._results.model.n_likely - len(self._results.ticked_ids())
        more = f" {counted(left, 'likely face')} not ticked." if left > 0 else ""
        self._note.setText(f"Click a face to leave it out or to take it in.{more}")

    def _on_name(self, name: str) -> None:
        faces, person, is_new = self.faces, self.field.person, self.field.is_new
        if not faces:
            self.field.keep(name)
        else:
            self.close_bar()
            self._desk.decide(partial(name_all, faces, name, person, is_new=is_new))


def to_tick(face_ids: Sequence[int], view: "PeopleView", taken: Sequence[int] = ()) -> list[int]:
    """Places of the faces that may be one person together: nobody is on a photo twice.

    Args:
        face_ids: most alike first; those that somebody is already are left out.
        taken: faces that are the person anyway.
    """
    known = set(taken)
    photos = {view.photo_of.get(face) for face in taken}
    places = []
    for place, face in enumerate(face_ids):
        photo = view.photo_of.get(face)
        if face in known:
            places.append(place)
        elif face not in view.owner and photo not in photos:
            photos.add(photo)
            places.append(place)
    return places


def name_all(
    face_ids: Sequence[int],
    name: str,
    person: int | None,
    ledger: "Ledger",
    *,
    is_new: bool = False,
) -> "Outcome":
    """Name faces as one gesture, without those that the user has said are not this person."""
    from opqn_app.people.gestures import PeopleError, named
    from opqn_app.ui.work import people_gestures as make

    known = [person] if person is not None else [] if is_new else named(ledger, name)
    if len(known) == 1:
        keys = zip(face_ids, ledger.keys(face_ids), strict=True)
        face_ids = [face for face, key in keys if known[0] not in ledger.state.not_these(key)]
        if not face_ids:
            raise PeopleError(f"You said of each of these faces that it is not {name}.")
    if person is not None:
        return make.answer(person, face_ids, (), ledger)
    return make.name(face_ids, name, ledger, is_new=is_new)
