"""Index a folder: scan, compare, then read what is new, in batches that survive a kill.

The generator yields only between transactions, so closing it at any yield, or killing the
process, loses at most the photos of the batch that was not stored yet; the next run goes on there.
"""

import logging
import shlex
import time
from collections.abc import Callable, Generator, Sequence
from pathlib import Path

from opqn_app.core.errors import CropsDamaged, FolderUnavailable
from opqn_app.core.files import real_path
from opqn_app.core.machine import THOROUGH_WORKER_BYTES, fitting_workers
from opqn_app.engine import Engine
from opqn_app.index.forgetting import forget_expired
from opqn_app.index.progress import IndexProgress, IndexReport
from opqn_app.index.run_steps import Analyse, IndexRun
from opqn_app.store.library import Library
from opqn_app.store.records import KnownPhoto
from opqn_app.store.unreachable import is_available
from opqn_app.vision.photo_folder import PhotoFile

__all__ = ["IndexProgress", "IndexReport", "encode_library", "index_folder"]

logger = logging.getLogger(__name__)


def index_folder(
    library_path: Path,
    root: Path,
    engine: Engine,
    *,
    excludes: Sequence[str] = (),
    batch_size: int = 16,
    retry_failures: bool = False,
    failure_ids: Sequence[int] | None = None,
    workers: int = 0,
    elsewhere: Analyse | None = None,
    thorough: bool = False,
    accept_missing: bool = False,
    verify_content: bool = False,
    settled: frozenset[PhotoFile] | None = None,
    clock: Callable[[], float] = time.time,
) -> Generator[IndexProgress, None, IndexReport]:
    """Bring the library up to date with a folder.

    A folder inside a known root rescans that part only; a folder around known roots takes them
    over. Faces without a code of the engine's model get one from their stored crop.

    Args:
        excludes: patterns of what to leave out, see excludes.Excludes.
        batch_size: photos stored in one transaction, at most.
        retry_failures: read failed files again although they have not changed.
        failure_ids: look at these failed files only, without a scan.
        workers: processes that read photos; 1 is this one alone, 0 as many as the machine can
            take. Without an engine's builder, and for a few photos, this one does all.
        elsewhere: analyses the photos instead of such processes, see index.cluster.
        thorough: then search photos that are larger than the fast pass sees them, and that no run
            has searched so, for small faces and others it has missed. Faces that are known stay
            as they are.
        accept_missing: photos that an earlier run could not reach were deleted. `root` may then be
            a folder of a known root that is not there any more.
        verify_content: compare the content of every file with what it was, not only its size and
            time. Each file is read whole, none is decoded for that.
        settled: files as they were seen at rest, with paths from the root. Others that are new or
            changed may still be written: they are left for another run. None: read all.
        clock: the time in seconds since 1970.

    Raises:
        FolderUnavailable: the folder is missing, or empty although photos of it are known.
        LibraryError: the library can't be written.
    """
    started = time.monotonic()
    folder = real_path(root)
    if not folder.is_dir() and not (accept_missing and _is_deleted_part(library_path, folder)):
        reason = "it is a file" if folder.exists() else "it is not there"
        raise FolderUnavailable(root, reason + _if_deleted(library_path, folder, accept_missing))
    with Library.written(library_path) as library:
        library.faces_switch.refuse_if_off()
        _refuse_empty(library, folder, accept_missing=accept_missing)
        run = _start(library, folder, engine)
        run.clock, run.accepts_missing, run.settled = clock, accept_missing, settled
        library.writer.use_clock(clock)
        if failure_ids is None:
            yield from run.make_plan(
                excludes, retry_failures=retry_failures, verify_content=verify_content
            )
        else:
            run.plan_retry(failure_ids)
        yield from run.encode_known_faces()
        if run.damaged:
            logger.warning(
                "%d stored faces are damaged and get no code; opqn encode names their photos",
                len(run.damaged),
            )
        yield from run.find_known_content()
        yield from run.read_pending(batch_size, workers or fitting_workers(), elsewhere)
        able = fitting_workers(THOROUGH_WORKER_BYTES)
        yield from run.search_again(batch_size, workers or able, elsewhere, every=thorough)
        if failure_ids is None:
            yield from run.look_again(batch_size, workers or fitting_workers(), elsewhere)
        forget_expired(library, clock())
        failures = tuple(f for f in library.failures(run.root_id) if not f.is_ignored)
        unreachable = tuple(library.unreachable_folders(run.root_id, run.scope))
        report = run.counts.report(failures, unreachable, time.monotonic() - started)
    logger.info(
        "indexed: %d added, %d changed, %d edited, %d moved, %d removed, %d returned, "
        "%d unchanged, %d unreachable, %d searched again, %d failures, %.1f s",
        report.added,
        report.changed,
        report.edited,
        report.moved,
        report.removed,
        report.returned,
        report.unchanged,
        sum(each.photos for each in report.unreachable),
        report.searched,
        len(report.failures),
        report.seconds,
    )
    return report


