"""One person, or faces that nobody named: all their faces, what else may be them, what is wrong."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QStackedWidget, QVBoxLayout, QWidget

from opqn_app.ui.kit.empty_state import EmptyState
from opqn_app.ui.kit.message_bar import MessageBar
from opqn_app.ui.kit.thumbnails import ThumbnailCache, load_face_crops
from opqn_app.ui.people import person_rows
from opqn_app.ui.people.forget_dialog import Forgetting, ask_to_forget
from opqn_app.ui.people.person_actions import PersonActions
from opqn_app.ui.people.person_controls import PersonControls
from opqn_app.ui.people.person_grid import PersonGrid
from opqn_app.ui.people.person_head import PersonHead
from opqn_app.ui.people.person_rows import PersonFace
from opqn_app.ui.people.person_subject import Subject, followed, group_subject, person_subject
from opqn_app.ui.people.suggestion_strip import SuggestionStrip
from opqn_app.ui.people.whole_person import WholePerson
from opqn_app.ui.work.session import Session

if TYPE_CHECKING:
    from opqn_app.people.guesses import Guesses, Suggestion
    from opqn_app.people.ledger import Ledger
    from opqn_app.store.records import FaceRecord
    from opqn_app.ui.work.people_jobs import Answer, PeopleView

LOW = 640  # pixels; a lower view shows suggestions small
MOST_SUGGESTED = 200
SOMEBODY_ELSE, NOT_THE_SAME = "These are somebody else", "These are not the same person"


class PersonView(QWidget):
    """Shows a person or a group; `show_person` and `show_group` may be called at any time.

    Args:
        ask_to_forget: asks before a person is forgotten.

    Signals:
        closed: the user wants to go back, or there is nothing left to show.
        photo_wanted: a photo is to be shown, with a face marked (PhotoRecord, FaceRecord).
        search_wanted: ids of faces to search with, combined (list).
    """

    closed = Signal()
    photo_wanted = Signal(object, object)
    search_wanted = Signal(object)

    def __init__(
        self,
        session: Session,
        parent: QWidget | None = None,
        *,
        ask_to_forget: Callable[[QWidget, str, int], Forgetting | None] = ask_to_forget,
    ) -> None:
        super().__init__(parent)
        self._session, self._desk = session, session.people
        self._ask_to_forget = ask_to_forget
        self.subject: Subject | None = None
        self._faces: list[PersonFace] = []
        self._parts: list[tuple[int, ...]] | None = None  # None while they are not wanted
        self._by_year: person_rows.Shown | None = None  # the faces that are shown so now
        self._round = 0  # what was read for somebody else is dropped
        self._is_new = True  # nothing of the subject has been shown yet
        self._awaited: set[str] = set()  # what may take the keyboard when it is first there
        self._is_behind = False  # something was decided while another page was shown
        self._build()
        self._connect()

    def _build(self) -> None:
        load = partial(load_face_crops, self._session.library_path)
        self.crops = ThumbnailCache(self._session.runner, load, parent=self)
        self.head = PersonHead(self._session)
        self.whole = WholePerson(
            self._session, self.head, lambda: self.subject, self._ask_to_forget
        )
        self.messages = MessageBar(self)
        self.strip = SuggestionStrip(self.crops)
        self.grid = PersonGrid(self._session, self.crops)
        self.acts = PersonActions(self._session, self.grid, self._person)
        gestures = self.acts.gestures
        self.controls = PersonControls(
            (self.acts.apart_action, gestures.reject_action, gestures.name_action)
        )
        self.empty = EmptyState()
        self.empty.show_words("face", "None of these faces is in the library now.", "")
        self.stack = QStackedWidget()
        self.stack.addWidget(self.grid)
        self.stack.addWidget(self.empty)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 8)
        column.setSpacing(10)
        for widget in (self.head, self.strip, self.controls):
            column.addWidget(widget)
        column.addWidget(self.stack, 1)

    def _connect(self) -> None:
        desk, head, strip = self._desk, self.head, self.strip
        desk.changed.connect(self._on_changed)
        desk.answered.connect(self._on_answered)
        desk.refused.connect(lambda _words: strip.stay())
        self._session.engine_ready.connect(lambda _engine: self._read())
        self.crops.ready.connect(lambda _ids: self._show_picture())
        head.back_wanted.connect(self.close_view)
        head.left.connect(self._focus_below)
        head.search_wanted.connect(self._search)
        self.whole.forgotten.connect(self._on_forgotten)
        self.whole.told.connect(self.messages.say)
        self.whole.failed.connect(self.messages.warn)
        strip.answered.connect(self._answer)
        strip.more_wanted.connect(self._ask_for_suggestions)
        strip.looked_at.connect(self._look_at)
        strip.left.connect(self.grid.take_focus)
        self.controls.photos_wanted.connect(self._show_photos)
        self.controls.parts_wanted.connect(self._want_parts)
        self.controls.menu_wanted.connect(lambda: self.acts.open_menu(self.controls.more_button))
        self.grid.section_acted.connect(self._take_out)
        self.grid.left.connect(self._let_move)
        self.grid.selectionModel().selectionChanged.connect(lambda *_: self._show_chosen())
        self.acts.photo_wanted.connect(self.photo_wanted)
        self.acts.search_wanted.connect(self.search_wanted)
        self.acts.apart_wanted.connect(self._set_apart)
        self.acts.failed.connect(self.messages.warn)

    # Whom it shows

    def show_person(self, person_id: int) -> None:
        """Show a person; `closed` follows at once if there is none."""
        view = self._desk.view
        self._begin(None if view is None else person_subject(view, person_id))

    def show_group(self, face_ids: Sequence[int]) -> None:
        """Show faces that nobody decided on, ready for a name."""
        view = self._desk.view
        self._begin(None if view is None else group_subject(view, face_ids))

    def close_view(self) -> None:
        """Show nobody any more; `closed` follows."""
        self._begin(None)

    def _person(self) -> int | None:
        return None if self.subject is None else self.subject.person

    def _begin(self, subject: Subject | None) -> None:
        self.subject = subject
        self.messages.hide()
        if subject is None:
            self.closed.emit()
            return
        self._is_new, self._awaited = True, {"faces", "suggestions"}
        self._faces, self._parts, self._by_year = [], None, None
        self.controls.begin()
        self.grid.show_photos(False)
        self.strip.ask_about(subject.called, is_low=self.height() < LOW)
        self._show_head()
        self._read()
        self._ask_for_suggestions()

    def _on_forgotten(self, person: int) -> None:
        if self._person() == person:
            self._begin(None)

    def _on_changed(self, view: "PeopleView") -> None:
        before = self.subject
        self._is_behind = before is not None and not self.isVisible()
        if before is None or self._is_behind:
            return
        now = followed(view, before)
        if now is None or now.person != before.person:
            self._begin(now)
            return
        self.subject = now
        self._show_head()
        self.strip.rename(now.called)
        if now.faces != before.faces:
            self._follow_faces(now)
        self.acts.refresh()
        if not self.strip.is_sent and self._is_stale(view):
            self._ask_for_suggestions()

    def _is_stale(self, view: "PeopleView") -> bool:
        """Something on the page of suggestions was decided elsewhere, or there is no page."""
        page = self.strip.pages.page
        faces = [face for each in page for face in each.faces]
        return not page or any(face in view.owner or face in view.left_out for face in faces)

    def _show_head(self) -> None:
        if self.subject is not None:
            self.head.show_subject(self.subject)
            self._show_picture()

    def _show_picture(self) -> None:
        picture = None if self.subject is None else self.subject.picture
        pixmap = None if picture is None else self.crops.pixmap(picture)
        if pixmap is not None:
            self.head.show_picture(pixmap)

    # Faces

    def _read(self, face_ids: Sequence[int] | None = None) -> None:
        """Read faces of the subject and show them.

        Args:
            face_ids: those that came; None for all.
        """
        subject = self.subject
        if subject is None:
            return
        self._round += 1
        begun, encoder, faces = self._round, self._desk.encoder, subject.faces
        wanted = faces if face_ids is None else face_ids
        task = self._session.read(
            lambda library: person_rows.read_faces(library, wanted, faces, encoder)
        )
        task.succeeded.connect(lambda found: self._on_read(begun, wanted, found))
        task.failed.connect(lambda error: self.messages.warn(str(error)))

    def _on_read(self, begun: int, wanted: Sequence[int], found: list[PersonFace]) -> None:
        if begun != self._round:
            return
        read = set(wanted)
        kept = [face for face in self._faces if face.record.id not in read]
        self._show_faces(person_rows.in_order([*kept, *found]))
        if "faces" in self._awaited:
            self._awaited.discard("faces")
            if self._is_at_rest(QApplication.focusWidget()):
                self._focus_below()

    def _follow_faces(self, now: Subject) -> None:
        """Faces came or went: the others stay where they are, and as sure as they were."""
        there, held = set(now.faces), {face.record.id for face in self._faces}
        self._amend(person_rows.changes(self._faces, there, is_kept=self.grid.underMouse()))
        if there - held:
            self._read(sorted(there - held))

    def _let_move(self) -> None:
        """The pointer has gone: what is the person no more goes too."""
        self._amend({face.record.id: None for face in self._faces if face.is_gone})

    def _amend(self, changes: dict[int, PersonFace | None]) -> None:
        if changes:
            now = (changes.get(face.record.id, face) for face in self._faces)
            self._show_faces([face for face in now if face is not None], changes)

    def _show_faces(
        self, faces: list[PersonFace], changes: dict[int, PersonFace | None] | None = None
    ) -> None:
        self._faces = faces
        self.head.show_counts(person_rows.counts_in_words(faces))
        if self.controls.parts_button.isChecked():
            self._want_parts(True)
        elif changes and self._by_year is not None:
            self._show(person_rows.amended(self._by_year, changes))
        else:
            self._show_rows()

    def _show_rows(self, *, anew: bool = False) -> None:
        if anew:
            self._faces = [face for face in self._faces if not face.is_gone]
        if self._parts is not None:
            action = NOT_THE_SAME if self._person() is None else SOMEBODY_ELSE
            shown = person_rows.by_part(self._faces, self._parts, action)
        else:
            shown = person_rows.by_year(self._faces, whole_photos=self.grid.shows_photos)
        self._show(shown, anew=anew or self._is_new)

    def _show(self, shown: person_rows.Shown, *, anew: bool = False) -> None:
        is_by_year = self._parts is None and not self.grid.shows_photos
        self._by_year = shown if is_by_year else None
        self.grid.section_noun = "year" if self._parts is None else "part"
        self.grid.show_rows(shown, anew=anew)
        self._is_new = False
        self.stack.setCurrentWidget(self.grid if shown.rows else self.empty)
        self._show_chosen()

    def _show_chosen(self) -> None:
        self.controls.show_chosen(len(self.grid.selected_ids()))
        self.acts.refresh()

    def _show_photos(self, is_wanted: bool) -> None:
        if is_wanted != self.grid.shows_photos:
            self.grid.show_photos(is_wanted)
            self._show_rows(anew=True)

    def _want_parts(self, is_wanted: bool) -> None:
        subject = self.subject
        if not is_wanted or subject is None:
            self._parts = None
            self._show_rows(anew=True)
            return
        faces, was_shown = subject.faces, self._parts is not None

        def find(_ledger: "Ledger", guesses: "Guesses | None") -> list[tuple[int, ...]]:
            return [] if guesses is None else guesses.parts_of(faces)

        def show(parts: list[tuple[int, ...]]) -> None:
            if self.subject is not None and self.subject.faces == faces:
                self._parts = parts
                self._show_rows(anew=not was_shown)

        self._desk.ask(find, show)

    def _take_out(self, section: int) -> None:
        """The part under a heading is somebody else."""
        rows = self.grid.layout_now().rows_of(section)
        faces = [face for row in rows for face in self.grid.faces.rows[row].face_ids]
        person = self._person()
        if person is None:
            self._set_apart(faces)
        else:
            self._desk.split(person, faces)

    def _set_apart(self, faces: Sequence[int]) -> None:
        if self.subject is not None:
            others = [face for face in self.subject.faces if face not in set(faces)]
            if others and faces:
                self._desk.set_apart(faces, others)

    def _search(self) -> None:
        good = person_rows.good_faces(self._faces)
        if good:
            self.search_wanted.emit(good)

    # Suggestions

    def _ask_for_suggestions(self) -> None:
        subject = self.subject
        if subject is None:
            return
        if subject.person is None:
            self._ask_whom_they_resemble(subject)
            return
        person = subject.person
        limit = MOST_SUGGESTED + self.strip.pages.n_passed

        def find(ledger: "Ledger", guesses: "Guesses | None") -> "list[Suggestion]":
            return [] if guesses is None else guesses.suggestions(ledger, person, limit)

        self._desk.ask(find, partial(self._on_suggestions, person))

    def _on_suggestions(self, person: int, found: "list[Suggestion]") -> None:
        view = self._desk.view
        if view is None or person != self._person() or self.strip.is_sent:
            return
        self.strip.take(found, view.photo_of)
        if "suggestions" in self._awaited:
            self._awaited.discard("suggestions")
            if self._is_at_rest(QApplication.focusWidget()):
                self.strip.take_focus()

    def _ask_whom_they_resemble(self, subject: Subject) -> None:
        def find(ledger: "Ledger", guesses: "Guesses | None") -> list[tuple[int, float]]:
            return [] if guesses is None else guesses.resembles(ledger, subject.faces)

        def hint(found: list[tuple[int, float]]) -> None:
            if self.subject is not None and self.subject.person is None:
                self.head.hint(found)

        self._desk.ask(find, hint)

    def _answer(self, yes: Sequence[int], no: Sequence[int]) -> None:
        person = self._person()
        if person is not None:
            self._desk.answer(person, yes, no)

    def _on_answered(self, answer: "Answer") -> None:
        if self.strip.is_sent:
            if answer.doubt is None:
                self.strip.go_on()
            else:
                self.strip.stay()

    def _look_at(self, face_id: int) -> None:
        def show(records: "list[FaceRecord]") -> None:
            for record in records:
                self.photo_wanted.emit(record.photo, record)

        self._session.read(lambda library: library.faces([face_id])).succeeded.connect(show)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._is_behind and self._desk.view is not None:
            self._on_changed(self._desk.view)

    # The keyboard

    def _focus_below(self) -> None:
        """Give the keyboard to what comes next: a name, suggestions, or the faces."""
        if self.subject is None or not self._is_mine(QApplication.focusWidget()):
            return
        if not self.subject.name:
            self.head.rename()
            self._awaited.clear()
        elif not self.strip.take_focus():
            self.grid.take_focus()

    def _is_mine(self, focused: QWidget | None) -> bool:
        """The keyboard is in this view, or nowhere that is in sight."""
        if focused is None or not focused.isVisible():
            return self.isVisible()
        return focused is self or self.isAncestorOf(focused)

    def _is_at_rest(self, focused: QWidget | None) -> bool:
        """The user has done nothing with the faces yet, nor begun to type."""
        is_first = self.grid.currentIndex().row() <= 0 and not self.grid.selected_rows()
        return self._is_mine(focused) and is_first and not self.head.is_typing

    def event(self, event: QEvent) -> bool:
        # The window has other uses for these keys, which are not meant here.
        is_override = event.type() == QEvent.Type.ShortcutOverride
        if is_override and isinstance(event, QKeyEvent) and _is_back(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, is_plain = event.key(), not event.modifiers()
        if _is_back(event):
            self.close_view()
        elif key == Qt.Key.Key_N and is_plain:
            self.head.rename()
        elif key == Qt.Key.Key_U and is_plain:
            self._desk.undo()
        elif Qt.Key.Key_1 <= key <= Qt.Key.Key_9 and is_plain:
            self.strip.turn(key - Qt.Key.Key_1)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.grid.zoom(1)
        elif key == Qt.Key.Key_Minus:
            self.grid.zoom(-1)
        else:
            super().keyPressEvent(event)


def _is_back(event: QKeyEvent) -> bool:
    is_alt_left = event.key() == Qt.Key.Key_Left and event.modifiers() == (
        Qt.KeyboardModifier.AltModifier
    )
    return is_alt_left or event.key() == Qt.Key.Key_Escape
