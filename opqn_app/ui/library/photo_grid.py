"""Photos or faces as tiles under headings; faces of photos appear under mouse and focus."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, QPoint, QPointF, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QWidget

from opqn_app.store.records import FaceRecord, PhotoRecord
from opqn_app.ui.kit import face_boxes
from opqn_app.ui.kit.section_grid import GAP, MARGIN, SectionGrid
from opqn_app.ui.kit.thumbnails import ThumbnailCache
from opqn_app.ui.kit.tips import plain
from opqn_app.ui.library.photo_delegate import FACE_TIP, PhotoDelegate
from opqn_app.ui.library.photo_model import NO_UPDATE, PhotoListModel
from opqn_app.ui.library.photo_rows import Shown

if TYPE_CHECKING:
    from opqn_app.ui.work.people_jobs import PeopleView

PHOTO_SIDES = (112, 144, 184, 240, 304)  # wished widths; tiles stretch or shrink to fill the row
FACE_SIDES = (72, 92, 112, 144, 184)
SHAPE = 4 / 3  # width to height of a photo's tile: kind to both landscape and portrait photos
SLACK = 40  # pixels that a row may lack for one more tile
FACES_KEPT = 200  # photos whose faces are remembered
NAME = 24  # pixels of the line with the name of a face


class PhotoGrid(SectionGrid):
    """The grid.

    Signals:
        photo_opened: row to be looked at large.
        face_picked: id of a face that was clicked.
        faces_wanted: a PhotoRecord whose faces are to be given to `show_faces`.
        heading_changed: the heading that the first row in view stands under, where it has been
            scrolled out of sight; else "".
        face_meant_changed: `faces_meant` may be others now.
    """

    photo_opened = Signal(int)
    face_picked = Signal(int)
    faces_wanted = Signal(object)
    heading_changed = Signal(str)
    face_meant_changed = Signal()

    def __init__(
        self,
        model: PhotoListModel,
        thumbs: ThumbnailCache,
        crops: ThumbnailCache,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.model_shown = model
        self._faces: OrderedDict[int, tuple[FaceRecord, ...]] = OrderedDict()
        self._hovered_row = -1
        self._mouse_at = QPointF()  # where it was last, in the viewport
        self._face_under_mouse: int | None = None
        self._menu_face: int | None = None  # a menu has been opened on it
        self._people: PeopleView | None = None
        self._pressed_face: int | None = None
        self._size_step = 2
        self._first_row = 0  # in sight
        self.shape, self.caption = SHAPE, 0
        self.setAccessibleName("Photos")
        self.setObjectName("photoGrid")
        self.setDragEnabled(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setModel(model)
        self.setItemDelegate(PhotoDelegate(self, self, thumbs, crops))
        # Told once a turn of the event loop, when the rows have found their places.
        self._heading_timer = QTimer(self, singleShot=True)
        self._heading_timer.timeout.connect(self._tell_heading)
        self.verticalScrollBar().valueChanged.connect(lambda _value: self._on_scrolled())
        self.selectionModel().currentChanged.connect(self._on_current_changed)

    # What is shown

    def show_rows(self, shown: Shown, *, anew: bool = False) -> None:
        """Show rows; those that are shown again keep their choice and their place.

        Args:
            anew: from the top, and nothing is chosen.
        """
        anew = anew or shown.has_faces != self.model_shown.shown.has_faces
        before, bar = self.model_shown.shown, self.verticalScrollBar()
        chosen = [] if anew else [before.keys[row] for row in self.rows_selected()]
        current = None if anew else self._key_at(before, self.currentIndex().row())
        is_at_top = anew or bar.value() == 0
        first, top = self._first_key()
        is_other = self.model_shown.show(shown)
        if shown.has_faces != before.has_faces:
            self._set_kind(shown.has_faces)
        self.set_sections(shown.sections)
        self._forget_changed(before, shown)
        if is_other:
            self._hovered_row, self._face_under_mouse = -1, None
            rows = sorted(row for key in chosen if (row := shown.row_of.get(key)) is not None)
            at = None if current is None else shown.row_of.get(current)
            if at is not None:
                index = self.model_shown.index(at)
                self.selectionModel().setCurrentIndex(index, NO_UPDATE)
            self.select_rows(rows)
        row = None if first is None or is_at_top else shown.row_of.get(first)
        if is_at_top:
            bar.setValue(0)
        elif row is not None:
            now = self.visualRect(self.model_shown.index(row)).top()
            bar.setValue(bar.value() + now - top)
        self._on_scrolled()

    def _forget_changed(self, before: Shown, now: Shown) -> None:
        """Ask anew for the faces of photos that are others now."""
        for photo_id in list(self._faces):
            old, new = before.row_of.get(photo_id), now.row_of.get(photo_id)
            if (
                old is None
                or new is None
                or before.has_faces
                or now.has_faces
                or before.photos.rows[old] != now.photos.rows[new]
            ):
                del self._faces[photo_id]
        self._want_faces(self.currentIndex().row())

    def _set_kind(self, has_faces: bool) -> None:
        self.shape = 1.0 if has_faces else SHAPE
        self._set_caption()
        self._fit()

    def _first_key(self) -> tuple[int | None, int]:
        """The key of the first row in sight, and how far its cell is from the edge."""
        index = self._first_visible()
        key = self._key_at(self.model_shown.shown, index.row())
        return key, self.visualRect(index).top() if key is not None else 0

    @staticmethod
    def _key_at(shown: Shown, row: int) -> int | None:
        return shown.keys[row] if 0 <= row < len(shown.keys) else None

    @property
    def face_under_mouse(self) -> int | None:
        return self._face_under_mouse

    def faces_shown(self, row: int, is_marked: bool) -> Sequence[FaceRecord]:
        """The faces whose boxes are drawn on the photo of `row`."""
        if row != self._hovered_row and not is_marked:
            return ()
        return self._faces_of(self.model_shown.photo(row))

    def name_of(self, face_id: int) -> str | None:
        """The name of a face, None where it has none."""
        return None if self._people is None else self._people.name_of(face_id)

    def show_people(self, view: "PeopleView") -> None:
        """Take who is who."""
        self._people = view
        self._set_caption()
        self.viewport().update()

    def _set_caption(self) -> None:
        people = () if self._people is None else self._people.persons
        has_names = any(person.name and not person.is_hidden for person in people)
        caption = NAME if self.model_shown.shown.has_faces and has_names else 0
        if caption != self.caption:
            self.caption = caption
            self.updateGeometries()

    # What is chosen

    @property
    def current_photo(self) -> PhotoRecord | None:
        return self.model_shown.photo(self.currentIndex().row())

    def selected_photos(self) -> list[PhotoRecord]:
        """In the order of the grid, each once."""
        photos = self.model_shown.photos
        found = {photo.id: photo for row in self.rows_selected() if (photo := photos[row])}
        return list(found.values())

    @property
    def faces_meant(self) -> list[int]:
        """The faces that a key means.

        Of photos it is the one under the mouse or a menu, else the only one of the photo.
        """
        shown, at = self.model_shown.shown, self.currentIndex().row()
        if shown.has_faces:
            rows = self.rows_selected() or ([at] if 0 <= at < len(shown.keys) else [])
            return [shown.keys[row] for row in rows]
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
        """Where a face is in the viewport: of the photo under the mouse or the current one."""
        if self.model_shown.shown.has_faces:
            row = self.model_shown.shown.row_of.get(face_id)
            return None if row is None else self.picture_rect(self.model_shown.index(row))
        for row in (self._hovered_row, self.currentIndex().row()):
            photo = self.model_shown.photo(row)
            for face in self._faces_of(photo):
                if photo is not None and face.id == face_id:
                    return self._placement(row, photo).rect(face.box).toAlignedRect()
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

    # Size

    def zoom(self, steps: int) -> None:
        """Larger (positive) or smaller tiles; the row in view stays in view."""
        wanted = min(max(self._size_step + steps, 0), len(PHOTO_SIDES) - 1)
        if wanted == self._size_step:
            return
        current = self.currentIndex()
        anchor = current if current.isValid() else self._first_visible()
        self._size_step = wanted
        self._fit()
        if anchor.isValid():
            self.scrollTo(anchor, QAbstractItemView.ScrollHint.PositionAtCenter)

    def _fit(self) -> None:
        """Tiles that fill the width."""
        has_faces = self.model_shown.shown.has_faces
        wished = (FACE_SIDES if has_faces else PHOTO_SIDES)[self._size_step] + 2 * GAP
        columns = max(1, (self.usable_width + SLACK) // wished)
        self.side = max(self.usable_width // columns - 2 * GAP, 52)
        self.updateGeometries()
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        row, bar = self._first_row, self.verticalScrollBar()
        is_at_top = bar.value() == 0
        QAbstractItemView.resizeEvent(self, event)
        self._fit()
        if event.oldSize().width() != event.size().width() and not is_at_top:
            top = self.visualRect(self.model_shown.index(row)).top()
            bar.setValue(bar.value() + top - MARGIN)

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self.viewport().scroll(dx, dy)  # only what comes into sight is drawn

    # Keyboard and mouse

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

    def startDrag(self, actions: Qt.DropAction) -> None:
        self._pressed_face = None
        super().startDrag(actions)

    def _faces_of(self, photo: PhotoRecord | None) -> Sequence[FaceRecord]:
        """The faces of a photo that are known here, without those that are none."""
        faces = self._faces.get(photo.id, ()) if photo else ()
        left_out = self._people.left_out if self._people else frozenset()
        return [face for face in faces if face.id not in left_out] if left_out else faces

    def _placement(self, row: int, photo: PhotoRecord) -> face_boxes.Placement:
        tile = QRectF(self.picture_rect(self.model_shown.index(row)))
        return face_boxes.fit(photo.width, photo.height, tile)

    def _hover(self, point: QPointF) -> None:
        self._mouse_at = point
        row = self.indexAt(point.toPoint()).row()
        is_photo = not self.model_shown.shown.has_faces
        photo = self.model_shown.photo(row) if is_photo else None
        face = None
        if photo is not None:
            self._want_faces(row)
            face = face_boxes.face_at(self._faces_of(photo), self._placement(row, photo), point)
        face_id = face.id if face else None
        if (row, face_id) == (self._hovered_row, self._face_under_mouse):
            return
        self._hovered_row, self._face_under_mouse = row, face_id
        self._menu_face = None
        self.face_meant_changed.emit()
        shape = Qt.CursorShape.PointingHandCursor if face else Qt.CursorShape.ArrowCursor
        self.viewport().setCursor(shape)
        self.viewport().setToolTip(plain(FACE_TIP if face else ""))
        self.viewport().update()

    def _on_scrolled(self) -> None:
        """Another face is under the mouse now, or none; a key must not mean the one before."""
        self._first_row = max(self._first_visible().row(), 0)
        self._heading_timer.start()
        self._menu_face = None
        if self._hovered_row >= 0:
            self._hover(self._mouse_at)

    def _want_faces(self, row: int) -> None:
        if self.model_shown.shown.has_faces:
            return
        photo = self.model_shown.photo(row)
        if photo is not None and photo.n_faces and photo.id not in self._faces:
            self._faces[photo.id] = ()  # asked for; not twice
            self.faces_wanted.emit(photo)

    def _pick_number(self, row: int, number: int) -> None:
        faces = self._faces_of(self.model_shown.photo(row))
        if number < len(faces):
            self.face_picked.emit(faces[number].id)

    def _on_current_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        self._menu_face = None
        self._want_faces(current.row())

    def _tell_heading(self) -> None:
        row, layout = self._first_visible().row(), self.layout_now()
        section = layout.section_of(row)
        is_out = 0 <= row < layout.count and self.heading_rect(section).center().y() < 0
        self.heading_changed.emit(layout.sections[section].title if is_out else "")
