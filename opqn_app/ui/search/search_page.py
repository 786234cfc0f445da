"""The Search page: a photo comes in, a face is picked, the library is ranked."""

from collections import deque
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QMimeData, Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from opqn_app.core.settings import Settings
from opqn_app.ui.kit import drops
from opqn_app.ui.kit.menus import add_action
from opqn_app.ui.kit.message_bar import MessageBar
from opqn_app.ui.kit.thumbnails import image_of_photo
from opqn_app.ui.search.answer_keyboard import AnswerKeyboard
from opqn_app.ui.search.drop_zone import DropZone
from opqn_app.ui.search.face_actions import FaceActions
from opqn_app.ui.search.headline import headline, so_far, what_to_do
from opqn_app.ui.search.photo_intake import PhotoIntake, Source
from opqn_app.ui.search.query import PICTURE_SIDE, Query, QueryFace
from opqn_app.ui.search.query_bar import QueryBar
from opqn_app.ui.search.result_chips import ResultChips
from opqn_app.ui.search.results_view import Counts, ResultsView
from opqn_app.ui.search.save_bar import SaveBar
from opqn_app.ui.search.several_people_note import SeveralPeopleNote, together_headline
from opqn_app.ui.work.jobs import OpenedPhoto, SearchOutcome
from opqn_app.ui.work.session import Session

if TYPE_CHECKING:
    from opqn_app.vision.faces import FoundFace

LOW_WINDOW = 720  # pixels; below this the query is drawn small
LOW_PAGE = 560  # pixels; below this the panel beside the results has fewer buttons
NARROW_PAGE = 720  # pixels; below this threshold and sorting take less room
REMEMBER_MS = 800  # a threshold is saved when the slider has rested


