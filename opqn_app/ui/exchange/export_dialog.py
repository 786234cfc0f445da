"""Take photos with you: choose what and how, watch it go, see what came of it."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QPlainTextEdit,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from opqn_app.core import paths
from opqn_app.core.bidi import isolated
from opqn_app.core.errors import OpqnError
from opqn_app.exchange.going.ways import (
    WAYS,
    Asks,
    Going,
    Gone,
    Way,
    plan_names,
    take_out,
    undo_names,
    write_names,
)
from opqn_app.ui.exchange.drawn_sheets import draw_sheet
from opqn_app.ui.exchange.offers import Offer
from opqn_app.ui.exchange.panes import ChoosingPane, WaitingPane
from opqn_app.ui.exchange.sheets import sheet
from opqn_app.ui.kit import desktop, dialogs
from opqn_app.ui.kit.choice_box import ChoiceBox
from opqn_app.ui.kit.controls import push_button, text_label
from opqn_app.ui.work.people_desk import FAULT

if TYPE_CHECKING:
    from opqn_app.exchange.records import Progress
    from opqn_app.ui.work.session import Session
    from opqn_app.ui.work.tasks import Task

TITLE = "Take photos with you"
INTRO = "Photos are copied, never moved, and nothing in them is changed."
CHOOSING, GOING, GONE = range(3)
STAYS = "What is done when you stop stays, and the same again goes on from there."
PROBLEMS = 200  # that are told one by one


class ExportDialog(QDialog):
    """Three sheets; the last choices are remembered.

    Args:
        offers: what can go out, the likeliest first.
        choose: asks for the folder or file.
        open_path: shows what was made.
        confirm_stop: asks before photos that go out are stopped; gets what is lost.
    """

    def __init__(
        self,
        session: "Session",
        offers: Sequence[Offer],
        *,
        choose: "Callable[[QWidget, Way, Path], Path | None] | None" = None,
        open_path: Callable[[Path], bool] = desktop.show_in_folder,
        confirm_stop: Callable[[QWidget, str], bool] = dialogs.confirm_stop,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._offers = session, offers
        self._choose, self._open_path = choose or choose_target, open_path
        self._confirm_stop = confirm_stop
        self._task: Task | None = None
        self._shown: Path | None = None
        self._meant: Path | None = None  # what was warned of, since it lies in the library
        self._kept = QSettings(str(paths.window_file()), QSettings.Format.IniFormat)
        self.setWindowTitle(TITLE)
        self.setMinimumSize(560, 440)
        self.resize(720, 520)
        self.sheets = QStackedWidget()
        for made in (self._choosing(), self._going(), self._gone()):
            self.sheets.addWidget(made)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.addWidget(self.sheets)
        self.ways.currentRowChanged.connect(lambda _row: self._show_way())
        self.target.textChanged.connect(lambda _text: self._show_enabled())
        self.finished.connect(lambda _code: self._cancel())
        known = [way.key for way in WAYS]
        key = str(self._kept.value("export_way", known[0]))
        self.ways.setCurrentRow(known.index(key) if key in known else 0)
        self._show_way()

    @property
    def lost_by_closing(self) -> str:
        """What goes on and would end with the dialog; "" if nothing does."""
        return "" if self._task is None else f"Photos are on their way. {STAYS}"

    def reject(self) -> None:
        """Esc, and the cross of the dialog: what goes on is not ended unasked."""
        lost = self.lost_by_closing
        if not lost or self._confirm_stop(self, lost):
            super().reject()

    # Sheets

    def _choosing(self) -> QWidget:
        self.what = ChoiceBox("What goes out")
        self.what.addItems([offer.words for offer in self._offers])
        pane = ChoosingPane([way.title for way in WAYS], called="How it goes out")
        pane.browse_wanted.connect(self._browse)
        self._choosing_pane, self.messages = pane, pane.messages
        self.ways, self.target = pane.choices, pane.place
        self.names = QCheckBox("With names, in XMP files")
        self.names.setToolTip("They lie beside the copies.")
        self.undo_button = push_button("Undo the last writing", self._undo)
        undo = QHBoxLayout()
        undo.addWidget(self.undo_button)
        undo.addStretch(1)
        pane.more.addWidget(self.names)
        pane.more.addLayout(undo)
        column = QVBoxLayout()
        column.setSpacing(12)
        column.addWidget(self.what)
        column.addLayout(pane, 1)
        self.go_button = push_button("Go", self._go, is_primary=True)
        cancel = push_button("Cancel", self.reject)
        return sheet(TITLE, INTRO, column, cancel, self.go_button)

    def _going(self) -> QWidget:
        self._waiting = WaitingPane("Progress")
        self.stop_button = push_button("Stop", self._stop)
        return sheet("On their way", STAYS, self._waiting, self.stop_button)

    def _gone(self) -> QWidget:
        self.report = QPlainTextEdit()
        self.report.setReadOnly(True)
        self.report.setTabChangesFocus(True)
        self.report.setAccessibleName("What came of it")
        column = QVBoxLayout()
        column.addWidget(self.report, 1)
        self.back_button = push_button("Back", self._back)
        self.take_back_button = push_button("Undo", self._undo)
        self.show_button = push_button("Show it", self._show_it)
        self.write_button = push_button("Write the names", self._write_names, is_primary=True)
        self.close_button = push_button("Done", self.accept, is_primary=True)
        buttons = (self.back_button, self.take_back_button, self.show_button)
        self._gone_title = text_label(style="title")
        return sheet(self._gone_title, "", column, *buttons, self.write_button, self.close_button)

    # Choosing

    @property
    def way(self) -> Way:
        """The one that is chosen."""
        return WAYS[max(self.ways.currentRow(), 0)]

    @property
    def offer(self) -> Offer:
        """What goes out."""
        return self._offers[max(self.what.currentIndex(), 0)]

    def _show_way(self) -> None:
        from opqn_app.exchange.going.sidecar_journal import can_undo

        way, library = self.way, self._session.library_path
        self._choosing_pane.how.setText(way.how)
        self._choosing_pane.ask_for_place(way.asks is not Asks.NOTHING)
        self.names.setVisible(way.has_names)
        names = self._kept.value(f"export_names_{way.key}", way.key == "people", type=bool)
        self.names.setChecked(bool(names))
        self.undo_button.setVisible(way.key == "xmp" and can_undo(library=library))
        self.target.setAccessibleName("Folder" if way.asks is Asks.FOLDER else "File")
        self.target.setPlaceholderText(self.target.accessibleName())
        self.target.setText(str(self._kept.value(f"export_to_{way.key}", "")))
        self._show_enabled()

    def _show_enabled(self) -> None:
        self.messages.hide()
        is_ready = self.way.asks is Asks.NOTHING or bool(self.target.text().strip())
        self.go_button.setEnabled(is_ready)
        words = {
            "xmp": "Show what would be written",
            "zip": "Make the zip",
            "list": "Make the list",
            "sheet": "Make the sheet",
        }.get(self.way.key, "Copy the photos")
        verb = "Draw it" if self.way.key == "sheet" else "Copy"
        self.go_button.setText(f"{verb} all the same" if self._is_meant else words)

    @property
    def _is_meant(self) -> bool:
        """Whether it was said of this place that it is of the library."""
        return self._meant is not None and self._target() == self._meant

    def _target(self) -> Path:
        return Path(self.target.text().strip()).expanduser()

    def _browse(self) -> None:
        start = self.target.text().strip()
        chosen = self._choose(self, self.way, Path(start) if start else Path.home())
        if chosen is not None:
            self.target.setText(str(chosen))
            self.go_button.setFocus()

    # Going

    def _go(self) -> None:
        way, library = self.way, self._session.library_path
        self._kept.setValue("export_way", way.key)
        if way.key == "xmp":
            self._start(partial(plan_names, library, self.offer.wanted), self._show_plan)
            return
        target = self._target()
        if way.asks is Asks.FILE and target.suffix.lower() not in way.suffixes:
            target = target.with_name(f"{target.name}{way.suffixes[0]}")
        self._kept.setValue(f"export_to_{way.key}", str(target))
        if way.has_names:
            self._kept.setValue(f"export_names_{way.key}", self.names.isChecked())
        job = partial(
            take_out,
            library,
            self.offer.wanted,
            way,
            target,
            draw=draw_sheet,
            title=self.offer.title,
            names=way.has_names and self.names.isChecked(),
            force=self._is_meant,
        )
        self._start(job, self._show_gone)

    def _write_names(self) -> None:
        job = partial(write_names, self._session.library_path, self.offer.wanted)
        self._start(job, self._show_gone)

    def _undo(self) -> None:
        self._start(partial(undo_names, self._session.library_path), self._show_gone)

    def _start(self, job: Callable[[], Going], then: Callable[[Gone], None]) -> None:
        self._waiting.show_progress("Looking for the photos.")
        self.sheets.setCurrentIndex(GOING)
        self.stop_button.setFocus()
        task = self._session.runner.start("exchange", job)
        self._task = task
        task.progressed.connect(partial(self._show_progress, task))
        task.succeeded.connect(lambda gone: self._end(task, partial(then, gone)))
        task.failed.connect(lambda error: self._end(task, partial(self._show_error, error)))

    def _show_progress(self, task: "Task", progress: "Progress") -> None:
        if task is self._task:
            words = f"{progress.in_words()}\n{progress.current}"
            self._waiting.show_progress(words, progress.done, progress.total or 1)

    def _end(self, task: "Task", act: Callable[[], None]) -> None:
        if task is self._task:
            self._task = None
            act()

    def _cancel(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()

    def _stop(self) -> None:
        self._cancel()
        self._back()
        self.messages.say("Stopped. What is done stays; the same again goes on from there.")

    def _back(self) -> None:
        self.sheets.setCurrentIndex(CHOOSING)
        self._show_way()
        self.ways.setFocus()

    # What came of it

    def _show_error(self, error: Exception) -> None:
        from opqn_app.exchange.going.targets import InLibraryError

        self._meant = self._target() if isinstance(error, InLibraryError) else self._meant
        self._back()
        known = error if isinstance(error, OpqnError) else None
        self.messages.warn(FAULT if known is None else str(known))

    def _show_plan(self, gone: Gone) -> None:
        self._show(gone, is_plan=True)

    def _show_gone(self, gone: Gone) -> None:
        self._meant = None  # the next time is warned of again
        self._show(gone, is_plan=False)

    def _show(self, gone: Gone, *, is_plan: bool) -> None:
        lines = [gone.words]
        lines += [f"{isolated(each.path)}: {each.sentence}" for each in gone.problems[:PROBLEMS]]
        if len(gone.problems) > PROBLEMS:
            lines.append(f"… and {len(gone.problems) - PROBLEMS:,} more")
        self.report.setPlainText("\n".join(lines))
        self._shown = gone.shown
        self._gone_title.setText("What would be written" if is_plan else "What came of it")
        self.write_button.setVisible(is_plan and gone.can_undo)
        self.take_back_button.setVisible(not is_plan and gone.can_undo)
        self.show_button.setVisible(gone.shown is not None)
        self.close_button.setVisible(not is_plan or not gone.can_undo)
        self.sheets.setCurrentIndex(GONE)
        (self.write_button if self.write_button.isVisible() else self.close_button).setFocus()

    def _show_it(self) -> None:
        if self._shown is not None and not self._open_path(self._shown):
            self.report.appendPlainText(f"Nothing opens {self._shown} here. It is there, though.")


def choose_target(parent: QWidget, way: Way, start: Path) -> Path | None:
    """Ask for a folder, or a file to write; None if the user thinks better of it."""
    if way.asks is Asks.FOLDER:
        chosen = QFileDialog.getExistingDirectory(parent, way.title, str(start))
    else:
        kinds = " ".join(f"*{suffix}" for suffix in way.suffixes)
        options = QFileDialog.Option.DontConfirmOverwrite  # what is there is never replaced
        chosen, _ = QFileDialog.getSaveFileName(
            parent, way.title, str(start), f"{way.title} ({kinds})", options=options
        )
    return Path(chosen) if chosen else None
