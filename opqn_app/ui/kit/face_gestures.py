"""What can be said of faces, in the same words and with the same keys wherever faces are shown."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QRect, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from opqn_app.core.progress import counted
from opqn_app.ui.work.session import Session

if TYPE_CHECKING:
    from opqn_app.people.people import Person
    from opqn_app.ui.kit.name_popover import NamePopover
    from opqn_app.ui.kit.why_popover import WhyPopover

NAMELESS = "this person"


class FaceGestures(QObject):
    """Actions on the chosen faces of a view; they answer while it has the keyboard.

    Args:
        view: has the keys.
        chosen: ids of the faces that are meant, asked for when something is done.
        place: where a face is drawn, in coordinates of the screen; None where it is not in sight.
        go_to: brings a face into sight.
        about: id of the person whom the view is about, for instance the one searched for.
        sheet: what the field for a name lies on; the window if not given.

    Signals:
        named: the faces (tuple) that a name was typed for; the desk is told of it.
    """

    named = Signal(object)

    def __init__(
        self,
        session: Session,
        view: QWidget,
        *,
        chosen: Callable[[], Sequence[int]],
        place: Callable[[int], QRect | None],
        go_to: Callable[[int], None],
        about: Callable[[], int | None] = lambda: None,
        sheet: QWidget | None = None,
    ) -> None:
        super().__init__(view)
        self._session, self._desk, self._view = session, session.people, view
        self._chosen, self._place, self._about = chosen, place, about
        self._go_to = go_to
        self._sheet = sheet
        self.popover: NamePopover | None = None
        self.reasons: WhyPopover | None = None
        self.confirm_action = self._action("Y", self.confirm)
        self.name_action = self._action("N", self.ask_name)
        self.reject_action = self._action("Delete", self.reject)
        self.no_face_action = self._action("X", self.say_no_face)
        self.picture_action = self._action("P", self.choose_picture)
        self.why_action = self._action("W", self.show_why)
        self._action("U", self._desk.undo).setText("Undo")  # in no menu: it is about no face
        self.all: tuple[QAction, ...] = (
            self.confirm_action,
            self.name_action,
            self.reject_action,
            self.no_face_action,
            self.picture_action,
            self.why_action,
        )
        self._desk.changed.connect(lambda _view: self.refresh())
        view.installEventFilter(self)
        self.refresh()

    def refresh(self) -> None:
        """Say what can be done with the faces that are chosen now."""
        faces = list(self._chosen())
        owner, about = self._owner(faces), self._person(self._about())
        several = len(faces) > 1
        these = f"these {len(faces):,} faces" if several else "this face"
        can_say = bool(faces) and self._desk.view is not None
        rejected = owner or about
        is_new = about is not None and any(self._id_of(face) != about.id for face in faces)
        self._show(
            self.confirm_action,
            can_say and is_new,
            f"{'These are' if several else 'This is'} {_called(about)}",
        )
        words = f"Name {these}…" if owner is None else "Somebody else…"
        self._show(self.name_action, can_say, words)
        self._show(self.reject_action, can_say and rejected is not None, f"Not {_called(rejected)}")
        self._show(
            self.no_face_action, can_say, "None of these is a face" if several else "Not a face"
        )
        is_one = can_say and not several and owner is not None
        self._show(self.picture_action, is_one, f"Make this {_called(owner)}’s picture")
        self._show(self.why_action, is_one, f"Why is this {_called(owner)}?")

    # What they do

    def are_seen(self) -> bool:
        """Whether one of the chosen faces is in sight; else the first comes there.

        What is not seen is not meant: a key that says something of it only shows it.
        """
        faces = self._chosen()
        if not faces or any(self._place(face) is not None for face in faces):
            return True
        self._go_to(faces[0])
        return False

    def ask_name(self) -> None:
        """Let the user type who the chosen faces are."""
        faces = tuple(self._chosen())
        if not faces or self._desk.view is None:
            return
        self.are_seen()
        if self.popover is None:
            from opqn_app.ui.kit.name_popover import NamePopover

            self.popover = NamePopover(self._session, self._sheet or self._view.window())
            self.popover.named.connect(self.named)
        many = f"Who are these {counted(len(faces), 'face')}?"
        self.popover.ask(
            "Who is this?" if len(faces) == 1 else many,
            faces,
            self._place(faces[0]) or self._middle(),
        )

    def confirm(self) -> None:
        """Say that the chosen faces are the person whom the view is about."""
        faces, about = self._chosen(), self._about()
        if faces and about is not None and self.are_seen():
            self._desk.answer(about, yes=faces)

    def reject(self) -> None:
        """Say that the chosen faces are not who they were said to be, or not who is asked for."""
        faces = list(self._chosen())
        person = self._owner(faces) or self._person(self._about())
        if faces and person is not None and self.are_seen():
            self._desk.reject(faces, person.id)

    def say_no_face(self) -> None:
        """Say that what was found is no face."""
        faces = self._chosen()
        if faces and self.are_seen():
            self._desk.no_face(faces)

    def choose_picture(self) -> None:
        """Let the chosen face stand for its person."""
        faces = list(self._chosen())
        owner = self._owner(faces)
        if owner is not None and self.are_seen():
            self._desk.choose_picture(owner.id, faces[0])

    def show_why(self) -> None:
        """Show the decisions that make a face who it is."""
        faces = list(self._chosen())
        if not faces:
            return
        self.are_seen()
        if self.reasons is None:
            from opqn_app.ui.kit.why_popover import WhyPopover

            self.reasons = WhyPopover(self._desk, self._sheet or self._view.window())
        self.reasons.explain(faces[0], self._place(faces[0]) or self._middle())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # Another page is shown, by a key or by what a menu did: the card is about none of it.
        if event.type() == QEvent.Type.Hide and watched is self._view:
            for card in (self.popover, self.reasons):
                if card is not None:
                    card.close_card()
        return super().eventFilter(watched, event)

    # Who

    def _owner(self, faces: Sequence[int]) -> "Person | None":
        """The one person that all of `faces` are."""
        view = self._desk.view
        if view is None or not faces:
            return None
        owners = {view.owner.get(face) for face in faces}
        return self._person(owners.pop()) if len(owners) == 1 else None

    def _id_of(self, face: int) -> int | None:
        return None if self._desk.view is None else self._desk.view.owner.get(face)

    def _person(self, person: int | None) -> "Person | None":
        view = self._desk.view
        return None if view is None or person is None else view.by_id.get(person)

    def _middle(self) -> QRect:
        corner = self._view.mapToGlobal(self._view.rect().center())
        return QRect(corner.x(), corner.y() // 2, 1, 1)

    def _show(self, action: QAction, is_offered: bool, words: str) -> None:
        action.setText(words.replace("&", "&&"))
        action.setVisible(is_offered)

    def _action(self, key: str, act: Callable[[], None]) -> QAction:
        action = QAction(self)
        action.setShortcut(QKeySequence(key))
        action.setAutoRepeat(False)  # the next face has not been looked at
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        action.triggered.connect(lambda _checked=False: act())
        self._view.addAction(action)
        return action


def _called(person: "Person | None") -> str:
    return NAMELESS if person is None or not person.name else person.name
