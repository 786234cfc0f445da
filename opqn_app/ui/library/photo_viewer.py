"""One photo at a time, as large as the window, with its faces a click or a key away."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QIcon,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from opqn_app.core.errors import PhotoUnreadable
from opqn_app.core.progress import counted
from opqn_app.store.records import FaceRecord, PhotoRecord
from opqn_app.ui.kit import face_boxes, theme, wording
from opqn_app.ui.kit.overlay import Overlay
from opqn_app.ui.kit.thumbnails import image_of_photo
from opqn_app.ui.library.face_strip import FaceStrip
from opqn_app.ui.work.session import Session
from opqn_app.ui.work.tasks import Task

if TYPE_CHECKING:
    from opqn_app.store.library import Library

MAX_SIDE = 2560  # pixels decoded; enough for a 4K window and a few steps of zoom
MAX_ZOOM = 8.0
STEP = 1.25


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


def view_photo(library: "Library", photo: PhotoRecord) -> ViewedPhoto:
    """Decode a photo and fetch its faces; runs in a lane."""
    from opqn_app.vision.images import open_photo

    image, problem = None, ""
    try:
        opened = open_photo(photo.path, max_side=MAX_SIDE)
        problem = f"It is shown although {opened.fault}." if opened.fault else ""
        image = image_of_photo(opened, MAX_SIDE)
    except PhotoUnreadable as error:
        is_there = photo.path.exists()
        problem = str(error) if is_there else _away(photo)
    faces = library.faces_of(photo.id)
    crops = [QImage.fromData(library.crop(face.id) or b"") for face in faces]
    return ViewedPhoto(photo, image, problem, tuple(zip(faces, crops, strict=True)))


def _away(photo: PhotoRecord) -> str:
    return (
        f"{photo.path.name} is not there now. Its disk may be unplugged, or the file was moved. "
        "Its faces can still be searched with."
    )


class PhotoCanvas(QWidget):
    """The photo with its face boxes; wheel zooms, dragging moves.

    Signals:
        face_picked: id of a face that was clicked.
    """

    face_picked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._viewed: ViewedPhoto | None = None
        self._pixmap = QPixmap()
        self._zoom = 1.0
        self._moved = QPointF()
        self._pressed_at: QPointF | None = None
        self._is_dragging = False
        self._current_face: int | None = None
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
        image = viewed.image if viewed else None
        self._pixmap = QPixmap.fromImage(image) if image is not None else QPixmap()
        self.zoom_to_fit()

    def mark_face(self, face_id: int | None) -> None:
        if face_id != self._current_face:
            self._current_face = face_id
            self.update()

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
        self._pressed_at = event.position()
        self._is_dragging = False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        point = event.position()
        if self._pressed_at is not None:
            step = point - self._pressed_at
            if self._is_dragging or step.manhattanLength() > 6:
                self._is_dragging = True
                self._moved += step
                self._pressed_at = point
                self._keep_in_view()
                self.update()
            return
        face = self._face_at(point)
        self.mark_face(face.id if face else None)
        hand, arrow = Qt.CursorShape.PointingHandCursor, Qt.CursorShape.ArrowCursor
        self.setCursor(hand if face else arrow)
        self.setToolTip("Search with this face" if face else "")

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        face = None if self._is_dragging else self._face_at(event.position())
        self._pressed_at = None
        if face is not None:
            self.face_picked.emit(face.id)

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
        faces = [face for face, _crop in self._viewed.faces]
        face_boxes.draw_faces(
            painter,
            faces,
            placement,
            accent=QColor(theme.DARK.accent),
            current_id=self._current_face,
            numbered=True,
        )

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
        painter.drawText(words, int(flags), viewed.problem)

    def _placement(self) -> face_boxes.Placement:
        photo = self._viewed.photo if self._viewed else None
        width, height = (photo.width, photo.height) if photo else (1, 1)
        room = QRectF(self.rect()).adjusted(16, 8, -16, -8).translated(self._moved)
        return face_boxes.fit(width, height, room, zoom=self._zoom)

    def _face_at(self, point: QPointF) -> FaceRecord | None:
        if self._viewed is None or self._pixmap.isNull():
            return None
        faces = [face for face, _crop in self._viewed.faces]
        return face_boxes.face_at(faces, self._placement(), point)

    def _keep_in_view(self) -> None:
        """At zoom 1 the photo is centred; zoomed, at least its middle third stays in reach."""
        if self._zoom <= 1.0:
            self._moved = QPointF()
            return
        reach_x, reach_y = self.width() * self._zoom / 2, self.height() * self._zoom / 2
        x = min(max(self._moved.x(), -reach_x), reach_x)
        y = min(max(self._moved.y(), -reach_y), reach_y)
        self._moved = QPointF(x, y)


class PhotoViewer(Overlay):
    """Covers the window with one photo of a list.

    Signals:
        face_search_requested: id of the face to search with; the viewer has closed.
        photo_changed: the PhotoRecord that is shown now.
    """

    face_search_requested = Signal(int)
    photo_changed = Signal(object)

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent, QColor(14, 16, 19))
        self.setAccessibleName("Photo viewer")
        self._session = session
        self._photos: Sequence[PhotoRecord] = ()
        self._row = -1
        self._task: Task | None = None
        self._face_id: int | None = None
        self._build()

    @property
    def photo(self) -> PhotoRecord | None:
        """The photo that is shown, or being decoded."""
        return self._photos[self._row] if 0 <= self._row < len(self._photos) else None

    @property
    def hint(self) -> str:
        """What is said below the photo."""
        return self._hint.text()

    def open_photos(
        self, photos: Sequence[PhotoRecord], row: int, *, face_id: int | None = None
    ) -> None:
        """Show `photos[row]`; the arrow keys go through the others.

        Args:
            face_id: a face to be marked.
        """
        self._photos = photos
        self._face_id = face_id
        self.open_sheet()
        self._show_row(row)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key == Qt.Key.Key_Space:
            self.close_sheet()
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_PageUp):
            self._step(-1)
        elif key in (Qt.Key.Key_Right, Qt.Key.Key_PageDown):
            self._step(1)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self._canvas.zoom_by(STEP)
        elif key == Qt.Key.Key_Minus:
            self._canvas.zoom_by(1 / STEP)
        elif key == Qt.Key.Key_0:
            self._canvas.zoom_to_fit()
        elif Qt.Key.Key_1 <= key <= Qt.Key.Key_9:
            self._strip.pick(key - Qt.Key.Key_1)
        else:
            super().keyPressEvent(event)

    def _build(self) -> None:
        self._title = _white_label(is_strong=True)
        self._place = _white_label()
        close = _white_button("close", "Close", self.close_sheet)
        self._before = _white_button("back", "Previous photo", lambda: self._step(-1))
        self._after = _white_button("forward", "Next photo", lambda: self._step(1))
        for arrow in (self._before, self._after):
            policy = arrow.sizePolicy()
            policy.setRetainSizeWhenHidden(True)  # the photo must not jump
            arrow.setSizePolicy(policy)
        self._canvas = PhotoCanvas()
        self._canvas.face_picked.connect(self._pick)
        self._hint = _white_label()
        self._strip = FaceStrip()
        self._strip.face_picked.connect(self._pick)

        top = QHBoxLayout()
        top.setSpacing(16)
        top.addWidget(self._title)
        top.addWidget(self._place)
        top.addStretch(1)
        top.addWidget(close)
        middle = QHBoxLayout()
        for widget, stretch in ((self._before, 0), (self._canvas, 1), (self._after, 0)):
            middle.addWidget(widget, stretch)
        stack = QVBoxLayout(self)
        stack.setContentsMargins(16, 12, 16, 12)
        stack.setSpacing(8)
        stack.addLayout(top)
        stack.addLayout(middle, 1)
        stack.addWidget(self._hint)
        stack.addWidget(self._strip)

    def focusNextPrevChild(self, forward: bool) -> bool:
        moved = super().focusNextPrevChild(forward)
        self._strip.follow_focus(QApplication.focusWidget())
        return moved

    def _step(self, by: int) -> None:
        if 0 <= self._row + by < len(self._photos):
            self._face_id = None
            self._show_row(self._row + by)

    def _show_row(self, row: int) -> None:
        self._row = row
        photo = self._photos[row]
        self._title.setText(photo.path.name)
        self._title.setToolTip(str(photo.path))
        where = f"{row + 1:,} of {len(self._photos):,}"
        day = wording.day(photo.taken_at) if photo.taken_at else ""
        self._place.setText("  ·  ".join(part for part in (day, where) if part))
        self._before.setVisible(row > 0)
        self._after.setVisible(row + 1 < len(self._photos))
        self._canvas.show_photo(None)
        self._strip.show_faces(())
        self._hint.setText("Opening…")
        self._load(photo)
        self.photo_changed.emit(photo)

    def _load(self, photo: PhotoRecord) -> None:
        if self._task is not None:
            self._task.cancel()
        task = self._session.read(lambda library: view_photo(library, photo))
        self._task = task
        task.succeeded.connect(lambda viewed: self._on_viewed(task, viewed))
        task.failed.connect(lambda error: self._on_failed(task, error))

    def _on_viewed(self, task: Task, viewed: ViewedPhoto) -> None:
        if task is not self._task:
            return
        self._task = None
        self._canvas.show_photo(viewed)
        self._canvas.mark_face(self._face_id)
        found = counted(len(viewed.faces), "face") + " found"
        self._canvas.setAccessibleDescription(viewed.problem or found)
        self._strip.show_faces(viewed.faces)
        some, none = "Click a face to find that person.", "No face was found in this photo."
        fault = "" if viewed.image is None else viewed.problem
        self._hint.setText(f"{some if viewed.faces else none} {fault}".rstrip())

    def _on_failed(self, task: Task, error: Exception) -> None:
        if task is self._task:
            self._task = None
            self._hint.setText(str(error))

    def _pick(self, face_id: int) -> None:
        self.close_sheet()
        self.face_search_requested.emit(face_id)


def _white_label(*, is_strong: bool = False) -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setObjectName("onDarkStrong" if is_strong else "onDark")
    return label


def _white_button(icon: str, name: str, act: object) -> QToolButton:
    button = QToolButton()
    button.setObjectName("onDark")
    button.setIcon(QIcon(theme.icon_pixmap(icon, 48, theme.DARK.text)))
    button.setIconSize(QSize(24, 24))
    button.setAccessibleName(name)
    button.setToolTip(name)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    button.clicked.connect(act)
    return button
