"""Paints a tile of the People page: the face, the name or a place for one, how many photos."""

from typing import Any

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPalette, QPen
from PySide6.QtWidgets import QStyle, QStyleOptionViewItem

from opqn_app.ui.kit.theme import colours
from opqn_app.ui.kit.thumbnails import ThumbnailCache
from opqn_app.ui.kit.tile_delegate import TileDelegate
from opqn_app.ui.people.hints import Hints
from opqn_app.ui.people.people_grid import PeopleGrid, badge_font, badge_rect, badge_words
from opqn_app.ui.people.tile_model import TileRole
from opqn_app.ui.people.tiles import Tile
from opqn_app.ui.people.unanswered import NOT_YET
from opqn_app.ui.work.people_desk import PeopleDesk

ALONG = "the same name"  # where the name that is typed at another tile counts too
KEPT_WORDS = 5000
FAINT = 0.35  # opacity of what is not here any more

_LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft


class PeopleDelegate(TileDelegate):
    """Paints from caches only; what is not there yet is asked for and painted later."""

    def __init__(
        self, grid: PeopleGrid, thumbnails: ThumbnailCache, hints: Hints, desk: PeopleDesk
    ) -> None:
        super().__init__(grid)
        self._people = grid
        self._thumbnails, self._hints, self._desk = thumbnails, hints, desk
        self._letters: tuple[QFont, QFont] | None = None
        self._elided: dict[tuple[str, bool, int], str] = {}  # words, as far as a line has room
        thumbnails.ready.connect(lambda _keys: grid.viewport().update())

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Any) -> None:
        tile: Tile = index.data(TileRole)
        face = self._people.picture_rect(index)
        painter.save()
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        is_faint = bool(tile.fate) or tile.is_hidden
        painter.setOpacity(FAINT if is_faint else 1.0)
        pixmap = None if tile.picture is None else self._thumbnails.pixmap(tile.picture)
        self.paint_face(painter, face, pixmap)
        painter.setOpacity(1.0)
        name = self._people.name_below(face)
        guess = self._hints.guess(tile)
        waiting = self._people.unanswered.name(tile)
        if index.row() in self._people.named_along:
            self._paint_place(painter, name, QPalette.ColorRole.Highlight)
            self._write(painter, name.adjusted(8, 0, -8, 0), ALONG, is_quiet=True)
        elif waiting:
            self._paint_place(painter, name, QPalette.ColorRole.Highlight)
            self._write(painter, name.adjusted(8, 0, -8, 0), waiting)
        elif guess is not None and self._name(guess):
            self._paint_guess(painter, index, name, self._name(guess))
        else:
            self._paint_name(painter, name, tile, option)
        self._paint_words(painter, face, name, tile)
        number = self._hints.n_waiting(tile)
        if number:
            self._paint_badge(painter, face, number)
        self.paint_state(painter, face, option.state)
        if self._people.drop_target == index.row():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self.colour(QPalette.ColorRole.Highlight), 4))
            painter.drawRoundedRect(QRectF(face).adjusted(-4, -4, 4, 4), 13, 13)
        painter.restore()

    def _name(self, person: int) -> str:
        view = self._desk.view
        known = None if view is None else view.by_id.get(person)
        return (known.name or "") if known is not None else ""

    def _paint_name(
        self, painter: QPainter, line: QRect, tile: Tile, option: QStyleOptionViewItem
    ) -> None:
        if tile.can_be_named:
            # A place that looks as if one could type there.
            is_marked = option.state & (
                QStyle.StateFlag.State_MouseOver | QStyle.StateFlag.State_Selected
            )
            role = QPalette.ColorRole.PlaceholderText if is_marked else QPalette.ColorRole.Mid
            self._paint_place(painter, line, role)
            self._write(painter, line.adjusted(8, 0, -8, 0), "Add a name", is_quiet=True)
        elif tile.name is not None:
            self._write(painter, line, tile.name, is_strong=not tile.fate, is_quiet=bool(tile.fate))

    def _paint_place(self, painter: QPainter, line: QRect, role: QPalette.ColorRole) -> None:
        painter.setPen(QPen(self.colour(role), 1))
        painter.setBrush(self.colour(QPalette.ColorRole.Base))
        painter.drawRoundedRect(QRectF(line).adjusted(0.5, 2.5, -0.5, -1.5), 6, 6)

    def _paint_guess(self, painter: QPainter, index: Any, line: QRect, name: str) -> None:
        yes, no = self._people.button_rects(index)
        accent = colours().accent
        for place, icon, colour in ((yes, "check", accent), (no, "close", colours().quiet)):
            painter.setPen(QPen(QColor(colour), 1))
            painter.setBrush(self.colour(QPalette.ColorRole.Base))
            painter.drawRoundedRect(QRectF(place).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
            painter.drawPixmap(place.left() + 4, place.top() + 4, self.mark(icon, 16, colour))
        painter.setPen(self.colour(QPalette.ColorRole.Link))
        self._write(painter, QRect(line.topLeft(), yes.bottomLeft()), f"{name}?", keeps_pen=True)

    def _paint_words(self, painter: QPainter, face: QRect, name: QRect, tile: Tile) -> None:
        top = name.bottom() + 1
        if tile.fate and tile.name is None:  # there is no name above
            top = name.top() + 4
        words = "hidden" if tile.is_hidden and not tile.fate else tile.words
        if self._people.unanswered.name(tile):
            words = NOT_YET
        line = QRect(face.left(), top, face.width(), 20)
        self._write(painter, line, words, is_quiet=True)

    def _paint_badge(self, painter: QPainter, face: QRect, number: int) -> None:
        painter.setFont(badge_font(self.grid))
        pill = badge_rect(self.grid, face, number)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.colour(QPalette.ColorRole.Highlight))
        painter.drawRoundedRect(pill, 11, 11)
        painter.setPen(QColor(colours().on_accent))
        painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, badge_words(number))

    def _write(
        self,
        painter: QPainter,
        line: QRect,
        words: str,
        *,
        is_strong: bool = False,
        is_quiet: bool = False,
        keeps_pen: bool = False,
    ) -> None:
        painter.setFont(self._fonts()[is_strong])
        role = QPalette.ColorRole.PlaceholderText if is_quiet else QPalette.ColorRole.Text
        if not keeps_pen:
            painter.setPen(self.colour(role))
        shown = words, is_strong, line.width()
        if shown not in self._elided:
            elide, metrics = Qt.TextElideMode.ElideRight, painter.fontMetrics()
            self._elided[shown] = metrics.elidedText(words, elide, line.width())
        painter.drawText(line, _LEFT, self._elided[shown])

    def _fonts(self) -> tuple[QFont, QFont]:
        """The usual letters and the strong ones. What was cut to fit others is forgotten."""
        usual = self.grid.font()
        if self._letters is None or usual != self._letters[0]:
            strong = QFont(usual)
            strong.setWeight(QFont.Weight.DemiBold)
            self._letters = usual, strong
            self._elided.clear()
        if len(self._elided) > KEPT_WORDS:
            self._elided.clear()
        return self._letters
