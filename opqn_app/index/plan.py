"""Compare what a scan found with what is known; decides, reads no file and writes nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from opqn_app.core.depth import FAST, Depth
from opqn_app.core.types import Box
from opqn_app.store.records import KnownFailure, KnownPhoto
from opqn_app.vision.photo_folder import PhotoFile, ScanResult

Move = tuple[KnownPhoto, PhotoFile]  # a known photo and the file that holds its content now


@dataclass(frozen=True, slots=True)
class PendingFile:
    """A file to be read.

    Attributes:
        known: the photo that was at its path.
        depth: how thoroughly it is searched, if it still holds that photo.
        boxes: of the faces known then, which are kept.
    """

    file: PhotoFile
    known: KnownPhoto | None
    depth: Depth = FAST
    boxes: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True)
class ScanPlan:
    """What an indexing run has to do.

    Attributes:
        pending: new, changed and retried files, by rel_path. Their content may turn out to be that
            of a known photo.
        broken: files that are no regular files, to be listed as failures.
        gone: known photos without their file. Those below folders that can't be listed are not
            among them.
        gone_failures: ids of failures without their file, or whose file is a known photo again,
            or is one that is to be searched again.
        unchanged: photos of the same size and mtime.
        again: those of them that the thorough search could not read and is to try again.
        unlisted: known photos below folders that can't be listed.
        seen_again: photos of the same size and mtime that an earlier run could not reach.
    """

    pending: tuple[PendingFile, ...]
    broken: tuple[PhotoFile, ...]
    gone: tuple[KnownPhoto, ...]
    gone_failures: tuple[int, ...]
    unchanged: int
    again: tuple[KnownPhoto, ...] = ()
    unlisted: tuple[KnownPhoto, ...] = ()
    seen_again: tuple[KnownPhoto, ...] = ()

    @property
    def displaced(self) -> tuple[KnownPhoto, ...]:
        """Photos whose content is no longer known to be at their path; it may be elsewhere."""
        return (*self.gone, *(item.known for item in self.pending if item.known is not None))

    def candidates(self, displaced: Iterable[KnownPhoto]) -> tuple[PhotoFile, ...]:
        """Files as large as one of `displaced`: worth hashing before anything is decoded."""
        sizes = {photo.size for photo in displaced}
        return tuple(item.file for item in self.pending if item.file.size in sizes)

    def after(self, moves: Sequence["Move"]) -> "ScanPlan":
        """What is left to do once `moves` are made."""
        placed = {photo.id for photo, _ in moves}
        used = {file.rel_path for _, file in moves}
        replaced = [
            item.known
            for item in self.pending
            if item.known is not None and item.file.rel_path in used and item.known.id not in placed
        ]
        return replace(
            self,
            pending=tuple(
                PendingFile(item.file, item.known)
                if item.known is None or item.known.id not in placed
                else PendingFile(item.file, None)
                for item in self.pending
                if item.file.rel_path not in used
            ),
            gone=(*(photo for photo in self.gone if photo.id not in placed), *replaced),
        )


def plan_changes(
    known: Sequence[KnownPhoto],
    found: ScanResult,
    failures: Sequence[KnownFailure] = (),
    *,
    retry_failures: bool = False,
    differing: frozenset[str] = frozenset(),
) -> ScanPlan:
    """Plan a run over one root, or over one part of it.

    A failure is tried again when its file has changed. With `retry_failures` it is tried again
    anyway, unless the user ignores it. A photo that is known and unchanged can have a failure too:
    the thorough search could not read it.

    Args:
        known, found, failures: of the same root, or of the same part of it.
        differing: paths of files whose content has changed, whatever size and mtime say.
    """
    photos = {photo.rel_path: photo for photo in known}
    failed = {failure.rel_path: failure for failure in failures}
    pending: list[PendingFile] = []
    broken: list[PhotoFile] = []
    healed: list[int] = []
    again: list[KnownPhoto] = []
    seen_again: list[KnownPhoto] = []
    unchanged = 0
    for file in found.files:
        photo, failure = photos.get(file.rel_path), failed.get(file.rel_path)
        if file.problem is not None:
            if _is_due(file, failure, retry_failures):
                broken.append(file)
        elif file.rel_path in differing:
            pending.append(PendingFile(file, photo))
        elif photo is not None and is_same(file, photo):
            if photo.missing_since is None:
                unchanged += 1
            else:
                seen_again.append(photo)
            if failure is not None and _is_due(file, failure, retry_failures):
                healed.append(failure.id)
                again += [photo] if is_same(file, failure) else []
        elif _is_due(file, failure, retry_failures):
            pending.append(PendingFile(file, photo))
    seen = {file.rel_path for file in found.files}
    hidden = frozenset(found.unreadable)
    unseen = [photo for photo in known if photo.rel_path not in seen]
    return ScanPlan(
        pending=tuple(pending),
        broken=tuple(broken),
        gone=tuple(photo for photo in unseen if not _is_under(photo, hidden)),
        gone_failures=(
            *(f.id for f in failures if f.rel_path not in seen and not _is_under(f, hidden)),
            *healed,
        ),
        unchanged=unchanged,
        again=tuple(again),
        unlisted=tuple(photo for photo in unseen if _is_under(photo, hidden)),
        seen_again=tuple(seen_again),
    )


def assign_moves(
    displaced: Iterable[KnownPhoto], files: Iterable[tuple[PhotoFile, bytes]]
) -> list[Move]:
    """Pair photos with files of the same content.

    Among several copies the pair that shares the longest end of its path comes first, then the
    first path in order, so the same tree always gives the same pairs. A photo whose file has only
    a new time is paired with its own file.

    Args:
        files: new and changed files with their content hash.
    """
    by_hash: dict[bytes, list[PhotoFile]] = {}
    for file, content_hash in files:
        by_hash.setdefault(content_hash, []).append(file)
    pairs = [
        (-_shared_end(photo.rel_path, file.rel_path), photo.rel_path, file.rel_path, photo, file)
        for photo in displaced
        for file in by_hash.get(photo.content_hash, ())
    ]
    moves: list[Move] = []
    used: set[str] = set()
    placed: set[int] = set()
    for *_, photo, file in sorted(pairs, key=lambda pair: (*pair[:3], pair[3].id)):
        if photo.id not in placed and file.rel_path not in used:
            placed.add(photo.id)
            used.add(file.rel_path)
            moves.append((photo, file))
    return moves


def is_same(file: PhotoFile, known: KnownPhoto | KnownFailure) -> bool:
    """Whether size and time of a file are still those it had."""
    return file.size == known.size and file.mtime_ns == known.mtime_ns


def _is_due(file: PhotoFile, failure: KnownFailure | None, retry_failures: bool) -> bool:
    if failure is None or not is_same(file, failure):
        return True
    return retry_failures and not failure.is_ignored


def _is_under(known: KnownPhoto | KnownFailure, folders: frozenset[str]) -> bool:
    if not folders:
        return False
    parts = known.rel_path.split("/")
    return any("/".join(parts[:i]) in folders for i in range(1, len(parts) + 1))


def _shared_end(one: str, other: str) -> int:
    """How many names at the end of two paths are equal."""
    count = 0
    for a, b in zip(reversed(one.split("/")), reversed(other.split("/")), strict=False):
        if a != b:
            break
        count += 1
    return count
