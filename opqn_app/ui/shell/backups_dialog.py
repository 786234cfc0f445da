"""The backups of the library: what each holds, making one, and bringing one back."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from opqn_app.core.errors import OpqnError
from opqn_app.ui.kit import listed_question
from opqn_app.ui.kit.choice_column import page_scroll
from opqn_app.ui.kit.controls import empty_layout, push_button, text_label
from opqn_app.ui.kit.listed_question import Question
from opqn_app.ui.kit.message_bar import MessageBar
from opqn_app.ui.shell.kept_card import KeptCard
from opqn_app.ui.shell.told_dialog import lay_out
from opqn_app.ui.work import backup_jobs
from opqn_app.ui.work.backup_jobs import ListedBackup
from opqn_app.ui.work.people_desk import FAULT
from opqn_app.ui.work.session import Session

if TYPE_CHECKING:
    from opqn_app.people.restoring import Restored
    from opqn_app.ui.work.tasks import Task

TITLE = "Backups"
INTRO = (
    "Who is who, names, folders and saved searches, without faces: those are found in the photos "
    "again. One is made by itself each day on which something has changed."
)
NONE_YET = "There is none yet. One is made by itself as soon as something has changed."
BROKEN = (
    "A backup was made, but the library is damaged. What could be read of names and decisions is "
    "in it; look whether it is all. Older backups are kept."
)
SIZE, SMALLEST = QSize(720, 600), QSize(520, 400)
RESTORE = "Restore…"


class BackupsDialog(QDialog):
    """A card for each backup, newest first.

    Args:
        ask: asks before one is restored.
    """

    def __init__(
        self,
        session: Session,
        *,
        ask: Callable[[QWidget, Question], bool] = listed_question.ask,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._ask = session, ask
        self.cards: list[KeptCard] = []
        self.setWindowTitle(TITLE)
        self.setMinimumSize(SMALLEST)
        self._build()
        self.resize(SIZE if parent is None else SIZE.boundedTo(parent.window().size()))
        self._look()

    def _build(self) -> None:
        content = QWidget()
        self._column = QVBoxLayout(content)
        self._column.setContentsMargins(0, 0, 12, 0)
        self._column.setSpacing(12)
        self._scroll = page_scroll(content)
        self._scroll.setAccessibleName(TITLE)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.messages = MessageBar()
        self.make_button = push_button("Back up now", self._make)
        self.make_button.setAutoDefault(False)
        lay_out(self, TITLE, INTRO, [self._scroll, self.messages], [self.make_button])

    # What there is

    def _look(self) -> None:
        self._start("read", backup_jobs.list_backups).succeeded.connect(self._show)

    def _show(self, found: Sequence[ListedBackup]) -> None:
        empty_layout(self._column)
        self.cards = [self._card(backup) for backup in found]
        for card in self.cards:
            self._column.addWidget(card)
        if not self.cards:
            self._column.addWidget(text_label(NONE_YET, is_quiet=True, wraps=True))
        self._column.addStretch(1)

    def _card(self, backup: ListedBackup) -> KeptCard:
        card = KeptCard(backup.when)
        size = f"{backup.size / 1e3:,.1f} kB"
        words = backup.holds[:1].upper() + backup.holds[1:]
        card.say(f"{words}.", size=" · ".join(filter(None, (backup.why, size))))
        if backup.is_whole:
            card.offer(RESTORE, partial(self._offer, backup))
        return card

    # What can be done

    def _make(self) -> None:
        self._begin("Backing up …")
        task = self._start("read", backup_jobs.back_up_now)
        task.succeeded.connect(self._on_made)

    def _on_made(self, is_broken: bool) -> None:
        if is_broken:
            self.messages.warn(BROKEN)
        else:
            self.messages.say("A backup was made.")
        self._look()

    def _offer(self, backup: ListedBackup) -> None:
        """Say what would come, then ask."""
        task = self._start("read", backup_jobs.what_would_come, backup.path)
        # Later: a task that waits for an answer would not be over.
        task.succeeded.connect(
            lambda lines: QTimer.singleShot(0, self, partial(self._on_compared, backup, lines))
        )

    def _on_compared(self, backup: ListedBackup, lines: Sequence[str]) -> None:
        if not lines:
            self.messages.say("Nothing is missing: the library holds all that is in this backup.")
            return
        question = Question(
            f"Restore the backup of {backup.when}?",
            "What it holds and the library does not comes back:",
            lines,
            "Nothing is taken away. What the library holds now is backed up first, and restoring "
            "can be undone.",
            "Restore",
            "Leave it",
        )
        if self._ask(self, question):
            waits = " as soon as indexing has ended" if self._session.is_indexing else ""
            self._begin(f"Restoring{waits} …")
            task = self._start("index", backup_jobs.restore_backup, backup.path)
            task.succeeded.connect(self._on_restored)

    def _on_restored(self, done: "Restored") -> None:
        from opqn_app.people.restore_words import restored_in_words

        self.messages.say(restored_in_words(done), "Undo", partial(self._undo, done))
        self._follow()
        for folder in done.folders:
            if folder.is_dir():
                self._session.index(folder)

    def _undo(self, done: "Restored") -> None:
        self._begin("Taking it back …")
        task = self._start("index", backup_jobs.take_back, done)
        task.succeeded.connect(self.messages.say)
        task.succeeded.connect(lambda _words: self._follow())

    def _follow(self) -> None:
        self._session.mark_changed()
        self._session.people.refresh()
        self._look()

    def _begin(self, words: str) -> None:
        self.messages.say(words)

    def _start(self, lane: str, job: Callable[..., object], *more: object) -> "Task":
        task = self._session.runner.start(lane, job, self._session.library_path, *more)
        task.failed.connect(self._on_failed)
        return task

    def _on_failed(self, error: Exception) -> None:
        self.messages.warn(str(error) if isinstance(error, OpqnError) else FAULT)
        self._look()
