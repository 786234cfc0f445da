"""Draws a tile of the Library page: a photo with what is on it, or a face with its name."""

from collections.abc import Sequence
from typing import Protocol

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPalette
from PySide6.QtWidgets import QStyle, QStyleOptionViewItem

from opqn_app.core.harmless import in_line
from opqn_app.store.records import FaceRecord, PhotoRecord
from opqn_app.ui.kit import face_boxes, theme
from opqn_app.ui.kit.grid_headings import strong
from opqn_app.ui.kit.section_grid import SectionGrid
from opqn_app.ui.kit.thumbnails import ThumbnailCache
from opqn_app.ui.kit.tile_delegate import TileDelegate
from opqn_app.ui.library.photo_model import PhotoListModel

FACE_TIP = "Click: search with this face. Right click: name it, and more."

_Index = QModelIndex | QPersistentModelIndex


class ShownFaces(Protocol):
    """The model of a grid, and which faces its tiles show."""

    model_shown: PhotoListModel

    @property
    def face_under_mouse(self) -> int | None: ...

    def faces_shown(self, row: int, is_marked: bool) -> Sequence[FaceRecord]: ...

    def name_of(self, face_id: int) -> str | None: ...


class PhotoDelegate(TileDelegate):
    """Paints from caches only; what is not there yet is asked for and painted later."""

    def __init__(
        self, grid: SectionGrid, shown: ShownFaces, photos: ThumbnailCache, faces: ThumbnailCache
    ) -> None:
        super().__init__(grid)
        self._shown = shown
        self._photos, self._faces = photos, faces
        for cache in (photos, faces):
            cache.ready.connect(lambda _keys: grid.viewport().update())

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        place = self.grid.picture_rect(index)
        face_id = self._shown.model_shown.face_id(index.row())
        painter.save()
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        if face_id is None:
            is_marked = bool(option.state & QStyle.StateFlag.State_Selected)
            self._paint_photo(painter, QRectF(place), index, is_marked)
        else:
            self.paint_face(painter, place, self._faces.pixmap(face_id))
            self._paint_name(painter, place, self._shown.name_of(face_id) or "")
        self.paint_state(painter, place, option.state)
        painter.restore()

    def _paint_photo(self, painter: QPainter, tile: QRectF, index: _Index, is_marked: bool) -> None:
        photo = self._shown.model_shown.photos[index.row()]
        self.paint_photo(painter, tile, self._photos.pixmap(photo))
        faces = self._shown.faces_shown(index.row(), is_marked)
        if faces:
            self._draw_faces(painter, tile, photo, faces)
        elif photo.n_faces != 1:
            words = f"{photo.n_faces} faces" if photo.n_faces else "no face"
            draw_tag(painter, tile, words, Qt.AlignmentFlag.AlignRight)
        copies = len(self._shown.model_shown.copies_of(photo))
        if copies:
            draw_tag(painter, tile, f"{copies + 1} copies", Qt.AlignmentFlag.AlignLeft)

    def _draw_faces(
        self, painter: QPainter, tile: QRectF, photo: PhotoRecord, faces: Sequence[FaceRecord]
    ) -> None:
        painter.save()
        painter.setClipRect(tile)
        placement = face_boxes.fit(photo.width, photo.height, tile)
        accent = QColor(theme.DARK.accent)  # on photos, whatever the window's colours
        found = {face.id: self._shown.name_of(face.id) for face in faces}
        face_boxes.draw_faces(
            painter,
            faces,
            placement,
            accent=accent,
            current_id=self._shown.face_under_mouse,
            names={face_id: name for face_id, name in found.items() if name},
        )
        painter.restore()

    def _paint_name(self, painter: QPainter, place: QRect, name: str) -> None:
        if not name or not self.grid.caption:
            return
        line = QRect(place.left() + 2, place.bottom() + 2, place.width() - 4, self.grid.caption)
        painter.setFont(strong(self.grid.font()))
        painter.setPen(self.colour(QPalette.ColorRole.Text))
        right = Qt.TextElideMode.ElideRight
        words = painter.fontMetrics().elidedText(in_line(name), right, line.width())
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)


def draw_tag(painter: QPainter, tile: QRectF, words: str, side: Qt.AlignmentFlag) -> None:
    """A few words on a dark pill: at the top left or the bottom right of a tile."""
    metrics = painter.fontMetrics()
    width = min(metrics.horizontalAdvance(words) + 14.0, tile.width() - 12)
    pill = QRectF(0, 0, width, metrics.height() + 4.0)
    if side == Qt.AlignmentFlag.AlignLeft:
        pill.moveTopLeft(tile.topLeft() + QPointF(6, 6))
    else:
        pill.moveBottomRight(tile.bottomRight() - QPointF(6, 6))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 160))
    painter.drawRoundedRect(pill, pill.height() / 2, pill.height() / 2)
    painter.setPen(QColor("white"))
    short = metrics.elidedText(words, Qt.TextElideMode.ElideRight, int(width - 8))
    painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, short)
