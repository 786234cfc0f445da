"""What can be done with the chosen faces of a person, by key, menu and mouse."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from opqn_app.ui.kit.face_gestures import FaceGestures
from opqn_app.ui.kit.file_drag import copy_files, drag_files
from opqn_app.ui.kit.menus import open_menu
from opqn_app.ui.people.person_grid import PersonGrid
from opqn_app.ui.people.person_rows import Row
from opqn_app.ui.work.session import Session


class PersonActions(QObject):
    """Actions on the grid; they answer while it has the keyboard.

    Args:
        person: id of the person; None for a group.

    Signals:
        photo_wanted: the photo of a face is to be shown (PhotoRecord, FaceRecord).
        search_wanted: ids of faces to search with.
        apart_wanted: ids of faces that are not of this group.
        failed: why a photo can't be handed over, as a plain sentence.
    """

    photo_wanted = Signal(object, object)
    search_wanted = Signal(object)
    apart_wanted = Signal(object)
    failed = Signal(str)

    def __init__(
        self, session: Session, grid: PersonGrid, person: Callable[[], int | None]
    ) -> None:
        super().__init__(grid)
        self._grid, self._person, self._runner = grid, person, session.runner
        self.look_action = self._action(
            "Look at the photo", ("Return", "Enter", "Space"), self.look
        )
        self.search_action = self._action("Search with this face", ("S",), self.search)
        self.apart_action = self._action("Not the same person", ("Delete",), self.set_apart)
        self.section_action = self._action("Select all of this year", ("A",), self.select_section)
        self.copy_action = self._action("Copy the photo", ("Ctrl+C",), self.copy)
        self.gestures = FaceGestures(
            session,
            grid,
            chosen=grid.selected_ids,
            place=grid.place_of,
            go_to=grid.go_to_face,
            about=person,
        )
        grid.picked.connect(lambda _index: self.look())
        grid.drag_wanted.connect(self.drag)
        grid.selectionModel().currentChanged.connect(lambda *_: self.refresh())
        grid.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        grid.customContextMenuRequested.connect(self._open_menu)
        self.refresh()

    def refresh(self) -> None:
        """Say what can be done with the faces that are chosen now."""
        several = len(self._grid.selected_ids()) > 1
        has_any, is_group = self._grid.current_row() is not None, self._person() is None
        chosen = bool(self._grid.selected_ids())
        self.look_action.setEnabled(has_any)
        self.search_action.setEnabled(chosen)
        self.search_action.setText(f"Search with {'these faces' if several else 'this face'}")
        self.apart_action.setVisible(is_group and chosen)
        self.section_action.setText(f"Select all of this {self._grid.section_noun}")
        self.section_action.setEnabled(has_any)
        self.copy_action.setEnabled(chosen)
        self.copy_action.setText(f"Copy the photo{'s' if several else ''}")
        self.gestures.refresh()

    def look(self) -> None:
        """Show the photo of the current face."""
        row = self._grid.current_row()
        if row is not None:
            self.photo_wanted.emit(row.photo, row.faces[0].record)

    def search(self) -> None:
        """Search with the chosen faces."""
        faces = self._grid.selected_ids()
        if faces:
            self.search_wanted.emit(faces)

    def set_apart(self) -> None:
        """The chosen faces are not the person that the rest of the group is."""
        if self.gestures.are_seen():
            self.apart_wanted.emit(self._grid.selected_ids())

    def select_section(self) -> None:
        """Select all that is under the heading of the current face."""
        index = self._grid.currentIndex()
        if index.isValid():
            self._grid.select_section(self._grid.layout_now().section_of(index.row()))

    def copy(self) -> None:
        """Copy the photos of the chosen faces as files."""
        rows = self._grid.selected_rows()
        if rows:
            paths = [row.photo.path for row in rows]
            self._tell(copy_files(paths, face_ids=_faces(rows), runner=self._runner))

    def drag(self) -> None:
        """Let the photos of the chosen faces be dragged to another program."""
        rows = self._grid.selected_rows()
        if rows:
            paths = [row.photo.path for row in rows]
            pixmap = self._grid.picture_of(self._grid.current_row() or rows[0])
            self._tell(drag_files(self._grid, paths, face_ids=_faces(rows), pixmap=pixmap))

    def _tell(self, words: str) -> None:
        if words:
            self.failed.emit(words)

    def _open_menu(self, at: QPoint) -> None:
        grid = self._grid
        index = grid.indexAt(at)
        if not index.isValid():  # the menu key, or beside the faces
            index = grid.currentIndex()
            if not index.isValid():
                return
            at = grid.visualRect(index).center()
        if not grid.selectionModel().isSelected(index):
            grid.setCurrentIndex(index)
        self._open_at(grid.viewport().mapToGlobal(at))

    def open_menu(self, button: QWidget) -> None:
        """Open the menu of the chosen faces below a button."""
        self._open_at(button.mapToGlobal(QPoint(0, button.height())))

    def _open_at(self, at: QPoint) -> None:
        self.refresh()
        first = (self.look_action, self.search_action, None, self.apart_action)
        actions = (*first, *self.gestures.all, None, self.section_action, self.copy_action)
        open_menu(self._grid, actions, at)

    def _action(self, text: str, keys: Sequence[str], act: Callable[[], None]) -> QAction:
        action = QAction(text, self)
        action.setShortcuts([QKeySequence(key) for key in keys])
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        action.triggered.connect(lambda _checked=False: act())
        self._grid.addAction(action)
        return action


def _faces(rows: Sequence[Row]) -> list[int]:
    return [face for row in rows for face in row.face_ids]
