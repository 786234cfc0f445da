"""The steps of one indexing run, each a generator that stores before it yields."""

import os
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from opqn_app.core.depth import AGAIN, THOROUGH, Depth
from opqn_app.engine import Engine
from opqn_app.index import moved_searches, vanished
from opqn_app.index.analysis import MAX_FACES_AT_ONCE, Analysed, Sighting, encode, find_in_file
from opqn_app.index.batch import Batch
from opqn_app.index.content import hash_file
from opqn_app.index.excludes import Excludes
from opqn_app.index.plan import Move, PendingFile, ScanPlan, assign_moves, is_same, plan_changes
from opqn_app.index.progress import IndexProgress, RunCounts
from opqn_app.index.workers import analyse_in_order
from opqn_app.store.crops import crop_from_webp
from opqn_app.store.library import Library
from opqn_app.store.photo_table import AWAITING, UNSEARCHED
from opqn_app.store.records import KnownPhoto, ModelInfo, Relocation, Root
from opqn_app.store.unreachable import folders_above, outermost
from opqn_app.vision.photo_folder import FolderScan, PhotoFile, ScanResult, stat_photo

SCAN_PROGRESS_S = 0.2
# (items, root) → each item with its result, in order; closing it ends all work
Analyse = Callable[
    [Iterable[PendingFile], Path], Generator[tuple[PendingFile, Analysed], None, None]
]

BOXES_AT_ONCE = 256  # photos whose faces are read from the library together
MIN_FOR_WORKERS = 40  # photos; fewer are done here before workers have started


