"""The People page: everybody with a face, and the groups that wait for a name."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QEnterEvent, QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from opqn_app.core.progress import counted
from opqn_app.ui.kit import keyboard
from opqn_app.ui.kit.choice_box import ChoiceBox
from opqn_app.ui.kit.controls import push_button, text_label
from opqn_app.ui.kit.empty_state import EmptyState
from opqn_app.ui.kit.flow_layout import FlowLayout
from opqn_app.ui.kit.menus import open_menu
from opqn_app.ui.kit.thumbnails import ThumbnailCache, load_face_crops
from opqn_app.ui.people.guess_strip import GuessStrip
from opqn_app.ui.people.hints import Hints
from opqn_app.ui.people.page_state import PageState, groups_wait_for, state_of
from opqn_app.ui.people.people_actions import PeopleActions
from opqn_app.ui.people.people_delegate import PeopleDelegate
from opqn_app.ui.people.people_grid import PeopleGrid
from opqn_app.ui.people.tile_model import TileModel
from opqn_app.ui.people.tiles import (
    BY_NAME,
    BY_PHOTOS,
    TileBook,
    Tiles,
    Wish,
    sections_of,
)
from opqn_app.ui.work.session import Session

if TYPE_CHECKING:
    from opqn_app.ui.exchange.offers import Offer
    from opqn_app.ui.people.person_view import PersonView
    from opqn_app.ui.work.people_jobs import PeopleView

ORDERS = {BY_PHOTOS: "Most photos first", BY_NAME: "By name"}
# Without mouse and keyboard; then what was answered finds its place.
REST_MS = 10_000
REST_UNDER_MOUSE_MS = 60_000  # who reads what is under the pointer must not lose it
NARROW = 720  # pixels; below, the head has no room for the count, which the heading tells too
SEARCH_MS = 150
TOUCHES = {QEvent.Type.MouseMove, QEvent.Type.MouseButtonPress, QEvent.Type.Wheel,
           QEvent.Type.KeyPress}  # fmt: skip


class PeoplePage(QWidget):
    """Tiles of everybody; opening one shows the person.

    Signals:
        folder_wanted: the user wants to add a folder of photos.
        settings_wanted: another model is to be chosen.
        faces_wanted: faces are to be remembered again.
        names_wanted: names that another program has are to come in.
        export_wanted: photos are to be taken out of the library, as copies.
        photo_wanted: a photo is to be shown, with a face marked (PhotoRecord, FaceRecord).
        search_wanted: ids of faces to search with, combined (list).

    Attributes:
        person: the view of one person; None until one was opened.
    """

    folder_wanted = Signal()
    settings_wanted = Signal()
    faces_wanted = Signal()
    names_wanted = Signal()
    export_wanted = Signal()
    photo_wanted = Signal(object, object)
    search_wanted = Signal(object)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._desk = session, session.people
        self._book = TileBook()
        self._wish = Wish()
        self.person: PersonView | None = None
        self._is_moved = False  # some tiles are not where a new look would put them
        self._sectioned: tuple[Tiles, str] = (Tiles(), "")  # what the headings say
        self._act: Callable[[], None] = lambda: None
        self._build()
        self._connect()
        self._look_anew()

    def _build(self) -> None:
        session = self._session
        self.model = TileModel(self)
        self.hints = Hints(self._desk, self)
        self.grid = PeopleGrid(session, self.model, self.hints)
        self.thumbnails = ThumbnailCache(
            session.runner, partial(load_face_crops, session.library_path), parent=self
        )
        delegate = PeopleDelegate(self.grid, self.thumbnails, self.hints, self._desk)
        self.grid.setItemDelegate(delegate)
        self.everybody = QWidget()
        self.acts = PeopleActions(self._desk, self.grid, self.hints, self.everybody)
        self.strip = GuessStrip()
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find a name")
        self.search.setAccessibleName("Find a name")
        self.search.setClearButtonEnabled(True)
        self.search.setMaximumWidth(240)
        self.order = ChoiceBox("Order of the named people", ORDERS)
        self.show_hidden = QCheckBox("Show hidden")
        self._count = text_label(is_quiet=True)
        self.bring = push_button("Bring in names…", self.names_wanted.emit)
        self.bring.setToolTip("Names that you gave in another program (Ctrl+Shift+I)")
        self.search.setMinimumWidth(96)
        self.head = QWidget()
        head = FlowLayout(self.head, spacing=12)
        grows, shrinks = QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum
        head.addWidget(_line(grows, text_label("People", style="title"), self._count))
        # A narrow window has them below the title, each as wide as its words.
        head.addWidget(_line(shrinks, self.search, self.order, self.show_hidden, self.bring))
        self.empty = EmptyState()
        self.stack = QStackedWidget()
        self.stack.addWidget(self.grid)
        self.stack.addWidget(self.empty)
        column = QVBoxLayout()
        column.setContentsMargins(16, 12, 8, 0)
        column.setSpacing(8)
        column.addWidget(self.head)
        column.addWidget(self.strip)
        column.addWidget(self.stack, 1)
        self.everybody.setLayout(column)
        self.views = QStackedWidget()
        self.views.addWidget(self.everybody)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.views)
        self._rest = QTimer(self, singleShot=True)
        self._search_timer = QTimer(self, singleShot=True, interval=SEARCH_MS)

    def _connect(self) -> None:
        desk, grid = self._desk, self.grid
        desk.changed.connect(self._on_changed)
        desk.answered.connect(grid.unanswered.take)
        for signal in (desk.grouping.started, desk.grouping.progressed, desk.grouping.ended):
            signal.connect(lambda *_: self._show_right())
        session = self._session
        for happened in (session.engine_ready, session.engine_failed, session.indexing_progressed):
            happened.connect(lambda _what: self._show_right())
        session.status_read.connect(lambda _status: self._show_right())
        grid.opened.connect(self._open)
        grid.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        grid.customContextMenuRequested.connect(self._open_menu)
        for moved in (grid.selectionModel().currentChanged, grid.selectionModel().selectionChanged):
            moved.connect(lambda *_: self._show_guesses())
        self.hints.ready.connect(self._show_guesses)
        self.strip.picked.connect(self.acts.pick)
        self.search.textChanged.connect(lambda _text: self._search_timer.start())
        self._search_timer.timeout.connect(self._take_wish)
        self.order.currentIndexChanged.connect(lambda _row: self._take_wish())
        self.show_hidden.toggled.connect(lambda _on: self._take_wish())
        self.empty.button.clicked.connect(lambda: self._act())
        self._rest.timeout.connect(self._on_rest)
        for touched in (grid, grid.viewport(), grid.field):
            touched.installEventFilter(self)

    # What is shown

    def _on_changed(self, view: "PeopleView") -> None:
        if not self.everybody.isVisible():
            return  # it is looked at anew before it is seen again
        if not len(self.model.tiles):
            self._look_anew()
            return
        self._is_moved = True
        self.model.show_settled(self._book.settled(view, self._wish))
        self._show_right()
        self._show_guesses()
        self.acts.show_enabled()
        self._wait_for_rest()

    def _look_anew(self) -> None:
        """Put every tile where it belongs."""
        view = self._desk.view
        if view is not None:
            self._is_moved = False
            self.grid.show_anew(self._book.tiles_of(view, self._wish), self._show_sections)
        self._show_right()

    def _take_wish(self) -> None:
        self._search_timer.stop()
        order = str(self.order.currentData())
        self._wish = Wish(order, self.show_hidden.isChecked(), self.search.text())
        self._look_anew()
        self.grid.scrollToTop()

    def _show_sections(self) -> None:
        tiles = self.model.tiles
        is_filtered = bool(self._wish.needle.strip())
        waits_for = "" if is_filtered else groups_wait_for(self._session)
        if tiles is not self._sectioned[0] or waits_for != self._sectioned[1]:
            self._sectioned = tiles, waits_for  # all tiles are counted, so it is done once
            self.grid.set_sections(sections_of(tiles, waits_for))

    def _show_right(self) -> None:
        state: PageState | None = state_of(self._session, self._wish, len(self.model.tiles))
        self._count.setText(self._counts())
        self._show_sections()
        self.strip.setVisible(state is None)
        if state is None:
            if self.stack.currentWidget() is not self.grid:
                self.stack.setCurrentWidget(self.grid)
                QTimer.singleShot(0, self._take_keyboard)
            return
        acts = {"folder": self.folder_wanted.emit, "settings": self.settings_wanted.emit,
                "group": self._desk.group, "faces": self.faces_wanted.emit}  # fmt: skip
        self._act = acts.get(state.act, lambda: None)
        self.empty.show_words("people", state.words, state.button)
        self.stack.setCurrentWidget(self.empty)

    def _counts(self) -> str:
        view = self._desk.view
        if view is None:
            return ""
        return counted(view.n_named, "name") if view.n_named else ""

    def _show_guesses(self) -> None:
        tile, view = self.model.tile(self.grid.chosen_row), self._desk.view
        found = () if tile is None else self.hints.guesses(tile)
        known = {} if view is None else view.by_id
        named = [(known[i].name or "", p) for i, p in found if i in known]
        self.strip.show_guesses(named)

    def _open(self, row: int) -> None:
        tile = self.model.tile(row)
        if tile is None or (tile.person is None and tile.fate):
            return
        self.grid.end_naming()
        person = self._turn_to_person()
        if tile.person is not None:
            person.show_person(tile.person)
        else:
            person.show_group(tile.faces)

    def show_person(self, person: int) -> None:
        """Show one person, as if the tile had been opened."""
        self._turn_to_person().show_person(person)

    def going_out(self) -> "list[Offer]":
        """What is chosen: faces of a person, the person, people, or else everybody named."""
        from opqn_app.ui.people.leaving import everybody_named, leaving_person, leaving_tiles

        person = self.person
        if person is not None and self.views.currentWidget() is person:
            return leaving_person(person.subject, person.grid.selected_ids())
        chosen = [self.model.tile(row) for row in self.grid.chosen_rows()]
        return [*leaving_tiles(chosen), *everybody_named(self._desk.view)]

    def show_everybody(self) -> None:
        """Back to all tiles; what was answered finds its place."""
        self.views.setCurrentWidget(self.everybody)
        self._look_anew()
        self.grid.show_current()
        self._take_keyboard()

    def _turn_to_person(self) -> "PersonView":
        """The view of a person, with the keyboard; made when one is first opened."""
        if self.person is None:
            from opqn_app.ui.people.person_view import PersonView

            self.person = PersonView(self._session, self)
            self.person.closed.connect(self.show_everybody)
            self.person.photo_wanted.connect(self.photo_wanted)
            self.person.search_wanted.connect(self.search_wanted)
            self.person.head.take_wanted.connect(self.export_wanted)
            self.views.addWidget(self.person)
        self.views.setCurrentWidget(self.person)
        self.person.setFocus()  # not what had it there last: that may be gone
        return self.person

    def _open_menu(self, point: QPoint) -> None:
        if self.grid.chosen_rows():
            open_menu(self.grid, self.acts.all, self.grid.viewport().mapToGlobal(point))

    # Nothing moves under the pointer; when it has gone, everything finds its place

    def _wait_for_rest(self) -> None:
        self._rest.stop()
        if self._is_moved and self.isVisible():
            self._rest.start(REST_UNDER_MOUSE_MS if self.underMouse() else REST_MS)

    def _on_rest(self) -> None:
        if self._is_moved and not (self.grid.is_naming or self.grid.is_dragging):
            self._look_anew()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if self._is_moved and event.type() in TOUCHES:
            self._wait_for_rest()
        return super().eventFilter(watched, event)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._wait_for_rest()

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self._wait_for_rest()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._count.setVisible(event.size().width() >= NARROW)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.grid.unanswered.forget()
        self._look_anew()
        QTimer.singleShot(0, self._take_keyboard)  # a widget that is not shown yet can't have it

    def _take_keyboard(self) -> None:
        at = keyboard.place_of(self)
        is_held = bool(self.search.text()) if at is self.search else keyboard.is_held(at)
        if self.grid.isVisible() and not is_held:
            self.grid.setFocus()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.grid.end_naming()
        self._rest.stop()


def _line(policy: QSizePolicy.Policy, *widgets: QWidget) -> QWidget:
    """Widgets side by side, from the left."""
    line = QWidget()
    line.setSizePolicy(policy, QSizePolicy.Policy.Fixed)
    row = QHBoxLayout(line)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(12)
    for widget in widgets:
        row.addWidget(widget)
    if policy == QSizePolicy.Policy.Expanding:
        row.addStretch(1)
    return line
