"""How the headings of a grid look: words, quieter words, perhaps words to be clicked."""

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPalette, QPen

from opqn_app.core.harmless import in_line
from opqn_app.ui.kit.grid_layout import GridSection

BESIDE = 8  # pixels between the words


def paint_heading(
    painter: QPainter, place: QRect, section: GridSection, font: QFont, palette: QPalette
) -> None:
    """Draw the heading of `section` at `place`."""
    quiet = palette.color(QPalette.ColorRole.PlaceholderText)
    painter.save()
    if section.is_apart:
        painter.setPen(QPen(palette.color(QPalette.ColorRole.Mid), 1))
        painter.drawLine(place.topLeft() + QPoint(0, 4), place.topRight() + QPoint(0, 4))
    line = words_rect(place)
    middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
    act = action_rect(place, section, font)
    metrics, elide = QFontMetrics(strong(font)), Qt.TextElideMode.ElideRight
    title = metrics.elidedText(in_line(section.title), elide, act.left() - BESIDE - line.left())
    painter.setFont(strong(font))
    painter.setPen(palette.color(QPalette.ColorRole.Text))
    painter.drawText(line, middle, title)
    left = line.left() + metrics.horizontalAdvance(title) + BESIDE
    painter.setFont(font)
    painter.setPen(quiet)
    rest = QRect(left, line.top(), max(0, act.left() - BESIDE - left), line.height())
    painter.drawText(rest, middle, QFontMetrics(font).elidedText(section.note, elide, rest.width()))
    if section.action:
        painter.setPen(palette.color(QPalette.ColorRole.Link))
        painter.drawText(act, Qt.AlignmentFlag.AlignCenter, section.action)
    painter.restore()


def paint_band(painter: QPainter, band: QRect, palette: QPalette) -> None:
    """Draw the rectangle that is dragged to select what it touches."""
    accent = palette.color(QPalette.ColorRole.Highlight)
    ground = QColor(accent)
    ground.setAlpha(40)
    painter.setPen(QPen(accent, 1))
    painter.setBrush(ground)
    painter.drawRect(band)


def action_rect(place: QRect, section: GridSection, font: QFont) -> QRect:
    """Where the words lie that can be clicked; without any, the right end."""
    line = words_rect(place)
    if not section.action:
        return QRect(line.right(), line.top(), 0, line.height())
    width = QFontMetrics(font).horizontalAdvance(section.action) + 2 * BESIDE
    return QRect(line.right() - width, line.top(), width, line.height())


def words_rect(place: QRect) -> QRect:
    """The line of the words: the lower part, close to the pictures they are for."""
    return place.adjusted(6, max(0, place.height() - 32), -6, -2)


def strong(font: QFont) -> QFont:
    """`font` as headings have it."""
    made = QFont(font)
    made.setWeight(QFont.Weight.DemiBold)
    return made
