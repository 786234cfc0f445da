"""One photo at a time, as large as the window, with its faces a click or a key away."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QKeyEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from opqn_app.core.progress import counted
from opqn_app.store.records import PhotoRecord
from opqn_app.ui.kit import theme, wording
from opqn_app.ui.kit.overlay import Overlay
from opqn_app.ui.library.face_strip import FaceStrip
from opqn_app.ui.library.photo_canvas import STEP, PhotoCanvas, ViewedPhoto, view_photo
from opqn_app.ui.work.session import Session
from opqn_app.ui.work.tasks import Task


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
