"""The top of the view of a person: picture, name, counts, and what can be done with all of it."""

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from opqn_app.ui.kit.controls import CutLabel, push_button, tool_button
from opqn_app.ui.kit.face_tile import FaceTile
from opqn_app.ui.kit.menus import QuietMenu
from opqn_app.ui.kit.name_field import NameField
from opqn_app.ui.people.person_subject import Subject
from opqn_app.ui.work.session import Session

PICTURE = 60  # pixels
FIELD_WIDTH = 320


class NameLabel(CutLabel):
    """A name that a click changes.

    Signals:
        clicked: with the mouse.
    """

    clicked = Signal()

    def __init__(self) -> None:
        super().__init__(style="title")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip("Rename (N)")

    def mouseReleaseEvent(self, event: object) -> None:
        self.clicked.emit()


class PersonHead(QWidget):
    """Shows a name as words until it is to be changed; without one the field is always open.

    Signals:
        back_wanted, search_wanted: buttons.
        name_given: a name was typed, for a group, or another one for a person.
        merge_wanted: the person is somebody else's; a name was typed.
        left: the field is done with, nothing has changed.
        hide_wanted, show_wanted, forget_wanted, take_wanted: chosen from the menu.
    """

    back_wanted = Signal()
    search_wanted = Signal()
    name_given = Signal(str)
    merge_wanted = Signal(str)
    left = Signal()
    hide_wanted = Signal()
    show_wanted = Signal()
    forget_wanted = Signal()
    take_wanted = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._subject = Subject(None, ())
        self._is_merging = False
        self._hints: tuple[tuple[int, float], ...] = ()
        self.back_button = tool_button("back", "Back to all people", self.back_wanted.emit)
        self.back_button.setToolTip("Back to all people (Esc)")
        self.picture = FaceTile(QImage(), PICTURE, "The person's picture")
        self.picture.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.picture.setCursor(Qt.CursorShape.ArrowCursor)
        self.name_label = NameLabel()
        self.name_label.clicked.connect(self.rename)
        self.field = NameField(session)
        self.field.setMaximumWidth(FIELD_WIDTH)
        self.field.name_given.connect(self._on_name)
        self.field.given_up.connect(self._give_up)
        self._counts = CutLabel(is_quiet=True)
        self.search_button = push_button(
            "Search with this person", self.search_wanted.emit, icon="search"
        )
        self.menu_button = tool_button("more", "More", tip="More")
        self._make_menu()
        self._lay_out()

    def _make_menu(self) -> None:
        self.menu = QuietMenu(self)
        self.rename_action = self.menu.addAction("Rename…", self.rename)
        self.merge_action = self.menu.addAction("Merge into somebody else…", self.merge)
        self.menu.addSeparator()
        self.take_action = self.menu.addAction(
            "Take photos with you…\tCtrl+Shift+E", self.take_wanted.emit
        )
        self.menu.addSeparator()
        self.hide_action = self.menu.addAction("Hide", self.hide_wanted.emit)
        self.show_action = self.menu.addAction("Show among people again", self.show_wanted.emit)
        self.menu.addSeparator()
        self.forget_action = self.menu.addAction("Forget…", self.forget_wanted.emit)
        self.menu_button.clicked.connect(self._open_menu)

    def _lay_out(self) -> None:
        self._names = QStackedWidget()
        self._names.addWidget(self.name_label)
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.field, 100)
        row.addStretch(1)
        self._names.addWidget(holder)
        self._names.setFixedHeight(38)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self._names)
        words.addWidget(self._counts)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(12)
        line.addWidget(self.back_button)
        line.addWidget(self.picture)
        line.addLayout(words, 1)
        line.addWidget(self.search_button)
        line.addWidget(self.menu_button)

    # What is shown

    @property
    def counts(self) -> str:
        """The words below the name."""
        return self._counts.text()

    def show_subject(self, subject: Subject) -> None:
        """Show who it is; without a name ask for one. What is being typed stays."""
        is_other = (subject.person, subject.name) != (self._subject.person, self._subject.name)
        self._subject = subject
        is_person = subject.person is not None
        self.name_label.setText(subject.name + (" (hidden)" if subject.is_hidden else ""))
        self.rename_action.setText("Rename…" if subject.name else "Name…")
        self.merge_action.setVisible(bool(subject.name))
        self.forget_action.setVisible(is_person)
        self.hide_action.setVisible(not subject.is_hidden)
        self.show_action.setVisible(subject.is_hidden)
        if is_other:
            self._hints = ()
            self.field.clear()
            self._close_field()

    def show_counts(self, words: str) -> None:
        """Say how many there are."""
        self._counts.setText(words)

    def show_picture(self, pixmap: QPixmap) -> None:
        """Show a face that stands for the person."""
        self.picture.set_pixmap(pixmap)

    # Names

    @property
    def is_typing(self) -> bool:
        """A name is being changed, or typed where there was none."""
        return self.field.hasFocus() and bool(self._subject.name or self.field.text())

    def rename(self) -> None:
        """Let the user type another name, or the first one."""
        self._open_field(self._subject.name, "Who is this?")

    def hint(self, hints: Sequence[tuple[int, float]]) -> None:
        """Offer people whom the faces resemble, with the probability of each."""
        self._hints = tuple(hints)
        if not self._subject.name:
            self.field.hint(hints)

    def merge(self) -> None:
        """Let the user type who else this is."""
        self._open_field("", f"{self._subject.name} is also …"[:60])
        self._is_merging = True

    def _open_field(self, text: str, placeholder: str) -> None:
        self._is_merging = False
        self.field.setPlaceholderText(placeholder)
        self._names.setCurrentIndex(1)
        self.field.ask(text, () if self._subject.name else self._hints)

    def _close_field(self) -> None:
        self._is_merging = False
        self.field.setPlaceholderText("Who is this?")
        self._names.setCurrentIndex(0 if self._subject.name else 1)

    def _on_name(self, name: str) -> None:
        is_merging = self._is_merging
        self._close_field()
        if is_merging:
            self.merge_wanted.emit(name)
        elif name != self._subject.name:
            self.name_given.emit(name)
        else:
            self.left.emit()

    def _give_up(self) -> None:
        """Esc leaves the name as it was; without one there is nothing to leave."""
        if self._names.currentIndex() == 1 and self._subject.name:
            self._close_field()
            self.left.emit()
        else:
            self.back_wanted.emit()

    def _open_menu(self) -> None:
        corner = self.menu_button.mapToGlobal(self.menu_button.rect().bottomRight())
        self.menu.popup(corner - QPoint(self.menu.sizeHint().width(), 0))
