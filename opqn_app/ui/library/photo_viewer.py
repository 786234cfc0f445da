"""One photo at a time, as large as the window, with its faces a click or a key away."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QAction, QColor, QIcon, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from opqn_app.core.progress import counted
from opqn_app.core.types import Box
from opqn_app.store.records import FaceRecord, PhotoRecord
from opqn_app.ui.kit import desktop, theme, wording
from opqn_app.ui.kit.controls import PlainLabel
from opqn_app.ui.kit.face_gestures import FaceGestures
from opqn_app.ui.kit.file_drag import copy_files, drag_files
from opqn_app.ui.kit.menus import open_menu
from opqn_app.ui.kit.overlay import Overlay
from opqn_app.ui.kit.tips import plain
from opqn_app.ui.kit.undo_bar import UndoBar
from opqn_app.ui.library.face_strip import FaceStrip
from opqn_app.ui.library.photo_canvas import STEP, PhotoCanvas, ViewedPhoto, view_photo
from opqn_app.ui.work.session import Session
from opqn_app.ui.work.tasks import Task

DRAW = (
    "Draw a box around the face; or take the arrow keys, with Shift for its size, and Enter. "
    "Esc: no more."
)


class PhotoViewer(Overlay):
    """Covers the window with one photo of a list.

    Signals:
        face_search_requested: id of the face to search with; the viewer has closed.
        photo_changed: the PhotoRecord that is shown now.
        face_changed: of a list of faces, the id of the one that is shown now.
    """

    face_search_requested = Signal(int)
    photo_changed = Signal(object)
    face_changed = Signal(int)

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent, QColor(14, 16, 19))
        self.setAccessibleName("Photo viewer")
        self._session = session
        self._items: Sequence[PhotoRecord | int] = ()
        self._row = -1
        self._task: Task | None = None
        self._viewed: ViewedPhoto | None = None
        self._face_id: int | None = None
        self._asks_name = False  # as soon as the photo is shown
        self._build()
        self._make_actions()
        session.people.changed.connect(lambda _view: self._show_faces())
        session.people.refused.connect(self._say)

    @property
    def photo(self) -> PhotoRecord | None:
        """The photo that is shown, or being decoded."""
        item = self._items[self._row] if 0 <= self._row < len(self._items) else None
        if isinstance(item, PhotoRecord):
            return item
        return self._viewed.photo if self._viewed is not None else None

    @property
    def hint(self) -> str:
        """What is said below the photo."""
        return self._hint.text()

    def open_photos(
        self,
        photos: Sequence[PhotoRecord],
        row: int,
        names: bool = False,
        *,
        face_id: int | None = None,
    ) -> None:
        """Show `photos[row]`; the arrow keys go through the others.

        Args:
            names: ask for the name of the first face that has none.
            face_id: a face to be marked.
        """
        self._open(photos, row, face_id)
        self._asks_name = names

    def open_faces(self, face_ids: Sequence[int], row: int) -> None:
        """Show the photo of a face with its box marked; the arrow keys go from face to face."""
        self._open(face_ids, row, face_ids[row])

    def _open(self, items: Sequence[PhotoRecord | int], row: int, face_id: int | None) -> None:
        self._items = items
        self.open_sheet()
        self._show_row(row, face_id)

    def close_sheet(self) -> None:
        self.canvas.draw_boxes(False)
        super().close_sheet()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key == Qt.Key.Key_Escape and self.canvas.is_drawing:
            self._draw(False)
        elif self.canvas.draw_by_key(
            key, sizes=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        ):
            return
        elif key == Qt.Key.Key_Space:
            self.close_sheet()
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_PageUp):
            self._step(-1)
        elif key in (Qt.Key.Key_Right, Qt.Key.Key_PageDown):
            self._step(1)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.canvas.zoom_by(STEP)
        elif key == Qt.Key.Key_Minus:
            self.canvas.zoom_by(1 / STEP)
        elif key == Qt.Key.Key_0:
            self.canvas.zoom_to_fit()
        elif Qt.Key.Key_1 <= key <= Qt.Key.Key_9:
            self._strip.pick(key - Qt.Key.Key_1)
        else:
            super().keyPressEvent(event)

    def _build(self) -> None:
        self._title = _white_label(is_strong=True)
        self._place = _white_label()
        self.draw_button = _white_button("add", "Add a face (B)", lambda: None, words="Add a face")
        self.draw_button.setCheckable(True)
        self.draw_button.clicked.connect(self._draw)
        close = _white_button("close", "Close", self.close_sheet)
        self._before = _white_button("back", "Previous photo", lambda: self._step(-1))
        self._after = _white_button("forward", "Next photo", lambda: self._step(1))
        for arrow in (self._before, self._after):
            policy = arrow.sizePolicy()
            policy.setRetainSizeWhenHidden(True)  # the photo must not jump
            arrow.setSizePolicy(policy)
        self.canvas = PhotoCanvas()
        self.canvas.face_picked.connect(self._pick)
        self.canvas.menu_wanted.connect(self._open_menu)
        self.canvas.drag_wanted.connect(self._drag)
        self.canvas.box_drawn.connect(self._on_box)
        self.undo_bar = UndoBar(self._session.people, self.canvas)  # that of the window is covered
        self._hint = _white_label()
        self._strip = FaceStrip()
        self._strip.face_picked.connect(self._pick)
        self._strip.face_reached.connect(self.canvas.mark_face)
        self._strip.menu_wanted.connect(self._open_menu_of)

        top = QHBoxLayout()
        top.setSpacing(16)
        top.addWidget(self._title)
        top.addWidget(self._place)
        top.addStretch(1)
        top.addWidget(self.draw_button)
        top.addWidget(close)
        middle = QHBoxLayout()
        for widget, stretch in ((self._before, 0), (self.canvas, 1), (self._after, 0)):
            middle.addWidget(widget, stretch)
        stack = QVBoxLayout(self)
        stack.setContentsMargins(16, 12, 16, 12)
        stack.setSpacing(8)
        stack.addLayout(top)
        stack.addLayout(middle, 1)
        stack.addWidget(self._hint)
        stack.addWidget(self._strip)

    def _make_actions(self) -> None:
        self.gestures = FaceGestures(
            self._session,
            self,
            chosen=self._chosen,
            place=self._place_of,
            go_to=self.canvas.go_to_face,
            sheet=self,
        )
        self.gestures.named.connect(self._on_named)
        self.name_next_action = self._action("Name the faces…", ("N",), self._name_next)
        self.canvas.current_changed.connect(self._refresh_actions)
        self.search_action = self._action("Search with this face", (), self._search)
        self.draw_action = self._action(
            "Add a face", ("B",), lambda: self._draw(not self.canvas.is_drawing)
        )
        self.copy_action = self._action("Copy the photo", ("Ctrl+C",), self._copy)
        self.open_action = self._action("Open in its own program", ("O",), self._open_outside)
        self.show_action = self._action("Show in folder", ("Ctrl+Shift+F",), self._show_in_folder)

    def _action(self, text: str, keys: Sequence[str], act: object) -> QAction:
        action = QAction(text, self)
        action.setShortcuts([QKeySequence(key) for key in keys])
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        action.triggered.connect(act)
        self.addAction(action)
        return action

    def focusNextPrevChild(self, forward: bool) -> bool:
        moved = super().focusNextPrevChild(forward)
        self._strip.follow_focus(QApplication.focusWidget())
        return moved

    # Going through the photos

    def _step(self, by: int) -> None:
        row = self._row + by
        if 0 <= row < len(self._items):
            item = self._items[row]
            self._show_row(row, None if isinstance(item, PhotoRecord) else item)

    def _show_row(self, row: int, face_id: int | None) -> None:
        self._row, self._face_id, self._viewed, self._asks_name = row, face_id, None, False
        item = self._items[row]
        self._before.setVisible(row > 0)
        self._after.setVisible(row + 1 < len(self._items))
        self._draw(False)
        self.canvas.show_photo(None)
        self._strip.show_faces(())
        self._refresh_actions()
        self._hint.setText("Opening…")
        self._show_title(item if isinstance(item, PhotoRecord) else None)
        self._load(item)
        if isinstance(item, PhotoRecord):
            self.photo_changed.emit(item)
        else:
            self.face_changed.emit(item)

    def _show_title(self, photo: PhotoRecord | None) -> None:
        self._title.setText(photo.path.name if photo else "")
        self._title.setToolTip(plain(str(photo.path) if photo else ""))
        where = f"{self._row + 1:,} of {len(self._items):,}"
        day = wording.day(photo.taken_at) if photo and photo.taken_at else ""
        self._place.setText("  ·  ".join(part for part in (day, where) if part))

    def _load(self, item: PhotoRecord | int) -> None:
        if self._task is not None:
            self._task.cancel()
        task = self._session.read(lambda library: view_photo(library, item))
        self._task = task
        task.succeeded.connect(lambda viewed: self._on_viewed(task, viewed))
        task.failed.connect(lambda error: self._on_failed(task, error))

    def _on_viewed(self, task: Task, viewed: ViewedPhoto) -> None:
        if task is not self._task:
            return
        self._task, self._viewed = None, viewed
        self._show_title(viewed.photo)
        self.canvas.show_photo(viewed)
        self.canvas.mark_face(self._face_id)
        self.draw_button.setEnabled(viewed.image is not None)
        self.draw_action.setEnabled(viewed.image is not None)
        self._show_faces()
        found = counted(len(self._faces()), "face") + " found"
        self.canvas.setAccessibleDescription(viewed.problem or found)
        some = "Click a face to find that person, or right-click it to say who it is."
        none = "No face was found in this photo."
        fault = "" if viewed.image is None else viewed.problem
        self._hint.setText(f"{some if self._faces() else none} {fault}".rstrip())
        if self._asks_name:
            self._asks_name = False
            self.gestures.ask_name() if self._chosen() else self._name_next()

    def _on_failed(self, task: Task, error: Exception) -> None:
        if task is self._task:
            self._task = None
            self._hint.setText(str(error))

    # Faces

    def _faces(self) -> list[FaceRecord]:
        """The faces of the photo, without those that are none by the user's word."""
        view = self._session.people.view
        left_out = view.left_out if view is not None else frozenset()
        faces = self._viewed.faces if self._viewed is not None else ()
        return [face for face, _crop in faces if face.id not in left_out]

    def _show_faces(self) -> None:
        if self._viewed is None:
            return
        faces = self._faces()
        crops = {face.id: crop for face, crop in self._viewed.faces}
        found = {face.id: self._session.people.name_of(face.id) for face in faces}
        names = {face_id: name for face_id, name in found.items() if name}
        self.canvas.show_faces(faces, names)
        self._strip.show_faces([(face, crops[face.id]) for face in faces], names)
        self._refresh_actions()

    def _chosen(self) -> list[int]:
        """The face that a key means: the one with the thick box, or the only one there is."""
        ids = [face.id for face in self._faces()]
        current = self.canvas.current_face
        if current is not None and current in ids:
            return [current]
        return ids if len(ids) == 1 else []

    def _nameless(self) -> list[int]:
        found = [face.id for face in self._faces()]
        return [face_id for face_id in found if not self._session.people.name_of(face_id)]

    def _name_next(self) -> None:
        """Ask who the first face is that nobody named."""
        ids = self._nameless() or [face.id for face in self._faces()]
        if ids:
            self.canvas.mark_face(ids[0])
            self.gestures.ask_name()

    def _on_named(self, face_ids: Sequence[int]) -> None:
        """Mark the next face without a name, so that the same key names it."""
        left = [face_id for face_id in self._nameless() if face_id not in face_ids]
        if left:
            self.canvas.mark_face(left[0])

    def _refresh_actions(self) -> None:
        self.gestures.refresh()
        self.name_next_action.setVisible(len(self._faces()) > 1 and not self._chosen())

    def _place_of(self, face_id: int) -> QRect | None:
        place = self.canvas.place_of(face_id)
        if place is None or not self.canvas.rect().contains(place.center()):
            return None
        shown = place.intersected(self.canvas.rect())
        return QRect(self.canvas.mapToGlobal(shown.topLeft()), shown.size())

    def _pick(self, face_id: int) -> None:
        self.close_sheet()
        self.face_search_requested.emit(face_id)

    def _search(self) -> None:
        for face_id in self._chosen():
            self._pick(face_id)

    def _open_menu_of(self, face_id: int, at: QPoint) -> None:
        self.canvas.mark_face(face_id)
        self._open_menu(at)

    def _open_menu(self, at: QPoint) -> None:
        is_on_face = self.canvas.current_face is not None
        self._refresh_actions()
        of_face = (*self.gestures.all, self.search_action, None) if is_on_face else ()
        of_photo = (self.copy_action, self.open_action, self.show_action)
        open_menu(self, (*of_face, self.name_next_action, self.draw_action, *of_photo), at)

    # Drawing a box

    def _draw(self, is_drawing: bool) -> None:
        self.canvas.draw_boxes(is_drawing)
        self.draw_button.setChecked(is_drawing)
        if is_drawing:
            self._hint.setText(DRAW)
            self.undo_bar.hide()
            self.setFocus()  # the button that was pressed would take the keys
        elif self._hint.text() == DRAW:
            self._hint.setText("")

    def _on_box(self, box: Box) -> None:
        photo, row = self.photo, self._row
        self._draw(False)
        if photo is not None:
            words = "The face is added as soon as the indexing that runs now has ended."
            is_free = not self._session.is_indexing
            self._hint.setText("Looking at the face…" if is_free else words)
            self._session.people.draw_box(photo, box, partial(self._on_drawn, photo, row))

    def _on_drawn(self, photo: PhotoRecord, row: int, face_id: int) -> None:
        if self.isVisible() and row == self._row and photo == self.photo:
            self._face_id, self._asks_name = face_id, True
            self._load(photo)

    # The photo as a file

    def _drag(self) -> None:
        if self.photo is not None:
            self._say(drag_files(self, [self.photo.path], pixmap=self.canvas.pixmap))

    def _copy(self) -> None:
        if self.photo is not None:
            self._say(
                copy_files([self.photo.path], runner=self._session.runner)
                or f"Copied {self.photo.path.name}."
            )

    def _open_outside(self) -> None:
        self._hand_over(desktop.open_file)

    def _show_in_folder(self) -> None:
        self._hand_over(desktop.show_in_folder)

    def _hand_over(self, act: Callable[[Path], bool]) -> None:
        if self.photo is not None and not act(self.photo.path):
            self._say(desktop.cannot_open(self.photo.path))

    def _say(self, words: str) -> None:
        if words and self.isVisible():
            self._hint.setText(words)


def _white_label(*, is_strong: bool = False) -> QLabel:
    label = PlainLabel()
    label.setObjectName("onDarkStrong" if is_strong else "onDark")
    return label


def _white_button(icon: str, name: str, act: object, *, words: str = "") -> QToolButton:
    button = QToolButton()
    button.setObjectName("onDark")
    button.setIcon(QIcon(theme.icon_pixmap(icon, 48, theme.DARK.text)))
    button.setIconSize(QSize(24, 24))
    button.setAccessibleName(name)
    if words:
        button.setText(words)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.setToolTip(plain(name))
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    button.clicked.connect(act)
    return button
