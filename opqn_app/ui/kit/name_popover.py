"""Asks for the name of faces, beside the first of them."""

from collections.abc import Sequence

from PySide6.QtCore import QRect, Signal
from PySide6.QtWidgets import QWidget

from opqn_app.ui.kit.controls import text_label
from opqn_app.ui.kit.name_field import NameField
from opqn_app.ui.kit.popover import Popover
from opqn_app.ui.work.session import Session

WIDTH = 280


class NamePopover(Popover):
    """A field for a name; Enter gives it to the faces, which is a gesture of the desk.

    Signals:
        named: the faces (tuple) that were given a name.
    """

    named = Signal(object)

    def __init__(self, session: Session, sheet: QWidget) -> None:
        super().__init__(sheet)
        self._desk = session.people
        self._faces: tuple[int, ...] = ()
        self._title = text_label(style="heading")
        self.field = NameField(session)
        self.field.name_given.connect(self._on_name)
        self.field.left_empty.connect(self.close_card)
        self.field.given_up.connect(self.close_card)
        self.column.addWidget(self._title)
        self.column.addWidget(self.field)
        self.setFixedWidth(WIDTH)

    @property
    def title(self) -> str:
        return self._title.text()

    def ask(self, title: str, face_ids: Sequence[int], about: QRect) -> None:
        """Ask who faces are.

        Args:
            about: where the first of them is, in coordinates of the screen.
        """
        self._faces = tuple(face_ids)
        self._title.setText(title)
        self.setAccessibleName(title)
        self.open_at(about, self.field)
        self.field.ask()
        self._desk.ask(
            lambda ledger, guesses: guesses.resembles(ledger, self._faces) if guesses else [],
            self.field.hint,
        )

    def _on_name(self, name: str) -> None:
        person, is_new = self.field.person, self.field.is_new
        self.close_card()
        if person is not None:
            self._desk.answer(person, yes=self._faces)
        else:
            self._desk.name(self._faces, name, is_new=is_new)
        self.named.emit(self._faces)
