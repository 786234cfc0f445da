"""The faces or photos of a person in a grid: which are chosen, and how it stays in place."""

from functools import partial

from PySide6.QtCore import QItemSelectionModel, QRect, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QWidget

from opqn_app.ui.kit.photo_thumbnails import BATCH, load_photo_thumbnails
from opqn_app.ui.kit.section_grid import SectionGrid
from opqn_app.ui.kit.thumbnails import ThumbnailCache
from opqn_app.ui.people.person_delegate import PersonDelegate
from opqn_app.ui.people.person_model import PersonListModel
from opqn_app.ui.people.person_rows import Row, Shown
from opqn_app.ui.work.session import Session

PHOTOS_KEPT = 200  # thumbnails
PHOTO_SHAPE = 4 / 3
FOOT = 60  # pixels below the last line
SIDES = {False: 120, True: 192}  # pixels of faces and of photos, at first


class PersonGrid(SectionGrid):
    """Shows rows under headings; rows that are shown again keep their choice and place.

    Args:
        faces: the crops of faces, shared with the rest of the view.
    """

    def __init__(
        self, session: Session, faces: ThumbnailCache, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.faces = PersonListModel(self)
        self._crops = faces
        load = partial(load_photo_thumbnails, session.library_path)
        self._photos = ThumbnailCache(
            session.runner, load, capacity=PHOTOS_KEPT, batch=BATCH, parent=self
        )
        self.section_noun = "year"
        self._sides = dict(SIDES)
        self._tile = PersonDelegate(self, faces, self._photos)
        self.setAccessibleName("Faces")
        self.setObjectName("photoGrid")
        self.setModel(self.faces)
        self.setItemDelegate(self._tile)
        self.setDragEnabled(True)
        self.set_side(self._sides[False])

    def content_height(self) -> int:
        """Room at the foot too, so that the last line can be seen above what lies over it."""
        return super().content_height() + FOOT

    # What is chosen

    def selected_rows(self) -> list[Row]:
        """The selected rows in the order they are shown."""
        rows = [self.faces.rows[row] for row in self.rows_selected()]
        return [row for row in rows if not row.is_gone]

    def selected_ids(self) -> list[int]:
        """The faces of the selected rows that are the person."""
        rows = self.selected_rows()
        return [face.record.id for row in rows for face in row.faces if not face.is_gone]

    def current_row(self) -> Row | None:
        """The row that the keyboard is at, if its faces are the person still."""
        index = self.currentIndex()
        row = self.faces.rows[index.row()] if index.isValid() else None
        return None if row is None or row.is_gone else row

    def place_of(self, face_id: int) -> QRect | None:
        """Where a face is drawn, in coordinates of the screen; None where it is not in sight."""
        row = self.faces.row_of(face_id)
        return None if row is None else self.place_on_screen(row)

    def go_to_face(self, face_id: int) -> None:
        """Bring a face into sight."""
        row = self.faces.row_of(face_id)
        if row is not None:
            self.scrollTo(self.faces.index(row))

    def picture_of(self, row: Row) -> QPixmap | None:
        """The picture of a row, if it is there."""
        if self._tile.shows_photos:
            return self._photos.held(row.photo)
        return self._crops.held(row.face_ids[0])

    # What is shown

    @property
    def shows_photos(self) -> bool:
        """Whole photos instead of faces."""
        return self._tile.shows_photos

    def show_photos(self, is_wanted: bool) -> None:
        """Show whole photos, or faces; the rows have to be given anew."""
        self._sides[self._tile.shows_photos] = self.side
        self._tile.shows_photos = is_wanted
        self.shape = PHOTO_SHAPE if is_wanted else 1.0
        self.set_side(self._sides[is_wanted])

    def show_rows(self, shown: Shown, *, anew: bool) -> None:
        """Show rows.

        Args:
            anew: of somebody else, or of another kind: from the top, and nothing is chosen.
        """
        chosen, height = set(self.selected_ids()), self.verticalScrollBar().value()
        index = self.currentIndex()
        at = index.row()
        current = self.faces.rows[at] if index.isValid() else None
        self.faces.set_rows(shown.rows)
        self.set_sections(shown.sections)
        if anew:
            self.verticalScrollBar().setValue(0)
            return
        if current is not None and shown.rows:
            same = self.faces.row_of(current.face_ids[0])
            at = min(at, len(shown.rows) - 1) if same is None else same
            flag = QItemSelectionModel.SelectionFlag.NoUpdate
            self.selectionModel().setCurrentIndex(self.faces.index(at), flag)
        self._select(chosen)
        self.verticalScrollBar().setValue(height)

    def _select(self, chosen: set[int]) -> None:
        rows = sorted({row for face in chosen if (row := self.faces.row_of(face)) is not None})
        self.select_rows(rows)

    def take_focus(self) -> None:
        """Take the keyboard, at the first face if it is at none."""
        if not self.currentIndex().isValid() and self.row_count():
            flag = QItemSelectionModel.SelectionFlag.NoUpdate
            self.selectionModel().setCurrentIndex(self.faces.index(0), flag)
        self.setFocus(Qt.FocusReason.OtherFocusReason)
