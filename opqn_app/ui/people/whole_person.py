"""What can be said of a person as a whole: another name, somebody else, hidden, forgotten."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from opqn_app.core.progress import counted
from opqn_app.ui.people.forget_dialog import Forgetting
from opqn_app.ui.people.person_head import PersonHead
from opqn_app.ui.people.person_subject import Subject
from opqn_app.ui.work.session import Session

if TYPE_CHECKING:
    from opqn_app.store.library import Library


class WholePerson(QObject):
    """Makes the gestures that the head of the view asks for.

    Args:
        subject: whom the view is about now.
        ask_to_forget: asks before a person is forgotten.

    Signals:
        forgotten: id of a person who is gone for good.
        told, failed: sentences.
    """

    forgotten = Signal(int)
    told = Signal(str)
    failed = Signal(str)

    def __init__(
        self,
        session: Session,
        head: PersonHead,
        subject: Callable[[], Subject | None],
        ask_to_forget: Callable[[QWidget, str, int], Forgetting | None],
    ) -> None:
        super().__init__(head)
        self._session, self._desk, self._head = session, session.people, head
        self._subject, self._ask_to_forget = subject, ask_to_forget
        head.name_given.connect(self._name)
        head.merge_wanted.connect(self._merge)
        head.hide_wanted.connect(self._hide)
        head.show_wanted.connect(self._show)
        head.forget_wanted.connect(self._forget)

    def _name(self, name: str) -> None:
        subject, field = self._subject(), self._head.field
        if subject is None:
            return
        if field.person is not None:
            self._join(field.person)
        elif subject.person is None:
            self._desk.name(subject.faces, name, is_new=field.is_new)
        else:
            self._desk.rename(subject.person, name)

    def _join(self, other: int) -> None:
        """The subject is another person, who stays."""
        subject = self._subject()
        if subject is None or other == subject.person:
            return
        if subject.person is None:
            self._desk.answer(other, yes=subject.faces)
        else:
            self._desk.merge(other, subject.person)

    def _merge(self, name: str) -> None:
        view, chosen, subject = self._desk.view, self._head.field.person, self._subject()
        if view is None or subject is None:
            return
        known = [p.id for p in view.persons if p.name == name and p.id != subject.person]
        if chosen is not None:
            self._join(chosen)
        elif len(known) == 1:
            self._join(known[0])
        else:
            words = f"Several people are called {name}: choose one from the list."
            self.failed.emit(words if known else f"Nobody is called {name}.")

    def _hide(self) -> None:
        subject = self._subject()
        if subject is not None and subject.person is None:
            self._desk.hide_faces(subject.faces)
        elif subject is not None and subject.person is not None:
            self._desk.hide(subject.person)

    def _show(self) -> None:
        subject = self._subject()
        if subject is not None and subject.person is not None:
            self._desk.hide(subject.person, hidden=False)

    def _forget(self) -> None:
        subject = self._subject()
        if subject is None or subject.person is None:
            return
        asked = self._ask_to_forget(self._head.window(), subject.called, len(subject.faces))
        if asked is None:
            return
        person = subject.person
        task = self._session.write(lambda lib: forget(lib, person, with_faces=asked.with_faces))
        task.succeeded.connect(lambda sidecars: self._end_forgetting(person, sidecars))
        task.failed.connect(lambda error: self.failed.emit(str(error)))
        if self._session.is_indexing:
            self.told.emit(f"{subject.called} is forgotten as soon as indexing has ended.")

    def _end_forgetting(self, person: int, sidecars: list[Path]) -> None:
        self.forgotten.emit(person)
        self._desk.refresh()
        if sidecars:
            self.told.emit(
                f"The name is still in {counted(len(sidecars), 'XMP file')} that this program "
                f"wrote, such as {sidecars[0]}. `opqn export xmp --take-out NAME` takes it out."
            )


def forget(library: "Library", person: int, *, with_faces: bool) -> list[Path]:
    """What `opqn forget --person` does; runs on the lane that writes.

    Returns:
        XMP files that still hold the name.
    """
    from opqn_app.exchange.going.forgotten_sidecars import forget_person
    from opqn_app.people.gestures import find_person
    from opqn_app.people.ledger import Ledger

    ledger = Ledger(library)
    return forget_person(ledger, find_person(ledger, person), with_faces=with_faces)[1]
