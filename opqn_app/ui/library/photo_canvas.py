"""A photo drawn as large as there is room, with the boxes of its faces."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QSizePolicy, QWidget

from opqn_app.core.errors import OpqnError, PhotoUnreadable
from opqn_app.core.harmless import in_text
from opqn_app.core.types import Box
from opqn_app.store.records import FaceRecord, PhotoRecord
from opqn_app.ui.kit import face_boxes, theme
from opqn_app.ui.kit.thumbnails import image_of_photo
from opqn_app.ui.kit.tips import plain
from opqn_app.ui.library import box_by_keys
from opqn_app.ui.library.photo_delegate import FACE_TIP
from opqn_app.ui.work.face_pictures import face_picture

if TYPE_CHECKING:
    from opqn_app.store.library import Library

MAX_SIDE = 2560  # pixels decoded; enough for a 4K window and a few steps of zoom
MAX_ZOOM = 8.0
STEP = 1.25
KEY_STEP = 8.0  # pixels of the screen by which a key moves what is drawn


@dataclass(frozen=True, slots=True, eq=False)
class ViewedPhoto:
    """What is needed to show a photo.

    Attributes:
        image: None if the file can't be read now; `problem` says why, or what the image lacks.
        faces: with their stored crops, which are there in any case.
    """

    photo: PhotoRecord
    image: QImage | None
    problem: str
    faces: tuple[tuple[FaceRecord, QImage], ...]


def view_photo(library: "Library", item: PhotoRecord | int) -> ViewedPhoto:
    """Decode a photo and fetch its faces; runs in a lane.

    Args:
        item: the photo, or the id of a face on it.
    """
    from opqn_app.vision.apart import open_photo

    photo = item if isinstance(item, PhotoRecord) else _photo_of_face(library, item)
    image, problem = None, ""
    try:
        opened = open_photo(photo.path, max_side=MAX_SIDE)
        problem = f"It is shown although {opened.fault}." if opened.fault else ""
        image = image_of_photo(opened, MAX_SIDE)
    except PhotoUnreadable as error:
        is_there = photo.path.exists()
        problem = str(error) if is_there else _away(photo)
    faces = library.faces_of(photo.id)
    crops = [face_picture(library, face.id) for face in faces]
    return ViewedPhoto(photo, image, problem, tuple(zip(faces, crops, strict=True)))


def _photo_of_face(library: "Library", face_id: int) -> PhotoRecord:
    found = library.faces([face_id])
    if not found:
        raise OpqnError("This face is not in the library any more.")
    return found[0].photo


def _away(photo: PhotoRecord) -> str:
    return (
        f"{photo.path.name} is not there now. Its disk may be unplugged, or the file was moved. "
        "Its faces can still be searched with."
    )


class PhotoCanvas(QWidget):
    """The photo with its face boxes; the wheel zooms, dragging moves what is zoomed.

    Signals:
        face_picked: id of a face that was clicked.
        menu_wanted: where (QPoint of the screen), after the face there became the marked one.
        drag_wanted: the whole photo is shown and dragged.
        current_changed: `current_face` is another one.
        box_drawn: a Box around a face, in pixels of the upright photo; see `draw_boxes`.
    """

    face_picked = Signal(int)
    menu_wanted = Signal(QPoint)
    drag_wanted = Signal()
    current_changed = Signal()
    box_drawn = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._viewed: ViewedPhoto | None = None
        self._pixmap = QPixmap()
        self._zoom = 1.0
        self._moved = QPointF()
        self._pressed_at: QPointF | None = None
        self._is_dragging = False
        self._marked: int | None = None
        self._hovered: int | None = None
        self._faces: tuple[FaceRecord, ...] = ()
        self._names: Mapping[int, str] = {}
        self._is_drawing = False
        self._drawn: QRectF | None = None  # in pixels of the photo
        self.setMouseTracking(True)
        self.setAccessibleName("Photo")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def zoom(self) -> float:
        """1 shows the whole photo."""
        return self._zoom

    def show_photo(self, viewed: ViewedPhoto | None) -> None:
        """Show a photo fitted into the canvas, or nothing while it is being decoded."""
        self._viewed = viewed
        self._faces, self._drawn, self._hovered = (), None, None
        image = viewed.image if viewed else None
        self._pixmap = QPixmap.fromImage(image) if image is not None else QPixmap()
        self.zoom_to_fit()

    def show_faces(self, faces: Sequence[FaceRecord], names: Mapping[int, str]) -> None:
        """Draw the boxes of these faces of the photo, with their names."""
        self._faces, self._names, self._drawn = tuple(faces), dict(names), None
        self.update()

    @property
    def pixmap(self) -> QPixmap:
        """What is shown; null where the photo can't be read."""
        return self._pixmap

    @property
    def current_face(self) -> int | None:
        """The face whose box is drawn thick: that under the mouse, else the marked one."""
        return self._marked if self._hovered is None else self._hovered

    @property
    def is_drawing(self) -> bool:
        return self._is_drawing

    def draw_boxes(self, is_drawing: bool) -> None:
        """Let the next drag draw a box, or `draw_by_key`; or no longer."""
        self._is_drawing = is_drawing
        self._drawn = None
        self.setCursor(Qt.CursorShape.CrossCursor if is_drawing else Qt.CursorShape.ArrowCursor)
        self.setToolTip("")
        self.update()

    def draw_by_key(self, key: int, *, sizes: bool) -> bool:
        """Move or size the box that is drawn, or give it with Enter; False for other keys.

        The first arrow key brings a box to the middle of what is seen.
        """
        photo = self._viewed.photo if self._viewed else None
        if not self._is_drawing or photo is None:
            return False
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._give_box()
            return True
        placement, size = self._placement(), QSizeF(photo.width, photo.height)
        middle = QRectF(self.rect()).center() - QPointF(placement.left, placement.top)
        begun = box_by_keys.first_box(middle / placement.scale, size)
        step = KEY_STEP / placement.scale
        box = box_by_keys.moved(self._drawn or begun, key, step, size, sizes=sizes)
        if box is None:
            return False
        self._drawn = begun if self._drawn is None else box
        self.update()
        return True

    def _give_box(self) -> None:
        drawn = self._drawn
        if drawn is not None:
            self.box_drawn.emit(Box(drawn.left(), drawn.top(), drawn.right(), drawn.bottom()))

    def place_of(self, face_id: int) -> QRect | None:
        """Where the box of a face is drawn; None for one that is not on the photo."""
        found = [face for face in self._faces if face.id == face_id]
        return self._placement().rect(found[0].box).toAlignedRect() if found else None

    def go_to_face(self, face_id: int) -> None:
        """Move a zoomed photo until a face is in the middle, as far as that goes."""
        place = self.place_of(face_id)
        if place is not None:
            self._moved += QPointF(self.rect().center() - place.center())
            self._keep_in_view()
            self.update()

    def mark_face(self, face_id: int | None) -> None:
        """Draw the box of a face thick, until another one is marked."""
        self._marked = face_id
        self.update()
        self.current_changed.emit()

    def zoom_to_fit(self) -> None:
        self._zoom, self._moved = 1.0, QPointF()
        self.update()

    def zoom_by(self, factor: float, around: QPointF | None = None) -> None:
        """Zoom in or out; the point `around` of the canvas stays where it is."""
        wanted = min(max(self._zoom * factor, 1.0), MAX_ZOOM)
        fixed = (around or QRectF(self.rect()).center()) - QRectF(self.rect()).center()
        self._moved = fixed - (fixed - self._moved) * (wanted / self._zoom)
        self._zoom = wanted
        self._keep_in_view()
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.zoom_by(STEP if event.angleDelta().y() > 0 else 1 / STEP, event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed_at = event.position()
            self._is_dragging = False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        point = event.position()
        if self._pressed_at is not None:
            step = point - self._pressed_at
            if self._is_drawing:
                self._drawn = self._in_photo(self._pressed_at, point)
                self.update()
            elif self._zoom <= 1.0:
                if step.manhattanLength() >= QApplication.startDragDistance():
                    self._pressed_at = None
                    self.drag_wanted.emit()
            elif self._is_dragging or step.manhattanLength() > 6:
                self._is_dragging = True
                self._moved += step
                self._pressed_at = point
                self._keep_in_view()
                self.update()
            return
        if self._is_drawing:
            return
        face = self._hover(point)
        hand, arrow = Qt.CursorShape.PointingHandCursor, Qt.CursorShape.ArrowCursor
        self.setCursor(hand if face else arrow)
        self.setToolTip(plain(FACE_TIP if face else ""))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, self._pressed_at = self._pressed_at, None
        if pressed is None or event.button() != Qt.MouseButton.LeftButton:
            return
        if self._is_drawing:
            self._give_box()
            return
        face = None if self._is_dragging else self._face_at(event.position())
        if face is not None:
            self.face_picked.emit(face.id)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        face = self._hover(QPointF(event.pos()))
        if face is not None:
            self.mark_face(face.id)  # the mouse leaves it for the menu
        self.menu_wanted.emit(event.globalPos())

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hovered = None
        self.update()
        self.current_changed.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._viewed is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if self._pixmap.isNull():
            self._draw_problem(painter, self._viewed)
            return
        placement = self._placement()
        photo = self._viewed.photo
        size = QRectF(0, 0, photo.width * placement.scale, photo.height * placement.scale)
        painter.drawPixmap(
            size.translated(placement.left, placement.top),
            self._pixmap,
            QRectF(self._pixmap.rect()),
        )
        face_boxes.draw_faces(
            painter,
            self._faces,
            placement,
            accent=QColor(theme.DARK.accent),
            current_id=self.current_face,
            numbered=True,
            names=self._names,
        )
        if self._drawn is not None:
            drawn = self._drawn
            box = Box(drawn.left(), drawn.top(), drawn.right(), drawn.bottom())
            painter.setPen(QPen(QColor(theme.DARK.accent), 2))
            painter.setBrush(QColor(125, 176, 255, 50))
            painter.drawRect(placement.rect(box))

    def _draw_problem(self, painter: QPainter, viewed: ViewedPhoto) -> None:
        painter.setPen(QColor(theme.DARK.text))
        area = QRectF(self.rect()).adjusted(48, 24, -48, -24)
        crops = [crop for _face, crop in viewed.faces if not crop.isNull()][:6]
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        needed = painter.boundingRect(area, flags, viewed.problem)
        side = min(160.0, (area.width() - 16 * len(crops)) / max(len(crops), 1))
        height = needed.height() + (side + 32 if crops else 0)
        top = area.center().y() - height / 2
        left = area.center().x() - (len(crops) * (side + 16) - 16) / 2
        for place, crop in enumerate(crops):
            painter.drawImage(QRectF(left + place * (side + 16), top, side, side), crop)
        words = QRectF(area.left(), top + height - needed.height(), area.width(), needed.height())
        painter.drawText(words, int(flags), in_text(viewed.problem))

    def _placement(self) -> face_boxes.Placement:
        photo = self._viewed.photo if self._viewed else None
        width, height = (photo.width, photo.height) if photo else (1, 1)
        room = QRectF(self.rect()).adjusted(16, 8, -16, -8).translated(self._moved)
        return face_boxes.fit(width, height, room, zoom=self._zoom)

    def _hover(self, point: QPointF) -> FaceRecord | None:
        face = self._face_at(point)
        hovered = face.id if face else None
        if hovered != self._hovered:
            self._hovered = hovered
            self.update()
            self.current_changed.emit()
        return face

    def _face_at(self, point: QPointF) -> FaceRecord | None:
        if self._viewed is None or self._pixmap.isNull():
            return None
        return face_boxes.face_at(self._faces, self._placement(), point)

    def _in_photo(self, one: QPointF, other: QPointF) -> QRectF:
        """The box between two points of the widget, in pixels of the photo, cut at its edges."""
        placement = self._placement()
        corner = QPointF(placement.left, placement.top)
        drawn = QRectF(
            (one - corner) / placement.scale, (other - corner) / placement.scale
        ).normalized()
        photo = self._viewed.photo if self._viewed else None
        size = QSizeF(photo.width, photo.height) if photo else QSizeF()
        return drawn.intersected(QRectF(QPointF(), size))

    def _keep_in_view(self) -> None:
        """At zoom 1 the photo is centred; zoomed, at least its middle third stays in reach."""
        if self._zoom <= 1.0:
            self._moved = QPointF()
            return
        reach_x, reach_y = self.width() * self._zoom / 2, self.height() * self._zoom / 2
        x = min(max(self._moved.x(), -reach_x), reach_x)
        y = min(max(self._moved.y(), -reach_y), reach_y)
        self._moved = QPointF(x, y)
