"""From one photo file to all that indexing keeps of it; worker processes and clusters run this."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from opqn_app.core.depth import FAST
from opqn_app.core.errors import PhotoUnreadable
from opqn_app.core.types import Codes, Crops, FaceDetector
from opqn_app.engine import Engine
from opqn_app.index.content import FileContent, FileGone, FileInFlux, read_content
from opqn_app.index.large_photo_turns import Turn
from opqn_app.index.overlap import unknown_faces
from opqn_app.index.plan import PendingFile, is_same
from opqn_app.opqn.face_encoder import FaceEncoder
from opqn_app.store.crops import crop_to_webp
from opqn_app.store.records import NewFace, NewFailure, NewPhoto, Relocation
from opqn_app.vision import apart
from opqn_app.vision.faces import FoundFace, find_faces
from opqn_app.vision.images import read_photo

MAX_FACES_AT_ONCE = 256  # crops in one forward pass: a photo of a crowd must not fill the memory
NEVER_SEEN = -1  # a size no file has: makes the next run try again
STILL_KNOWN = "its faces are known, but it could not be searched for more: "


@dataclass(frozen=True, slots=True, eq=False)
class Analysed:
    """What became of one file, as `IndexWriter` takes it; all None if the file is gone.

    Attributes:
        photo: read; its faces have codes.
        failure: can't be read.
        touched: holds what it held before; only its time has changed.
        is_decoded: its picture was decoded, or could not be.
    """

    photo: NewPhoto | None = None
    failure: NewFailure | None = None
    touched: Relocation | None = None
    is_decoded: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """A file whose faces are found.

    Attributes:
        faces: those that are not encoded yet; `seen.photo` has none of them.
    """

    seen: Analysed
    faces: Sequence[FoundFace] = ()

    @property
    def n_faces(self) -> int:
        return len(self.faces) + (len(self.seen.photo.faces) if self.seen.photo else 0)


def analyse(item: PendingFile, root: Path, engine: Engine, turn: Turn | None = None) -> Analysed:
    """Read a file below `root`, find its faces and encode them. Never raises for a bad file."""
    return encoded([find_in_file(item, root, engine.detector, turn)], engine.encoder)[0]


def find_in_file(
    item: PendingFile,
    root: Path,
    detector: FaceDetector,
    turn: Turn | None = None,
    *,
    is_apart: bool = False,
) -> Sighting:
    """The first half of `analyse`, for those who encode the faces of many photos together.

    Args:
        turn: taken for as long as a large photo is in memory.
        is_apart: decode in another process, where this one must not die of a photo.
    """
    file = item.file
    if file.problem is not None:
        return _failed(NewFailure(file.rel_path, file.size, file.mtime_ns, file.problem))
    try:
        content = read_content(root / file.rel_path)
    except FileGone:
        return Sighting(Analysed())  # the next scan sees where it went
    except (FileInFlux, PhotoUnreadable) as error:
        if item.depth != FAST:
            return Sighting(Analysed())  # its faces are known; the next run looks for more
        return _failed(_unread(item, error))
    return find_in_content(item, content, detector, turn, is_apart=is_apart)


def find_in_content(
    item: PendingFile,
    content: FileContent,
    detector: FaceDetector,
    turn: Turn | None = None,
    *,
    is_apart: bool = False,
) -> Sighting:
    """The faces in a file's content.

    Of what the photo held before, only faces that are not known yet; none without a deeper search.
    """
    path, known = item.file.rel_path, item.known
    is_same = known is not None and known.content_hash == content.content_hash
    if known is not None and is_same and item.depth == FAST:
        touched = Relocation(known.id, path, content.size, content.mtime_ns)
        return Sighting(Analysed(touched=touched))
    known_id = None if known is None else known.id
    depth = item.depth if is_same else FAST
    try:
        with turn or Turn() as mine:
            sides = {"max_side": depth.max_side, "min_side": depth.min_side}
            if is_apart:
                photo = apart.read_photo(content.data, path, hashed=True, **sides)
            else:
                photo = read_photo(
                    content.data, path, before_decoding=mine.wait, hashed=True, **sides
                )
            # Only metadata has changed: the faces are known.
            is_edited = (
                not is_same and known is not None and photo.picture_hash == known.picture_hash
            )
            faces = [] if is_edited else find_faces(photo, detector, pixels=depth.pixels)
    except PhotoUnreadable as error:
        reason = error.reason if depth == FAST else STILL_KNOWN + error.reason
        lost_id = None if is_same else known_id
        return _failed(
            NewFailure(path, content.size, content.mtime_ns, reason, lost_id),
            is_decoded=True,
        )
    if is_same:
        faces = [faces[i] for i in unknown_faces(item.boxes, [face.box for face in faces])]
    new = NewPhoto(
        rel_path=path,
        size=content.size,
        mtime_ns=content.mtime_ns,
        content_hash=content.content_hash,
        width=photo.width,
        height=photo.height,
        taken_at=photo.taken_at,
        faces=(),
        photo_id=known_id,
        searched_px=depth.pixels,
        keeps_faces=is_same or is_edited,
        picture_hash=photo.picture_hash,
        is_edited=is_edited,
    )
    return Sighting(Analysed(photo=new, is_decoded=True), faces)


def given_up(item: PendingFile, reason: str) -> Analysed:
    """The result for a file that kills every process that reads it: a failure with this reason."""
    file, is_known = item.file, item.depth != FAST
    reason = STILL_KNOWN + reason if is_known else reason
    return Analysed(failure=NewFailure(file.rel_path, file.size, file.mtime_ns, reason))


def encoded(sightings: Iterable[Sighting], encoder: FaceEncoder) -> list[Analysed]:
    """The second half of `analyse`: all faces of all photos in as few passes as memory allows."""
    sightings = list(sightings)
    crops = [face.crop for sighting in sightings for face in sighting.faces]
    codes = iter(encode(encoder, crops))
    return [
        sighting.seen
        if sighting.seen.photo is None or not sighting.faces
        else replace(
            sighting.seen,
            photo=replace(
                sighting.seen.photo,
                faces=tuple(_new_face(face, next(codes)) for face in sighting.faces),
            ),
        )
        for sighting in sightings
    ]


def encode(encoder: FaceEncoder, crops: Sequence[Crops]) -> Codes:
    """(n, M) codes of n crops, in forward passes of a bounded size."""
    parts = [
        encoder.encode(np.stack(crops[start : start + MAX_FACES_AT_ONCE]))
        for start in range(0, len(crops), MAX_FACES_AT_ONCE)
    ]
    return np.concatenate(parts) if parts else np.empty((0, encoder.n_books), np.uint8)


def _unread(item: PendingFile, error: FileInFlux | PhotoUnreadable) -> NewFailure:
    file = item.file
    if isinstance(error, PhotoUnreadable):
        # The disk refuses now; what is known of the photo may still be true. If the file looks as
        # it did, as where contents are compared, the next run that sees no fault takes this back.
        size = NEVER_SEEN if item.known is not None and is_same(file, item.known) else file.size
        return NewFailure(file.rel_path, size, file.mtime_ns, error.reason)
    reason = "another program is writing it; it is tried again in the next run"
    return NewFailure(file.rel_path, NEVER_SEEN, 0, reason)


def _new_face(face: FoundFace, code: Codes) -> NewFace:
    return NewFace(face.box, face.landmarks, face.quality, crop_to_webp(face.crop), code)


def _failed(failure: NewFailure, *, is_decoded: bool = False) -> Sighting:
    return Sighting(Analysed(failure=failure, is_decoded=is_decoded))
