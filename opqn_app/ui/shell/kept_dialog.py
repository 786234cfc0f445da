"""What this program keeps: where, how large, why, and the ways to have it deleted."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from opqn_app.core import crash_reports, places
from opqn_app.core.errors import OpqnError
from opqn_app.ui.kit import desktop, listed_question, wording
from opqn_app.ui.kit.choice_column import page_scroll
from opqn_app.ui.kit.listed_question import Question
from opqn_app.ui.kit.message_bar import MessageBar
from opqn_app.ui.shell import kept_words
from opqn_app.ui.shell.crash_dialog import CrashDialog
from opqn_app.ui.shell.kept_card import KeptCard
from opqn_app.ui.shell.kept_words import Seen
from opqn_app.ui.shell.told_dialog import lay_out
from opqn_app.ui.work.face_memory import KeptNow
from opqn_app.ui.work.people_desk import FAULT
from opqn_app.ui.work.session import Session

TITLE = "What this program keeps"
INTRO = "All of it lies on this computer. Your photos are only read. Nothing is sent anywhere."
SIZE, SMALLEST = QSize(760, 680), QSize(520, 400)
NEWEST = "Show the newest…"
OPEN, DELETE, BACKUPS = "Open the folder", "Delete…", "See them…"
OFF, EVERYTHING = "Remember no faces…", "Forget all…"
ALWAYS = (EVERYTHING, BACKUPS)  # also where nothing is there yet


class KeptDialog(QDialog):
    """A card for the switch "remember no faces", and one for each place.

    Signals:
        backups_wanted: the user wants to see the backups.

    Args:
        ask: asks before something is deleted, or faces are remembered again.
        show_file: shows a file in the system's file manager.
    """

    backups_wanted = Signal()

    def __init__(
        self,
        session: Session,
        *,
        ask: Callable[[QWidget, Question], bool] = listed_question.ask,
        show_file: Callable[[Path], bool] = desktop.show_in_folder,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._ask, self._show_file = session, ask, show_file
        self._kept: KeptNow | None = None
        self._seen: dict[str, Seen] = {}
        self.cards: dict[str, KeptCard] = {}
        self.setWindowTitle(TITLE)
        self.setMinimumSize(SMALLEST)
        self._build()
        self.resize(SIZE if parent is None else SIZE.boundedTo(parent.window().size()))
        memory = session.memory
        memory.told.connect(self._on_told)
        memory.failed.connect(self._on_failed)
        session.status_read.connect(lambda _status: self._look())
        self._look()

    def _build(self) -> None:
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 12, 0)
        column.setSpacing(12)
        self.faces = self._add(column, "faces", "Faces")
        self.faces.offer(OFF, self._turn_off)
        self.faces.offer(wording.REMEMBER_AGAIN, self._turn_on)
        for place in places.places(self._session.library_path):
            card = self._add(column, place.key, place.title)
            if place.key == "library":
                card.offer(EVERYTHING, self._forget_everything)
            if place.key == "backups":
                card.offer(BACKUPS, self.backups_wanted.emit)
            if place.key == "crashes":
                card.offer(NEWEST, self._show_report)
            if place.if_deleted:
                card.offer(DELETE, partial(self._delete, place.key))
            card.offer(OPEN, partial(self._open, place.key))
        column.addStretch(1)
        self._scroll = page_scroll(content)
        self._scroll.setAccessibleName(TITLE)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.messages = MessageBar()
        lay_out(self, TITLE, INTRO, [self._scroll, self.messages])

    def _add(self, column: QVBoxLayout, key: str, title: str) -> KeptCard:
        card = self.cards[key] = KeptCard(title)
        column.addWidget(card)
        return card

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._scroll.setFocus(Qt.FocusReason.OtherFocusReason)  # so that the keyboard scrolls

    # What there is

    def _look(self) -> None:
        self._session.memory.ask(self._on_kept)
        task = self._session.runner.start("read", kept_words.look, self._session.library_path)
        task.succeeded.connect(self._on_seen)
        task.failed.connect(self._on_failed)

    def _on_kept(self, kept: KeptNow) -> None:
        self._kept, is_on = kept, self._session.memory.is_on
        self.faces.say(kept_words.state_in_words(kept, is_on=is_on))
        self.faces.buttons[OFF].setVisible(is_on)
        self.faces.buttons[wording.REMEMBER_AGAIN].setVisible(not is_on)

    def _on_seen(self, found: Sequence[Seen]) -> None:
        for seen in found:
            place, card = seen.place, self.cards[seen.place.key]
            self._seen[place.key] = seen
            size = kept_words.size_in_words(seen)
            card.say(place.holds, why=place.why, size=size, place=str(seen.shown))
            for button in card.buttons.values():
                button.setEnabled(seen.is_there or button.text() in ALWAYS)

    # What can be done

    def _turn_off(self) -> None:
        if self._kept is not None and self._ask(self, kept_words.off_question(self._kept)):
            self._begin()
            self._session.memory.turn_off()

    def _turn_on(self) -> None:
        if self._ask(self, kept_words.ON_QUESTION):
            self._session.memory.turn_on()

    def _forget_everything(self) -> None:
        if self._kept is not None and self._ask(self, kept_words.everything_question(self._kept)):
            self._begin()
            self._session.memory.forget_everything()

    def _begin(self) -> None:
        self.messages.say("Deleting …")

    def _open(self, key: str) -> None:
        seen = self._seen[key]
        if not self._show_file(seen.shown):
            self.messages.warn(desktop.cannot_open(seen.shown))

    def _show_report(self) -> None:
        dialog = CrashDialog(next(iter(crash_reports.reports()), None), parent=self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _delete(self, key: str) -> None:
        seen = self._seen[key]
        if self._ask(self, kept_words.deletion_question(seen)):
            task = self._session.runner.start("read", seen.place.delete)
            task.succeeded.connect(lambda _done: self._on_told([f"{seen.place.title}: deleted."]))
            task.failed.connect(self._on_failed)

    def _on_told(self, lines: Sequence[str]) -> None:
        self.messages.say("\n".join(lines))
        self._look()

    def _on_failed(self, error: Exception) -> None:
        is_known = isinstance(error, OpqnError | OSError)
        self.messages.warn(str(error) if is_known else FAULT)
        self._look()
