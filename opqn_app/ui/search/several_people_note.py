"""A query of several people is noticed, or said to be one, and the user says what is meant."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from opqn_app.core.progress import counted
from opqn_app.ui.kit import keyboard
from opqn_app.ui.kit.controls import empty_layout, push_button, text_label
from opqn_app.ui.kit.face_tile import FaceTile
from opqn_app.ui.kit.tips import plain
from opqn_app.ui.search.query import Query
from opqn_app.ui.search.threshold_bar import USUAL

if TYPE_CHECKING:
    from opqn_app.opqn.several_photos import People

FACE = 40  # side of a face in pixels
MOST_FACES = 4  # people that have a face to press; more are told in words only


class SeveralPeopleNote(QWidget):
    """One line above the results: all of them on one photo, one of them only, or one person.

    Attributes:
        by_hand: asks for photos with all of them where nothing was noticed; for the page to place.

    Signals:
        chosen: the Query that the user means.
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._query: Query | None = None
        self._people: People = ()
        self.tiles: list[FaceTile] = []
        self._words = text_label(wraps=True)
        self.together = push_button("Photos with all of them", self._choose_together)
        self.by_hand = push_button("", self._choose_together)
        self.by_hand.setToolTip("If these are different people: photos on which all of them are")
        self.by_hand.hide()
        self._only = text_label("Only", is_quiet=True)
        self._faces = QHBoxLayout()
        self._faces.setSpacing(0)
        self.one = push_button("All one person", self._choose_one)
        self.one.setToolTip("Combine all these faces: they show the same person")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self._words, 1)
        row.addWidget(self.together)
        row.addWidget(self._only)
        row.addLayout(self._faces)
        row.addWidget(self.one)
        self.hide()

    @property
    def text(self) -> str:
        return self._words.text()

    def wait_for(self, query: Query) -> None:
        """Another query is on its way; what is said of the last one may be wrong of it."""
        self.by_hand.hide()
        if not query.together:
            self.hide()

    def show_answer(self, query: Query, people: "People") -> None:
        """Say how many people the faces of a query look like, unless the user has said it."""
        is_shown = query.is_several(people)
        if len(people) < 2:  # where all look like one, who asks for all of them knows better
            people = tuple((place,) for place in range(len(query.faces)))
        self._query, self._people = query, people
        all_of_them = "both" if len(people) == 2 else f"all {len(people)}"
        for button in (self.together, self.by_hand):
            button.setText(f"Photos with {all_of_them}")
        self.by_hand.setVisible(len(people) > 1 and not is_shown)
        self.setVisible(is_shown)
        if not is_shown:
            return
        self.together.setToolTip(plain(f"Photos on which {all_of_them} are, the surest first"))
        self.together.setVisible(not query.together)
        if query.together:
            self._words.setText(f"Photos with {all_of_them}, each shown by its least certain face")
        else:
            self._words.setText(f"These look like {len(people)} people; the answer mixes them")
        self._show_faces(query)

    def _show_faces(self, query: Query) -> None:
        at = keyboard.place_in(self.tiles)
        empty_layout(self._faces)
        self.tiles = []
        few = self._people if len(self._people) <= MOST_FACES else ()
        for number, places in enumerate(few, start=1):
            n_faces = counted(len(places), "face")
            tile = FaceTile(
                query.faces[places[0]].picture, FACE, f"Only person {number}, {n_faces}"
            )
            tile.clicked.connect(lambda _=False, p=places: self.chosen.emit(query.only(p)))
            self._faces.addWidget(tile, 0, Qt.AlignmentFlag.AlignVCenter)
            self.tiles.append(tile)
        self._only.setVisible(bool(few))
        keyboard.put_back(self.tiles, at)

    def _choose_together(self) -> None:
        if self._query is not None:
            self.chosen.emit(self._query.with_all(self._people))

    def _choose_one(self) -> None:
        if self._query is not None:
            self.chosen.emit(self._query.as_one())


def together_headline(n_photos: int, n_people: int, minimum: float = USUAL) -> str:
    """How many photos show all of them, each at least as likely as `minimum`, 0 to 1."""
    all_of_them = "both" if n_people == 2 else f"all {n_people}"
    if not n_photos:
        return f"No photo of your library shows {all_of_them}"
    if minimum < USUAL:
        asked = f"at the {round(100 * minimum)}\N{NO-BREAK SPACE}% you ask for"
        return f"{counted(n_photos, 'photo')} with {all_of_them}, {asked}"
    likely = "likely shows" if n_photos == 1 else "likely show"
    return f"{counted(n_photos, 'photo')} {likely} {all_of_them}"
