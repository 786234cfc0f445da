"""One line above a grid that says which photos are shown: people, dates, a folder, faces."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from opqn_app.people.photo_filter import PhotoFilter
from opqn_app.people.spans import Count, count_of, span_of
from opqn_app.store.records import PhotoRecord
from opqn_app.ui.kit import wording
from opqn_app.ui.kit.controls import push_button, text_label, tool_button
from opqn_app.ui.kit.flow_layout import FlowLayout
from opqn_app.ui.kit.menus import open_menu
from opqn_app.ui.kit.name_field import NameField
from opqn_app.ui.kit.name_offers import Offer, folded, offers_for
from opqn_app.ui.kit.saved_shelf import SavedShelf
from opqn_app.ui.kit.tips import plain
from opqn_app.ui.work.session import Session

FIELD = 200  # pixels of the field, at least
CHIP = 160  # pixels of a chip's words, at most
NOTE = 360  # pixels of what is said, before it wraps
HINT = "Only … a name, May 2019, 2 faces, alone"
NOT_WORDS = ("not ", "without ", "-")


@dataclass(frozen=True, slots=True)
class ChipWords:
    """What a chip says, and what a screen reader adds."""

    text: str
    help: str
    is_without: bool = False


class Chip(QFrame):
    """Words and a cross. Click or Space turns a person round, the cross or Delete removes it.

    Signals:
        turned: the words were clicked.
        removed: the chip is to go.
    """

    turned = Signal()
    removed = Signal()

    def __init__(self, words: ChipWords) -> None:
        super().__init__()
        self.text = words.text
        self.setObjectName("chip")
        self.setProperty("without", words.is_without)
        self.words = QToolButton()
        right = Qt.TextElideMode.ElideRight
        short = self.fontMetrics().elidedText(words.text, right, CHIP)
        self.words.setText(short.replace("&", "&&"))
        self.words.setToolTip(
            plain(f"{words.text}\n{words.help}" if short != words.text else words.help)
        )
        self.words.setAccessibleName(f"{words.text}. {words.help}")
        self.words.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.words.clicked.connect(self.turned)
        self.cross = tool_button("close", f"Remove {words.text}", self.removed.emit)
        self.cross.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # Delete does it
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 0, 2, 0)
        row.setSpacing(0)
        row.addWidget(self.words)
        row.addWidget(self.cross)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFocusProxy(self.words)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.removed.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.turned.emit()
        else:
            super().keyPressEvent(event)


class ChipLine(QWidget):
    """Chips, and a field for the next one.

    Args:
        current: the photo that "this folder" and "this year" mean.
        shelf: saved searches that the menu offers.

    Signals:
        changed: the PhotoFilter that the chips say now.
        left: Escape was pressed in the field; the page takes the keyboard back.
    """

    changed = Signal(object)
    left = Signal()

    def __init__(
        self,
        session: Session,
        current: Callable[[], PhotoRecord | None],
        parent: QWidget | None = None,
        *,
        shelf: SavedShelf | None = None,
    ) -> None:
        super().__init__(parent)
        self._shelf = shelf
        self._desk, self._current = session.people, current
        self.filter = PhotoFilter()
        self.chips: list[Chip] = []
        self._more_buttons: list[QPushButton] = []
        self.field = NameField(session)
        self.field.setPlaceholderText(HINT)
        self.field.setAccessibleName("Only photos with: a name, a date, a number of faces")
        self.field.setMinimumWidth(FIELD)
        self.field.setMaximumWidth(2 * FIELD)
        self.more = tool_button("more", "More ways to choose photos", self._open_menu)
        self._note = text_label(is_quiet=True, wraps=True)
        self._clear = push_button("Clear", self.clear)
        self._clear.setAccessibleName("Show all photos again")
        self._build()
        self.field.name_given.connect(self._on_typed)
        self.field.given_up.connect(self.left)
        self.field.left_back.connect(self._remove_last)
        self.field.textEdited.connect(lambda _text: self.say(""))
        self._desk.changed.connect(lambda _view: self._on_people())

    def _build(self) -> None:
        line = QWidget()
        self._flow = FlowLayout(line, spacing=6)
        self._flow.addWidget(self.more)
        self._flow.addWidget(self.field)
        line.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self._said = QWidget()
        row = QHBoxLayout(self._said)
        row.setContentsMargins(4, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self._note, 1)
        row.addWidget(self._clear)
        self._buttons = row
        self._said.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._said.hide()
        self._flow.addWidget(self._said)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(line)

    @property
    def note(self) -> str:
        """What is said below the chips; "" for nothing."""
        return "" if self._said.isHidden() else self._note.text()

    @property
    def words(self) -> str:
        """What all chips say together."""
        return ", ".join(chip.text for chip in self.chips)

    def add_button(self, button: QPushButton) -> None:
        """Another button beside "Clear", seen as long as that is."""
        self._more_buttons.append(button)
        self._buttons.insertWidget(1, button)
        button.setVisible(not self.filter.is_empty)

    def say(self, words: str) -> None:
        """Say something below the chips, or nothing."""
        self._note.setText(words)
        self._note.setMinimumWidth(min(NOTE, self._note.fontMetrics().horizontalAdvance(words) + 4))
        for button in (self._clear, *self._more_buttons):
            button.setVisible(not self.filter.is_empty)
        self._said.setVisible(bool(words))

    def take(self, wanted: PhotoFilter) -> None:
        """Show these chips instead."""
        if wanted != self.filter:
            self.filter = wanted
            self.say("")
            self._show()
            self.changed.emit(wanted)

    def clear(self) -> None:
        """Remove all chips."""
        self.take(PhotoFilter())
        self.field.setFocus()

    def _remove_last(self) -> None:
        if self.chips:
            self.chips[-1].removed.emit()

    # Input

    def _on_typed(self, text: str) -> None:
        if self.field.person is not None:
            self.take(self.filter.adding(self.field.person))
            return
        wanted: PhotoFilter | None = self._adding(self.filter, text)
        if wanted is None:  # "Anna and Ben, not Carl"
            wanted = self.filter
            for part in re.split(r",| and ", text):
                more = self._adding(wanted, part.strip())
                if more is None:
                    self.say(self._not_found(part.strip()))
                    self.field.keep(text)
                    return
                wanted = more
        self.take(wanted)

    def _adding(self, to: PhotoFilter, text: str) -> PhotoFilter | None:
        """A filter with what one word or name says besides; None if it says nothing."""
        is_without = text.casefold().startswith(NOT_WORDS)
        for word in NOT_WORDS:
            text = text[len(word) :].strip() if text.casefold().startswith(word) else text
        found, folder = self._people_called(text), self._folder_called(text)
        if found:
            return to.adding(found[0], is_without=is_without)
        if text.casefold() == "alone":
            return replace(to, alone=True)
        dates, faces = span_of(text), count_of(text)
        if dates is not None:
            return replace(to, dates=dates)
        if faces is not None:
            return replace(to, faces=faces)
        if folder is not None:
            return replace(to, under=folder)
        offers = [each.person for each in self._completing(text)]
        only = offers[0] if len(offers) == 1 else None
        return None if only is None else to.adding(only, is_without=is_without)

    def _completing(self, text: str) -> list[Offer]:
        view = self._desk.view
        return [] if view is None or not text else offers_for(text, view)

    def _not_found(self, text: str) -> str:
        if self._completing(text):
            return f"More than one name goes on from {text}. Choose one, or type more of it."
        return f"Nobody is called {text}. Type a name, a date such as May 2019, 2 faces, or alone."

    def _people_called(self, name: str) -> list[int]:
        view = self._desk.view
        persons = () if view is None else view.persons
        wanted = folded(name)
        return [p.id for p in persons if p.name and not p.is_hidden and folded(p.name) == wanted]

    def _folder_called(self, name: str) -> Path | None:
        """A folder that the current photo lies in."""
        photo = self._current()
        around = [] if photo is None else list(photo.path.parents)
        return next((folder for folder in around if folded(folder.name) == folded(name)), None)

    def _open_menu(self) -> None:
        open_menu(self, self.offers(), self.more.mapToGlobal(self.more.rect().bottomLeft()))

    def offers(self) -> list[QAction]:
        """What the menu offers; each makes a chip."""
        photo, now = self._current(), self.filter
        offered = [("Nobody else on the photo", replace(now, alone=True))]
        if photo is not None:
            dates = (span_of(photo.sort_time[:length]) for length in (4, 7))
            offered += [(f"Only {each}", replace(now, dates=each)) for each in dates if each]
            folder = photo.path.parent
            words = f"Only the folder {wording.folder_name(folder)}"
            offered.append((words, replace(now, under=folder)))
        numbers = (Count(0, 0), Count(1, 1), Count(2, 2), Count(3))
        offered += [(f"Photos with {each}", replace(now, faces=each)) for each in numbers]
        searches = self._shelf.searches if self._shelf is not None else ()
        offered += [(f"Saved: {each.name}", each.asked) for each in searches]
        actions = []
        for words, wanted in offered:
            action = QAction(words.replace("&", "&&"), self)
            action.triggered.connect(lambda _checked=False, wanted=wanted: self.take(wanted))
            actions.append(action)
        return actions

    # Chips

    def _on_people(self) -> None:
        """Names may be others now; who is nobody any more has no chip."""
        view = self._desk.view
        if view is None or self.filter.is_empty:
            return
        kept = self.filter
        for person in (*kept.together, *kept.without):
            if person not in view.by_id:
                kept = kept.leaving(person)
        if kept != self.filter:
            self.take(kept)
        else:
            self._show()
            self.changed.emit(kept)

    def _show(self) -> None:
        had = next((i for i, chip in enumerate(self.chips) if chip.words.hasFocus()), None)
        for chip in self.chips:
            self._flow.removeWidget(chip)
            chip.hide()
            chip.deleteLater()
        self.chips = []
        wanted = self.filter
        for person in wanted.together:
            self._add(ChipWords(self._name(person), "Click: without"), person)
        for person in wanted.without:
            words = ChipWords(f"not {self._name(person)}", "Click: with", is_without=True)
            self._add(words, person)
        if wanted.alone:
            self._add(
                ChipWords("alone", "Nobody else is on the photo"), replace(wanted, alone=False)
            )
        if wanted.dates is not None:
            words = ChipWords(str(wanted.dates), "When they were taken, else written")
            self._add(words, replace(wanted, dates=None))
        if wanted.faces is not None:
            words = ChipWords(str(wanted.faces), "How many faces were found on the photo")
            self._add(words, replace(wanted, faces=None))
        if wanted.copies_of is not None:
            words = ChipWords("copies of one photo", "All files that hold this picture")
            self._add(words, replace(wanted, copies_of=None))
        if wanted.under is not None:
            name = f"in {wording.folder_name(wanted.under)}"
            self._add(ChipWords(name, str(wanted.under)), replace(wanted, under=None))
        self.field.setPlaceholderText("… and …" if self.chips else HINT)
        if had is not None:
            (self.chips[min(had, len(self.chips) - 1)] if self.chips else self.field).setFocus()

    def _add(self, words: ChipWords, of: int | PhotoFilter) -> None:
        """A chip of a person, or of something whose removal leaves `of`."""
        chip = Chip(words)
        if isinstance(of, PhotoFilter):
            chip.removed.connect(lambda: self.take(of))
        else:
            chip.turned.connect(lambda: self.take(self.filter.turning(of)))
            chip.removed.connect(lambda: self.take(self.filter.leaving(of)))
        self._flow.insert_widget(len(self.chips), chip)
        self.chips.append(chip)
        chip.show()

    def _name(self, person: int) -> str:
        view = self._desk.view
        known = None if view is None else view.by_id.get(person)
        return "somebody" if known is None or not known.name else known.name
