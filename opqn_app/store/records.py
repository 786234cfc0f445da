"""What the library hands out and takes in: frozen records, free of SQL."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.depth import FAST
from opqn_app.core.types import Box, Codes, FaceQuality, Floats, Ids
from opqn_app.opqn.face_encoder import FaceEncoder

KEPT_DAYS = 30  # so long the faces of a deleted photo wait for its file


@dataclass(frozen=True, slots=True)
class Root:
    """A folder the user added.

    Attributes:
        failures: files that can't be read, without the ignored ones.
        is_available: False while the folder is missing, or empty although photos are known in it.
        unsearched: photos not searched thoroughly yet.
        unreachable: photos whose file the last run could not reach.
        moved_from: where it was before the user said that it is here now; None if it never moved.
    """

    id: int
    path: Path
    photos: int
    faces: int
    failures: int
    is_available: bool
    unsearched: int = 0
    unreachable: int = 0
    moved_from: Path | None = None


@dataclass(frozen=True, slots=True)
class UnreachableFolder:
    """A folder that holds photos which can't be reached.

    Attributes:
        photos: how many of those below it.
        since: when the first of them was missed, seconds since 1970.
    """

    root: Path
    path: Path
    photos: int
    since: int


@dataclass(frozen=True, slots=True)
class PhotoRecord:
    """A photo as the library knows it; its file need not be there now.

    Attributes:
        rel_path: path below the root, with "/" on every system.
        size: bytes of the file.
        width, height: pixels of the upright photo at full resolution.
        taken_at: ISO time from the photo's own metadata.
        sort_time: the same, or the time of the file where there is none; "" if neither is known.
    """

    id: int
    root_id: int
    path: Path
    rel_path: str
    size: int
    width: int
    height: int
    taken_at: str | None
    n_faces: int
    sort_time: str = ""


@dataclass(frozen=True, slots=True)
class FaceRecord:
    """A face of a photo; the box is in pixels of the upright photo."""

    id: int
    photo: PhotoRecord
    box: Box
    quality: FaceQuality


@dataclass(frozen=True, slots=True, eq=False)
class PlacedCrop:
    """The stored crop of a face, and what tells which part of it is the photo.

    Attributes:
        webp: the aligned 112×112 crop as a file.
        landmarks: (5, 2) float32, pixels of the upright photo.
        photo_size: width and height of that.
    """

    webp: bytes
    landmarks: Floats
    photo_size: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that looks like a photo and can't be read."""

    id: int
    root_id: int
    path: Path
    reason: str
    is_ignored: bool


@dataclass(frozen=True, slots=True)
class LibraryStatus:
    """Counts of the whole library; `failures` leaves the ignored ones out.

    Attributes:
        model_id, model_name: the model of the last indexing run, None before the first.
        unsearched: photos not searched thoroughly yet.
        unreachable: those of `photos` whose file the last run could not reach.
        deleted: photos that are not among `photos`, but come back with their faces if their file
            does.
        remembers_faces: see `faces_switch`.
    """

    photos: int
    faces: int
    failures: int
    roots: int
    model_id: str | None
    model_name: str | None
    revision: int
    unsearched: int = 0
    unreachable: int = 0
    deleted: int = 0
    remembers_faces: bool = True


@dataclass(frozen=True, slots=True)
class ForgetReport:
    """What `Library.forget_root` removed.

    Attributes:
        backups: how many it was taken out of.
        backups_deleted: how many went, since they could not be read or written anew.
    """

    photos: int
    faces: int
    backups: int = 0
    backups_deleted: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class CodeSegment:
    """A run of codes of one model.

    Attributes:
        face_ids: (n,) int64, ascending.
        codes: (n, M) uint8 or uint16.
        is_dead: (n,) True where the face was deleted since, or is on a deleted photo.
    """

    face_ids: Ids
    codes: Codes
    is_dead: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class CodeStamp:
    """Tells whether a full segment has changed since it was read: its stamp is then another one.

    A full segment gets no new codes. Those of deleted faces are marked as dead, and later removed.

    Attributes:
        n: codes in the segment.
        n_live: those of them whose face is still there.
        hidden: ids of faces on deleted photos that may be in it, as int64 in bytes. They can come
            back, so their number alone would not tell two states apart.
    """

    segment_id: int
    n: int
    n_live: int
    first_face_id: int
    last_face_id: int
    hidden: bytes = b""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """The part of a FaceEncoder that is stored beside its codes."""

    model_id: str
    name: str
    n_books: int
    n_words: int

    @classmethod
    def of(cls, encoder: FaceEncoder) -> Self:
        return cls(encoder.model_id, encoder.name, encoder.n_books, encoder.n_words)


