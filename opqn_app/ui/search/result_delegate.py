"""Paints one face of the grid: the picture, how alike it is, and what makes it doubtful."""

from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPainterPath, QPalette, QPen, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from opqn_app.ui.kit.theme import colours, icon_pixmap
from opqn_app.ui.kit.thumbnails import ThumbnailCache
from opqn_app.ui.search.result_grid import CAPTION, FaceGrid
from opqn_app.ui.search.result_model import FaceRole

RADIUS = 10.0
DIMMED, LESS_LIKELY = 0.35, 0.7  # opacities
TICK = 22  # side of the mark on a selected face


class FaceDelegate(QStyledItemDelegate):
    """Paints from caches only; what is not there yet is asked for and painted later."""

    def __init__(self, grid: FaceGrid, thumbnails: ThumbnailCache) -> None:
        super().__init__(grid)
        self._grid = grid
        self._thumbnails = thumbnails
        self._marks: dict[tuple[str, int, str, float], QPixmap] = {}
        thumbnails.ready.connect(grid.viewport().update)

    def sizeHint(self, option: QStyleOptionViewItem, index: Any) -> QSize:
        return self._grid.cell_size

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
        face = self._grid.face_rect(index)
        is_likely = bool(index.data(FaceRole.IS_LIKELY))
        opacity = DIMMED if self._grid.is_dimmed else (1.0 if is_likely else LESS_LIKELY)
        painter.setOpacity(opacity)
        self._paint_face(painter, face, index.data(FaceRole.FACE_ID))
        painter.setOpacity(DIMMED if self._grid.is_dimmed else 1.0)
        self._paint_caption(painter, face, index, is_likely)
        self._paint_state(painter, face, option.state)
        painter.restore()

    def _paint_face(self, painter: QPainter, face: QRect, face_id: int) -> None:
        shape = QPainterPath()
        shape.addRoundedRect(QRectF(face), RADIUS, RADIUS)
        pixmap = self._thumbnails.pixmap(face_id)
        if pixmap is None or pixmap.isNull():
            painter.fillPath(shape, self._colour(QPalette.ColorRole.AlternateBase))
            if pixmap is not None:  # it is known that there is no picture
                mark = self._mark("face", 32, colours().quiet)
                painter.drawPixmap(face.center() - QPoint(16, 16), mark)
            return
        painter.save()
        painter.setClipPath(shape)
        painter.drawPixmap(face, pixmap)
        painter.restore()

    def _paint_caption(self, painter: QPainter, face: QRect, index: Any, is_likely: bool) -> None:
        line = QRect(face.left() + 2, face.bottom() + 1, face.width() - 4, CAPTION)
        font = QFont(self._grid.font())
        font.setWeight(QFont.Weight.DemiBold if is_likely else QFont.Weight.Normal)
        painter.setFont(font)
        role = QPalette.ColorRole.Text if is_likely else QPalette.ColorRole.PlaceholderText
        painter.setPen(self._colour(role))
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(line, middle | Qt.AlignmentFlag.AlignLeft, index.data())
        record = index.data(FaceRole.RECORD)
        if record is None or not record.quality.weaknesses:
            return
        painter.setFont(self._grid.font())
        painter.setPen(QColor(colours().warning))
        word = record.quality.weaknesses[0]
        room = line.width() - painter.fontMetrics().horizontalAdvance("99 %   ") - 20
        if painter.fontMetrics().horizontalAdvance(word) > room:
            word = ""
        painter.drawText(line, middle | Qt.AlignmentFlag.AlignRight, word)
        width = painter.fontMetrics().horizontalAdvance(word) + (4 if word else 0)
        mark = self._mark("warning", 16, colours().warning)
        painter.drawPixmap(line.right() - width - 15, line.center().y() - 7, mark)

    def _paint_state(self, painter: QPainter, face: QRect, state: QStyle.StateFlag) -> None:
        is_selected = bool(state & QStyle.StateFlag.State_Selected)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if is_selected:
            painter.setPen(QPen(self._colour(QPalette.ColorRole.Highlight), 3))
            painter.drawRoundedRect(QRectF(face).adjusted(-2.5, -2.5, 2.5, 2.5), 12, 12)
            self._paint_tick(painter, face)
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(QPen(self._colour(QPalette.ColorRole.PlaceholderText), 1.5))
            painter.drawRoundedRect(QRectF(face).adjusted(-1.5, -1.5, 1.5, 1.5), 11, 11)
        if state & QStyle.StateFlag.State_HasFocus:
            pen = QPen(self._colour(QPalette.ColorRole.Text), 1.5, Qt.PenStyle.DotLine)
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(face).adjusted(-6, -6, 6, 6), 14, 14)

    def _paint_tick(self, painter: QPainter, face: QRect) -> None:
        disc = QRect(face.right() - TICK - 5, face.top() + 6, TICK, TICK)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._colour(QPalette.ColorRole.Highlight))
        painter.drawEllipse(disc)
        mark = self._mark("check", 16, colours().on_accent)
        painter.drawPixmap(disc.left() + 3, disc.top() + 3, mark)

    def _mark(self, name: str, side: int, colour: str) -> QPixmap:
        key = (name, side, colour, self._grid.devicePixelRatioF())
        if key not in self._marks:
            self._marks[key] = icon_pixmap(name, side, colour, key[3])
        return self._marks[key]

    def _colour(self, role: QPalette.ColorRole) -> QColor:
        return self._grid.palette().color(role)
