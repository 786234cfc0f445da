"""Who is searched for: the query faces, and the other faces of the photo they could be."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from opqn_app.ui.kit import keyboard
from opqn_app.ui.kit.controls import (
    CutLabel,
    empty_layout,
    push_button,
    text_label,
    tool_button,
)
from opqn_app.ui.kit.face_tile import RING, FaceTile
from opqn_app.ui.kit.flow_layout import FlowLayout
from opqn_app.ui.kit.tips import plain
from opqn_app.ui.search.query import Query

LARGE, SMALL, LEAST = 160, 104, 40  # sides of the query faces in logical pixels
STRIP, NARROW_STRIP = 48, 32  # sides of the other faces of the photo
WORDS, NARROW_WORDS = 236, 152  # pixels that are left to what is said
SPACE = 4  # between faces
GAP = 16  # between the faces and what is said
ADD, CLEAR = "Add photo", "Clear"
MANY = 3  # from so many query faces on they are drawn small
STRIP_MAX = 9  # as many as there are number keys

SO_FAR = "Photos are still coming in: faces come to this answer, and percentages can change"


class QueryBar(QWidget):
    """Shows a Query; changes nothing itself.

    Signals:
        face_chosen: number of another face of the active photo.
        face_removed: place of a query face to take out.
        face_activated: place of the query face whose photo is shown.
        add_wanted: one more photo of the person.
        clear_wanted: start anew.
    """

    face_chosen = Signal(int)
    face_removed = Signal(int)
    face_activated = Signal(int)
    add_wanted = Signal()
    clear_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.strip: list[FaceTile] = []
        self.tiles: list[FaceTile] = []
        self._is_compact = self._is_narrow = False
        self._fit = (0, 0, 0)
        self._query: Query | None = None
        self._build()

    def _build(self) -> None:
        self._faces = QGridLayout()
        self._faces.setSpacing(SPACE)
        self._title = text_label(style="title", wraps=True)
        self._source = CutLabel(is_quiet=True)
        others = QWidget()
        self._others = FlowLayout(others, spacing=0)
        self._others_label = CutLabel(is_quiet=True)
        self._add = push_button(ADD, self.add_wanted.emit, icon="add")
        self._add.setToolTip("Add another photo of the same person: the faces are combined")
        self._clear = push_button(CLEAR, self.clear_wanted.emit, icon="close")
        self._clear.setToolTip("Start anew (Esc); Alt+Left brings this search back")
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self._add)
        buttons.addWidget(self._clear)
        buttons.addStretch(1)
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(self._title)
        words.addWidget(self._source)
        words.addStretch(1)
        words.addWidget(self._others_label)
        words.addWidget(others)
        words.addStretch(1)
        words.addLayout(buttons)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        row.addLayout(self._faces)
        row.addLayout(words, 1)

    @property
    def title(self) -> str:
        return self._title.text()

    def say(self, title: str, *, so_far: str = "") -> None:
        """The answer in one line; `so_far` says that it can still change."""
        self._title.setText(title + so_far)
        self._title.setToolTip(plain(SO_FAR if so_far else ""))

    def set_compact(self, is_compact: bool) -> None:
        """Draw the query small, since the window is low."""
        if is_compact != self._is_compact:
            self._is_compact = is_compact
            self._show_again()

    def set_narrow(self, is_narrow: bool) -> None:
        """Say it in a smaller print and with buttons without words, since the page is narrow."""
        if is_narrow == self._is_narrow:
            return
        self._is_narrow = is_narrow
        self._title.setObjectName("heading" if is_narrow else "title")
        self._title.style().unpolish(self._title)
        self._title.style().polish(self._title)
        for button, words in ((self._add, ADD), (self._clear, CLEAR)):
            button.setText("" if is_narrow else words)
            button.setAccessibleName(words)
        self._show_again()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._query is not None and self._fit != self._fitting(len(self._query.faces)):
            self._show_again()

    def _show_again(self) -> None:
        if self._query is not None:
            self.show_query(self._query)

    def _fitting(self, n_faces: int) -> tuple[int, int, int]:
        """Side of the faces, how many stand in a line, and how many of them there is room for."""
        usual = SMALL if self._is_compact or n_faces >= MANY else LARGE
        room = self.width() - (NARROW_WORDS if self._is_narrow else WORDS) - GAP
        around = 2 * RING + SPACE
        in_one = room // n_faces - around
        if in_one >= LEAST:
            return min(usual, in_one), n_faces, n_faces
        columns = -(-n_faces // 2)
        in_two = room // columns - around
        if in_two >= LEAST:
            return min((usual - around) // 2, in_two), columns, n_faces
        columns = max(1, room // (LEAST + around))
        return LEAST, columns, min(n_faces, 2 * columns)

    def show_photo(self, picture: QImage, name: str) -> None:
        """A photo that was opened, while its faces are being looked for."""
        self._query = None
        empty_layout(self._faces)
        empty_layout(self._others)
        self.strip, self.tiles = [], []
        tile = FaceTile(picture, SMALL if self._is_compact else LARGE, name)
        tile.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._faces.addWidget(tile)
        self._others_label.hide()
        self._show_source(name)

    def show_query(self, query: Query) -> None:
        """The faces that are searched with."""
        self._query = query
        at, at_other = keyboard.place_in(self.tiles), keyboard.place_in(self.strip)
        empty_layout(self._faces)
        n_faces = len(query.faces)
        self._fit = side, columns, n_shown = self._fitting(n_faces)
        first = max(0, min(query.active, n_faces - n_shown))
        places = range(first, first + n_shown)
        self.tiles = [self._tile(query, place, side) for place in places]
        for number, tile in enumerate(self.tiles):
            self._faces.addWidget(tile, number // columns, number % columns)
        self._show_strip(query)
        more = f", {n_faces - n_shown} not shown" if n_shown < n_faces else ""
        self._show_source(f"from {query.source}" if n_faces == 1 else f"{query.source}{more}")
        keyboard.put_back(self.tiles, at)
        keyboard.put_back(self.strip, at_other)

    def _tile(self, query: Query, place: int, side: int) -> FaceTile:
        face = query.faces[place]
        tile = FaceTile(face.picture, side, f"Query face from {face.source}")
        tile.setCheckable(len(query.faces) > 1)
        tile.setChecked(len(query.faces) > 1 and place == query.active)
        tile.clicked.connect(lambda: self.face_activated.emit(place))
        if len(query.faces) > 1:
            name = f"Remove the face from {face.source}"
            button = tool_button("close", name, lambda: self.face_removed.emit(place))
            button.setObjectName("onPicture")
            button.setParent(tile)
            inset = 6 if side > SMALL // 2 else 0
            button.move(tile.sizeHint().width() - 28 - inset, inset)
            button.show()
        return tile

    def _show_strip(self, query: Query) -> None:
        empty_layout(self._others)
        face = query.shown
        count = len(face.others) if len(face.others) > 1 else 0
        self._others_label.setVisible(count > 1)
        more = f", {count - STRIP_MAX} more not shown" if count > STRIP_MAX else ""
        self._others_label.setText(f"{count} faces in this photo{more}: who is it?")
        self.strip = []
        for number in range(min(count, STRIP_MAX)):
            side = NARROW_STRIP if self._is_narrow else STRIP
            tile = FaceTile(face.others[number], side, f"Face {number + 1} of {count}", number + 1)
            tile.setCheckable(True)
            tile.setChecked(number == face.chosen)
            tile.clicked.connect(lambda _=False, n=number: self.face_chosen.emit(n))
            self._others.addWidget(tile)
            self.strip.append(tile)

    def _show_source(self, words: str) -> None:
        self._source.setText(words)
        self._source.setToolTip(plain(words))
