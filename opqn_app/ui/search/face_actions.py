"""What can be done with the chosen faces of a results view, by key, menu and button."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence

from opqn_app.ui.kit import desktop
from opqn_app.ui.kit.face_gestures import FaceGestures
from opqn_app.ui.kit.file_drag import copy_files, drag_files
from opqn_app.ui.kit.menus import open_menu
from opqn_app.ui.search.results_view import ResultsView
from opqn_app.ui.work.jobs import read_library
from opqn_app.ui.work.session import Session

if TYPE_CHECKING:
    from opqn_app.store.library import Library


class FaceActions(QObject):
    """Actions on the grid of `results`; they answer while it has the keyboard.

    Args:
        about: id of the person who is searched for, where that is known.

    Signals:
        search_wanted: ids of faces to search with, and whether to add them to the query.
        look_wanted: ids of faces (list) and the row of the one whose photo is to be shown.
        take_wanted: photos are to be taken out of the library, as copies.
        failed: why a photo can't be handed over, as a plain sentence.
    """

    search_wanted = Signal(object, bool)
    take_wanted = Signal()
    look_wanted = Signal(object, int)
    failed = Signal(str)

    def __init__(
        self, session: Session, results: ResultsView, about: Callable[[], int | None]
    ) -> None:
        super().__init__(results)
        self._is_resting = False
        self._session, self._results = session, results
        self.look_action = self._action(
            "Look at the photo", ("Return", "Enter", "Space"), self.look
        )
        self.search_action = self._action(
            "Search with this face", ("S", "Ctrl+Return"), self.search
        )
        self.combine_action = self._action(
            "Add these faces to the search", ("Shift+S",), self.combine
        )
        self.copy_action = self._action("Copy the photos", ("Ctrl+C",), self.copy)
        self.open_action = self._action("Open in its own program", ("O",), self.open_photo)
        self.show_action = self._action("Show in folder", ("Ctrl+Shift+F",), self.show_photo)
        # The key is the window's.
        self.take_action = self._action(
            "Take photos with you…\tCtrl+Shift+E", (), self.take_wanted.emit
        )
        self.gestures = FaceGestures(
            session,
            results.grid,
            chosen=lambda: [] if self._is_resting else results.selected_ids(),
            place=self._place_of,
            go_to=self._go_to,
            about=about,
        )
        self.of_photo: tuple[QAction, ...] = (
            self.copy_action,
            self.open_action,
            self.show_action,
            self.take_action,
        )
        self.all: tuple[QAction, ...] = (
            self.look_action,
            self.search_action,
            self.combine_action,
            *self.of_photo,
        )
        grid, why = results.grid, results.why
        results.chosen.connect(lambda _record: self._show_enabled())
        grid.selectionModel().selectionChanged.connect(lambda *_: self._show_enabled())
        grid.picked.connect(lambda _index: None if self._is_resting else self.look())
        grid.drag_wanted.connect(self.drag)
        grid.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        grid.customContextMenuRequested.connect(self._open_menu)
        why.open_wanted.connect(self.open_photo)
        why.show_wanted.connect(self.show_photo)
        why.search_wanted.connect(self.search)
        why.preview_wanted.connect(self.look)
        why.name_wanted.connect(self.gestures.ask_name)
        self._show_enabled()

    def rest(self, is_resting: bool) -> None:
        """Do nothing for a while, since what is selected is ticked for something else."""
        self._is_resting = is_resting
        self._show_enabled()

    def search(self) -> None:
        """Search with the selected faces; several are combined."""
        self._ask(self._results.selected_ids(), add=False)

    def combine(self) -> None:
        """Add the selected faces to the query: they are known to be this person."""
        self._ask(self._results.selected_ids(), add=True)

    def look(self) -> None:
        """Look at the whole photo of the current face, and from there at those of the others."""
        row = self._results.grid.currentIndex().row()
        if row >= 0:
            self.look_wanted.emit(self._results.model.all_ids(), row)

    def open_photo(self) -> None:
        """Open the photo of the current face in its usual program."""
        self._hand_over(desktop.open_file)

    def show_photo(self) -> None:
        """Show the photo of the current face in the file manager."""
        self._hand_over(desktop.show_in_folder)

    def copy(self) -> None:
        """Copy the photos of the selected faces as files."""
        faces, runner = self._results.selected_ids(), self._session.runner
        if faces:
            task = self._session.read(partial(_paths_of, faces))
            task.succeeded.connect(
                lambda paths: self._tell(copy_files(paths, face_ids=faces, runner=runner))
            )

    def drag(self) -> None:
        """Let the photos of the selected faces be dragged to another program."""
        faces = self._results.selected_ids()
        held = [self._results.model.held(face) for face in faces]
        paths = [record.photo.path for record in held if record is not None]
        if len(paths) < len(faces):  # the user holds the button: it is read here and now
            paths = read_library(self._session.library_path, partial(_paths_of, faces))
        current = self._results.current_face_id()
        pixmap = self._results.thumbnails.held(faces[0] if current is None else current)
        self._tell(drag_files(self._results.grid, paths, face_ids=faces, pixmap=pixmap))

    def _tell(self, words: str) -> None:
        if words:
            self.failed.emit(words)

    def _ask(self, face_ids: Sequence[int], *, add: bool) -> None:
        if face_ids:
            self.search_wanted.emit(face_ids, add)

    def _hand_over(self, act: Callable[[Path], bool]) -> None:
        record = self._results.current_record()
        if record is not None and not act(record.photo.path):
            self.failed.emit(desktop.cannot_open(record.photo.path))

    def _open_menu(self, at: QPoint) -> None:
        grid = self._results.grid
        if self._results.current_face_id() is None or self._is_resting:
            return
        if not grid.indexAt(at).isValid():  # the menu key, or beside the faces
            at = grid.visualRect(grid.currentIndex()).center()
        self._show_enabled()
        looks = (self.look_action, self.search_action, self.combine_action, None)
        actions = (*looks, *self.gestures.all, None, *self.of_photo)
        open_menu(grid, actions, grid.viewport().mapToGlobal(at))

    def _place_of(self, face_id: int) -> QRect | None:
        row = self._results.model.row_of(face_id)
        return None if row is None else self._results.grid.place_on_screen(row)

    def _go_to(self, face_id: int) -> None:
        row = self._results.model.row_of(face_id)
        if row is not None:
            self._results.grid.scrollTo(self._results.model.index(row))

    def _action(self, text: str, keys: Sequence[str], act: Callable[[], None]) -> QAction:
        action = QAction(text, self)
        action.setShortcuts([QKeySequence(key) for key in keys])
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        action.triggered.connect(lambda _checked=False: act())
        self._results.grid.addAction(action)
        return action

    def _show_enabled(self) -> None:
        has_face = self._results.current_face_id() is not None and not self._is_resting
        for action in self.all:
            action.setEnabled(has_face)
        several = len(self._results.selected_ids()) > 1
        self.search_action.setText(f"Search with {'these faces' if several else 'this face'}")
        self.copy_action.setText(f"Copy the photo{'s' if several else ''}")
        self.gestures.refresh()


def _paths_of(face_ids: Sequence[int], library: "Library") -> list[Path]:
    found = {face.id: face.photo.path for face in library.faces(face_ids)}
    return [found[face] for face in face_ids if face in found]
