"""What can be done with the photos of the grid and the faces on them, by key, menu and mouse."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence

from opqn_app.ui.kit import desktop
from opqn_app.ui.kit.face_gestures import FaceGestures
from opqn_app.ui.kit.file_drag import copy_files, drag_files
from opqn_app.ui.kit.menus import open_menu
from opqn_app.ui.kit.thumbnails import ThumbnailCache
from opqn_app.ui.library.photo_grid import PhotoGrid
from opqn_app.ui.work.session import Session


class PhotoActions(QObject):
    """Actions on `grid`; they answer while it has the keyboard.

    Signals:
        naming_wanted: row of a photo with several faces, one of which is to be named.
        copies_wanted: a PhotoRecord all of whose copies are to be shown.
        failed: why a photo can't be handed over, as a plain sentence.
    """

    naming_wanted = Signal(int)
    copies_wanted = Signal(object)
    failed = Signal(str)

    def __init__(self, session: Session, grid: PhotoGrid, thumbs: ThumbnailCache) -> None:
        super().__init__(grid)
        self._grid, self._thumbs, self._runner = grid, thumbs, session.runner
        self.look_action = self._action("Look at the photo\tSpace", "", self._look)
        self.copy_action = self._action("Copy the photo", "Ctrl+C", self.copy)
        self.open_action = self._action("Open in its own program", "O", self.open_photo)
        self.show_action = self._action("Show in folder", "Ctrl+Shift+F", self.show_photo)
        self.copies_action = self._action("Show its copies", "", self._show_copies)
        self.search_action = self._action("Search with this face", "", self._search)
        self.name_some_action = self._action("Name the faces…", "N", self._name_some)
        self.gestures = FaceGestures(
            session,
            grid,
            chosen=lambda: grid.faces_meant,
            place=self._place_of,
            go_to=lambda _face: grid.scrollTo(grid.currentIndex()),
        )
        grid.selectionModel().selectionChanged.connect(lambda *_: self.refresh())
        grid.face_meant_changed.connect(self.refresh)
        grid.drag_wanted.connect(self.drag)
        grid.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        grid.customContextMenuRequested.connect(self._open_menu)
        session.people.changed.connect(grid.show_people)
        self.refresh()

    def refresh(self) -> None:
        """Say what can be done now."""
        self.gestures.refresh()
        photos = self._grid.selected_photos()
        has_one = self._grid.faces_meant != []
        current = self._grid.current_photo
        for action in (self.look_action, self.copy_action, self.open_action, self.show_action):
            action.setEnabled(bool(photos))
        self.copy_action.setText(f"Copy the photo{'s' if len(photos) > 1 else ''}")
        copies = 0 if current is None else len(self._grid.model_shown.copies_of(current))
        self.copies_action.setText(f"Show all {copies + 1:,} copies")
        self.copies_action.setVisible(copies > 0)
        self.search_action.setVisible(has_one)
        # N names the one face that is meant; where several are, the viewer asks which.
        self.name_some_action.setVisible(
            not has_one and current is not None and current.n_faces > 0
        )

    def copy(self) -> None:
        """Copy the selected photos as files."""
        self._tell(copy_files(self._paths(), runner=self._runner))

    def drag(self) -> None:
        """Let the selected photos be dragged to another program."""
        current = self._grid.current_photo
        pixmap = None if current is None else self._thumbs.held(current)
        self._tell(drag_files(self._grid, self._paths(), pixmap=pixmap))

    def open_photo(self) -> None:
        """Open the current photo in its usual program."""
        self._hand_over(desktop.open_file)

    def show_photo(self) -> None:
        """Show the current photo in the file manager."""
        self._hand_over(desktop.show_in_folder)

    def _look(self) -> None:
        row = self._grid.currentIndex().row()
        if row >= 0:
            self._grid.photo_opened.emit(row)

    def _search(self) -> None:
        for face_id in self._grid.faces_meant[:1]:  # of several: the first
            self._grid.face_picked.emit(face_id)

    def _show_copies(self) -> None:
        photo = self._grid.current_photo
        if photo is not None:
            self.copies_wanted.emit(photo)

    def _name_some(self) -> None:
        row = self._grid.currentIndex().row()
        if row >= 0:
            self.naming_wanted.emit(row)

    def _paths(self) -> Sequence[Path]:
        return [photo.path for photo in self._grid.selected_photos()]

    def _hand_over(self, act: Callable[[Path], bool]) -> None:
        photo = self._grid.current_photo
        if photo is not None and not act(photo.path):
            self.failed.emit(desktop.cannot_open(photo.path))

    def _tell(self, words: str) -> None:
        if words:
            self.failed.emit(words)

    def _open_menu(self, at: QPoint) -> None:
        grid = self._grid
        if not grid.indexAt(at).isValid():  # the menu key, or beside the photos
            at = grid.picture_rect(grid.currentIndex()).center()
        if grid.current_photo is None:
            return
        grid.mean_face_at(at)
        self.refresh()
        faces = (*self.gestures.all, self.name_some_action, self.search_action, None)
        photo = (self.copy_action, self.open_action, self.show_action, self.copies_action)
        open_menu(grid, (self.look_action, None, *faces, *photo), grid.viewport().mapToGlobal(at))

    def _place_of(self, face_id: int) -> QRect | None:
        place = self._grid.place_of(face_id)
        if place is None or not self._grid.viewport().rect().contains(place.center()):
            return None
        return QRect(self._grid.viewport().mapToGlobal(place.topLeft()), place.size())

    def _action(self, text: str, key: str, act: Callable[[], None]) -> QAction:
        action = QAction(text, self)
        action.setShortcut(QKeySequence(key))
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        action.triggered.connect(lambda _checked=False: act())
        self._grid.addAction(action)
        return action