class SearchPage(QWidget):
    """Signals:
    query_taken: a photo came in, from wherever in the window: show this page.
    look_wanted: show the whole photo of a face: ids of all faces (list), and its row.
    folder_offered: the user agreed to add this folder (Path).
    library_wanted: the user wants to see the Library page.
    faces_wanted: faces are to be remembered again.
    """

    query_taken = Signal()
    look_wanted = Signal(object, int)
    folder_offered = Signal(object)
    library_wanted = Signal()
    faces_wanted = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.query: Query | None = None
        self._searched: Query | None = None  # the query that was sent off last
        self._history: list[Query] = []
        self._pending: deque[Source] = deque()
        self._is_adding = False
        self._is_asked = False  # the user waits for an answer; others come by themselves
        self._is_stale = False  # faces came or went, and the results don't show it yet
        self._minimum = session.settings.min_probability  # as it was saved last
        self._build()
        self._make_actions()
        self._connect()

    def _build(self) -> None:
        self.messages = MessageBar(self)
        self.intake = PhotoIntake(self._session, self.messages, self)
        self.drop_zone = DropZone()
        self.bar = QueryBar()
        self.several = SeveralPeopleNote()
        self.results = ResultsView(self._session)
        self.faces = FaceActions(self._session, self.results, lambda: self.person_id)
        query = (self.bar, self.several, self.drop_zone, self.results.why)
        self._keyboard = AnswerKeyboard(self, self.results.grid, query)
        head = QHBoxLayout()
        head.setSpacing(24)
        head.addWidget(self.bar, 1)
        head.addWidget(self.results.controls)
        self.chips = ResultChips(self._session, self.results)
        self.save_bar = SaveBar(self._session, self.results, lambda: self.query)
        line = QFrame()
        line.setProperty("divider", True)
        answer = QWidget()
        column = QVBoxLayout(answer)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addLayout(head)
        column.addWidget(self.several)
        column.addWidget(line)
        choices = QHBoxLayout()
        choices.addWidget(self.chips.line, 1)
        choices.addWidget(self.results.switch, 0, Qt.AlignmentFlag.AlignTop)
        choices.addWidget(self.several.by_hand, 0, Qt.AlignmentFlag.AlignTop)
        choices.addWidget(self.save_bar.open_button, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(choices)
        column.addWidget(self.save_bar)
        column.addWidget(self.results, 1)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.drop_zone)
        self.stack.addWidget(answer)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(16, 16, 16, 8)
        outer.setSpacing(12)
        outer.addWidget(self.stack, 1)
        self._rest_timer = QTimer(self)
        self._rest_timer.setSingleShot(True)
        self._rest_timer.setInterval(REMEMBER_MS)

    def _make_actions(self) -> None:
        """Every way to act on the page; the window puts them into its menus."""
        add, intake = partial(add_action, self), self.intake
        self.open_action = add("Choose a photo…", "Ctrl+O", intake.choose_photo)
        self.add_action = add("Add a photo to the search…", "Ctrl+Shift+A", intake.add_photo)
        self.paste_action = add("Paste a photo", "Ctrl+V", intake.paste)
        self.clear_action = add("Clear the search", "Esc", self.clear, self)
        self.back_action = add("Back to the last search", "Alt+Left", self.go_back)
        # Of this page only: the Library page has the same keys.
        self.save_action = add("Name this person…", "Ctrl+S", self.save_bar.open_bar, self)
        to_chips = self.chips.line.field.setFocus
        self.chips_action = add("Choose among the photos", "Ctrl+F", to_chips, self)
        zoom = self.results.grid.zoom
        self.larger_action = add("Larger faces", "Ctrl++", partial(zoom, 1), self)
        self.larger_action.setShortcuts([QKeySequence("Ctrl++"), QKeySequence("Ctrl+=")])
        self.smaller_action = add("Smaller faces", "Ctrl+-", partial(zoom, -1), self)
        for n in range(1, 10):
            add(f"Take face {n}", str(n), partial(self.choose_face, n - 1), self)
        self._show_enabled()

    def _connect(self) -> None:
        session, intake = self._session, self.intake
        bar, results = self.bar, self.results
        session.query_photo_opened.connect(self._on_photo_opened)
        session.query_faces_found.connect(self._on_faces_found)
        session.query_failed.connect(self._on_query_failed)
        session.results_ready.connect(self._on_results)
        session.engine_failed.connect(self.messages.warn)
        session.settings_changed.connect(self._on_settings)
        session.library_changed.connect(self._on_library_changed)
        session.memory.changed.connect(self._on_memory)
        session.indexing_finished.connect(self._say_again)
        session.indexing_cancelled.connect(self._say_again)
        session.indexing_failed.connect(self._say_again)
        intake.photos_came.connect(lambda photos, add: self.open_sources(photos, add=add))
        intake.faces_came.connect(lambda ids, add: self.search_with_ids(ids, add=add))
        intake.folder_came.connect(self.query_taken)
        intake.folder_agreed.connect(self.folder_offered)
        intake.library_wanted.connect(self.library_wanted)
        self.drop_zone.choose_wanted.connect(intake.choose_photo)
        self.drop_zone.sample_wanted.connect(intake.try_sample)
        self.drop_zone.faces_wanted.connect(self.faces_wanted)
        bar.face_chosen.connect(self.choose_face)
        bar.face_removed.connect(self._remove_face)
        bar.face_activated.connect(self._activate_face)
        bar.add_wanted.connect(intake.add_photo)
        bar.clear_wanted.connect(self.clear)
        self.save_bar.opened.connect(self._on_saving)
        self.several.chosen.connect(self._set_query)
        results.counted.connect(self._on_counted)
        results.grid.left.connect(self._catch_up)
        results.minimum_changed.connect(lambda _minimum: self._rest_timer.start())
        results.group_changed.connect(lambda group: session.remember(group_by_photo=group))
        self.faces.search_wanted.connect(lambda ids, add: self.search_with_ids(ids, add=add))
        self.faces.look_wanted.connect(self.look_wanted)
        self.faces.failed.connect(self.messages.warn)
        self._rest_timer.timeout.connect(
            lambda: session.remember(min_probability=results.threshold.minimum)
        )

    def _on_settings(self, settings: Settings) -> None:
        """Another page chose how alike faces must be; a slider on its way is left alone."""
        if settings.min_probability != self._minimum:
            self._minimum = settings.min_probability
            self.results.threshold.slider.setValue(round(100 * self._minimum))

    # Photos come in

    def open_sources(self, sources: Sequence[Source], *, add: bool = False) -> None:
        """Search with photos: one is a query, several are combined, the largest face of each."""
        if not sources or not self._can_search():
            return
        with self._keyboard.asked():
            self.query_taken.emit()
        self.messages.hide()
        self._pending = deque(sources)
        self._is_adding = add and self.query is not None
        self._open_next()

    def search_with_ids(self, face_ids: Sequence[int], *, add: bool = False) -> None:
        """Search with faces of the library, combined if there are several."""
        if not face_ids or not self._can_search():
            return
        with self._keyboard.asked():
            self.query_taken.emit()
        self.messages.hide()
        self._pending.clear()
        self.results.set_dimmed(True)
        self._session.fetch_crops(face_ids, lambda crops: self._on_crops(crops, face_ids, add=add))

    def _can_search(self) -> bool:
        """Where no faces are remembered, the empty page says so."""
        if not self._session.memory.is_on:
            self.query_taken.emit()
        return self._session.memory.is_on

    def _on_memory(self, is_on: bool) -> None:
        self.drop_zone.show_memory(is_on)
        if not is_on:
            self.save_bar.close_bar()
            self.query, self._searched, self._history = None, None, []
            self.clear()

    def _on_crops(self, crops: Sequence[Any], face_ids: Sequence[int], *, add: bool) -> None:
        faces = [
            QueryFace(crop, picture, "your library", face_id=face_id)
            for (crop, picture), face_id in zip(crops, face_ids, strict=True)
        ]
        if add and self.query is not None:
            self._set_query(self.query.adding(*faces))
        else:
            self._set_query(Query(tuple(faces)))

    def _open_next(self) -> None:
        source = self._pending.popleft()
        name = source.name if isinstance(source, Path) else "the pasted picture"
        with self._keyboard.under_way():
            self.stack.setCurrentIndex(1)
        self.results.set_dimmed(True)
        self.bar.say(f"Opening {name}…")
        self._session.open_query(source, name)

    # The query

    def choose_face(self, number: int) -> None:
        """Take another face of the photo, counted from 0."""
        if self.query is not None and number < len(self.query.shown.found):
            self._set_query(self.query.choosing(number), is_new=False)

    def clear(self) -> None:
        """Back to the empty page; `go_back` brings the query back."""
        if self.save_bar.isVisible():
            self.save_bar.close_bar()
            return
        self._pending.clear()
        self._session.drop_query()
        query, self.query = self.query, None
        self._remember(query)
        self.messages.hide()
        if query is not None and len(query.faces) > 1:  # more than one drop to make again
            self.messages.say(
                f"The search with {len(query.faces):,} photos was cleared.",
                "Bring it back",
                partial(self._bring_back, query),
            )
        self.results.clear()
        self.stack.setCurrentIndex(0)
        self.drop_zone.choose.setFocus()
        self._show_enabled()

    def go_back(self) -> None:
        """The query before this one."""
        if self._history:
            self.messages.hide()
            self.query = None  # going back is not a step to go back to
            self._set_query(self._history.pop())

    def _bring_back(self, query: Query) -> None:
        """A query that was cleared, whatever was searched for since."""
        self._history = [each for each in self._history if each is not query]
        self._set_query(query)

    def _remove_face(self, place: int) -> None:
        if self.query is not None and len(self.query.faces) > 1:
            self._set_query(self.query.removing(place))

    def _activate_face(self, place: int) -> None:
        if self.query is not None:
            self.query = self.query.activating(place)
            self.bar.show_query(self.query)

    def _set_query(self, query: Query, *, is_new: bool = True) -> None:
        if is_new:
            self._remember(self.query)
        self.query = self._searched = query
        self._is_asked = True
        with self._keyboard.under_way():
            self.stack.setCurrentIndex(1)
        self.bar.show_query(query)
        self.several.wait_for(query)
        self._show_enabled()
        self.results.set_dimmed(True)
        if self.results.outcome is None:
            self.bar.say("Searching…")
        self._session.search_faces(query.crops, query.together)

    def _remember(self, query: Query | None) -> None:
        if query is not None:
            self._history = [*self._history[-19:], query]

    @property
    def person_id(self) -> int | None:
        """The one person that the faces searched with are, those of them that are known."""
        view = self._session.people.view
        if view is None or self.query is None:
            return None
        known = {view.owner.get(face_id) for face_id in self.query.face_ids} - {None}
        return known.pop() if len(known) == 1 else None

    # What the session answers

    def _on_photo_opened(self, opened: OpenedPhoto) -> None:
        if self.query is None or not self._is_adding:
            self.bar.show_photo(image_of_photo(opened.photo, PICTURE_SIDE), opened.name)
        words = "Looking for faces…" if self._session.has_engine else "Getting ready…"
        self.bar.say(words)

    def _on_faces_found(self, opened: OpenedPhoto, found: "list[FoundFace]") -> None:
        face = QueryFace.of_photo(opened, found)
        if self._is_adding and self.query is not None:
            query = self.query.adding(face)
        else:
            query = Query((face,))
        if not self._pending:
            self._set_query(query)
            return
        if not self._is_adding:
            self._remember(self.query)
        self.query, self._is_adding = query, True
        self.bar.show_query(query)
        self._open_next()

    def _on_query_failed(self, message: str) -> None:
        self.messages.warn(message)
        if self._pending:
            self._open_next()
        elif self.query is not None and self.query is not self._searched:
            self._set_query(self.query, is_new=False)  # the photos before this one
        else:
            self._show_last_answer()

    def _show_last_answer(self) -> None:
        """After a failure: the query and results from before, or the empty page."""
        self.results.set_dimmed(False)
        if self.query is None or self.results.counts is None:
            self.query = None
            self.results.clear()
            self.stack.setCurrentIndex(0)
        else:
            self.bar.show_query(self.query)
            self._on_counted(self.results.counts)
        self._show_enabled()

    def _on_results(self, outcome: SearchOutcome) -> None:
        if self.query is None:
            return
        if self._is_asked:
            self.save_bar.close_bar()
        elif self.save_bar.isVisible():  # it was under way when that was opened
            self._is_stale = True
            return
        self._is_asked = False
        self.several.show_answer(self.query, outcome.people)
        self.results.show_outcome(outcome)
        self._catch_up()

    def _on_saving(self, is_open: bool) -> None:
        """What is selected is ticked: keys that act on the selection rest meanwhile."""
        self.chips.line.setVisible(not is_open)
        self.faces.rest(is_open)
        if not is_open:
            self._catch_up()

    def _on_counted(self, counts: Counts) -> None:
        status, session = self._session.status, self._session
        has_faces = status is not None and status.faces > 0 and not session.is_indexing
        minimum = self.results.threshold.minimum
        if self.query is not None and self.query.together:
            n_people = len(self.query.together)
            words = together_headline(counts.likely, n_people, minimum)
            self.bar.say(words, so_far=self._so_far)
            return
        is_several = not self.several.isHidden()
        words = headline(counts, minimum, is_coded=not has_faces, is_several=is_several)
        self.bar.say(words, so_far=self._so_far)
        if not counts.total and not session.is_indexing:
            words = what_to_do(status.faces if has_faces else 0, session.coding_problem)
            self.messages.say(words, "Library", self.library_wanted.emit)

    def _on_library_changed(self) -> None:
        """Search again with the same faces, unless that would move what the user looks at."""
        if self.query is None:
            return
        is_held = self.save_bar.isVisible()  # what is ticked stays where it is
        is_held |= self._session.is_indexing and self.results.is_looked_at
        # An answer that is under way may be older than what has come.
        self._is_stale = is_held or self._session.is_answering
        if not self._is_stale:
            self._session.search_faces(self.query.crops, self.query.together)
        elif is_held:
            self._say_again()

    @property
    def _so_far(self) -> str:
        """What is said behind the answer while it can still change; "" once it can't."""
        return so_far(is_stale=self._is_stale) if self._session.is_indexing else ""

    def _say_again(self, *_what: object) -> None:
        """What was said was so far only."""
        if self.query is not None and self.results.counts is not None:
            self._on_counted(self.results.counts)

    def _catch_up(self) -> None:
        """Show what had to wait."""
        if self._is_stale:
            self._on_library_changed()

    def drop_hint(self, data: QMimeData) -> str:
        """What a drop of `data` would do, shown while it is dragged over the window."""
        return drops.hint(data, has_query=self.query is not None)

    # Looks

    @property
    def is_in_use(self) -> bool:
        """A photo has come in."""
        return self.stack.currentIndex() == 1

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.bar.set_compact(event.size().height() < LOW_WINDOW)
        self.results.why.set_low(event.size().height() < LOW_PAGE)
        is_narrow = event.size().width() < NARROW_PAGE
        self.bar.set_narrow(is_narrow)
        self.results.set_narrow(is_narrow)

    def _show_enabled(self) -> None:
        self.clear_action.setEnabled(self.query is not None or self.is_in_use)
        self.chips_action.setEnabled(self.is_in_use)  # else they are not seen
        self.back_action.setEnabled(bool(self._history))
