"""The library file: what was found in the user's photos, kept so that it opens without them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from opqn_app.core import allocator, private
from opqn_app.core.errors import LibraryError, LibraryReplaced, TracesLeft
from opqn_app.core.files import real_path
from opqn_app.store import backup_file, backups, checking, counts, library_file, schema, set_aside
from opqn_app.store.code_store import CodeStore
from opqn_app.store.connection import Connection, connect
from opqn_app.store.decision_table import DecisionTable
from opqn_app.store.face_table import FaceTable
from opqn_app.store.faces_switch import FacesSwitch
from opqn_app.store.failure_table import FailureTable
from opqn_app.store.group_table import GroupTable
from opqn_app.store.index_writer import IndexWriter
from opqn_app.store.lock import WriterLock
from opqn_app.store.photo_table import (
    PhotoTable,
)
from opqn_app.store.records import (
    CodeSegment,
    FaceRecord,
    Failure,
    ForgetReport,
    LibraryStatus,
    PhotoRecord,
    PlacedCrop,
    Root,
    UnreachableFolder,
)
from opqn_app.store.root_table import RootTable
from opqn_app.store.saved_searches import SavedSearches
from opqn_app.store.unreachable import grouped

_HAS_TRACES = 1  # the user_version of a library; SQLite changes it with the transaction
PATIENCE_S = 30.0  # with readers that keep what was forgotten in the write-ahead log


class Library:
    """An open library; a context manager, used in the thread that opened it.

    Readers need no lock and see each committed batch. A writer holds the lock until `close`.

    Attributes:
        photo_table, face_table, failure_table, code_store: what is read, each a part of the file.
        decision_table: what the user said of faces, see `open_to_decide`.
        group_table: what a model guesses of faces.
        saved_searches: those that the user gave a name, see `open_to_decide`.
        faces_switch: whether faces are remembered.
        writer: what indexing writes.
        patience_s: how long forgetting waits for other programs that read what is forgotten.
        when_waiting: called when it has to wait.
    """

    patience_s: float = PATIENCE_S

    def __init__(self, path: Path, db: Connection, lock: WriterLock | None) -> None:
        self.path = path
        self._db = db
        self._lock = lock
        self._roots = RootTable(db)
        self.photo_table = PhotoTable(db)
        self.face_table = FaceTable(db)
        self.failure_table = FailureTable(db)
        self.code_store = CodeStore(db)
        self.decision_table = DecisionTable(db)
        self.group_table = GroupTable(db)
        self.saved_searches = SavedSearches(db)
        self.faces_switch = FacesSwitch(db)
        self.writer = IndexWriter(db, self.code_store)
        self.when_waiting: Callable[[], None] = lambda: None

    @classmethod
    def open(cls, path: Path, *, write: bool = False, make: bool = True) -> "Library":
        """Open the library at `path`; for writing it is made if it is missing, unless not `make`.

        Raises:
            LibraryError: there is no library to read, or its folder can't be made.
            LibraryTooNew: a newer version of this program wrote it.
            LibraryDamaged: the file is not a library, or broken.
            LibraryLocked: another writer is at work.
        """
        path = Path(path)
        if write and not make and not path.is_file():
            raise _no_library(path)
        return _open_to_write(cls, path) if write else _open_to_read(cls, path)

    @classmethod
    def open_to_decide(cls, path: Path) -> "Library":
        """Open an existing library for adding decisions, also while a run writes photos.

        It holds no lock: a decision is a transaction of milliseconds in tables of its own.

        Raises:
            LibraryError: as `open` for reading does.
            LibraryReadOnly: the file may not be written.
        """
        path = Path(path)
        _open_to_read(cls, path).close()
        return cls(path, connect(path, write=True), None)

    @classmethod
    def of_backup(cls, path: Path) -> "Library":
        """A backup as a library without photos, in memory; the file stays as it is.

        Raises:
            BackupError: it is not whole.
        """
        return cls(path, backup_file.load(path), None)

    def close(self) -> None:
        try:
            self._db.close()
        finally:
            if self._lock is not None:
                self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def revision(self) -> int:
        """Goes up with each change of photos, faces, codes or failures."""
        return int(self._db.value("SELECT revision FROM meta"))

    @property
    def uuid(self) -> str:
        """Names this library for caches outside it."""
        return str(self._db.value("SELECT uuid FROM meta"))

    @classmethod
    @contextmanager
    def written(cls, path: Path, *, make: bool = True) -> Iterator["Library"]:
        """A library open for writing; what was written is then in the file at `path`.

        Raises:
            LibraryReplaced: it is not.
            LibraryError: as `open` does.
        """
        with cls.open(path, write=True, make=make) as library:
            yield library
            library._db.check_place()
            done = library.uuid, library.revision
        with cls.open(path) as library:
            found = library.uuid, library.revision
        if found[0] != done[0] or found[1] < done[1]:
            raise LibraryReplaced(path, is_there=True)

    def snapshot(self) -> AbstractContextManager[None]:
        """Reads inside see one state, whatever a writer commits meanwhile."""
        return self._db.snapshot()

    def give_back_unused(self) -> None:
        """Give the system the memory that reading took: 10 ms. For jobs that need much of it."""
        self._db.give_back_pages()
        allocator.give_back_unused()

    def status(self) -> LibraryStatus:
        return counts.status(self._db)

    def detectors(self) -> dict[str, int]:
        """How many photos each detector has searched; see `counts.detectors`."""
        return counts.detectors(self._db)

    def roots(self) -> list[Root]:
        """The folders, in the order they were added; looks whether each is there now."""
        return self._roots.all()

    def watched_roots(self) -> dict[Path, bool]:
        """Of each folder whether it is looked at by itself, without counting its photos."""
        return self._roots.watched()

    def watch_root(self, path: Path, *, is_watched: bool) -> None:
        """Say whether a folder is looked at by itself; see `open_to_decide`."""
        self._roots.watch(path, is_watched=is_watched)

    def photo_count(self, root_id: int | None = None) -> int:
        return self.photo_table.count(root_id)

    def photos(
        self, root_id: int | None = None, *, offset: int = 0, limit: int = 500
    ) -> list[PhotoRecord]:
        """A page of photos, newest first: by the time taken, else by the file's time."""
        return self.photo_table.page(root_id, offset, limit)

    def faces_of(self, photo_id: int) -> list[FaceRecord]:
        """The faces of a photo, in the order they were found: largest first."""
        return self.face_table.of_photo(photo_id)

    def faces(self, face_ids: Sequence[int]) -> list[FaceRecord]:
        """Faces in the order of `face_ids`; unknown ids are left out."""
        return self.face_table.faces(face_ids)

    def crop(self, face_id: int) -> bytes | None:
        """The aligned 112×112 crop as a WebP file."""
        found = self.face_table.crop(face_id)
        return None if found is None else found.webp

    def placed_crop(self, face_id: int) -> PlacedCrop | None:
        """The same with its place on the photo."""
        return self.face_table.crop(face_id)

    def failures(self, root_id: int | None = None) -> list[Failure]:
        """Files that could not be read, ignored ones included."""
        return self.failure_table.failures(root_id)

    def unreachable_folders(
        self, root_id: int | None = None, scope: str = ""
    ) -> list[UnreachableFolder]:
        """Where photos lie whose file a run could not reach, in all roots or in one.

        Args:
            scope: count only photos below this folder of the roots.
        """
        found: list[UnreachableFolder] = []
        for each, root in self._roots.paths().items():
            if root_id in (None, each) and self.photo_table.has_unreachable(each):
                found += grouped(root, self.photo_table.missing_times(each), scope)
        return found

    def code_segments(self, model_id: str) -> Iterator[CodeSegment]:
        """All codes of a model; iterate inside `snapshot` while a writer may be at work."""
        return self.code_store.segments(model_id)

    def faces_without_code(self, model_id: str) -> int:
        """How many faces a search by this model would leave out."""
        return len(self.code_store.faces_without_code(model_id, hidden=False))

    def root_for(self, path: Path) -> tuple[int, Path] | None:
        """Id and path of the root that is `path` or holds it."""
        return self.root_for_known(real_path(path))

    def root_for_known(self, path: Path) -> tuple[int, Path] | None:
        """The same of a path as the library has it: it may be that of another machine."""
        root_id = self._roots.covering(path)
        return None if root_id is None else (root_id, self._roots.paths()[root_id])

    def add_root(self, path: Path) -> Root:
        """The root that covers `path`, added if there is none.

        A parent of known roots takes them over with their photo and face ids.
        """
        path = real_path(path)
        if not self._roots.is_settled(path):
            with self.writer.change():
                self._roots.add(path)
        root_id = self._roots.covering(path)
        return next(root for root in self.roots() if root.id == root_id)

    def move_root(self, old: Path, new: Path) -> None:
        """Say that a root, or a folder below one, lies elsewhere now; see `RootTable.move`."""
        with self.writer.change():
            self._roots.move(old, new)

    def settle_root(self, path: Path) -> None:
        """Forget where a root was before it was moved."""
        with self.writer.change():
            self._roots.settle(path)

    def forget_root(self, path: Path) -> ForgetReport:
        """Delete all that is known of a root, so that no byte of its codes or crops is left.

        The file's free pages, its write-ahead log and the copies that migrations made are
        cleared as well, and no backup names the folder any more. The photos are not touched.

        Raises:
            LibraryError: `path` is not a root.
            TracesLeft: it is forgotten, but a reader keeps bytes of it.
        """
        with self.forgetting():
            return self.remove_root(path)

    def remove_root(self, path: Path) -> ForgetReport:
        """Delete what is known of a root; inside `forgetting`."""
        report = self._roots.forget(real_path(path), self.code_store)
        kept = self.rewrite_backups(lambda old: old._roots.forget_name(real_path(path)))
        return replace(report, backups=kept.changed, backups_deleted=kept.deleted)

    def n_faces(self) -> int:
        """How many faces are kept, those on deleted photos too."""
        return int(self._db.value("SELECT COUNT(*) FROM faces"))

    def forget_deleted(self) -> ForgetReport:
        """Delete all that is kept of deleted photos as `forget_root` does, before its time."""
        status, faces = self.status(), self.n_faces()
        self.forget_photos([photo.id for photo in self.photo_table.deleted_photos()])
        return ForgetReport(status.deleted, faces - status.faces)

    def forget_photos(self, photo_ids: Sequence[int]) -> None:
        """Delete all that is known of these photos as `forget_root` does; nothing for none."""
        if not photo_ids:
            return
        with self.forgetting():
            self.writer.forget_photos(photo_ids)
            self.code_store.purge()

    @contextmanager
    def forgetting(self) -> Iterator[None]:
        """A transaction that deletes for good; then what deleted rows leave is cleared.

        Where that can't be done, or the program is killed before, it is left to whoever next opens
        the library to write.

        Raises:
            TracesLeft: all is done, but a reader keeps the write-ahead log.
        """
        with self.writer.change():
            self._db.run(f"PRAGMA user_version = {_HAS_TRACES}")
            yield
        self.clear_traces()

    @property
    def has_traces(self) -> bool:
        """Whether bytes of what was forgotten are still to be cleared."""
        return bool(self._db.value("PRAGMA user_version"))

    def clear_traces(self) -> None:
        """Clear what deleted rows leave: free pages, the log, copies, damaged files set aside.

        Raises:
            TracesLeft: a reader kept the log for `patience_s`.
        """
        for copy in schema.backups(self.path):
            copy.unlink(missing_ok=True)
        set_aside.delete_all(self.path)
        if not self._db.shrink(self.patience_s, self.when_waiting):
            raise TracesLeft(self.path)
        self._db.run("PRAGMA user_version = 0")

    def back_up(self, why: backups.Why, now: datetime | None = None) -> Path:
        """Make a backup of what people said; see `backups.make`."""
        return backups.make(self._db, why, now)

    def back_up_instead(self, why: backups.Why) -> Path:
        """Make a backup in place of the newest one, if that holds the same for the same reason."""
        same = backups.current(self._db)
        path = self.back_up(why)
        if same is not None and backup_file.read_note(same).why == why:
            same.unlink(missing_ok=True)
        return path

    def rewrite_backups(self, change: Callable[["Library"], bool]) -> backups.Rewritten:
        """Take something out of every backup; see `backups.rewrite`."""
        return backups.rewrite(self.path, lambda loaded: change(Library(loaded.path, loaded, None)))

    def faults(self) -> list[checking.Fault]:
        """What is wrong in the file; see `checking.faults`."""
        return list(checking.faults(self._db))

    def has_broken_pages(self) -> bool:
        """See `checking.has_broken_pages`."""
        return checking.has_broken_pages(self._db)

    def has_changed_since_backup(self) -> bool:
        """See `backups.has_changed`."""
        return backups.has_changed(self._db)

    def ignore_failures(self, failure_ids: Sequence[int], *, ignored: bool = True) -> None:
        """Leave failures out of counts and retries, or take them back in."""
        self.writer.ignore_failures(failure_ids, ignored=ignored)


