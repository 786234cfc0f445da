""" "Also Anna?": suggestions to be ticked and crossed out, a whole page answered with one key."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from opqn_app.core.progress import counted
from opqn_app.ui.kit.controls import push_button, text_label, tool_button
from opqn_app.ui.kit.thumbnails import ThumbnailCache
from opqn_app.ui.kit.tips import plain
from opqn_app.ui.people.face_peek import FacePeek
from opqn_app.ui.people.suggestion_pages import Choice, Suggested, SuggestionPages
from opqn_app.ui.people.suggestion_tile import SuggestionTile

SIDE, LOW_SIDE = 84, 64  # pixels of a face; in a low window
TILE_WIDTH = 48  # what a tile has besides its face
MARGIN, SPACING = 12, 10


class SuggestionStrip(QFrame):
    """A page of suggestions, which does not change before it is answered.

    Keys: arrows go from face to face, 1 to 9 and Space go from yes to no to open, Delete says no,
    Enter answers the page.

    Signals:
        answered: ids of faces that are the person, and of those that are not; either may be empty.
        more_wanted: the page is done, or what was left open is wanted again: `take` the next.
        looked_at: id of a face whose photo the user wants to see.
        left: the user goes on to what is below.
    """

    answered = Signal(object, object)
    more_wanted = Signal()
    looked_at = Signal(int)
    left = Signal()

    def __init__(self, faces: ThumbnailCache, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.setAccessibleName("Suggestions")
        self.pages = SuggestionPages()
        self._faces = faces
        self._name = ""
        self._side = SIDE
        self._is_folded = False
        self._is_sent = False
        self._tiles: list[SuggestionTile] = []
        self._peek: FacePeek | None = None
        self._build()
        faces.ready.connect(lambda _ids: self._show_pictures())
        self.hide()

    def _build(self) -> None:
        self._title = text_label(style="heading")
        self._note = text_label(is_quiet=True)
        self.again = push_button("Ask again", self._ask_again)
        self.answer_button = push_button("Answer", self.answer, is_primary=True)
        self.fold_button = tool_button("down", "Fold the suggestions away", self._fold)
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(self._title)
        head.addWidget(self._note, 1)
        head.addWidget(self.again)
        head.addWidget(self.answer_button)
        head.addWidget(self.fold_button)
        self._holder = QWidget()
        self._holder.setObjectName("clear")
        self._row = QHBoxLayout(self._holder)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(SPACING)
        self._row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, 8, MARGIN, 8)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(self._holder)

    # What is asked

    @property
    def room(self) -> int:
        """How many suggestions there is room for."""
        width = self.width() - 2 * MARGIN + SPACING
        return max(1, width // (self._side + TILE_WIDTH + SPACING))

    def ask_about(self, name: str, *, is_low: bool = False) -> None:
        """Begin with another person; nothing is asked until `take`.

        Args:
            is_low: there is little room from top to bottom.
        """
        self._name = name
        self._side = LOW_SIDE if is_low else SIDE
        self.pages = SuggestionPages()
        self._is_sent = False
        self.hide()

    def rename(self, name: str) -> None:
        """The person is called something else now."""
        self._name = name
        if not self.isHidden():
            self._show_words()

    def take(self, suggestions: Sequence[Suggested], photo_of: Mapping[int, int]) -> None:
        """Ask a page of these; without any, be hidden, unless some were left open before."""
        had_focus = self._has_focus()
        self.pages.take(suggestions, self.room, photo_of)
        self._make_tiles()
        self.setVisible(bool(self.pages.page) or self.pages.n_passed > 0)
        self._show_all()
        if had_focus and not self.take_focus():
            self.left.emit()

    def take_focus(self) -> bool:
        """Give the first face the keyboard; False if there is none."""
        if self.isHidden() or self._is_folded or not self._tiles:
            return False
        self._tiles[0].picture.setFocus(Qt.FocusReason.OtherFocusReason)
        return True

    def turn(self, number: int) -> None:
        """The nth, from 0 on, goes from open to yes, to no, to open."""
        if number < len(self.pages.page) and not self._is_sent:
            self.pages.turn(number)
            self._show_all()

    def choose(self, number: int, choice: Choice) -> None:
        """Say something of the nth, from 0 on; said twice it is open again."""
        if not self._is_sent:
            self.pages.choose(number, choice)
            self._show_all()

    def answer(self) -> None:
        """Answer the page as it stands; what is open stays open."""
        if not self.pages.page or self._is_sent:
            return
        yes, no = self.pages.answers
        if yes or no:
            self._is_sent = True  # until it is known whether the answer holds
            self.answered.emit(yes, no)
        else:
            self.go_on()

    def go_on(self) -> None:
        """The answer holds: on to the next page."""
        self._is_sent = False
        self.pages.pass_open()
        self.more_wanted.emit()

    def stay(self) -> None:
        """The answer does not hold: the page stays as it is."""
        self._is_sent = False

    @property
    def is_sent(self) -> bool:
        """An answer is under way."""
        return self._is_sent

    # Keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        place, key = self._place(), event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if not event.isAutoRepeat():  # held down, it is no answer to the next page
                self.answer()
        elif place is None:
            super().keyPressEvent(event)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._go(place + (1 if key == Qt.Key.Key_Right else -1))
        elif key == Qt.Key.Key_Down:
            self.left.emit()
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.choose(place, Choice.NO)
        else:
            super().keyPressEvent(event)

    def _go(self, place: int) -> None:
        if 0 <= place < len(self._tiles):
            self._tiles[place].picture.setFocus(Qt.FocusReason.TabFocusReason)

    def _place(self) -> int | None:
        focused = QApplication.focusWidget()
        for place, tile in enumerate(self._tiles):
            if tile.picture is focused:
                return place
        return None

    # Showing

    def _make_tiles(self) -> None:
        for tile in self._tiles:
            self._row.removeWidget(tile)
            tile.hide()
            tile.deleteLater()
        self._tiles = []
        for place, suggestion in enumerate(self.pages.page):
            tile = SuggestionTile(suggestion, place + 1, self._side)
            tile.chosen.connect(lambda choice, n=place: self._on_chosen(n, choice))
            tile.looked_at.connect(lambda each=suggestion: self.looked_at.emit(each.picture))
            tile.more_wanted.connect(lambda n=place: self._show_more(n))
            self._row.insertWidget(place, tile)
            tile.show()
            self._tiles.append(tile)
        self._show_pictures()

    def _on_chosen(self, number: int, choice: Choice) -> None:
        if choice == Choice.OPEN:
            self.turn(number)
        else:
            self.choose(number, choice)

    def _show_all(self) -> None:
        for place, tile in enumerate(self._tiles):
            tile.show_choice(self.pages.choice(place), self._name)
        self._show_words()

    def _show_words(self) -> None:
        pages = self.pages
        self._title.setText(f"Also {self._name}?" if pages.page else "No more suggestions")
        self._holder.setVisible(bool(pages.page) and not self._is_folded)
        self.answer_button.setVisible(bool(pages.page) and not self._is_folded)
        self.again.setVisible(not pages.page)
        if not pages.page:
            self._note.setText(f"{counted(pages.n_passed, 'face')} left open")
            return
        parts = [f"{pages.n_left:,} more to come"] if pages.n_left else []
        self._note.setText(" · ".join(parts))
        said = [pages.in_words(choice) for choice in (Choice.YES, Choice.NO) if pages.count(choice)]
        self.answer_button.setText(f"Answer: {', '.join(said)}" if said else "Skip these")
        self.answer_button.setToolTip("Enter. What is neither ticked nor crossed out stays open.")

    def _show_pictures(self) -> None:
        for tile in self._tiles:
            pixmap = self._faces.pixmap(tile.suggestion.picture)
            if pixmap is not None:
                tile.picture.set_pixmap(pixmap)

    def _show_more(self, number: int) -> None:
        tile = self._tiles[number]
        if self._peek is None:
            self._peek = FacePeek(self._faces, self)
        self._peek.open_below(tile, tile.suggestion.faces)

    def _fold(self) -> None:
        self._is_folded = not self._is_folded
        word = "Show" if self._is_folded else "Fold"
        self.fold_button.setToolTip(
            plain(f"{word} the suggestions" + " away" * (not self._is_folded))
        )
        self._show_words()

    def _ask_again(self) -> None:
        self.pages.begin_anew()
        self.more_wanted.emit()

    def _has_focus(self) -> bool:
        focused = QApplication.focusWidget()
        return focused is not None and self.isAncestorOf(focused)
