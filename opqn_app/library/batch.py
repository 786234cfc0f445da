"""Photos that were read and are not stored yet: read, find faces, encode together, store."""

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from opqn_app.engine import Engine
from opqn_app.errors import PhotoUnreadable
from opqn_app.library.content import FileContent, FileGone, FileInFlux, read_content
from opqn_app.library.crops import crop_to_webp
from opqn_app.library.index_writer import IndexWriter
from opqn_app.library.plan import PendingFile
from opqn_app.library.progress import RunCounts
from opqn_app.library.records import ModelInfo, NewFace, NewFailure, NewPhoto, Relocation
from opqn_app.library.scan import PhotoFile
from opqn_app.types import Codes, Crops, FaceEncoder
from opqn_app.vision.faces import FoundFace, find_faces
from opqn_app.vision.images import Photo, read_photo

MAX_FACES_AT_ONCE = 256  # crops in one forward pass: a photo of a crowd must not fill the memory
MAX_BATCH_S = 2.0  # a slow machine stores smaller batches, so that progress and cancel stay brisk
NEVER_SEEN = -1  # a size no file has: makes the next run try again


class Batch:
    """At most `max_photos` files of one root, stored in one transaction."""

    def __init__(self, root: Path, engine: Engine, max_photos: int) -> None:
        self._root = root
        self._engine = engine
        self._max_photos = max_photos
        self._started = time.monotonic()
        self._photos: list[tuple[PendingFile, FileContent, Photo, list[FoundFace]]] = []
        self._failures: list[NewFailure] = []
        self._touched: list[Relocation] = []
        self._n_faces = 0
        self._n_decoded = 0
        self.n_files = 0
        self.last = ""

    @property
    def is_full(self) -> bool:
        return (
            self.n_files >= self._max_photos
            or self._n_faces >= MAX_FACES_AT_ONCE
            or time.monotonic() - self._started >= MAX_BATCH_S
        )

    def take(self, item: PendingFile) -> None:
        """Read a file and find its faces; a file that can't be read becomes a failure."""
        self.n_files += 1
        self.last = item.file.rel_path
        if item.file.problem is not None:
            self._fail(item.file, None, item.file.problem, None)
            return
        content = self._content(item.file)
        if content is None:
            return
        if item.known is not None and item.known.content_hash == content.content_hash:
            self._touched.append(
                Relocation(item.known.id, item.file.rel_path, content.size, content.mtime_ns)
            )
            return
        self._n_decoded += 1
        try:
            photo = read_photo(content.data, item.file.rel_path)
        except PhotoUnreadable as error:
            self._fail(item.file, content, error.reason, item.known.id if item.known else None)
            return
        faces = find_faces(photo, self._engine.detector)
        self._n_faces += len(faces)
        self._photos.append((item, content, photo, faces))

    def store(self, writer: IndexWriter, root_id: int, model: ModelInfo, counts: RunCounts) -> None:
        """Encode all faces and write everything in one transaction."""
        crops = [face.crop for *_, faces in self._photos for face in faces]
        codes = iter(encode(self._engine.encoder, crops))
        photos = [
            _new_photo(item, content, photo, [(face, next(codes)) for face in faces])
            for item, content, photo, faces in self._photos
        ]
        if photos or self._failures:
            writer.save_batch(root_id, model, photos, self._failures)
        if self._touched:
            writer.touch(self._touched)
        added = sum(photo.photo_id is None for photo in photos)
        counts.added += added
        counts.changed += len(photos) - added
        counts.removed += sum(failure.drop_photo_id is not None for failure in self._failures)
        counts.unchanged += len(self._touched)
        counts.decoded += self._n_decoded
        counts.faces += self._n_faces
        counts.failures += len(self._failures)

    def _content(self, file: PhotoFile) -> FileContent | None:
        try:
            return read_content(self._root / file.rel_path)
        except FileGone:
            pass  # the next scan sees where it went
        except FileInFlux:
            reason = "another program is writing it; it is tried again in the next run"
            self._failures.append(NewFailure(file.rel_path, NEVER_SEEN, 0, reason))
        except PhotoUnreadable as error:
            # The disk refuses now; what is known of the photo may still be true.
            self._fail(file, None, error.reason, None)
        return None

    def _fail(
        self, file: PhotoFile, content: FileContent | None, reason: str, drop: int | None
    ) -> None:
        seen = content or file
        self._failures.append(NewFailure(file.rel_path, seen.size, seen.mtime_ns, reason, drop))


def encode(encoder: FaceEncoder, crops: Sequence[Crops]) -> Codes:
    """(n, M) codes of n crops, in forward passes of a bounded size."""
    parts = [
        encoder.encode(np.stack(crops[start : start + MAX_FACES_AT_ONCE]))
        for start in range(0, len(crops), MAX_FACES_AT_ONCE)
    ]
    return np.concatenate(parts) if parts else np.empty((0, encoder.n_books), np.uint8)


def _new_photo(
    item: PendingFile,
    content: FileContent,
    photo: Photo,
    faces: Sequence[tuple[FoundFace, Codes]],
) -> NewPhoto:
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
