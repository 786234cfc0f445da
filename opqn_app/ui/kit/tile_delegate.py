"""What the tiles of all grids have in common: a rounded picture, and rings for their state."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPalette, QPen, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from opqn_app.ui.kit.photo_thumbnails import is_stand_in
from opqn_app.ui.kit.photo_tile import draw_photo
from opqn_app.ui.kit.section_grid import SectionGrid
from opqn_app.ui.kit.theme import colours, icon_pixmap

RADIUS = 10.0
KEPT_BYTES = 40_000_000  # of pictures ready to be drawn: a few screens
FEWEST = 60  # of them: a screen of large ones, at twice the pixels too
TICK = 22  # side of the mark on a selected tile

Draw = Callable[[QPainter, QRectF, QPixmap], None]


class TileDelegate(QStyledItemDelegate):
    """A base for delegates of a grid, which paint its tiles."""

    def __init__(self, grid: SectionGrid) -> None:
        super().__init__(grid)
        self.grid = grid
        self._made: OrderedDict[tuple[int, int, int, float], QPixmap] = OrderedDict()
        self._marks: dict[tuple[str, int, str, float], QPixmap] = {}

    def sizeHint(self, option: QStyleOptionViewItem, index: Any) -> QSize:
        return self.grid.cell_size

    def paint_face(self, painter: QPainter, face: QRect, pixmap: QPixmap | None) -> None:
        """A rounded picture; None while it is being fetched."""
        if pixmap is None or pixmap.isNull() or pixmap.hasAlphaChannel():  # its photo ends in it
            shape = QPainterPath()
            shape.addRoundedRect(QRectF(face), RADIUS, RADIUS)
            painter.fillPath(shape, self.colour(QPalette.ColorRole.AlternateBase))
        if pixmap is None or pixmap.isNull():
            if pixmap is not None:  # it is known that there is no picture
                mark = self.mark("face", 32, colours().quiet)
                painter.drawPixmap(face.center() - QPoint(16, 16), mark)
            return
        painter.drawPixmap(face.topLeft(), self._once(pixmap, face.size(), _draw_rounded))

    def paint_photo(self, painter: QPainter, tile: QRectF, pixmap: QPixmap | None) -> None:
        """A photo as a tile, see `draw_photo`."""
        if pixmap is None or pixmap.isNull() or is_stand_in(pixmap):
            draw_photo(painter, tile, pixmap)  # its colours are those of the window
            return
        painter.drawPixmap(tile.topLeft(), self._once(pixmap, tile.toRect().size(), draw_photo))

    def _once(self, pixmap: QPixmap, size: QSize, draw: Draw) -> QPixmap:
        """A tile as `draw` draws it, once: that takes longer than all the rest."""
        ratio = self.grid.devicePixelRatioF()
        key = (pixmap.cacheKey(), size.width(), size.height(), ratio)
        made = self._made.get(key)
        if made is None:
            made = QPixmap(size * ratio)
            made.setDevicePixelRatio(ratio)
            made.fill(Qt.GlobalColor.transparent)
            painter = QPainter(made)
            painter.setRenderHints(
                QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
            )
            draw(painter, QRectF(QPoint(), size), pixmap)
            painter.end()
            self._made[key] = made
        self._made.move_to_end(key)
        room = KEPT_BYTES // (4 * made.width() * made.height() + 1)
        while len(self._made) > max(room, FEWEST):
            self._made.popitem(last=False)
        return made

    def paint_state(self, painter: QPainter, face: QRect, state: QStyle.StateFlag) -> None:
        """Selected: a ring and a tick; under the mouse: a thin ring; focus: a dotted one."""
        is_selected = bool(state & QStyle.StateFlag.State_Selected)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if is_selected:
            painter.setPen(QPen(self.colour(QPalette.ColorRole.Highlight), 3))
            painter.drawRoundedRect(QRectF(face).adjusted(-2.5, -2.5, 2.5, 2.5), 12, 12)
            self._paint_tick(painter, face)
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(QPen(self.colour(QPalette.ColorRole.PlaceholderText), 1.5))
            painter.drawRoundedRect(QRectF(face).adjusted(-1.5, -1.5, 1.5, 1.5), 11, 11)
        if state & QStyle.StateFlag.State_HasFocus:
            pen = QPen(self.colour(QPalette.ColorRole.Text), 1.5, Qt.PenStyle.DotLine)
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(face).adjusted(-6, -6, 6, 6), 14, 14)

    def _paint_tick(self, painter: QPainter, face: QRect) -> None:
        disc = QRect(face.right() - TICK - 5, face.top() + 6, TICK, TICK)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.colour(QPalette.ColorRole.Highlight))
        painter.drawEllipse(disc)
        mark = self.mark("check", 16, colours().on_accent)
        painter.drawPixmap(disc.left() + 3, disc.top() + 3, mark)

    def mark(self, name: str, side: int, colour: str) -> QPixmap:
        """An icon, drawn once."""
        key = (name, side, colour, self.grid.devicePixelRatioF())
        if key not in self._marks:
            self._marks[key] = icon_pixmap(name, side, colour, key[3])
        return self._marks[key]

    def colour(self, role: QPalette.ColorRole) -> QColor:
        """A colour of the palette shown now."""
        return self.grid.palette().color(role)


def _draw_rounded(painter: QPainter, face: QRectF, pixmap: QPixmap) -> None:
    shape = QPainterPath()
    shape.addRoundedRect(face, RADIUS, RADIUS)
    painter.setClipPath(shape)
    painter.drawPixmap(face.toRect(), pixmap)