def _open_to_write(cls: type[Library], path: Path) -> Library:
    try:
        private.make_folder(path.parent)
    except OSError as error:
        raise LibraryError(
            f"The folder {path.parent} for the library can't be made: {error.strerror}. "
            "Choose another place."
        ) from error
    lock = WriterLock(path)
    lock.acquire()
    try:
        library_file.remove_unfinished(real_path(path))
        if path.exists():
            library_file.refuse_foreign(path)
        else:
            library_file.make(real_path(path))
        library_file.tighten(path)
        db = connect(path, write=True)
        try:
            if schema.needs_migration(db) and not schema.is_empty(db):
                backups.before_migration(db)
            schema.migrate(db)
        except BaseException:
            db.close()
            raise
    except BaseException:
        lock.release()
        raise
    library = cls(path, db, lock)
    if library.has_traces:
        with suppress(TracesLeft):  # whoever forgot it was told; the next one tries again
            library.patience_s = 0.0
            library.clear_traces()
        library.patience_s = Library.patience_s
    return library


def _open_to_read(cls: type[Library], path: Path) -> Library:
    if not path.is_file():
        raise _no_library(path)
    library_file.refuse_cut(path)
    db = connect(path, write=False)
    try:
        if schema.is_empty(db):
            raise _no_library(path)
        is_old = schema.needs_migration(db)
    except BaseException:
        db.close()
        raise
    if not is_old:
        library_file.tighten(path)
        return cls(path, db, None)
    db.close()
    _open_to_write(cls, path).close()
    return cls(path, connect(path, write=False), None)


def _no_library(path: Path) -> LibraryError:
    hint = "What was backed up comes back by: opqn restore" if backups.files(path) else ""
    words = f"There is no library at {path} yet. Index a folder of photos first."
    return LibraryError(words, hint=hint)
