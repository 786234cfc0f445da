"""Index a folder: scan, plan, then read, detect, encode and store in batches that survive a kill.

The generator yields only between transactions, so closing it at any yield loses at most the
photos of the batch that was not stored yet, and a later run goes on from there.
"""

import io
import logging
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from opqn_app.engine import Engine
from opqn_app.errors import FolderUnavailable, PhotoUnreadable
from opqn_app.library import scan
from opqn_app.library.content import (
    FileContent,
    FileGone,
    FileInFlux,
    hash_file,
    read_content,
)
from opqn_app.library.library import Library
from opqn_app.library.plan import PendingFile, ScanPlan, assign_moves, plan_changes
from opqn_app.library.rate import RateMeter
from opqn_app.library.records import (
    Failure,
    ModelInfo,
    NewFace,
    NewFailure,
    NewPhoto,
    Relocation,
)
from opqn_app.library.root_table import is_available
from opqn_app.types import Codes, Crops, FaceEncoder
from opqn_app.vision.faces import FoundFace, find_faces
from opqn_app.vision.images import Photo, read_photo

logger = logging.getLogger(__name__)

MAX_FACES_AT_ONCE = 256  # crops in one forward pass: a photo of a crowd must not fill the memory
MAX_BATCH_S = 2.0  # a slow machine stores smaller batches, so that progress and cancel stay brisk
SCAN_PROGRESS_S = 0.2
CROP_WEBP_QUALITY = 90
NEVER_SEEN = -1  # a size no file has: makes the next run try again