@dataclass(frozen=True, slots=True)
class CodedFaces:
    """How many faces of a library have a code of a model."""

    model_id: str
    name: str
    faces: int


@dataclass(frozen=True, slots=True)
class KnownPhoto:
    """A photo row as planning needs it.

    Attributes:
        missing_since: seconds since 1970; None where the last run saw its file.
        picture_hash: see `NewPhoto`; that of the file where it is not known yet.
    """

    id: int
    root_id: int
    rel_path: str
    size: int
    mtime_ns: int
    content_hash: bytes
    missing_since: int | None = None
    picture_hash: bytes | None = None


@dataclass(frozen=True, slots=True)
class KnownFailure:
    """A failure row as planning needs it."""

    id: int
    rel_path: str
    size: int
    mtime_ns: int
    is_ignored: bool


@dataclass(frozen=True, slots=True, eq=False)
class NewFace:
    """A face to be stored.

    Attributes:
        landmarks: (5, 2) float32, pixels of the upright photo.
        crop_webp: the aligned crop as a WebP file.
        code: (M,) uint8 or uint16.
    """

    box: Box
    landmarks: Floats
    quality: FaceQuality
    crop_webp: bytes
    code: Codes


@dataclass(frozen=True, slots=True, eq=False)
class NewPhoto:
    """An analysed file: a new photo, or one in place of the photo `photo_id`.

    Attributes:
        searched_px: pixels of the copy its faces were looked for on, at most.
        keeps_faces: the picture is that of the photo `photo_id`, and `faces` come to those it has.
        picture_hash: of the picture without other metadata; None where it can't be told, and the
            file as a whole stands for it.
        is_edited: it keeps faces, and the file has changed all the same.
    """

    rel_path: str
    size: int
    mtime_ns: int
    content_hash: bytes
    width: int
    height: int
    taken_at: str | None
    faces: tuple[NewFace, ...]
    photo_id: int | None = None
    searched_px: int = FAST.pixels
    keeps_faces: bool = False
    picture_hash: bytes | None = None
    is_edited: bool = False

    @property
    def known_as(self) -> bytes:
        """What decisions about its faces hold it by."""
        return self.picture_hash or self.content_hash


@dataclass(frozen=True, slots=True)
class NewFailure:
    """A file that could not be read.

    Attributes:
        drop_photo_id: the photo whose content this file no longer holds.
    """

    rel_path: str
    size: int
    mtime_ns: int
    reason: str
    drop_photo_id: int | None = None


@dataclass(frozen=True, slots=True)
class Relocation:
    """A known photo whose file is now elsewhere, or has only a new mtime."""

    photo_id: int
    rel_path: str
    size: int
    mtime_ns: int


def name_to_db(name: str) -> str | bytes:
    """A file name as SQLite can hold it: text, or its raw bytes where it is not valid UTF-8."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return os.fsencode(name)
    return name


def name_from_db(value: str | bytes) -> str:
    """The name `name_to_db` was given."""
    return os.fsdecode(value)


def name_of_deleted(photo_id: int, rel_path: str) -> str:
    """What stands in place of the rel_path of a deleted photo, so that its path is free.

    No file can have it, since it begins with "/". Its end is that of `rel_path`.
    """
    return f"{_DELETED}{photo_id}/{rel_path}"


def name_before_deletion(name: str) -> str:
    """The rel_path `name_of_deleted` was given."""
    return name.removeprefix(_DELETED).partition("/")[2]


_DELETED = "/deleted/"
