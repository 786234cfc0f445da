"""The Library page: folders and what they are doing, their photos, and the files with problems."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from opqn_app.people.photo_filter import PhotoFilter
from opqn_app.store.records import PhotoRecord, Root
from opqn_app.ui.kit import desktop, dialogs
from opqn_app.ui.kit.empty_state import EmptyState
from opqn_app.ui.kit.folder_drop_page import FolderDropPage
from opqn_app.ui.kit.message_bar import MessageBar
from opqn_app.ui.kit.photo_thumbnails import BATCH, load_photo_thumbnails
from opqn_app.ui.kit.saved_shelf import Saved, SavedShelf
from opqn_app.ui.kit.thumbnails import ThumbnailCache, load_face_crops
from opqn_app.ui.library.failure_list import FailureList
from opqn_app.ui.library.folder_finder import Asking, FolderFinder
from opqn_app.ui.library.folder_header import FolderHeader, summary_of
from opqn_app.ui.library.folder_list import FolderListModel, FolderRole, folders
from opqn_app.ui.library.folder_side import FolderSide
from opqn_app.ui.library.index_activity import IndexActivity
from opqn_app.ui.library.library_view import LibraryView, Wanted, reach_changed, words_when_empty
from opqn_app.ui.library.photo_actions import PhotoActions
from opqn_app.ui.library.photo_chips import PhotoChips
from opqn_app.ui.library.photo_grid import PhotoGrid
from opqn_app.ui.library.photo_model import PhotoListModel
from opqn_app.ui.library.photo_rows import Look, Shown, Who
from opqn_app.ui.library.problem_actions import ProblemActions
from opqn_app.ui.library.run_messages import RunMessages
from opqn_app.ui.library.unreachable_note import Confirm, UnreachableNote, confirm_deletion
from opqn_app.ui.library.view_reading import ViewReading
from opqn_app.ui.library.watch_switch import Parts, WatchSwitch
from opqn_app.ui.work.session import Session

THUMBS_KEPT = 250  # about 100 MB of pixels


class LibraryPage(FolderDropPage):
    """Folders on the left, the chosen one's photos or problems on the right.

    Args:
        choose_folder: asks for a folder to be added.
        confirm_removal: asks before a folder is removed.
        confirm_deletion: asks whether photos that can't be reached were deleted.
        asking: asks where a folder is now.
        show_file: shows a file in the system's file manager.

    Signals:
        face_search_requested: id of the face to search with.
        photo_view_requested: the photos, the row to begin with, and whether to ask for a name.
        face_view_requested: ids of all faces that are shown, and the row to begin with.
        settings_requested: the user wants to see what is skipped.
        faces_wanted: faces are to be remembered again.
    """

    face_search_requested = Signal(int)
    photo_view_requested = Signal(object, int, bool)
    face_view_requested = Signal(object, int)
    settings_requested = Signal()
    faces_wanted = Signal()

    def __init__(
        self,
        session: Session,
        *,
        choose_folder: Callable[[QWidget], Path | None] = dialogs.choose_folder,
        confirm_removal: Callable[[QWidget, Root], bool] = dialogs.confirm_removal,
        confirm_deletion: Confirm = confirm_deletion,
        asking: Asking | None = None,
        show_file: Callable[[Path], object] = desktop.show_in_folder,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._choose_folder = choose_folder
        self._confirm_removal = confirm_removal
        self._show_file = show_file
        self._view = LibraryView()
        kept = session.settings
        self._look = Look(kept.headings, once=kept.copies_once, near=kept.near_copies_once)
        self._folder: Path | None = None  # None: all photos
        self._opened: set[Path] = set()  # folders whose folders are listed
        self._is_anew = True  # what is shown next begins at the top
        self._counted: tuple[int, frozenset[int]] = (0, frozenset())  # faces; those that are none
        self._is_showing_folders = False
        self._activity = IndexActivity(session, self)
        self._reading = ViewReading(session, self._wanted, self)
        self._make_models()
        self._build()
        self._unreachable = UnreachableNote(
            self.messages, confirm_deletion, partial(session.index, accept_missing=True)
        )
        finder = FolderFinder(session, self.messages, self._root_shown, self.show_folder, asking)
        self._finder = finder
        self._messages_of_runs = RunMessages(
            session, self.messages, self._unreachable, lambda root: self._view.root_at(root)
        )
        self._messages_of_runs.problems_wanted.connect(self.show_problems)
        self._warn = self._messages_of_runs.warn
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
            self.grid.show_rows(Shown(has_faces=self._look.faces), anew=True)
            self.failure_list.model.show_failures(())
            if self.header.tab == "problems":
                self.header.choose_tab("photos")
            self.chips.look_in(folder)
            roots, tree = self._view.roots, self._view.tree
            self._view = LibraryView(roots, self._view.root_of(folder), tree=tree)
            self._open_to(folder)
            self._is_anew = True
            self._reading.look_now()
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
        root = self._view.root_at(self._folder)
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

    def follow_face(self, face_id: int) -> None:
        """Make a face the current one, as the viewer goes through them."""
        row = self.photos.shown.row_of.get(face_id) if self.photos.shown.has_faces else None
        if row is not None:
            self.grid.setCurrentIndex(self.photos.index(row))

    def show_search(self, search: Saved) -> None:
        """Show the photos of a saved search."""
        self.header.choose_tab("faces" if self._look.faces else "photos")
        self.show_folder(None)
        self.chips.line.take(search.asked)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._reading.look_if_stale()

    # Building

    def _make_models(self) -> None:
        self.photos = PhotoListModel(self)
        self.folder_model = FolderListModel(self)
        self.shelf = SavedShelf(self._session, self)
        load = partial(load_photo_thumbnails, self._session.library_path)
        self.thumbs = ThumbnailCache(
            self._session.runner, load, capacity=THUMBS_KEPT, batch=BATCH, parent=self
        )
        crops = partial(load_face_crops, self._session.library_path)
        self.crops = ThumbnailCache(self._session.runner, crops, parent=self)

    def _build(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self._side = FolderSide(self.folder_model, self.shelf)
        self.folder_list = self._side.list
        row.addWidget(self._side)
        row.addWidget(self._build_main(), 1)

    def _build_main(self) -> QWidget:
        self.header = FolderHeader(self._look)
        self.grid = PhotoGrid(self.photos, self.thumbs, self.crops)
        self.photo_actions = PhotoActions(self._session, self.grid, self.thumbs)
        self.chips = PhotoChips(self._session, self.grid, self.shelf)
        self.failure_list = FailureList()
        self.empty = EmptyState()
        self._stack = QStackedWidget()
        for widget in (self.grid, self.failure_list, self.empty):
            self._stack.addWidget(widget)
        main = QWidget()
        self.messages = MessageBar(main)
        stack = QVBoxLayout(main)
        stack.setContentsMargins(16, 12, 8, 0)
        stack.setSpacing(8)
        stack.addWidget(self.header)
        stack.addWidget(self.chips.line)
        stack.addWidget(self._stack, 1)
        return main

    def _connect(self) -> None:
        session = self._session
        session.library_changed.connect(self.refresh)
        self._activity.changed.connect(self._show_folders)
        self._reading.read.connect(self._on_view)
        self._reading.failed.connect(self._warn)
        session.indexing_finished.connect(lambda *_: self.grid.forget_faces())
        session.forget_failed.connect(lambda _root, error: self._warn(error))
        self.grid.faces_wanted.connect(self._load_faces)
        self.grid.face_picked.connect(self.face_search_requested)
        self.grid.photo_opened.connect(self._open_photo)
        self.photo_actions.naming_wanted.connect(lambda row: self._open_photo(row, names=True))
        self.photo_actions.failed.connect(self.messages.warn)
        self.photo_actions.copies_wanted.connect(self._show_copies)
        self.grid.heading_changed.connect(self.header.show_heading)
        self.header.tab_changed.connect(self._on_tab)
        self.header.view.changed.connect(self._on_look)
        self.header.rescan_wanted.connect(self.rescan)
        self.header.search_wanted.connect(self.look_for_more_faces)
        self.header.show_wanted.connect(self._show_shown_folder)
        self.header.skips_wanted.connect(self.settings_requested)
        self.header.finding_wanted.connect(self._finder.ask)
        self.header.return_wanted.connect(self._finder.go_back)
        self.header.deletion_told.connect(self._unreachable.ask)
        self.header.remove_wanted.connect(self.remove_folder)
        problems = ProblemActions(
            session, self.failure_list, self.header, lambda: self._view, self._show_file
        )
        problems.told.connect(self.messages.say)
        problems.failed.connect(self._warn)
        parts = Parts(self.header, self.folder_list, self.messages)
        self._watch = WatchSwitch(session, parts, self._root_shown, self._show_folders)
        self._side.add_wanted.connect(self.add_folder)
        self._side.sample_removal_wanted.connect(self.remove_sample)
        self.folder_list.selectionModel().currentChanged.connect(self._on_folder_chosen)
        self.folder_list.toggled.connect(self._on_toggled)
        self._side.saved.chosen.connect(self.show_search)
        self._side.saved.removal_wanted.connect(self._remove_search)
        self.shelf.saved.connect(self._side.saved.name)
        self.shelf.failed.connect(self._warn)
        session.people.changed.connect(lambda _view: self._on_people())
        session.engine_ready.connect(lambda _engine: self._on_engine())
        self.empty.button.clicked.connect(self._on_empty_button)
        self.chips.found.connect(self._reading.look_now)
        self.chips.line.changed.connect(self._side.saved.mark)
        delete = QShortcut(QKeySequence("Delete"), self.folder_list, self.remove_folder)
        delete.setContext(Qt.ShortcutContext.WidgetShortcut)  # on photos it says "not this person"
        find = QShortcut(QKeySequence("Ctrl+F"), self, self.chips.line.field.setFocus)
        find.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)

    # Reading

    def refresh(self) -> None:
        """Read the library again; photos in view and the selection stay where they are."""
        self._reading.look()

    def _wanted(self) -> Wanted:
        chips, look, people = self.chips, self._look, self._session.people.view
        who = Who()
        if people is not None:
            who = Who(people.left_out, people.owner, frozenset(chips.line.filter.together))
        if chips.line.filter.copies_of is not None:
            look = replace(look, once=False)
        encoder = self._session.people.encoder
        return Wanted(self._folder, chips.photos, look, who, encoder)

    def _on_view(self, view: LibraryView) -> None:
        is_other = reach_changed(self._view.roots, view.roots)
        self._view = view
        if is_other:
            self.thumbs.clear()  # stand-ins become photos again, or photos stand-ins
        folder = self._folder
        if folder is not None and view.root is None and not self._activity.is_coming(folder):
            self.show_folder(None)
            return
        if self.chips.photos is not None or not self.chips.is_used:  # else it is on its way
            self.grid.show_rows(view.shown, anew=self._is_anew)
            self._is_anew = False
        self.failure_list.model.show_failures(view.failures)
        if not self._finder.offers_undo:
            self._unreachable.show(view.unreachable)
        self._finder.tell()
        self._show_folders()
        self._show_header()

    def _load_faces(self, photo: PhotoRecord) -> None:
        task = self._session.read(lambda library: library.faces_of(photo.id))
        task.succeeded.connect(lambda faces: self.grid.show_faces(photo.id, faces))

    # Showing

    def _show_folders(self) -> None:
        self._is_showing_folders = True  # rows that come and go are no choice of the user
        watched = self._watch.words(self._view.roots)
        now = replace(self._activity.now(), watched=watched)
        rows = folders(self._view.roots, now, self._view.tree, self._opened)
        self.folder_model.show_folders(rows)
        row = self.folder_model.row_of(self._folder)
        self.folder_list.setCurrentIndex(self.folder_model.index(row))
        self.header.offer_search(bool(self._searchable_roots()))
        self._is_showing_folders = False
        self._show_stack()

    def _show_header(self) -> None:
        failures = self.failure_list.model
        summary = summary_of(self._view, self._folder, failures.open_count, failures.ignored_count)
        self.header.show_folder(summary)
        self._watch.show()
        self._side.offer_sample_removal(
            self._view.root_at(self._session.sample_photos()) is not None
        )
        self._show_stack()

    def _show_stack(self) -> None:
        self.chips.line.setVisible(self.header.tab != "problems" and bool(self._view.total))
        if self.header.tab == "problems" and self._view.failures:
            self._stack.setCurrentWidget(self.failure_list)
        elif self._view.total or not self._reading.has_read or self.chips.is_used:
            self._stack.setCurrentWidget(self.grid)
        else:
            is_coming = any(self._activity.is_coming(path) for path in self._paths_shown())
            has_folders = self.folder_model.rowCount() > 0
            is_on = self._session.memory.is_on
            words = words_when_empty(has_folders, is_coming, remembers_faces=is_on)
            self.empty.show_words(*words)
            self._stack.setCurrentWidget(self.empty)

    # Answers to the user and the session

    def _on_folder_chosen(self) -> None:
        if not self._is_showing_folders:
            chosen = self.folder_list.currentIndex().data(FolderRole)
            self.show_folder(chosen.path if chosen else None)

    def _open_to(self, folder: Path | None) -> None:
        """List the folders on the way to a folder."""
        root = self._view.root_of(folder)
        if folder is not None and root is not None:
            self._opened.update(each for each in folder.parents if each.is_relative_to(root.path))

    def _on_toggled(self, folder: Path) -> None:
        self._opened ^= {folder}
        shown = self._folder
        if shown is not None and folder in shown.parents and folder not in self._opened:
            self.show_folder(folder)  # the one shown is hidden now
        self._show_folders()

    def _on_tab(self, tab: str) -> None:
        if tab != "problems" and self._look.faces != (tab == "faces"):
            self._look = replace(self._look, faces=tab == "faces")
            self._reading.look_now()
        self._show_stack()

    def _on_look(self, look: Look) -> None:
        self._look = replace(look, faces=self._look.faces)
        self._session.remember(
            headings=look.headings, copies_once=look.once, near_copies_once=look.near
        )
        self._is_anew = True  # in another order there is no place to keep
        self._reading.look_now()

    def _on_people(self) -> None:
        people = self._session.people.view
        counted = (0, frozenset[int]())
        if people is not None:
            counted = (len(people.photo_of), people.left_out)
        if self._look.faces or counted != self._counted:
            self._counted = counted
            self.refresh()

    def _on_engine(self) -> None:
        if self._look.near:
            self.refresh()

    def _show_copies(self, photo: PhotoRecord) -> None:
        self.show_folder(None)
        self.chips.line.take(PhotoFilter(copies_of=photo.id))

    def _remove_search(self, search: Saved) -> None:
        self.shelf.remove(search)
        words = f"The saved search {search.name} is removed. No photo was touched."
        self.messages.say(words, "Undo", lambda: self.shelf.put_back(search))

    def _on_empty_button(self) -> None:
        if not self._session.memory.is_on:
            self.faces_wanted.emit()
        elif self.folder_model.rowCount() == 0:
            self.add_folder()
        else:
            self.rescan()

    def show_problems(self, folder: Path | None) -> None:
        """Show the files of a folder that could not be read."""
        self.show_folder(folder)
        self.header.choose_tab("problems")

    def _open_photo(self, row: int, *, names: bool = False) -> None:
        if self.photos.shown.has_faces:
            self.face_view_requested.emit(list(self.photos.shown.keys), row)
        else:
            self.photo_view_requested.emit(self.photos.photos, row, names)

    def _show_shown_folder(self) -> None:
        if self._folder is not None:
            self._show_file(self._folder / ".")

    def _root_shown(self) -> Root | None:
        return self._view.root_at(self._folder)

    def _paths_shown(self) -> list[Path]:
        return [self._folder] if self._folder else [root.path for root in self._view.roots]

    def _searchable_roots(self) -> list[Root]:
        """Those shown that hold photos not searched thoroughly, are there, and are idle."""
        return [
            root
            for root in self._view.roots_in(self._folder)
            if root.unsearched and root.is_available and not self._activity.is_coming(root.path)
        ]
