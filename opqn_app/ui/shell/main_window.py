"""The window's frame: sidebar, menus, pages, status line, drops. Wiring only."""

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSettings, QSize, Qt
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QMainWindow,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from opqn_app.core import paths
from opqn_app.store.records import FaceRecord, LibraryStatus, PhotoRecord
from opqn_app.ui.kit import dialogs, drops, theme
from opqn_app.ui.kit.drop_veil import DropVeil
from opqn_app.ui.kit.undo_bar import UndoBar
from opqn_app.ui.library.library_page import LibraryPage
from opqn_app.ui.search.search_page import SearchPage
from opqn_app.ui.shell.menus import PAGES, TITLE, make_menus
from opqn_app.ui.shell.sidebar import Sidebar
from opqn_app.ui.shell.status_line import StatusLine
from opqn_app.ui.shell.switch_bar import SwitchBar
from opqn_app.ui.shell.welcome_page import WelcomePage
from opqn_app.ui.work.session import Session

if TYPE_CHECKING:
    from opqn_app.ui.evaluate.evaluate_page import EvaluatePage
    from opqn_app.ui.exchange.export_dialog import ExportDialog
    from opqn_app.ui.exchange.import_dialog import ImportDialog
    from opqn_app.ui.library.photo_viewer import PhotoViewer
    from opqn_app.ui.people.people_page import PeoplePage
    from opqn_app.ui.shell.shortcuts import ShortcutsSheet
    from opqn_app.ui.train.train_page import TrainPage
    from opqn_app.ui.work.people_jobs import PeopleView

FIRST_SIZE = QSize(1200, 800)  # where the screen has room for it and the desktop's frame
FRAME = QSize(16, 48)


