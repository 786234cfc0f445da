"""Who is searched for: the query faces, and the other faces of the photo they could be."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QHBoxLayout, QLayout, QVBoxLayout, QWidget

from opqn_app.ui.kit.controls import push_button, text_label, tool_button
from opqn_app.ui.kit.face_tile import FaceTile
from opqn_app.ui.search.query import Query

LARGE, SMALL, STRIP = 160, 104, 48  # sides of the faces in logical pixels
MANY = 3  # from so many query faces on they are drawn small
STRIP_MAX = 9  # as many as there are number keys


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
        self._is_compact = False
        self._query: Query | None = None
        self._build()

    def _build(self) -> None:
        self._faces = QHBoxLayout()
        self._faces.setSpacing(4)
        self._title = text_label(style="title", wraps=True)
        self._source = text_label(is_quiet=True)
        self._source.setMinimumWidth(40)
        self._others = QHBoxLayout()
        self._others.setSpacing(0)
        self._others_label = text_label("Others in this photo", is_quiet=True)
        self._add = push_button("Add photo", self.add_wanted.emit, icon="add")
        self._add.setToolTip("Add another photo of the same person: the faces are combined")
        self._clear = push_button("Clear", self.clear_wanted.emit, icon="close")
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
        words.addLayout(self._others)
        words.addStretch(1)
        words.addLayout(buttons)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        row.addLayout(self._faces)
        row.addLayout(words, 1)

    @property
    def title(self) -> str:
        return self._title.text()

    def say(self, title: str) -> None:
        """The answer so far, in one line."""
        self._title.setText(title)

    def set_compact(self, is_compact: bool) -> None:
        """Draw the query small, since the window is low."""
        if is_compact != self._is_compact:
            self._is_compact = is_compact
            if self._query is not None:
                self.show_query(self._query)

    def show_photo(self, picture: QImage, name: str) -> None:
        """A photo that was opened, while its faces are being looked for."""
        self._query = None
        _empty(self._faces)
        _empty(self._others)
        self.strip, self.tiles = [], []
        tile = FaceTile(picture, SMALL if self._is_compact else LARGE, name)
        tile.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._faces.addWidget(tile)
        self._others_label.hide()
        self._show_source(name)

    def show_query(self, query: Query) -> None:
        """The faces that are searched with."""
        self._query = query
        _empty(self._faces)
        self.tiles = [self._tile(query, place) for place in range(len(query.faces))]
        self._show_strip(query)
        self._show_source(f"from {query.source}" if len(query.faces) == 1 else query.source)

    def _tile(self, query: Query, place: int) -> FaceTile:
        face = query.faces[place]
        side = SMALL if self._is_compact or len(query.faces) >= MANY else LARGE
        tile = FaceTile(face.picture, side, f"Query face from {face.source}")
        tile.setCheckable(len(query.faces) > 1)
        tile.setChecked(len(query.faces) > 1 and place == query.active)
        tile.clicked.connect(lambda: self.face_activated.emit(place))
        self._faces.addWidget(tile)
        if len(query.faces) > 1:
            name = f"Remove the face from {face.source}"
            button = tool_button("close", name, lambda: self.face_removed.emit(place))
            button.setObjectName("onPicture")
            button.setParent(tile)
            button.move(tile.sizeHint().width() - 34, 6)
            button.show()
        return tile

    def _show_strip(self, query: Query) -> None:
        _empty(self._others)
        face = query.shown
        count = len(face.others) if len(face.others) > 1 else 0
        self._others_label.setVisible(count > 1)
        more = f", {count - STRIP_MAX} more not shown" if count > STRIP_MAX else ""
        self._others_label.setText(f"{count} faces in this photo{more}: who is it?")
        self.strip = []
        for number in range(min(count, STRIP_MAX)):
            tile = FaceTile(face.others[number], STRIP, f"Face {number + 1} of {count}", number + 1)
            tile.setCheckable(True)
            tile.setChecked(number == face.chosen)
            tile.clicked.connect(lambda _=False, n=number: self.face_chosen.emit(n))
            self._others.addWidget(tile)
            self.strip.append(tile)
        self._others.addStretch(1)

    def _show_source(self, words: str) -> None:
        self._source.setText(words)
        self._source.setToolTip(words)


def _empty(layout: QLayout) -> None:
    while layout.count():
        item = layout.takeAt(0)
        widget = item.widget() if item is not None else None
        if widget is not None:
            widget.hide()
            widget.deleteLater()
