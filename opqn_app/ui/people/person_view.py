"""One person, or faces that nobody named: all their faces, what else may be them, what is wrong."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from opqn_app.ui.kit.controls import push_button
from opqn_app.ui.kit.empty_state import EmptyState
from opqn_app.ui.kit.message_bar import MessageBar
from opqn_app.ui.kit.thumbnails import ThumbnailCache, load_face_crops
from opqn_app.ui.people import person_rows
from opqn_app.ui.people.forget_dialog import Forgetting, ask_to_forget
from opqn_app.ui.people.person_actions import PersonActions
from opqn_app.ui.people.person_grid import PersonGrid
from opqn_app.ui.people.person_head import PersonHead
from opqn_app.ui.people.person_rows import PersonFace
from opqn_app.ui.people.person_subject import Subject
from opqn_app.ui.people.suggestion_strip import SuggestionStrip
from opqn_app.ui.work.session import Session

if TYPE_CHECKING:
    from opqn_app.ui.work.people_jobs import Answer, PeopleView

LOW = 640  # pixels; a lower view shows suggestions small
MOST_SUGGESTED = 200
NOBODY = "Nobody of this name is in the library any more."


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
        self.people_faces: list[PersonFace] = []
        self._parts: list[tuple[int, ...]] | None = None  # None: not asked for yet
        self._round = 0  # what was asked for somebody else is dropped
        self._is_new = True
        self._build()
        self._connect()

    def _build(self) -> None:
        load = partial(load_face_crops, self._session.library_path)
        self.crops = ThumbnailCache(self._session.runner, load, parent=self)
        self.head = PersonHead(self._desk)
        self.messages = MessageBar()
        self.strip = SuggestionStrip(self.crops)
        self.grid = PersonGrid(self._session, self.crops)
        self.actions_ = PersonActions(self._desk, self.grid, self._person)
        self.empty = EmptyState()
        self.empty.show_words("face", "No face of this person is in the library now.", "")
        self.stack = QStackedWidget()
        self.stack.addWidget(self.grid)
        self.stack.addWidget(self.empty)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 8)
        column.setSpacing(10)
        column.addWidget(self.head)
        column.addWidget(self.messages)
        column.addWidget(self.strip)
        column.addLayout(self._controls())
        column.addWidget(self.stack, 1)
