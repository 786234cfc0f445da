"""Names from other programs: choose the program, see what would come, take it in."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QPlainTextEdit,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from opqn_app.core.progress import counted
from opqn_app.exchange.coming.answers import answered
from opqn_app.exchange.coming.words import headline, report_in_words, rest_in_words
from opqn_app.exchange.programs.listed import PROGRAMS, Program
from opqn_app.exchange.programs.usual_places import usual_place
from opqn_app.people.facts import folded
from opqn_app.ui.exchange.name_table import NameTable
from opqn_app.ui.exchange.names_import import NamesImport
from opqn_app.ui.exchange.panes import ChoosingPane, WaitingPane
from opqn_app.ui.exchange.sheets import sheet
from opqn_app.ui.kit import dialogs, drops
from opqn_app.ui.kit.controls import push_button, text_label

if TYPE_CHECKING:
    from opqn_app.exchange.coming.import_plan import ImportPlan
    from opqn_app.exchange.coming.taking_in import ImportReport
    from opqn_app.store.records import Root
    from opqn_app.ui.work.session import Session

TITLE = "Names from other programs"
INTRO = (
    "Names that you gave in another program come to the faces here. Nothing is changed there, and "
    "what you said here stays."
)
READING = "Names are being read. Nothing is changed yet; the next time all are read again."
LEFT_HEIGHT = 110  # of what is left out


class ImportDialog(QDialog):
    """Four sheets, one after another; nothing is changed before the last button of the third.

    Args:
        choose: asks for the place of what a program knows.
        confirm_stop: asks before the reading is stopped; gets what is lost.
    """

    def __init__(
        self,
        session: "Session",
        *,
        choose: "Callable[[QWidget, Program, Path], Path | None] | None" = None,
        confirm_stop: Callable[[QWidget, str], bool] = dialogs.confirm_stop,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._choose, self._confirm_stop = choose or choose_place, confirm_stop
        self._folders: list[Path] = []
        self._plan: ImportPlan | None = None
        self._taken: ImportPlan | None = None  # the part that is taken in
        self._answers: dict[int, str] = {}  # face → a name that had no place
        self.setWindowTitle(TITLE)
        self.setMinimumSize(560, 440)
        self.resize(720, 560)
        self.setAcceptDrops(True)
        self.run = NamesImport(session, self)
        self._build()
        self._connect()
        session.read(lambda library: library.roots()).succeeded.connect(self._on_roots)
        self.programs.setCurrentRow(0)
        self._show_program()

    @property
    def lost_by_closing(self) -> str:
        """What goes on and would end with the dialog; "" if nothing does."""
        return READING if self.run.is_reading else ""

    def reject(self) -> None:
        """Esc, and the cross of the dialog: what goes on is not ended unasked."""
        lost = self.lost_by_closing
        if not lost or self._confirm_stop(self, lost):
            super().reject()

    # Sheets

    def _build(self) -> None:
        self.sheets = QStackedWidget()
        for made in (self._choosing(), self._reading(), self._preview(), self._report()):
            self.sheets.addWidget(made)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.addWidget(self.sheets)

    def _choosing(self) -> QWidget:
        pane = ChoosingPane(
            ["Names in photos and XMP files" if each.key == "xmp" else each.name
             for each in PROGRAMS],
            called="Programs",
        )  # fmt: skip
        pane.browse_wanted.connect(self._browse)
        self.programs, self.place = pane.choices, pane.place
        self._how, self.messages = pane.how, pane.messages
        self.place.setAccessibleName("Where it lies")
        self.read_button = push_button("Read the names", self._read, is_primary=True)
        cancel = push_button("Cancel", self.reject)
        return sheet(TITLE, INTRO, pane, cancel, self.read_button)

    def _reading(self) -> QWidget:
        self._waiting = WaitingPane("Reading")
        note = "Nothing is changed yet. You see what would come before anything is taken in."
        self.stop_button = push_button("Stop", self._stop)
        return sheet("Reading the names", note, self._waiting, self.stop_button)

    def _preview(self) -> QWidget:
        self.table = NameTable(self._session)
        self._headline = text_label(wraps=True, is_quiet=True)
        self._left = QPlainTextEdit()
        self._left.setReadOnly(True)
        self._left.setTabChangesFocus(True)
        self._left.setFixedHeight(LEFT_HEIGHT)
        self._left.setAccessibleName("What is left out, and why")
        self._left_head = text_label("What is left out, and why", style="heading")
        self.all_button = push_button("Tick all", lambda: self.table.tick_all(on=True))
        self.none_button = push_button("Tick none", lambda: self.table.tick_all(on=False))
        ticks = QHBoxLayout()
        ticks.addWidget(self.all_button)
        ticks.addWidget(self.none_button)
        self.asked_button = push_button("Say who is who…", self._ask)
        self._said = text_label(is_quiet=True)
        ticks.addWidget(self.asked_button)
        ticks.addWidget(self._said)
        ticks.addStretch(1)
        column = QVBoxLayout()
        column.setSpacing(8)
        column.addWidget(self._headline)
        column.addWidget(self.table, 1)
        column.addLayout(ticks)
        column.addWidget(self._left_head)
        column.addWidget(self._left)
        self._room = column
        self.take_button = push_button("Take in", self._take_in, is_primary=True)
        self.back_button = push_button("Back", self._back)
        cancel = push_button("Cancel", self.reject)
        return sheet("What would come", "", column, self.back_button, cancel, self.take_button)

    def _report(self) -> QWidget:
        self.report = QPlainTextEdit()
        self.report.setReadOnly(True)
        self.report.setTabChangesFocus(True)
        self.report.setAccessibleName("What came")
        column = QVBoxLayout()
        column.addWidget(self.report, 1)
        self.undo_button = push_button("Undo all of it", self._undo)
        self.close_button = push_button("Done", self.accept, is_primary=True)
        return sheet("What came", "", column, self.undo_button, self.close_button)

    def _connect(self) -> None:
        self.programs.currentRowChanged.connect(lambda _row: self._show_program())
        self.place.textChanged.connect(lambda _text: self.messages.hide())
        self.place.textChanged.connect(lambda text: self.read_button.setEnabled(bool(text.strip())))
        self.table.ticked.connect(self._show_ticks)
        self.run.progressed.connect(self._show_progress)
        self.run.planned.connect(self._show_plan)
        self.run.taken.connect(self._show_report)
        self.run.failed.connect(self._show_error)
        self.finished.connect(lambda _code: self.run.stop())

    # Choosing

    @property
    def program(self) -> Program:
        """The one that is chosen."""
        return PROGRAMS[max(self.programs.currentRow(), 0)]

    def choose(self, key: str, place: Path | None = None) -> None:
        """Choose a program, and where what it knows lies."""
        self.programs.setCurrentRow([each.key for each in PROGRAMS].index(key))
        if place is not None:
            self.place.setText(str(place))

    def _show_program(self) -> None:
        self._how.setText(self.program.how)
        self.place.setPlaceholderText("A file" if self.program.is_file else "A folder")
        place = usual_place(self.program.key, self._folders, Path.home())
        self.place.setText("" if place is None else str(place))
        self.read_button.setEnabled(place is not None)

    def _on_roots(self, roots: "list[Root]") -> None:
        self._folders = [root.path for root in roots]
        if not self.place.text():
            self._show_program()

    def _browse(self) -> None:
        start = self.place.text().strip()
        chosen = self._choose(self, self.program, Path(start) if start else Path.home())
        if chosen is not None:
            self.place.setText(str(chosen))
            self.read_button.setFocus()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self.sheets.currentIndex() == 0 and event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        dropped = drops.read(event.mimeData())
        for place in (*dropped.folders, *dropped.photos):
            self.place.setText(str(place))

    # Reading

    def _read(self) -> None:
        place = Path(self.place.text().strip()).expanduser()
        wrong = self.program.wrong_place(place).removesuffix(f" {self.program.how}")
        if wrong:
            self._show_error(wrong)
            return
        self._show_progress(f"Reading what {self.program.name} knows", 0, 0)
        self.sheets.setCurrentIndex(1)
        self.stop_button.setFocus()
        self.run.read(self.program, place)

    def _show_progress(self, words: str, done: int, total: int) -> None:
        self._waiting.show_progress(f"{words}.", done, total)

    def _stop(self) -> None:
        self.run.stop()
        self._back()

    def _back(self) -> None:
        self.sheets.setCurrentIndex(0)
        self.place.setFocus()

    def _show_error(self, words: str) -> None:
        self._back()
        self.messages.warn(words)

    # What would come

    def _show_plan(self, plan: "ImportPlan") -> None:
        if not (plan.photos or plan.problems):  # most likely it is another place
            self._show_error(headline(plan))
            return
        self._plan, self._answers = plan, {}
        self.asked_button.setVisible(bool(plan.asked))
        names = [name for name in plan.names if name.new]
        self._headline.setText(headline(plan))
        self.table.show_names(names)
        for widget in (self.table, self.all_button, self.none_button):
            widget.setVisible(bool(names))
        self._left.setFixedHeight(LEFT_HEIGHT) if names else self._left.setMaximumHeight(10_000)
        self._room.setStretchFactor(self._left, 0 if names else 1)
        self._show_left()
        self.sheets.setCurrentIndex(2)
        likely = self.asked_button if plan.asked else self.back_button
        (self.table if names else likely).setFocus()

    def _show_left(self) -> None:
        """What does not come, after all that was said of names without a place."""
        assert self._plan is not None
        rest = answered(self._plan, (), self._answers)
        left = "\n".join(rest_in_words(rest, where="with the button above"))
        self._left.setPlainText(left)
        self._left.setVisible(bool(left))
        self._left_head.setVisible(bool(left))
        n = len(self._answers)
        self._said.setText(f"You named {counted(n, 'face')}." if n else "")

    def _show_ticks(self) -> None:
        names = {*(name.name for name in self.table.chosen()), *self._answers.values()}
        n = len({folded(name) for name in names})
        self.take_button.setText(f"Take in {counted(n, 'name')}" if n else "Take in")
        self.take_button.setEnabled(n > 0)

    def _ask(self) -> None:
        """Let the user say which face a name without a place is."""
        from opqn_app.ui.exchange.asked_dialog import AskedDialog

        assert self._plan is not None
        dialog = AskedDialog(self._session, self._plan.asked, self._answers, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.finished.connect(lambda _code: self._take_answers(dialog.answers))
        dialog.open()

    def _take_answers(self, answers: dict[int, str]) -> None:
        self._answers = answers
        self._show_ticks()
        self._show_left()
        (self.take_button if self.take_button.isEnabled() else self.asked_button).setFocus()

    def _take_in(self) -> None:
        assert self._plan is not None
        self.take_button.setEnabled(False)
        names = [name.name for name in self.table.chosen()]
        self._taken = answered(self._plan, names, self._answers)
        self.run.take_in(self._taken, [name.name for name in self._taken.names])

    # What came

    def _show_report(self, report: "ImportReport") -> None:
        assert self._taken is not None
        self.report.setPlainText(report_in_words(report, self._taken, is_drawing=True))
        self.undo_button.setVisible(bool(report.outcome.rows))
        self.sheets.setCurrentIndex(3)
        self.close_button.setFocus()

    def _undo(self) -> None:
        self._session.people.undo()
        self.accept()


def choose_place(parent: QWidget, program: Program, start: Path) -> Path | None:
    """Ask for the file or folder that a program needs; None if the user thinks better of it."""
    title = f"What {program.name} knows"
    if program.is_file:
        chosen, _kind = QFileDialog.getOpenFileName(parent, title, str(start))
    else:
        chosen = QFileDialog.getExistingDirectory(parent, title, str(start))
    return Path(chosen) if chosen else None
