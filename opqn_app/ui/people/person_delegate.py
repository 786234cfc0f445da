"""Paints a tile of a person: a face, or a photo with the person's boxes, and its day."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPalette
from PySide6.QtWidgets import QStyleOptionViewItem

from opqn_app.core.harmless import in_line
from opqn_app.ui.kit import face_boxes, theme
from opqn_app.ui.kit.section_grid import SectionGrid
from opqn_app.ui.kit.thumbnails import ThumbnailCache
from opqn_app.ui.kit.tile_delegate import TileDelegate
from opqn_app.ui.people.person_model import RowRole
from opqn_app.ui.people.person_rows import Row

FAINT = 0.25  # opacity of what is the person no more


class PersonDelegate(TileDelegate):
    """Paints from caches only; what is not there yet is asked for and painted later.

    Attributes:
        shows_photos: whole photos instead of faces.
    """

    def __init__(self, grid: SectionGrid, faces: ThumbnailCache, photos: ThumbnailCache) -> None:
        super().__init__(grid)
        self._faces, self._photos = faces, photos
        self.shows_photos = False
        for cache in (faces, photos):
            cache.ready.connect(lambda _keys: grid.viewport().update())

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        row: Row = index.data(RowRole)
        place = self.grid.picture_rect(index)
        painter.save()
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        painter.setOpacity(FAINT if row.is_gone else 1.0)
        if self.shows_photos:
            self._paint_photo(painter, QRectF(place), row)
        else:
            self.paint_face(painter, place, self._faces.pixmap(row.face_ids[0]))
        painter.setOpacity(1.0)
        self._paint_caption(painter, place, row, str(index.data()))
        self.paint_state(painter, place, option.state)
        painter.restore()

    def _paint_photo(self, painter: QPainter, tile: QRectF, row: Row) -> None:
        pixmap = self._photos.pixmap(row.photo)
        self.paint_photo(painter, tile, pixmap)
        if pixmap is None:
            return
        painter.save()
        painter.setClipRect(tile)
        placement = face_boxes.fit(row.photo.width, row.photo.height, tile)
        faces = [face.record for face in row.faces if not face.is_gone]
        face_boxes.draw_faces(painter, faces, placement, accent=QColor(theme.DARK.accent))
        painter.restore()

    def _paint_caption(self, painter: QPainter, place: QRect, row: Row, day: str) -> None:
        line = QRect(place.left() + 2, place.bottom() + 1, place.width() - 4, self.grid.caption)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setFont(self.grid.font())
        metrics = painter.fontMetrics()
        if not row.is_sure and not row.is_gone:
            mark = row.faces[0].mark
            painter.setPen(QColor(theme.colours().warning))
            painter.drawText(line, middle | Qt.AlignmentFlag.AlignRight, mark)
            width = metrics.horizontalAdvance(mark) + 4
            icon = self.mark("warning", 16, theme.colours().warning)
            painter.drawPixmap(line.right() - width - 15, line.center().y() - 7, icon)
            line.setRight(line.right() - width - 20)
        painter.setPen(self.colour(QPalette.ColorRole.PlaceholderText))
        words = shortened(day)
        if metrics.horizontalAdvance(words) > line.width():
            words = shortened(day, with_year=False)
        words = metrics.elidedText(in_line(words), Qt.TextElideMode.ElideMiddle, line.width())
        painter.drawText(line, middle | Qt.AlignmentFlag.AlignLeft, words)


def shortened(day: str, *, with_year: bool = True) -> str:
    """ "14 Mar 2024" of "14 March 2024"; other words stay."""
    words = day.split()
    if len(words) != 3:
        return day
    return " ".join([words[0], words[1][:3], *([words[2]] if with_year else [])])