@dataclass(slots=True)
class IndexRun:
    """One run over a root, or over the part of it below `scope`.

    Attributes:
        root: what all relative paths start from.
        scope: relative path of the folder to bring up to date, "" for the whole root.
        clock: the time in seconds since 1970.
        accepts_missing: what earlier runs could not reach was deleted.
        damaged: ids of faces whose crop is not what was written, so that they got no code.
        settled: of new and changed files only these are read; None for all.
    """

    library: Library
    engine: Engine
    root_id: int
    root: Path
    scope: str
    clock: Callable[[], float] = time.time
    accepts_missing: bool = False
    settled: frozenset[PhotoFile] | None = None
    counts: RunCounts = field(default_factory=RunCounts)
    damaged: list[int] = field(default_factory=list)
    plan: ScanPlan = field(default_factory=lambda: ScanPlan((), (), (), (), 0))

    @property
    def model(self) -> ModelInfo:
        return ModelInfo.of(self.engine.encoder)

    def make_plan(
        self, excludes: Sequence[str], *, retry_failures: bool, verify_content: bool
    ) -> Iterator[IndexProgress]:
        """Scan and compare with what is known, also the contents with `verify_content`."""
        photos, failures = self.library.photo_table, self.library.failure_table
        found = yield from self._scan(excludes)
        known = photos.known_photos(self.root_id, self.scope)
        differing = (yield from self._compare(known, found)) if verify_content else frozenset()
        self._use_plan(
            plan_changes(
                known,
                found,
                [f for f in failures.known_failures(self.root_id) if self._is_in_scope(f.rel_path)],
                retry_failures=retry_failures,
                differing=differing,
            )
        )

    def plan_retry(self, failure_ids: Sequence[int]) -> None:
        """Plan to look at these failed files only."""
        known, wanted = self.library.failure_table.known_failures(self.root_id), set(failure_ids)
        failed = [failure for failure in known if failure.id in wanted]
        paths = {failure.rel_path for failure in failed}
        files = [stat_photo(self.root, path) for path in sorted(paths)]
        photos = self.library.photo_table.known_photos(self.root_id)
        plan = plan_changes(
            [photo for photo in photos if photo.rel_path in paths],
            ScanResult(tuple(file for file in files if file is not None), ()),
            failed,
            retry_failures=True,
        )
        seen = {file.rel_path for file in files if file is not None}
        there = {failure.id for failure in failed if failure.rel_path in seen}
        healed = tuple(i for i in plan.gone_failures if i in there)
        # What is away only a scan can tell.
        self._use_plan(replace(plan, gone=(), gone_failures=healed))

    def encode_known_faces(self) -> Iterator[IndexProgress]:
        """Give faces that have no code of this model one, from their stored crops.

        This comes before anything new is stored: codes are kept in the order of face ids.
        """
        self.library.writer.drop_damaged_codes(self.model.model_id)
        face_ids = self.library.code_store.faces_without_code(self.model.model_id).tolist()
        self.counts.total += len(face_ids)
        for start in range(0, len(face_ids), MAX_FACES_AT_ONCE):
            chunk = face_ids[start : start + MAX_FACES_AT_ONCE]
            crops = self.library.face_table.crops(chunk)
            whole = [i for i in chunk if i in crops]
            self.damaged += [i for i in chunk if i not in crops]
            if whole:
                codes = encode(self.engine.encoder, [crop_from_webp(crops[i]) for i in whole])
                self.library.writer.save_codes(self.model, whole, codes)
            self.counts.coded += len(whole)
            yield from self.counts.step(len(chunk), "")

    def find_known_content(self) -> Iterator[IndexProgress]:
        """Recognise files that hold a known photo: moved, renamed, swapped, touched or restored.

        Their faces keep their ids. A photo whose file is gone is hidden; one whose file can't be
        reached is marked.
        """
        displaced = [*self.plan.displaced, *self._displaced_elsewhere()]
        deleted = self.library.photo_table.deleted_photos() if self.plan.pending else []
        hashes = {photo.content_hash for photo in (*displaced, *deleted)}
        hashed: list[tuple[PhotoFile, bytes]] = []
        for file in self.plan.candidates((*displaced, *deleted)):
            digest = hash_file(self.root / file.rel_path)
            if digest in hashes:
                hashed.append((file, digest))
            yield from self.counts.step(int(digest in hashes), file.rel_path)
        moves = assign_moves(displaced, hashed)
        used = {file.rel_path for _, file in moves}
        restored = assign_moves(deleted, [pair for pair in hashed if pair[0].rel_path not in used])
        placed = [*moves, *restored]
        self.plan = self.plan.after(placed)
        known = self._known_after(placed)
        missing = self._missing(known)
        kept = {photo.id for photo in missing}
        unseen = (*self.plan.gone, *self.plan.unlisted)
        removed = [photo.id for photo in unseen if photo.id not in kept]
        writer = self.library.writer
        writer.rearrange(
            self.root_id,
            [Relocation(old.id, new.rel_path, new.size, new.mtime_ns) for old, new in placed],
            removed,
            self._stale_failures(missing, known),
        )
        writer.mark(
            [photo.id for photo in missing if photo.missing_since is None],
            [photo.id for photo in self.plan.seen_again],
        )
        roots = {root.id: root.path for root in self.library.roots()} if moves else {}
        moved_searches.follow(
            self.library,
            [(roots[old.root_id] / old.rel_path, self.root / new.rel_path) for old, new in moves],
        )
        self._drop_emptied_roots()
        self.counts.removed = len(removed)
        self.counts.returned = len(restored) + len(self.plan.seen_again)
        self._count(moves)

    def read_pending(
        self, batch_size: int, workers: int, elsewhere: Analyse | None = None
    ) -> Iterator[IndexProgress]:
        """Read, detect, encode and store what is left."""
        items = [*(PendingFile(file, None) for file in self.plan.broken), *self.plan.pending]
        yield from self._read(items, len(items), batch_size, workers, elsewhere)

    def search_again(
        self, batch_size: int, workers: int, elsewhere: Analyse | None = None, *, every: bool
    ) -> Iterator[IndexProgress]:
        """Search larger copies of the photos that only the fast pass has seen.

        Faces they have stay as they are. A photo whose disk refuses is left for another run.

        Args:
            every: not only those where this failed and is to be tried again.
        """
        retried = {photo.id for photo in self.plan.again}
        if not (every or retried):
            return
        photos = [p for p in self._to_search(UNSEARCHED) if every or p.id in retried]
        self.counts.begin("thorough", len(photos))
        again = self._again(photos, THOROUGH)
        yield from self._read(again, len(photos), batch_size, workers, elsewhere)

    def look_again(
        self, batch_size: int, workers: int, elsewhere: Analyse | None = None
    ) -> Iterator[IndexProgress]:
        """Search the photos that were last searched before turned and tight faces were found."""
        photos = self._to_search(AWAITING)
        if photos:
            self.counts.begin("thorough", len(photos))
            again = self._again(photos, AGAIN)
            yield from self._read(again, len(photos), batch_size, workers, elsewhere)

    def _to_search(self, which: str) -> list[KnownPhoto]:
        known = self.library.photo_table.photos_to_search(self.root_id, which)
        in_scope = (photo for photo in known if self._is_in_scope(photo.rel_path))
        return sorted(in_scope, key=lambda photo: photo.rel_path)

    def _again(self, photos: Sequence[KnownPhoto], depth: Depth) -> Iterator[PendingFile]:
        for start in range(0, len(photos), BOXES_AT_ONCE):
            some = photos[start : start + BOXES_AT_ONCE]
            boxes = self.library.face_table.boxes([photo.id for photo in some])
            for photo in some:
                file = PhotoFile(photo.rel_path, photo.size, photo.mtime_ns)
                yield PendingFile(file, photo, depth, boxes.get(photo.id, ()))

    def _read(
        self,
        items: Iterable[PendingFile],
        n_items: int,
        batch_size: int,
        workers: int,
        elsewhere: Analyse | None,
    ) -> Iterator[IndexProgress]:
        batch = Batch(batch_size)
        with closing(self._sightings(items, n_items, workers, elsewhere)) as sightings:
            for item, sighting in sightings:
                batch.take(item, sighting)
                if batch.is_full:
                    yield from self._store(batch)
                    batch = Batch(batch_size)
        if batch.n_files:
            yield from self._store(batch)

    def _sightings(
        self, items: Iterable[PendingFile], n_items: int, workers: int, elsewhere: Analyse | None
    ) -> Generator[tuple[PendingFile, Sighting], None, None]:
        builder = self.engine.builder
        if elsewhere is not None:
            results = elsewhere(items, self.root)
        elif builder is None or workers == 1 or n_items < MIN_FOR_WORKERS:
            for item in items:
                yield item, find_in_file(item, self.root, self.engine.detector, is_apart=True)
            return
        else:
            results = analyse_in_order(items, self.root, builder, workers)
        with closing(results) as analysed:
            for item, done in analysed:
                yield item, Sighting(done)

    def _store(self, batch: Batch) -> Iterator[IndexProgress]:
        batch.store(self.library.writer, self.root_id, self.engine.encoder, self.counts)
        yield from self.counts.step(batch.n_files, batch.last)

    def _use_plan(self, plan: ScanPlan) -> None:
        settled = self.settled
        if settled is not None:
            pending = tuple(item for item in plan.pending if item.file in settled)
            plan = replace(plan, pending=pending)
        self.plan = plan
        self.counts.unchanged = plan.unchanged
        self.counts.total = len(plan.pending) + len(plan.broken)

    def _known_after(self, placed: Sequence[Move]) -> list[KnownPhoto]:
        """The photos of the root, those that were found in another place at that place."""
        if not (self.plan.gone or self.plan.unlisted):
            return []
        moved = {old.id for old, _ in placed}
        known = self.library.photo_table.known_photos(self.root_id)
        return [
            *(photo for photo in known if photo.id not in moved),
            *(replace(old, rel_path=new.rel_path, missing_since=None) for old, new in placed),
        ]

    def _missing(self, known: Sequence[KnownPhoto]) -> list[KnownPhoto]:
        """The photos of the plan that can't be reached; without those the user gave up."""
        gone, unlisted = (
            [p for p in photos if not (self.accepts_missing and p.missing_since is not None)]
            for photos in (self.plan.gone, self.plan.unlisted)
        )
        ids = vanished.away(self.root, gone, known) if gone else ()
        return [*unlisted, *(photo for photo in gone if photo.id in ids)]

    def _stale_failures(
        self, missing: Sequence[KnownPhoto], known: Sequence[KnownPhoto]
    ) -> list[int]:
        """The failures of the plan that are over; not those of files that went with photos."""
        stale = self.plan.gone_failures
        if not (stale and missing):
            return list(stale)
        gone = {photo.rel_path for photo in missing}
        away = set(outermost(gone, (p.rel_path for p in known if p.rel_path not in gone)).values())
        kept = {
            failure.id
            for failure in self.library.failure_table.known_failures(self.root_id)
            if not away.isdisjoint(folders_above(failure.rel_path))
            and not os.path.lexists(self.root / failure.rel_path)
        }
        return [failure_id for failure_id in stale if failure_id not in kept]

    def _compare(
        self, known: Sequence[KnownPhoto], found: ScanResult
    ) -> Generator[IndexProgress, None, frozenset[str]]:
        """Paths of files that don't hold what they held, or can't be read, by reading each."""
        photos = {photo.rel_path: photo for photo in known}
        same = [
            (file, photo)
            for file in found.files
            if file.problem is None
            and (photo := photos.get(file.rel_path)) is not None
            and is_same(file, photo)
        ]
        differing: set[str] = set()
        self.counts.begin("comparing", len(same))
        for file, photo in same:
            if hash_file(self.root / file.rel_path) != photo.content_hash:
                differing.add(file.rel_path)
            yield from self.counts.step(1, file.rel_path)
        self.counts.begin("indexing", 0)
        return frozenset(differing)

    def _scan(self, excludes: Sequence[str]) -> Generator[IndexProgress, None, ScanResult]:
        if self.accepts_missing and self.scope and not (self.root / self.scope).exists():
            return ScanResult((), ())
        walk = scan_of(self.library, self.root, excludes)
        last = time.monotonic()
        for folder in walk.steps(self.scope):
            if time.monotonic() - last >= SCAN_PROGRESS_S:
                yield IndexProgress("scanning", len(walk.files), 0, 0, 0, 0.0, None, folder)
                last = time.monotonic()
        yield IndexProgress("scanning", len(walk.files), 0, 0, 0, 0.0, None, self.scope)
        return walk.result()

    def _displaced_elsewhere(self) -> list[KnownPhoto]:
        """Photos of other roots whose file is not in its place and may be one of the new files.

        Where a whole root is missing, perhaps because its disk is unplugged, only a file at the
        same path below some folder counts: then the root was renamed, or mounted elsewhere. So it
        is with photos that an earlier run could not reach.
        """
        new = [item.file for item in self.plan.pending if item.known is None]
        sizes = {file.size for file in new}
        ends = {end for file in new for end in _ends(file.rel_path)}
        found: list[KnownPhoto] = []
        for root in self._other_roots() if new else ():
            known = self.library.photo_table.known_photos(root.id)
            likely = [photo for photo in known if photo.size in sizes]
            found += [
                photo
                for photo in likely
                if photo.rel_path in ends or (root.is_available and photo.missing_since is None)
                if not (root.is_available and os.path.lexists(root.path / photo.rel_path))
            ]
        return found

    def _other_roots(self) -> list[Root]:
        return [root for root in self.library.roots() if root.id != self.root_id]

    def _drop_emptied_roots(self) -> None:
        for root in self._other_roots():
            if root.photos == 0 and not root.is_available:
                self.library.writer.drop_root_if_empty(root.id, self.root_id)

    def _count(self, moves: Sequence[Move]) -> None:
        touched = sum(
            old.root_id == self.root_id and old.rel_path == new.rel_path for old, new in moves
        )
        self.counts.unchanged += touched
        self.counts.moved = len(moves) - touched
        # Copies beyond the number of known photos were counted as found, and are read after all.
        left = len(self.plan.pending) + len(self.plan.broken)
        self.counts.total = max(self.counts.total, self.counts.done + left)

    def _is_in_scope(self, rel_path: str) -> bool:
        return not self.scope or rel_path.startswith(f"{self.scope}/")


def scan_of(library: Library, root: Path, excludes: Sequence[str]) -> FolderScan:
    """A scan of a root that has not begun; roots of their own inside it are left out."""
    inner = [path for path in library.watched_roots() if root in path.parents]
    return FolderScan(
        root,
        excludes=Excludes(excludes) if excludes else None,
        skip=frozenset(path.relative_to(root).as_posix() for path in inner),
    )


def _ends(rel_path: str) -> Iterator[str]:
    """The path without its first 0, 1, 2, ... folders."""
    parts = rel_path.split("/")
    for start in range(len(parts)):
        yield "/".join(parts[start:])
