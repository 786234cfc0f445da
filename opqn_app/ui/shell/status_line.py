"""The line at the window's foot: what runs now, how long still, and how to pause or stop it."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QSizePolicy, QWidget

from opqn_app.core.errors import OpqnError
from opqn_app.core.progress import counted
from opqn_app.index.progress import IndexProgress
from opqn_app.store.records import LibraryStatus
from opqn_app.ui.kit import wording
from opqn_app.ui.kit.controls import text_label, tool_button
from opqn_app.ui.kit.theme import set_icon
from opqn_app.ui.kit.tips import plain
from opqn_app.ui.work.session import Session

if TYPE_CHECKING:
    from opqn_app.index.progress import IndexReport
    from opqn_app.people.agreement import AgreementProgress
    from opqn_app.ui.work.people_jobs import PeopleView

BAR_STEPS = 1000


class StatusLine(QWidget):
    """Follows the session's indexing; idle, it says what the library holds."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("statusLine")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._session = session
        self._folder = ""
        self._progress: IndexProgress | AgreementProgress | None = None
        self._known_faces = 0  # by the people; the library may have counted before
        self._news = ""  # what a run did, said until the next one
        self._build()
        self._connect()
        self._show_controls()

    @property
    def text(self) -> str:
        """What the line says."""
        return self._label.text()

    @property
    def _is_running(self) -> bool:
        return self._session.is_indexing or self._session.is_switching or self._is_grouping

    @property
    def _is_grouping(self) -> bool:
        """Faces are grouped, and nothing else is to be told of."""
        session = self._session
        is_busy = session.is_indexing or session.is_switching
        return session.people.grouping.is_running and not is_busy

    @property
    def _is_paused(self) -> bool:
        session = self._session
        return session.people.grouping.is_paused if self._is_grouping else session.is_paused

    def _build(self) -> None:
        self._label = text_label()
        # A long folder name is cut rather than widening the window.
        self._label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Indexing progress")
        self._bar.setFixedWidth(160)
        self._pace = text_label(is_quiet=True)
        self._pause = tool_button("pause", "Pause indexing", words="Pause")
        tip = "Stop; what is done so far stays"
        self._cancel = tool_button("close", "Cancel indexing", words="Cancel", tip=tip)
        self._pause.setText("Resume")  # the longer word: the line must not move
        self._pause.setMinimumWidth(self._pause.sizeHint().width() + 8)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 4, 8, 4)
        row.setSpacing(12)
        row.addWidget(self._label, 1)
        for widget in (self._pace, self._bar, self._pause, self._cancel):
            row.addWidget(widget)
        self.setFixedHeight(40)

    def _connect(self) -> None:
        session = self._session
        session.status_read.connect(self._on_status)
        session.status_failed.connect(self._say)
        session.people.changed.connect(self._count_again)
        session.indexing_started.connect(self._on_started)
        session.indexing_progressed.connect(self._on_progress)
        session.indexing_paused.connect(self._on_paused)
        session.indexing_finished.connect(self._on_finished)
        session.indexing_cancelled.connect(self._on_cancelled)
        session.indexing_failed.connect(self._on_failed)
        session.root_forgotten.connect(lambda _root, _report: self._forget_news())
        session.memory.told.connect(lambda _lines: self._forget_news())
        session.model_switch_progressed.connect(self._on_switch_progress)
        session.model_switched.connect(lambda name: self._end(f"{name} now answers your searches."))
        session.model_switch_ended.connect(self._on_switch_ended)
        session.model_offered.connect(self._on_offered)
        grouping = session.people.grouping
        grouping.started.connect(self._on_grouping)
        grouping.progressed.connect(lambda _progress: self._on_grouping())
        grouping.paused.connect(lambda _is_paused: self._on_grouping())
        grouping.ended.connect(self._on_grouped)
        self._pause.clicked.connect(self._on_pause_clicked)
        self._cancel.clicked.connect(self._on_cancel_clicked)

    def _on_status(self, status: LibraryStatus) -> None:
        if self._is_running:
            return
        if self._news:
            self._say(self._news)
        elif status.photos:
            view = self._session.people.view
            faces = status.faces - (0 if view is None else len(view.left_out))
            self._say(wording.contents(status.photos, faces) + " in your library")
        elif not status.remembers_faces:
            self._say(f"{wording.NO_FACES} Nothing is sent anywhere.")
        else:
            self._say("Your photos stay on this computer. Nothing is sent anywhere.")

    def _count_again(self, view: "PeopleView") -> None:
        """Boxes were drawn, or count as no faces any more, or again."""
        if len(view.photo_of) != self._known_faces:
            self._known_faces = len(view.photo_of)
            self._session.refresh_status()
        elif self._session.status is not None:
            self._on_status(self._session.status)

    def _forget_news(self) -> None:
        """The library holds less now than what was said; its new counts follow."""
        self._news = ""

    def _on_started(self, root: Path) -> None:
        self._folder = wording.folder_name(root)
        self._progress, self._news = None, ""
        self._say(f"Getting ready to look through {self._folder}")
        self._show_controls()

    def _on_progress(self, progress: "IndexProgress") -> None:
        self._progress = progress
        self._show_progress()

    def _on_paused(self, is_paused: bool) -> None:
        self._show_controls()
        self._show_progress()

    def _on_finished(self, root: Path, report: "IndexReport") -> None:
        self._end(wording.finished(report, wording.folder_name(root)))

    def _on_cancelled(self, root: Path) -> None:
        name, progress = wording.folder_name(root), self._progress
        if not isinstance(progress, IndexProgress) or progress.phase == "scanning":
            progress = None
        if progress is None or not progress.done:
            self._end(f"Stopped before any photo of {name} was looked at.")
            return
        said = f"Stopped. {counted(progress.done, 'photo')} of {name} looked at so far"
        self._end(f"{said}; they stay, and the next run goes on from there.")

    def _on_failed(self, root: Path, error: Exception) -> None:
        if isinstance(error, OpqnError):
            self._end(str(error))
        else:
            name = wording.folder_name(root)
            self._end(f"Indexing {name} ended by a fault of this program; see its log file.")

    def _on_switch_progress(self, progress: "IndexProgress | AgreementProgress") -> None:
        self._progress = progress
        self._show_controls()
        self._show_progress()

    def _on_switch_ended(self, name: str, reason: str) -> None:
        if reason and name == self._session.settings.model:
            self._end(f"Your faces have no codes of {name} yet. {reason}")
            return
        stays = f"{self._session.settings.model} goes on answering"
        self._end(f"{reason} {stays}." if reason else f"{name} was not taken; {stays}.")

    def _on_offered(self, name: str) -> None:
        self._end(f"{name} waits for your word; {self._session.settings.model} goes on answering.")

    def _on_grouping(self) -> None:
        if self._is_grouping:
            self._progress = None
            self._show_controls()
            self._show_grouping()

    def _on_grouped(self, words: str) -> None:
        if self._session.is_indexing or self._session.is_switching:
            return
        if words:
            self._end(words)
            return
        self._show_controls()
        self._say(self._news)
        if self._session.status is not None:
            self._on_status(self._session.status)

    def _on_pause_clicked(self) -> None:
        session, grouping = self._session, self._session.people.grouping
        if self._is_grouping:
            (grouping.resume if grouping.is_paused else grouping.pause)()
        elif session.is_paused:
            session.resume_indexing()
        else:
            session.pause_indexing()

    def _on_cancel_clicked(self) -> None:
        if self._is_grouping:
            self._session.people.grouping.cancel()
        else:
            self._session.cancel_indexing()

    def _end(self, text: str) -> None:
        self._progress = None
        self._news = text
        self._say(text)
        self._show_controls()

    def _say(self, text: str) -> None:
        self._label.setText(text)
        self._label.setToolTip(plain(text))

    def _show_progress(self) -> None:
        progress = self._progress
        if progress is None:
            return
        is_paused = self._session.is_paused
        session = self._session
        if session.is_switching and not session.is_indexing:
            words = wording.switching(progress, session.settings.next_model)
        elif isinstance(progress, IndexProgress):
            words = wording.running(progress, self._folder)
        else:
            return
        self._say(f"Paused. {words}" if is_paused else words)
        self._pace.setText("" if is_paused else wording.pace(progress))
        is_scanning = isinstance(progress, IndexProgress) and progress.phase == "scanning"
        is_counted = not is_scanning and progress.total > 0
        self._bar.setRange(0, BAR_STEPS if is_counted else 0)
        if is_counted:
            self._bar.setValue(BAR_STEPS * progress.done // progress.total)

    def _show_grouping(self) -> None:
        grouping = self._session.people.grouping
        progress = grouping.progress
        self._say(wording.grouping(progress, grouping.is_paused))
        left = None if progress is None or grouping.is_paused else progress.eta_s
        self._pace.setText(wording.time_left(left))
        is_counted = progress is not None and progress.stage == "lists" and progress.total > 0
        self._bar.setRange(0, BAR_STEPS if is_counted else 0)
        if progress is not None and is_counted:
            self._bar.setValue(BAR_STEPS * progress.done // progress.total)

    def _show_controls(self) -> None:
        is_running = self._is_running
        if not is_running:
            self._pace.clear()
        else:
            self._bar.setRange(0, 0)
        for widget in (self._bar, self._pause, self._cancel):
            widget.setVisible(is_running)
        is_paused = self._is_paused
        what = "grouping" if self._is_grouping else "indexing"
        self._pause.setText("Resume" if is_paused else "Pause")
        self._pause.setAccessibleName(f"{'Resume' if is_paused else 'Pause'} {what}")
        self._cancel.setAccessibleName(f"Cancel {what}")
        set_icon(self._pause, "resume" if is_paused else "pause")
