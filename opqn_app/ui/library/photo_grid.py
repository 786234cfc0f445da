"""Photos as tiles in a grid of any length; faces appear under the mouse and the focus."""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QMouseEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QListView, QWidget

from opqn_app.store.records import FaceRecord, PhotoRecord
from opqn_app.ui.kit import face_boxes, wording
from opqn_app.ui.kit.thumbnails import ThumbnailCache
from opqn_app.ui.library.photo_delegate import FACE_TIP, GAP, PhotoDelegate, tile_rect
from opqn_app.ui.library.photo_model import PhotoListModel

if TYPE_CHECKING:
    from opqn_app.ui.work.people_jobs import PeopleView

TILE_SIDES = (120, 152, 192, 248, 312)  # wished widths; tiles stretch or shrink to fill the row
SHAPE = 4 / 3  # width to height of a tile: kind to both landscape and portrait photos
SLACK = 40  # pixels that a row may lack for one more tile
FACES_KEPT = 200  # photos whose faces are remembered


class PhotoGrid(QListView):
    """The grid.

    Signals:
        photo_opened: row to be looked at large.
        face_picked: id of a face that was clicked.
        faces_wanted: a PhotoRecord whose faces are to be given to `show_faces`.
        month_changed: the month of the first photo in view, in words; "" when empty.
        face_meant_changed: `faces_meant` may be others now.
        drag_wanted: the selected photos are dragged.
    """

    photo_opened = Signal(int)
    face_picked = Signal(int)
    faces_wanted = Signal(object)
    month_changed = Signal(str)
    face_meant_changed = Signal()
    drag_wanted = Signal()

    def __init__(
        self, model: PhotoListModel, thumbs: ThumbnailCache, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._photos = model
        self._faces: OrderedDict[int, tuple[FaceRecord, ...]] = OrderedDict()
        self._hovered_row = -1
        self._mouse_at = QPointF()  # where it was last, in the viewport
        self._face_under_mouse: int | None = None
        self._menu_face: int | None = None  # a menu has been opened on it
        self._people: PeopleView | None = None
        self._pressed_face: int | None = None
        self._size_step = 2
        self.setModel(model)
        self.setItemDelegate(PhotoDelegate(self, self, thumbs))
        self._set_up()
        thumbs.ready.connect(lambda _keys: self.viewport().update())
        # Told once a turn of the event loop, when the rows have found their places.
        self._month_timer = QTimer(self)
        self._month_timer.setSingleShot(True)
        self._month_timer.timeout.connect(self._tell_month)
        self.verticalScrollBar().valueChanged.connect(lambda _value: self._month_timer.start())
        self.verticalScrollBar().valueChanged.connect(lambda _value: self._on_scrolled())
        model.rowsInserted.connect(lambda *_rows: self._month_timer.start())
        model.rowsRemoved.connect(lambda *_rows: self._month_timer.start())
        model.dataChanged.connect(self._on_photos_changed)
        model.modelReset.connect(self._on_reset)
        self.selectionModel().currentChanged.connect(self._on_current_changed)

    def _set_up(self) -> None:
        self.setAccessibleName("Photos")
        self.setObjectName("photoGrid")
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QListView.SelectionMode.ExtendedSelection)
        self.setDragEnabled(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.verticalScrollBar().setSingleStep(48)

    @property
    def face_under_mouse(self) -> int | None:
        return self._face_under_mouse

    def faces_shown(self, row: int, is_marked: bool) -> Sequence[FaceRecord]:
        """The faces whose boxes are drawn on the tile of `row`."""
        if row != self._hovered_row and not is_marked:
            return ()
        return self._faces_of(self._photo(row))

    def name_of(self, face_id: int) -> str | None:
        """The name of a face, None where it has none."""
        return None if self._people is None else self._people.name_of(face_id)

    def show_people(self, view: "PeopleView") -> None:
        """Take who is who."""
        self._people = view
        self.viewport().update()

    @property
    def current_photo(self) -> PhotoRecord | None:
        return self._photo(self.currentIndex().row())

    def selected_photos(self) -> list[PhotoRecord]:
        """In the order of the grid."""
        rows = sorted(index.row() for index in self.selectedIndexes())
        return [photo for row in rows if (photo := self._photo(row)) is not None]

    @property
    def faces_meant(self) -> list[int]:
        """The face that a key means: under the mouse or a menu, else the only one of the photo."""
        for face in (self._face_under_mouse, self._menu_face):
            if face is not None:
                return [face]
        faces = self._faces_of(self.current_photo)
        return [faces[0].id] if len(faces) == 1 else []

    def mean_face_at(self, point: QPoint) -> None:
        """Mean the face at a point of the viewport until the mouse is on another one."""
        self._hover(QPointF(point))
        self._menu_face = self._face_under_mouse

    def place_of(self, face_id: int) -> QRect | None:
        """Where a face of the current photo, or of that under the mouse, is in the viewport."""
        for row in (self._hovered_row, self.currentIndex().row()):
            photo = self._photo(row)
            for face in self._faces_of(photo):
                if photo is not None and face.id == face_id:
                    index = self._photos.index(row)
                    return self._placement(index, photo).rect(face.box).toAlignedRect()
        return None

    def show_faces(self, photo_id: int, faces: Sequence[FaceRecord]) -> None:
        """Take the faces of a photo that `faces_wanted` asked for."""
        self._faces[photo_id] = tuple(faces)
        while len(self._faces) > FACES_KEPT:
            self._faces.popitem(last=False)
        self.viewport().update()
        self.face_meant_changed.emit()

    def forget_faces(self) -> None:
        """Faces were found anew: ask again for those that are shown."""
        self._faces.clear()
        self._want_faces(self.currentIndex().row())
        self._want_faces(self._hovered_row)

    @contextmanager
    def anchored(self) -> Iterator[None]:
        """Whatever rows come and go inside, the photos in view stay where they are."""
        anchor = QPersistentModelIndex(self._first_in_view())
        bar = self.verticalScrollBar()
        before = self.visualRect(anchor).top() if anchor.isValid() else 0
        is_at_top = bar.value() == 0
        yield
        if anchor.isValid() and not is_at_top:
            self.doItemsLayout()
            bar.setValue(bar.value() + self.visualRect(anchor).top() - before)

    def zoom(self, steps: int) -> None:
        """Larger (positive) or smaller tiles; the photo in view stays in view."""
        wanted = min(max(self._size_step + steps, 0), len(TILE_SIDES) - 1)
        if wanted == self._size_step:
            return
        current = self.currentIndex()
        anchor = current if current.isValid() else self._first_in_view()
        self._size_step = wanted
        self._fill_width()
        if anchor.isValid():
            self.scrollTo(anchor, QListView.ScrollHint.PositionAtCenter)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fill_width()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom(1 if event.angleDelta().y() > 0 else -1)
            event.accept()
        else:
            super().wheelEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row = self.currentIndex().row()
        key = event.key()
        if key in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter) and row >= 0:
            self.photo_opened.emit(row)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(1)
        elif key == Qt.Key.Key_Minus:
            self.zoom(-1)
        elif Qt.Key.Key_1 <= key <= Qt.Key.Key_9 and not event.modifiers():
            self._pick_number(row, key - Qt.Key.Key_1)
        else:
            super().keyPressEvent(event)
            if self.currentIndex().row() != row:  # who goes by key means no face under the mouse
                self._face_under_mouse = None
                self.face_meant_changed.emit()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._hover(event.position())

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hovered_row = -1
        self._face_under_mouse = None
        self.viewport().unsetCursor()
        self.viewport().update()
        self.face_meant_changed.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._hover(event.position())
        is_plain = event.button() == Qt.MouseButton.LeftButton and not event.modifiers()
        self._pressed_face = self._face_under_mouse if is_plain else None
        super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        pressed, self._pressed_face = self._pressed_face, None
        if pressed is not None and pressed == self._face_under_mouse:
            self.face_picked.emit(pressed)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and event.button() == Qt.MouseButton.LeftButton:
            self.photo_opened.emit(index.row())

    def _photo(self, row: int) -> PhotoRecord | None:
        photos = self._photos.photos
        return photos[row] if 0 <= row < len(photos) else None

    def startDrag(self, _actions: Qt.DropAction) -> None:
        self._pressed_face = None
        self.drag_wanted.emit()

    def _faces_of(self, photo: PhotoRecord | None) -> Sequence[FaceRecord]:
        """The faces of a photo that are known here, without those that are none."""
        faces = self._faces.get(photo.id, ()) if photo else ()
        left_out = self._people.left_out if self._people else frozenset()
        return [face for face in faces if face.id not in left_out] if left_out else faces

    def _placement(self, index: QModelIndex, photo: PhotoRecord) -> face_boxes.Placement:
        tile = tile_rect(QRectF(self.visualRect(index)))
        return face_boxes.fit(photo.width, photo.height, tile)

    def _hover(self, point: QPointF) -> None:
        self._mouse_at = point
        index = self.indexAt(point.toPoint())
        photo = self._photo(index.row())
        face = None
        if photo is not None:
            self._want_faces(index.row())
            placement = self._placement(index, photo)
            face = face_boxes.face_at(self._faces_of(photo), placement, point)
        face_id = face.id if face else None
        if (index.row(), face_id) == (self._hovered_row, self._face_under_mouse):
            return
        self._hovered_row, self._face_under_mouse = index.row(), face_id
        self._menu_face = None
        self.face_meant_changed.emit()
        shape = Qt.CursorShape.PointingHandCursor if face else Qt.CursorShape.ArrowCursor
        self.viewport().setCursor(shape)
        self.viewport().setToolTip(FACE_TIP if face else "")
        self.viewport().update()

    def _on_scrolled(self) -> None:
        """Another face is under the mouse now, or none; a key must not mean the one before."""
        self._menu_face = None
        if self._hovered_row >= 0:
            self._hover(self._mouse_at)

    def _want_faces(self, row: int) -> None:
        photo = self._photo(row)
        if photo is not None and photo.n_faces and photo.id not in self._faces:
            self._faces[photo.id] = ()  # asked for; not twice
            self.faces_wanted.emit(photo)

    def _pick_number(self, row: int, number: int) -> None:
        faces = self._faces_of(self._photo(row))
        if number < len(faces):
            self.face_picked.emit(faces[number].id)

    def _on_current_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        self._menu_face = None
        self._want_faces(current.row())

    def _on_photos_changed(self, first: QModelIndex, last: QModelIndex) -> None:
        for row in range(first.row(), last.row() + 1):
            photo = self._photo(row)
            if photo is not None:
                self._faces.pop(photo.id, None)
        self._want_faces(self.currentIndex().row())

    def _on_reset(self) -> None:
        self._faces.clear()
        self._hovered_row, self._face_under_mouse = -1, None
        self._month_timer.start()

    def _first_in_view(self) -> QModelIndex:
        return self.indexAt(QPoint(GAP, GAP + self.gridSize().height() // 3))

    def _tell_month(self) -> None:
        photo = self._photo(self._first_in_view().row())
        self.month_changed.emit(wording.month(photo.taken_at) if photo else "")

    def _fill_width(self) -> None:
        width = self.viewport().width() - 1
        columns = max(1, (width + SLACK) // (TILE_SIDES[self._size_step] + GAP))
        side = max(width // columns, 64)
        cell = QSize(side, round((side - GAP) / SHAPE) + GAP)
        if self.gridSize() != cell:
            self.setGridSize(cell)