@dataclass(frozen=True, slots=True)
class IndexProgress:
    """Where a run stands.

    Attributes:
        done, total: photos to look at in this run; total is 0 while scanning, where done counts
            the files found so far.
        faces, failures: found in this run.
        photos_per_s: over the last half minute of work, pauses left out.
        eta_s: seconds still to go; None while that is not known.
        current: relative path of the file or folder looked at last.
    """

    phase: Literal["scanning", "indexing"]
    done: int
    total: int
    faces: int
    failures: int
    photos_per_s: float
    eta_s: float | None
    current: str


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What a run did.

    Attributes:
        added, changed, moved, removed: photos.
        unchanged: photos that needed nothing, or only a new file time.
        decoded: files whose picture was decoded.
        faces: found in this run.
        failures: all files of the root that can't be read, without those the user ignores.
    """

    added: int
    changed: int
    moved: int
    removed: int
    unchanged: int
    decoded: int
    faces: int
    failures: tuple[Failure, ...]
    seconds: float


def index_folder(
    library_path: Path,
    root: Path,
    engine: Engine,
    *,
    excludes: Sequence[str] = (),
    batch_size: int = 16,
    retry_failures: bool = False,
    failure_ids: Sequence[int] | None = None,
) -> Generator[IndexProgress, None, IndexReport]:
    """Bring the library up to date with a folder.

    A folder inside a known root rescans that part only; a folder around known roots takes them
    over. Faces without a code of the engine's model get one from their stored crop.

    Args:
        excludes: glob patterns of what to leave out, see scan.is_excluded.
        batch_size: photos stored in one transaction, at most.
        retry_failures: read failed files again although they have not changed.
        failure_ids: look at these failed files only, without a scan.

    Raises:
        FolderUnavailable: the folder is missing, or empty although photos of it are known.
        LibraryError: the library can't be written.
    """
    started = time.monotonic()
    folder = root.resolve()
    if not folder.is_dir():
        reason = "it is a file" if folder.exists() else "it is not there"
        raise FolderUnavailable(root, reason)
    with Library.open(library_path, write=True) as library:
        run = _Run(library, folder, engine, excludes, batch_size)
        yield from run.make_plan(retry_failures, failure_ids)
        yield from run.encode_known_faces()
        yield from run.move_photos()
        run.remove_gone()
        yield from run.read_pending()
        failures = tuple(f for f in library.failures(run.root_id) if not f.is_ignored)
        return run.counts.report(failures, time.monotonic() - started)


@dataclass(slots=True)
class _Counts:
    added: int = 0
    changed: int = 0
    moved: int = 0
    removed: int = 0
    unchanged: int = 0
    decoded: int = 0
    faces: int = 0
    failures: int = 0

    def report(self, failures: tuple[Failure, ...], seconds: float) -> IndexReport:
        logger.info(
            "indexed: %d added, %d changed, %d moved, %d removed, %d unchanged, %d failed, %.1f s",
            self.added,
            self.changed,
            self.moved,
            self.removed,
            self.unchanged,
            self.failures,
            seconds,
        )
        return IndexReport(
            added=self.added,
            changed=self.changed,
            moved=self.moved,
            removed=self.removed,
            unchanged=self.unchanged,
            decoded=self.decoded,
            faces=self.faces,
            failures=failures,
            seconds=seconds,
        )


@dataclass(slots=True)
class _Batch:
    """Photos read and not stored yet."""

    started: float = field(default_factory=time.monotonic)
    photos: list[tuple[PendingFile, FileContent, Photo, list[FoundFace]]] = field(
        default_factory=list
    )
    failures: list[NewFailure] = field(default_factory=list)
    touched: list[Relocation] = field(default_factory=list)
    looked_at: int = 0
    last: str = ""

    def crops(self) -> list[Crops]:
        return [face.crop for *_, faces in self.photos for face in faces]

    def is_full(self, batch_size: int) -> bool:
        return (
            self.looked_at >= batch_size
            or len(self.crops()) >= MAX_FACES_AT_ONCE
            or time.monotonic() - self.started >= MAX_BATCH_S
        )


class _Run:
    """One call of index_folder."""

    def __init__(
        self,
        library: Library,
        folder: Path,
        engine: Engine,
        excludes: Sequence[str],
        batch_size: int,
    ) -> None:
        self._library = library
        self._engine = engine
        self._excludes = excludes
        self._batch_size = batch_size
        self._model = model_info(engine.encoder)
        self._meter = RateMeter()
        self._plan = ScanPlan((), (), (), (), 0)
        self._total = 0
        self._done = 0
        self.counts = _Counts()
        self._refuse_empty(folder)
        self.root_id = library.add_root(folder).id
        found = library.root_for(folder)
        assert found is not None, "it was added a moment ago"
        self._root = found[1]
        relative = folder.relative_to(self._root).as_posix()
        self._scope = "" if relative == "." else relative
        library.writer.use_model(self._model)

    def make_plan(
        self, retry_failures: bool, failure_ids: Sequence[int] | None
    ) -> Iterator[IndexProgress]:
        """Scan and compare; afterwards the other steps know what to do."""
        table = self._library.photo_table
        known = [p for p in table.known_photos(self.root_id) if self._is_in_scope(p.rel_path)]
        failed = [f for f in table.known_failures(self.root_id) if self._is_in_scope(f.rel_path)]
        if failure_ids is None:
            found = yield from self._scan()
        else:
            failed = [f for f in failed if f.id in set(failure_ids)]
            paths = {f.rel_path for f in failed}
            known = [p for p in known if p.rel_path in paths]
            files = [scan.stat_photo(self._root, path) for path in sorted(paths)]
            found = scan.ScanResult(tuple(f for f in files if f is not None), ())
            retry_failures = True
        self._plan = plan_changes(known, found, failed, retry_failures=retry_failures)
        self.counts.unchanged = self._plan.unchanged
        self._total = len(self._plan.pending) + len(self._plan.broken)

    def encode_known_faces(self) -> Iterator[IndexProgress]:
        """Give faces that have no code of this model one, from their stored crops."""
        store, table = self._library.code_store, self._library.photo_table
        face_ids = store.faces_without_code(self._model.model_id)
        # Before anything new is stored: codes are kept in the order of face ids.
        self._total += len(face_ids)
        for start in range(0, len(face_ids), MAX_FACES_AT_ONCE):
            chunk = [int(i) for i in face_ids[start : start + MAX_FACES_AT_ONCE]]
            crops = table.crops(chunk)
            usable = [i for i in chunk if i in crops]
            if usable:
                codes = self._encode([crop_from_webp(crops[i]) for i in usable])
                self._library.writer.save_codes(self._model, usable, codes)
            yield from self._progress(len(chunk), "")

    def move_photos(self) -> Iterator[IndexProgress]:
        """Recognise files that are only elsewhere now; their faces keep their ids."""
        hashed: list[tuple[scan.PhotoFile, bytes]] = []
        for file in self._plan.move_candidates:
            digest = hash_file(self._root / file.rel_path)
            if digest is not None:
                hashed.append((file, digest))
            yield from self._progress(0, file.rel_path)
        moves = assign_moves(self._plan.gone, hashed)
        if not moves:
            return
        self._library.writer.move(
            self.root_id,
            [Relocation(old.id, new.rel_path, new.size, new.mtime_ns) for old, new in moves],
        )
        self.counts.moved = len(moves)
        self._forget_planned(moves)
        yield from self._progress(len(moves), moves[-1][1].rel_path)

    def remove_gone(self) -> None:
        """Delete what is known of files that are gone."""
        self._library.writer.remove([p.id for p in self._plan.gone], self._plan.gone_failures)
        self.counts.removed = len(self._plan.gone)

    def read_pending(self) -> Iterator[IndexProgress]:
        """Read, detect, encode and store new and changed files."""
        batch = _Batch()
        for file in self._plan.broken:
            batch.failures.append(
                NewFailure(file.rel_path, file.size, file.mtime_ns, file.problem or "")
            )
            batch.looked_at += 1
        for item in self._plan.pending:
            self._read(item, batch)
            batch.looked_at += 1
            batch.last = item.file.rel_path
            if batch.is_full(self._batch_size):
                self._store(batch)
                yield from self._progress(batch.looked_at, batch.last)
                batch = _Batch()
        if batch.looked_at:
            self._store(batch)
            yield from self._progress(batch.looked_at, batch.last)

    def _scan(self) -> Generator[IndexProgress, None, scan.ScanResult]:
        inner = [
            root.path.relative_to(self._root).as_posix()
            for root in self._library.roots()
            if self._root in root.path.parents
        ]
        walk = scan.FolderScan(self._root, self._excludes, frozenset(inner))
        last = time.monotonic()
        for folder in walk.steps(self._scope):
            if time.monotonic() - last >= SCAN_PROGRESS_S:
                yield IndexProgress("scanning", len(walk.files), 0, 0, 0, 0.0, None, folder)
                last = time.monotonic()
        yield IndexProgress("scanning", len(walk.files), 0, 0, 0, 0.0, None, self._scope)
        return walk.result()

    def _read(self, item: PendingFile, batch: _Batch) -> None:
        path, file, known = self._root / item.file.rel_path, item.file, item.known
        try:
            content = read_content(path)
        except FileGone:
            return
        except FileInFlux:
            reason = "another program is writing it; it is tried again in the next run"
            batch.failures.append(NewFailure(file.rel_path, NEVER_SEEN, 0, reason))
            return
        except PhotoUnreadable as error:
            # The disk refuses now; what is known of the photo may still be true.
            batch.failures.append(NewFailure(file.rel_path, file.size, file.mtime_ns, error.reason))
            return
        if known is not None and known.content_hash == content.content_hash:
            batch.touched.append(
                Relocation(known.id, file.rel_path, content.size, content.mtime_ns)
            )
            return
        self.counts.decoded += 1
        try:
            photo = read_photo(content.data, path.name)
        except PhotoUnreadable as error:
            batch.failures.append(
                NewFailure(
                    file.rel_path,
                    content.size,
                    content.mtime_ns,
                    error.reason,
                    drop_photo_id=known.id if known else None,
                )
            )
            return
        batch.photos.append((item, content, photo, find_faces(photo, self._engine.detector)))

    def _store(self, batch: _Batch) -> None:
        crops = batch.crops()
        codes = iter(self._encode(crops) if crops else ())
        photos = [
            new_photo(item, content, photo, [(face, next(codes)) for face in faces])
            for item, content, photo, faces in batch.photos
        ]
        writer = self._library.writer
        if photos or batch.failures:
            writer.save_batch(self.root_id, self._model, photos, batch.failures)
        if batch.touched:
            writer.touch(batch.touched)
        added = sum(photo.photo_id is None for photo in photos)
        self.counts.added += added
        self.counts.changed += len(photos) - added
        self.counts.unchanged += len(batch.touched)
        self.counts.faces += len(crops)
        self.counts.failures += len(batch.failures)

    def _encode(self, crops: Sequence[Crops]) -> Codes:
        parts = [
            self._engine.encoder.encode(np.stack(crops[i : i + MAX_FACES_AT_ONCE]))
            for i in range(0, len(crops), MAX_FACES_AT_ONCE)
        ]
        return np.concatenate(parts)

    def _progress(self, done: int, current: str) -> Iterator[IndexProgress]:
        self._done += done
        if done:
            self._meter.add(done)
        progress = IndexProgress(
            phase="indexing",
            done=self._done,
            total=self._total,
            faces=self.counts.faces,
            failures=self.counts.failures,
            photos_per_s=self._meter.rate(),
            eta_s=self._meter.eta_s(self._total - self._done),
            current=current,
        )
        with self._meter.paused():
            yield progress

    def _forget_planned(self, moves: Sequence[tuple[object, scan.PhotoFile]]) -> None:
        plan = self._plan
        old = {id(photo) for photo, _ in moves}
        new = {file.rel_path for _, file in moves}
        self._plan = ScanPlan(
            pending=tuple(item for item in plan.pending if item.file.rel_path not in new),
            broken=plan.broken,
            gone=tuple(photo for photo in plan.gone if id(photo) not in old),
            gone_failures=plan.gone_failures,
            unchanged=plan.unchanged,
        )

    def _is_in_scope(self, rel_path: str) -> bool:
        return not self._scope or rel_path.startswith(f"{self._scope}/")

    def _refuse_empty(self, folder: Path) -> None:
        """A mount point without its disk is an empty folder; all in it would seem deleted."""
        root = self._library.root_for(folder)
        if root is None or is_available(folder, has_photos=True):
            return
        root_id, root_path = root
        relative = folder.relative_to(root_path).as_posix()
        prefix = "" if relative == "." else f"{relative}/"
        known = self._library.photo_table.known_photos(root_id)
        if any(photo.rel_path.startswith(prefix) for photo in known):
            raise FolderUnavailable(folder, "it is empty, although photos of it are known")


def model_info(encoder: FaceEncoder) -> ModelInfo:
    return ModelInfo(encoder.model_id, encoder.name, encoder.n_books, encoder.n_words)


def new_photo(
    item: PendingFile,
    content: FileContent,
    photo: Photo,
    faces: Sequence[tuple[FoundFace, Codes]],
) -> NewPhoto:
    """What is stored of an analysed file."""
    return NewPhoto(
        rel_path=item.file.rel_path,
        size=content.size,
        mtime_ns=content.mtime_ns,
        content_hash=content.content_hash,
        width=photo.width,
        height=photo.height,
        taken_at=photo.taken_at,
        faces=tuple(
            NewFace(face.box, face.landmarks, face.quality, crop_to_webp(face.crop), code)
            for face, code in faces
        ),
        photo_id=item.known.id if item.known else None,
    )


def crop_to_webp(crop: Crops) -> bytes:
    """An aligned crop as it is stored: about 3 kB."""
    out = io.BytesIO()
    Image.fromarray(crop).save(out, "WEBP", quality=CROP_WEBP_QUALITY)
    return out.getvalue()


def crop_from_webp(webp: bytes) -> Crops:
    """(112, 112, 3) uint8 of a stored crop."""
    with Image.open(io.BytesIO(webp)) as image:
        return np.asarray(image.convert("RGB"))
