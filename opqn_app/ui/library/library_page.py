"""The Library page: folders and what they are doing, their photos, and the files with problems."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from opqn_app.core.errors import FolderUnavailable, LibraryLocked, OpqnError
from opqn_app.core.progress import counted
from opqn_app.store.records import PhotoRecord, Root
from opqn_app.ui.kit import desktop, dialogs, wording
from opqn_app.ui.kit.empty_state import EmptyState
from opqn_app.ui.kit.folder_drop_page import FolderDropPage
from opqn_app.ui.kit.message_bar import MessageBar
from opqn_app.ui.kit.photo_thumbnails import BATCH, load_photo_thumbnails
from opqn_app.ui.kit.thumbnails import ThumbnailCache
from opqn_app.ui.library.failure_list import FailureList
from opqn_app.ui.library.folder_header import FolderHeader, FolderSummary
from opqn_app.ui.library.folder_list import Activity, FolderListModel, FolderRole, folders
from opqn_app.ui.library.folder_side import FolderSide
from opqn_app.ui.library.library_view import LibraryView, reach_changed, read_view, words_when_empty
from opqn_app.ui.library.photo_actions import PhotoActions
from opqn_app.ui.library.photo_chips import PhotoChips
from opqn_app.ui.library.photo_grid import PhotoGrid
from opqn_app.ui.library.photo_model import PAGE, PhotoListModel
from opqn_app.ui.library.problem_actions import ProblemActions
from opqn_app.ui.library.unreachable_note import Confirm, UnreachableNote, confirm_deletion
from opqn_app.ui.library.watch_switch import Parts, WatchSwitch
from opqn_app.ui.work.session import Session

if TYPE_CHECKING:
    from opqn_app.index.indexing import IndexProgress, IndexReport

THUMBS_KEPT = 250  # about 100 MB of pixels
REST = 3  # a refresh that took one second is not repeated within three


class LibraryPage(FolderDropPage):
    """Folders on the left, the chosen one's photos or problems on the right.

    Args:
        choose_folder: asks for a folder to be added.
        confirm_removal: asks before a folder is removed.
        confirm_deletion: asks whether photos that can't be reached were deleted.
        show_file: shows a file in the system's file manager.

    Signals:
        face_search_requested: id of the face to search with.
        photo_view_requested: the photos, the row to begin with, and whether to ask for a name.
        settings_requested: the user wants to see what is skipped.
    """

    face_search_requested = Signal(int)
    photo_view_requested = Signal(object, int, bool)
    settings_requested = Signal()

    def __init__(
        self,
        session: Session,
        *,
        choose_folder: Callable[[QWidget], Path | None] = dialogs.choose_folder,
        confirm_removal: Callable[[QWidget, Root], bool] = dialogs.confirm_removal,
        confirm_deletion: Confirm = confirm_deletion,
        show_file: Callable[[Path], object] = desktop.show_in_folder,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._choose_folder = choose_folder
        self._confirm_removal = confirm_removal
        self._show_file = show_file
        self._view = LibraryView((), None, (), 0, ())
        self._folder: Path | None = None  # None: all photos
        self._has_read = False
        self._is_reading = False
        self._is_stale = True  # read when it is shown: the first paint of the window comes first
        self._is_showing_folders = False
        self._round = 0  # answers of an earlier choice of folder are dropped
        self._progress: IndexProgress | None = None
        self._finished: set[Path] = set()
        self._stopped: set[Path] = set()
        self._clock = QElapsedTimer()
        self._rest = QTimer(self, singleShot=True)
        self._rest.timeout.connect(self.refresh)
        self._make_models()
        self._build()
        self._unreachable = UnreachableNote(
            self.messages, confirm_deletion, partial(session.index, accept_missing=True)
        )
        self._connect()
        self.folders_dropped.connect(self._on_folders_dropped)

    # What the window asks of the page

    def add_folder(self) -> None:
        """Ask for a folder and index it."""
        chosen = self._choose_folder(self)
        if chosen is not None:
            self.add(chosen)

    def add(self, folder: Path) -> None:
        """Index a folder and show it."""
        folder = folder.resolve()
        self._session.index(folder)
        self.show_folder(folder)

    def _on_folders_dropped(self, folders: Sequence[Path]) -> None:
        for folder in folders:
            self.add(folder)

    def show_folder(self, folder: Path | None) -> None:
        """Show one folder, or all photos."""
        if folder != self._folder:
            self._folder = folder
            self._round += 1
            self.photos.clear()
            self.failure_list.model.show_failures(())
            self.header.choose_tab("photos")
            self.chips.look_in(folder)
            self._view = LibraryView(self._view.roots, self._root(folder), (), 0, ())
            self._has_read = False
            self.refresh()
        self._show_folders()
        self._show_header()

    def rescan(self) -> None:
        """Look for new, changed and missing photos in the folder shown."""
        for path in self._paths_shown():
            self._session.index(path)

    def look_for_more_faces(self) -> None:
        """Search the photos of the folder shown again, those that only the fast pass has seen."""
        for root in self._searchable_roots():
            self._session.index(root.path, thorough=True)

    def remove_folder(self) -> None:
        """Remove the folder shown from the library, after asking."""
        root = self._view.root
        if root is not None and self._confirm_removal(self, root):
            self._session.forget(root.path)

    def remove_sample(self) -> None:
        """Remove the sample photos at once: they are quickly added again."""
        self._session.forget(self._session.sample_photos())

    def follow_photo(self, photo: PhotoRecord) -> None:
        """Make `photo` the current one, as the viewer goes through them."""
        row = self.photos.row_of(photo.id)
        if row is not None:
            self.grid.setCurrentIndex(self.photos.index(row))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._is_stale:
            self.refresh()

    # Building

    def _make_models(self) -> None:
        self.photos = PhotoListModel(self)
        self.folder_model = FolderListModel(self)
        load = partial(load_photo_thumbnails, self._session.library_path)
        self.thumbs = ThumbnailCache(
            self._session.runner, load, capacity=THUMBS_KEPT, batch=BATCH, parent=self
        )

    def _build(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self._side = FolderSide(self.folder_model)
        self.folder_list = self._side.list
        row.addWidget(self._side)
        row.addWidget(self._build_main(), 1)

    def _build_main(self) -> QWidget:
        self.header = FolderHeader()
        self.grid = PhotoGrid(self.photos, self.thumbs)
        self.photo_actions = PhotoActions(self._session, self.grid, self.thumbs)
        self.chips = PhotoChips(self._session, self.grid)
        self.failure_list = FailureList()
        self.empty = EmptyState()
        self.messages = MessageBar()
        self._stack = QStackedWidget()
        for widget in (self.grid, self.failure_list, self.empty):
            self._stack.addWidget(widget)
        main = QWidget()
        stack = QVBoxLayout(main)
        stack.setContentsMargins(16, 12, 8, 0)
        stack.setSpacing(8)
        stack.addWidget(self.header)
        stack.addWidget(self.messages)
        stack.addWidget(self.chips.line)
        stack.addWidget(self._stack, 1)
        return main

    def _connect(self) -> None:
        session = self._session
        session.library_changed.connect(self.refresh)
        session.indexing_queued.connect(self._show_folders)
        session.indexing_started.connect(self._on_started)
        session.indexing_progressed.connect(self._on_progress)
        session.indexing_paused.connect(lambda _is_paused: self._show_folders())
        session.indexing_finished.connect(self._on_finished)
        session.indexing_cancelled.connect(self._on_cancelled)
        session.indexing_failed.connect(self._on_failed)
        session.forget_failed.connect(lambda _root, error: self._warn(error))
        self.photos.page_wanted.connect(self._load_page)
        self.grid.faces_wanted.connect(self._load_faces)
        self.grid.face_picked.connect(self.face_search_requested)
        self.grid.photo_opened.connect(self._open_photo)
        self.photo_actions.naming_wanted.connect(lambda row: self._open_photo(row, names=True))
        self.photo_actions.failed.connect(self.messages.warn)
        self.grid.month_changed.connect(self.header.show_month)
        self.header.tab_changed.connect(lambda _tab: self._show_stack())
        self.header.rescan_wanted.connect(self.rescan)
        self.header.search_wanted.connect(self.look_for_more_faces)
        self.header.show_wanted.connect(self._show_shown_folder)
        self.header.skips_wanted.connect(self.settings_requested)
        self.header.deletion_told.connect(self._unreachable.ask)
        self.header.remove_wanted.connect(self.remove_folder)
        problems = ProblemActions(
            session, self.failure_list, self.header, lambda: self._view, self._show_file
        )
        problems.told.connect(self.messages.say)
        problems.failed.connect(self._warn)
        parts = Parts(self.header, self.folder_list, self.messages)
        self._watch = WatchSwitch(session, parts, lambda: self._view.root, self._show_folders)
        self._side.add_wanted.connect(self.add_folder)
        self._side.sample_removal_wanted.connect(self.remove_sample)
        self.folder_list.selectionModel().currentChanged.connect(self._on_folder_chosen)
        self.empty.button.clicked.connect(self._on_empty_button)
        self.chips.found.connect(self._show_photos)
        delete = QShortcut(QKeySequence("Delete"), self.folder_list, self.remove_folder)
        delete.setContext(Qt.ShortcutContext.WidgetShortcut)  # on photos it says "not this person"
        find = QShortcut(QKeySequence("Ctrl+F"), self, self.chips.line.field.setFocus)
        find.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)

    # Reading

    def refresh(self) -> None:
        """Read the library again; photos in view and the selection stay where they are."""
        if self._is_reading or self._rest.isActive() or not self.isVisible():
            self._is_stale = True
            return
        self._is_reading, self._is_stale = True, False
        self._clock.start()
        folder, limit, begun = self._folder, max(PAGE, len(self.photos.photos)), self._round
        task = self._session.read(lambda library: read_view(library, folder, limit))
        task.succeeded.connect(lambda view: self._on_view(view, begun))
        task.failed.connect(self._warn)
        task.finished.connect(self._on_read)

    def _on_read(self) -> None:
        self._is_reading = False
        if self._is_stale:
            self._rest.start(0 if not self._has_read else REST * int(self._clock.elapsed()))

    def _on_view(self, view: LibraryView, begun: int) -> None:
        if begun != self._round:
            self._is_stale = True
            return
        is_other = reach_changed(self._view.roots, view.roots)
        self._view, self._has_read = view, True
        if is_other:
            self.thumbs.clear()  # stand-ins become photos again, or photos stand-ins
        if self._folder is not None and view.root is None and not self._is_coming(self._folder):
            self.show_folder(None)
            return
        self._show_photos()
        self.failure_list.model.show_failures(view.failures)
        self._unreachable.show(view.unreachable)
        self._show_folders()
        self._show_header()

    def _show_photos(self) -> None:
        """Those of the folder, or of them those that the chips ask for."""
        found, limit = self.chips.photos, max(PAGE, len(self.photos.photos))
        with self.grid.anchored():
            if found is not None:
                self.photos.refresh(found[:limit], len(found))
            elif not self.chips.is_used:
                self.photos.refresh(self._view.photos, self._view.total)
        self._show_stack()

    def _load_page(self, offset: int) -> None:
        if (found := self.chips.photos) is not None:
            self.photos.append_page(offset, found[offset : offset + PAGE], len(found))
            return
        root_id, begun = self._view.root.id if self._view.root else None, self._round
        task = self._session.read(
            lambda library: (
                library.photos(root_id, offset=offset, limit=PAGE),
                library.photo_count(root_id),
            )
        )
        task.succeeded.connect(lambda page: self._on_page(offset, page, begun))

    def _on_page(self, offset: int, page: tuple[list[PhotoRecord], int], begun: int) -> None:
        if begun == self._round and not self.chips.is_used:
            self.photos.append_page(offset, *page)

    def _load_faces(self, photo: PhotoRecord) -> None:
        task = self._session.read(lambda library: library.faces_of(photo.id))
        task.succeeded.connect(lambda faces: self.grid.show_faces(photo.id, faces))

    # Showing

    def _show_folders(self) -> None:
        session = self._session
        activity = Activity(
            running=session.indexing_root,
            waiting=session.waiting_roots,
            finished=frozenset(self._finished),
            stopped=frozenset(self._stopped),
            is_paused=session.is_paused,
            progress=self._progress,
            watched=self._watch.words(self._view.roots),
        )
        self._is_showing_folders = True  # rows that come and go are no choice of the user
        self.folder_model.show_folders(folders(self._view.roots, activity))
        row = self.folder_model.row_of(self._folder)
        self.folder_list.setCurrentIndex(self.folder_model.index(row))
        self.header.offer_search(bool(self._searchable_roots()))
        self._is_showing_folders = False
        self._show_stack()

    def _show_header(self) -> None:
        root, folder = self._view.root, self._folder
        failures = self.failure_list.model
        self.header.show_folder(
            FolderSummary(
                name=wording.folder_name(folder) if folder else "All photos",
                path=str(folder or ""),
                counts=self._view.counts_in_words(folder),
                problems=failures.open_count,
                ignored=failures.ignored_count,
                is_removable=root is not None,
                has_unreachable=bool(self._view.unreachable),
            )
        )
        self._watch.show()
        self._side.offer_sample_removal(self._root(self._session.sample_photos()) is not None)
        self._show_stack()

    def _show_stack(self) -> None:
        self.chips.line.setVisible(self.header.tab == "photos" and bool(self._view.total))
        if self.header.tab == "problems" and self._view.failures:
            self._stack.setCurrentWidget(self.failure_list)
        elif self.photos.photos or not self._has_read or self.chips.is_used:
            self._stack.setCurrentWidget(self.grid)
        else:
            is_coming = any(self._is_coming(path) for path in self._paths_shown())
            has_folders = self.folder_model.rowCount() > 0
            self.empty.show_words(*words_when_empty(has_folders, is_coming))
            self._stack.setCurrentWidget(self.empty)

    # Answers to the user and the session

    def _on_folder_chosen(self) -> None:
        if not self._is_showing_folders:
            chosen = self.folder_list.currentIndex().data(FolderRole)
            self.show_folder(chosen.path if chosen else None)

    def _on_empty_button(self) -> None:
        if self.folder_model.rowCount() == 0:
            self.add_folder()
        else:
            self.rescan()

    def _on_started(self, root: Path) -> None:
        self._progress = None
        self._finished.discard(root)
        self._stopped.discard(root)
        if not self._session.watch.began(root):
            self.messages.hide()
            self._unreachable.repeat()
        self._show_folders()

    def _on_progress(self, progress: "IndexProgress") -> None:
        self._progress = progress
        self._show_folders()

    def _on_ended(self) -> None:
        self._progress = None
        self._show_folders()

    def _on_cancelled(self, root: Path) -> None:
        self._stopped.add(root)
        self._on_ended()

    def _on_finished(self, root: Path, report: "IndexReport") -> None:
        self._finished.add(root)
        self._on_ended()
        self.grid.forget_faces()
        known = self._root(root)
        is_old = known is not None and len(report.failures) <= known.failures
        if report.failures and not (is_old and self._session.watch.began(root)):
            files = counted(len(report.failures), "file")
            words = f"{files} in {wording.folder_name(root)} could not be read."
            self.messages.say(words, "Show them", lambda: self.show_problems(root))

    def _on_failed(self, root: Path, error: Exception) -> None:
        self._on_ended()
        is_passing = isinstance(error, LibraryLocked | FolderUnavailable)
        if not (is_passing and self._session.watch.began(root)):  # it is tried again
            self._warn(error)

    def _warn(self, error: Exception) -> None:
        if isinstance(error, OpqnError):
            self.messages.warn(str(error))
        else:
            self.messages.warn(f"Something went wrong in this program: {error}. See its log file.")

    def show_problems(self, folder: Path | None) -> None:
        """Show the files of a folder that could not be read."""
        self.show_folder(folder)
        self.header.choose_tab("problems")

    def _open_photo(self, row: int, *, names: bool = False) -> None:
        self.photo_view_requested.emit(tuple(self.photos.photos), row, names)

    def _show_shown_folder(self) -> None:
        if self._view.root is not None:
            self._show_file(self._view.root.path / ".")

    def _is_coming(self, path: Path) -> bool:
        return path == self._session.indexing_root or path in self._session.waiting_roots

    def _paths_shown(self) -> list[Path]:
        return [self._folder] if self._folder else [root.path for root in self._view.roots]

    def _searchable_roots(self) -> list[Root]:
        """Those shown that hold photos not searched thoroughly, are there, and are idle."""
        return [
            root
            for root in self._view.roots_in(self._folder)
            if root.unsearched and root.is_available and not self._is_coming(root.path)
        ]

    def _root(self, folder: Path | None) -> Root | None:
        return self._view.root_at(folder)
