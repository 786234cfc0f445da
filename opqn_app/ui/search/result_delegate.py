"""Paints one face of the grid: the picture, how alike it is, and what makes it doubtful."""

from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPalette
from PySide6.QtWidgets import QStyleOptionViewItem

from opqn_app.store.records import FaceRecord
from opqn_app.ui.kit import face_boxes
from opqn_app.ui.kit.section_grid import CAPTION
from opqn_app.ui.kit.theme import DARK, colours
from opqn_app.ui.kit.thumbnails import ThumbnailCache
from opqn_app.ui.kit.tile_delegate import TileDelegate
from opqn_app.ui.search.result_grid import FaceGrid
from opqn_app.ui.search.result_model import FaceRole

DIMMED, LESS_LIKELY = 0.35, 0.7  # opacities
NAME = 20  # pixels of the line with the name, where there are names


class FaceDelegate(TileDelegate):
    """Paints from caches only; what is not there yet is asked for and painted later."""

    def __init__(self, grid: FaceGrid, thumbnails: ThumbnailCache, photos: ThumbnailCache) -> None:
        super().__init__(grid)
        self._grid = grid
        self._thumbnails, self._photos = thumbnails, photos
        for cache in (thumbnails, photos):
            cache.ready.connect(grid.viewport().update)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        painter.save()
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        face = self.grid.picture_rect(index)
        is_likely = bool(index.data(FaceRole.IS_LIKELY))
        opacity = DIMMED if self._grid.is_dimmed else (1.0 if is_likely else LESS_LIKELY)
        painter.setOpacity(opacity)
        record = index.data(FaceRole.RECORD) if self._grid.shows_photos else None
        if not self._grid.shows_photos:
            pixmap = self._thumbnails.pixmap(index.data(FaceRole.FACE_ID))
            self.paint_face(painter, face, pixmap)
        elif record is not None:
            self._paint_photo(painter, QRectF(face), record)
        painter.setOpacity(DIMMED if self._grid.is_dimmed else 1.0)
        self._paint_caption(painter, face, index, is_likely)
        self.paint_state(painter, face, option.state)
        painter.restore()

    def _paint_photo(self, painter: QPainter, tile: QRectF, record: FaceRecord) -> None:
        photo = record.photo
        pixmap = self._photos.pixmap(photo)
        self.paint_photo(painter, tile, pixmap)
        if pixmap is not None:
            placement = face_boxes.fit(photo.width, photo.height, tile)
            painter.save()
            painter.setClipRect(tile)
            face_boxes.draw_faces(painter, [record], placement, accent=QColor(DARK.accent))
            painter.restore()

    def _paint_caption(self, painter: QPainter, face: QRect, index: Any, is_likely: bool) -> None:
        line = QRect(face.left() + 2, face.bottom() + 1, face.width() - 4, CAPTION)
        self._paint_name(painter, line, index.data(FaceRole.NAME))
        font = QFont(self.grid.font())
        font.setWeight(QFont.Weight.DemiBold if is_likely else QFont.Weight.Normal)
        painter.setFont(font)
        role = QPalette.ColorRole.Text if is_likely else QPalette.ColorRole.PlaceholderText
        painter.setPen(self.colour(role))
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(line, middle | Qt.AlignmentFlag.AlignLeft, index.data())
        record = index.data(FaceRole.RECORD)
        if record is None or not record.quality.weaknesses:
            return
        painter.setFont(self.grid.font())
        painter.setPen(QColor(colours().warning))
        word = record.quality.weaknesses[0]
        room = line.width() - painter.fontMetrics().horizontalAdvance("99 %   ") - 20
        if painter.fontMetrics().horizontalAdvance(word) > room:
            word = ""
        painter.drawText(line, middle | Qt.AlignmentFlag.AlignRight, word)
        width = painter.fontMetrics().horizontalAdvance(word) + (4 if word else 0)
        mark = self.mark("warning", 16, colours().warning)
        painter.drawPixmap(line.right() - width - 15, line.center().y() - 7, mark)

    def _paint_name(self, painter: QPainter, line: QRect, name: str | None) -> None:
        if not name:
            return
        below = line.translated(0, NAME)
        font = QFont(self.grid.font())
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(self.colour(QPalette.ColorRole.Text))
        metrics = painter.fontMetrics()
        short = metrics.elidedText(name, Qt.TextElideMode.ElideRight, below.width())
        painter.drawText(below, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, short)