def encode_library(library_path: Path, engine: Engine) -> Generator[IndexProgress, None, int]:
    """Give every face a code of the engine's model, from the stored crops: no photo is read.

    What other models made of the faces stays and can be searched meanwhile. Stopped anywhere, the
    next run goes on there.

    Returns:
        How many faces got a code.

    Raises:
        CropsDamaged: some of the crops are not what was written; all other faces have a code then.
        LibraryError: the library can't be written.
    """
    with Library.written(library_path) as library:
        library.faces_switch.refuse_if_off()
        run = IndexRun(library, engine, root_id=0, root=library_path.parent, scope="")
        yield from run.encode_known_faces()
        library.writer.use_model(run.model)
        damaged = run.damaged
        photos = sorted({face.photo.path for face in library.faces(damaged)})
    if damaged:
        raise CropsDamaged(library_path, len(damaged), photos)
    return run.counts.coded


def _start(library: Library, folder: Path, engine: Engine) -> IndexRun:
    root = library.add_root(folder)
    run = IndexRun(library, engine, root.id, root.path, _scope(folder, root.path))
    library.writer.use_model(run.model)
    library.writer.use_detector(run.engine.detector_name)
    return run


def _is_deleted_part(library_path: Path, folder: Path) -> bool:
    """True for a folder that is not there, of a known root that is, with photos known in it."""
    if folder.exists() or not library_path.is_file():
        return False
    with Library.open(library_path) as library:
        found = library.root_for(folder)
        if found is None or found[1] == folder or not found[1].is_dir():
            return False
        return bool(_photos_below(library, folder, *found))


def _if_deleted(library_path: Path, folder: Path, accept_missing: bool) -> str:
    """What to do about a root that is not there, where the user says that it was deleted."""
    if not (accept_missing and library_path.is_file()):
        return ""
    with Library.open(library_path) as library:
        is_root = any(root.path == folder for root in library.roots())
    return _forget_words(folder) if is_root else ""


def _refuse_empty(library: Library, folder: Path, *, accept_missing: bool) -> None:
    """A mount point without its disk is an empty folder; all in it would seem deleted."""
    found = library.root_for(folder)
    if found is None or is_available(folder, has_photos=True):
        return
    photos = _photos_below(library, folder, *found)
    if accept_missing:  # those that the user was told of
        photos = [photo for photo in photos if photo.missing_since is None]
    if photos:
        can_forget = accept_missing and found[1] == folder
        words = _forget_words(folder) if can_forget else ""
        is_bare = "it is empty, although photos of it are known"
        reason = is_bare if folder.exists() else "it is not there"
        raise FolderUnavailable(folder, reason + words)


def _forget_words(root: Path) -> str:
    return f"; if it was deleted: opqn forget {shlex.quote(str(root))}"


def _photos_below(library: Library, folder: Path, root_id: int, root: Path) -> list[KnownPhoto]:
    """The photos that are known below a folder of a root."""
    return library.photo_table.known_photos(root_id, _scope(folder, root))


def _scope(folder: Path, root: Path) -> str:
    """The relative path of a folder of a root, "" for the root itself."""
    relative = folder.relative_to(root).as_posix()
    return "" if relative == "." else relative