class MainWindow(QMainWindow):
    """Holds the pages and passes on what one asks of another.

    Args:
        confirm_close: asks before work that runs beside the window is ended; gets what is lost.
    """

    def __init__(
        self,
        session: Session,
        *,
        confirm_close: Callable[[QWidget, str], bool] = dialogs.confirm_close,
    ) -> None:
        super().__init__()
        self._session = session
        self._confirm_close = confirm_close
        self.people: PeoplePage | None = None  # made when they are first opened
        self.evaluate: EvaluatePage | None = None
        self.train: TrainPage | None = None
        self._exchange: ImportDialog | ExportDialog | None = None
        self._before_report = "search"  # the page that was left for the report
        self.setWindowTitle(TITLE)
        self.setMinimumSize(784, 560)
        self.setAcceptDrops(True)
        self._build()
        self.undo_action, self.redo_action = make_menus(self, session.people)
        self._connect()
        self._restore_geometry()
        self.show_page("search")

    def _build(self) -> None:
        self.search = SearchPage(self._session)
        self.library = LibraryPage(self._session)
        self.welcome = WelcomePage(self._session)
        self.pages: dict[str, QWidget] = {
            "search": self.search,
            "library": self.library,
            "welcome": self.welcome,
        }
        self.stack = QStackedWidget()
        for page in self.pages.values():
            self.stack.addWidget(page)
        self.sidebar = Sidebar(PAGES, {"settings": "Settings", "help": "Help"})
        self.status_line = StatusLine(self._session)
        self.switch_bar = SwitchBar(self._session.switch, self.stack)
        column = QVBoxLayout()
        column.setSpacing(0)
        column.addWidget(self.stack, 1)
        column.addWidget(self.status_line)
        self._content = content = QWidget()
        row = QHBoxLayout(content)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.sidebar)
        row.addLayout(column, 1)
        self.setCentralWidget(content)
        self.undo_bar = UndoBar(self._session.people, self.stack)
        self.veil = DropVeil(content)

    def _connect(self) -> None:
        self.sidebar.page_chosen.connect(self.show_page)
        self.sidebar.foot_chosen.connect(self._on_foot)
        self.search.query_taken.connect(lambda: self.show_page("search"))
        self.search.look_wanted.connect(lambda ids, row: self.viewer.open_faces(ids, row))
        self.search.folder_offered.connect(self.add_folder)
        self.search.library_wanted.connect(lambda: self.show_page("library"))
        self.library.face_search_requested.connect(self._search_with)
        self.library.photo_view_requested.connect(lambda *what: self.viewer.open_photos(*what))
        self.library.face_view_requested.connect(lambda *what: self.viewer.open_faces(*what))
        self.search.faces.take_wanted.connect(self.open_export)
        for page in (self.search, self.library):
            page.faces_wanted.connect(self.open_kept)
        self.library.settings_requested.connect(lambda: self.open_settings(at_excludes=True))
        self.switch_bar.report_wanted.connect(self._show_report)
        self.welcome.folder_chosen.connect(self.add_folder)
        self.welcome.sample_chosen.connect(self.search.intake.try_sample)
        self._session.status_read.connect(self._on_status)
        self._session.people.changed.connect(self._show_undo)
        self._session.settings_changed.connect(lambda _settings: self._apply_theme())
        hints = QApplication.styleHints()
        hints.colorSchemeChanged.connect(lambda _scheme: self._apply_theme())

    # What is made when it is first wanted

    @cached_property
    def viewer(self) -> "PhotoViewer":
        """Shows a photo over the whole window."""
        from opqn_app.ui.library.photo_viewer import PhotoViewer

        viewer = PhotoViewer(self._session, self._content)
        viewer.face_search_requested.connect(self._search_with)
        viewer.photo_changed.connect(self._on_photo_changed)
        viewer.face_changed.connect(self._on_face_changed)
        self.veil.raise_()
        return viewer

    @cached_property
    def shortcuts(self) -> "ShortcutsSheet":
        """The keys of all pages."""
        from opqn_app.ui.shell.shortcuts import ShortcutsSheet

        return ShortcutsSheet(self._content)

    def open_shortcuts(self) -> None:
        self.shortcuts.open_sheet()

    # Pages

    def show_page(self, key: str) -> None:
        """Show a page: one of `PAGES`, "welcome", or "agreement"."""
        if key not in self.pages:
            self.pages[key] = self._make_page(key)
            self.stack.addWidget(self.pages[key])
        self.stack.setCurrentWidget(self.pages[key])
        for bar in (self.switch_bar, self.undo_bar):
            bar.raise_()
        self.sidebar.show_page(key)

    def _make_page(self, key: str) -> QWidget:
        """The pages few people open every day are not made at the start."""
        if key == "people":
            return self._make_people()
        if key == "evaluate":
            from opqn_app.ui.evaluate.evaluate_page import EvaluatePage

            self.evaluate = EvaluatePage(self._session)
            return self.evaluate
        if key == "agreement":
            from opqn_app.ui.shell.agreement_page import AgreementPage

            page = AgreementPage(self._session)
            page.left.connect(lambda: self.show_page(self._before_report))
            return page
        assert key == "train", key
        from opqn_app.ui.train.train_page import TrainPage

        self.train = TrainPage(self._session)
        return self.train

    def _show_report(self) -> None:
        """How two models compare; closing it goes back to where the user was."""
        shown = self.stack.currentWidget()
        (key,) = [key for key, page in self.pages.items() if page is shown]
        if key != "agreement":
            self._before_report = key
        self.show_page("agreement")

    def _make_people(self) -> QWidget:
        from opqn_app.ui.people.people_page import PeoplePage

        self.people = PeoplePage(self._session)
        self.people.folder_wanted.connect(self.choose_folder)
        self.people.settings_wanted.connect(self.open_settings)
        self.people.faces_wanted.connect(self.open_kept)
        self.people.names_wanted.connect(self.open_import)
        self.people.export_wanted.connect(self.open_export)
        self.people.photo_wanted.connect(self._preview)
        self.people.search_wanted.connect(self.search.search_with_ids)
        return self.people

    def _show_undo(self, view: "PeopleView") -> None:
        """Say in the menu what would be undone or redone."""
        for action, word, words in (
            (self.undo_action, "&Undo", view.undo_words),
            (self.redo_action, "&Redo", view.redo_words),
        ):
            short = words.removesuffix(".").replace("&", "&&")
            action.setEnabled(bool(words))
            action.setText(f"{word}: {short}" if words else word)

    def add_folder(self, folder: Path) -> None:
        """Index a folder and show it."""
        self.library.add(folder)
        self.show_page("library")

    def open_settings(self, *, at_excludes: bool = False) -> None:
        """Let the user change the settings."""
        from opqn_app.ui.shell.settings_dialog import SettingsDialog

        session = self._session
        dialog = SettingsDialog(
            session.settings, session.runner, opened=session.library_path, parent=self
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self._session.change_settings(dialog.edited))
        dialog.kept_wanted.connect(lambda: self.open_kept(dialog))
        if at_excludes:
            dialog.edit_excludes()
        dialog.open()

    def open_kept(self, parent: QWidget | None = None) -> None:
        """Say what this program keeps, and let it be forgotten."""
        from opqn_app.ui.shell.kept_dialog import KeptDialog

        dialog = KeptDialog(self._session, parent=parent or self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.backups_wanted.connect(lambda: self.open_backups(dialog))
        dialog.open()

    def open_backups(self, parent: QWidget | None = None) -> None:
        """List the backups of the library, and let one be made or restored."""
        from opqn_app.ui.shell.backups_dialog import BackupsDialog

        dialog = BackupsDialog(self._session, parent=parent or self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def open_import(self) -> None:
        """Let names come in that were given in another program."""
        from opqn_app.ui.exchange.import_dialog import ImportDialog

        dialog = ImportDialog(self._session, parent=self)
        dialog.accepted.connect(lambda: self.show_page("people"))
        self._open_exchange(dialog)

    def open_export(self) -> None:
        """Let photos go out: what is chosen on the page that is shown, or all."""
        from opqn_app.ui.exchange.export_dialog import ExportDialog
        from opqn_app.ui.exchange.offers import EVERYTHING
        from opqn_app.ui.library.leaving import leaving_photos
        from opqn_app.ui.search.leaving import leaving_results

        shown, offers = self.stack.currentWidget(), []
        if shown is self.search:
            results = self.search.results
            offers = leaving_results(results.ticked_ids(), results.model)
        elif shown is self.library:
            offers = leaving_photos(self.library.grid.selected_photos())
        elif self.people is not None and shown is self.people:
            offers = self.people.going_out()
        self._open_exchange(ExportDialog(self._session, [*offers, EVERYTHING], parent=self))

    def _open_exchange(self, dialog: "ImportDialog | ExportDialog") -> None:
        def forget(_code: int) -> None:
            self._exchange = None

        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.finished.connect(forget)
        self._exchange = dialog
        dialog.open()

    def choose_folder(self) -> None:
        """Ask for a folder, index it and show it."""
        self.show_page("library")
        self.library.add_folder()

    def _on_foot(self, key: str) -> None:
        if key == "settings":
            self.open_settings()
        else:
            self.open_shortcuts()

    def _on_status(self, status: LibraryStatus) -> None:
        """First start: nothing was ever added, and nothing is being done about it."""
        is_first = not status.roots and not self._session.is_indexing
        shown = self.stack.currentWidget()
        if is_first and shown is self.search and not self.search.is_in_use:
            self.show_page("welcome")
        elif not is_first and shown is self.welcome:
            self.show_page("search")

    def _apply_theme(self) -> None:
        app = QApplication.instance()
        if isinstance(app, QApplication):
            theme.apply_theme(app, self._session.settings.theme)

    # Between pages

    def _search_with(self, face_id: int) -> None:
        self.search.search_with_ids([face_id])

    def _preview(self, photo: PhotoRecord, face: FaceRecord) -> None:
        self.viewer.open_photos([photo], 0, face_id=face.id)

    def _on_photo_changed(self, photo: PhotoRecord) -> None:
        if self.stack.currentWidget() is self.library:
            self.library.follow_photo(photo)

    def _on_face_changed(self, face_id: int) -> None:
        if self.stack.currentWidget() is self.search:
            self.search.results.follow_face(face_id)
        elif self.stack.currentWidget() is self.library:
            self.library.follow_face(face_id)

    # Drops, anywhere in the window

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        is_own = event.source() is not None  # dragged out of this window, for another program
        if drops.can_take(event.mimeData()) and not is_own:
            event.acceptProposedAction()
            self.veil.show_over(self.search.drop_hint(event.mimeData()))

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        # The sender's files are only read: without this, some senders would delete them after.
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.veil.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        self.veil.hide()
        is_added = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.search.intake.take(event.mimeData(), add=is_added)
        self.activateWindow()

    # Opening and closing

    def _window_file(self) -> QSettings:
        return QSettings(str(paths.window_file()), QSettings.Format.IniFormat)

    def _restore_geometry(self) -> None:
        kept = self._window_file()
        self.resize(FIRST_SIZE.boundedTo(self.screen().availableSize() - FRAME))
        geometry = kept.value("geometry")
        if geometry is not None:
            self.restoreGeometry(geometry)
        side = kept.value("face_side")
        if isinstance(side, str | int) and str(side).isdigit():
            self.search.results.grid.set_side(int(side))

    @property
    def lost_by_closing(self) -> str:
        """What runs beside the window and would end with it; "" if nothing does."""
        words = []
        if self.train is not None and self.train.is_running:
            words.append("Training is running. It is saved where it stands and can be resumed.")
        if self.evaluate is not None and self.evaluate.is_running:
            words.append("An evaluation is running. What it has measured so far is lost.")
        if self._exchange is not None:
            words.append(self._exchange.lost_by_closing)
        return " ".join(filter(None, words))

    def close_now(self) -> None:
        """Close without asking: the system, or the terminal, wants the program to end."""
        self._confirm_close = lambda _parent, _words: True
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        """The one way out: what indexing has committed stays, the rest is cancelled."""
        lost = self.lost_by_closing
        if lost and not self._confirm_close(self, lost):
            event.ignore()
            return
        kept = self._window_file()
        kept.setValue("geometry", self.saveGeometry())
        kept.setValue("face_side", self.search.results.grid.side)
        kept.sync()
        if self._exchange is not None:
            self._exchange.done(0)
        self.hide()  # the lanes may need a moment
        for page in (self.train, self.evaluate):
            if page is not None:
                page.shut_down()
        self._session.shut_down()
        super().closeEvent(event)
