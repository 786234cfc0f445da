"""Reading photos, faces, crops and failures: one SELECT for a page, never one for a face."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from opqn_app.core.depth import THOROUGH
from opqn_app.core.types import Box, FaceQuality
from opqn_app.store.code_store import MAX_PARAMS
from opqn_app.store.connection import Connection
from opqn_app.store.records import (
    FaceRecord,
    Failure,
    KnownFailure,
    KnownPhoto,
    PhotoRecord,
    name_from_db,
)

_PHOTO_COLUMNS = (
    "p.id, p.root_id, r.path, p.rel_path, p.size, p.width, p.height, p.taken_at, p.n_faces"
)
_FACE_COLUMNS = (
    "f.id, f.box_left, f.box_top, f.box_right, f.box_bottom, f.size_px, f.confidence, f.sharpness"
)
_N_FACE_COLUMNS = 8
# Photos that the thorough search would show larger than they were searched; the words of an index.
UNSEARCHED = f"searched_px < {THOROUGH.pixels} AND searched_px < width * height"
# Those that it could not read, from which it keeps away until their file changes.
GIVEN_UP = (
    "SELECT p.id FROM failures x JOIN photos p ON p.root_id = x.root_id "
    "AND p.rel_path = x.rel_path AND p.size = x.size AND p.mtime_ns = x.mtime_ns "
    f"WHERE {UNSEARCHED}"
)


class PhotoTable:
    """Rows of `photos`, `faces`, `crops` and `failures` as records."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    def count(self, root_id: int | None) -> int:
        where, params = _where_root("p", root_id)
        return int(self._db.value(f"SELECT COUNT(*) FROM photos p {where}", params))

    def page(self, root_id: int | None, offset: int, limit: int) -> list[PhotoRecord]:
        """Photos by the time they were taken (else their mtime), newest first."""
        where, params = _where_root("p", root_id)
        # The inner SELECT skips `offset` rows inside an index; whole rows would be 60 times slower.
        rows = self._db.rows(
            f"SELECT {_PHOTO_COLUMNS} FROM (SELECT p.id FROM photos p {where} "
            "ORDER BY p.sort_time DESC, p.id DESC LIMIT ? OFFSET ?) page "
            "JOIN photos p ON p.id = page.id JOIN roots r ON r.id = p.root_id "
            "ORDER BY p.sort_time DESC, p.id DESC",
            [*params, limit, offset],
        )
        return [_photo(row) for row in rows]

    def faces_of(self, photo_id: int) -> list[FaceRecord]:
        return self._faces("f.photo_id = ? ORDER BY f.id", [photo_id])

    def faces(self, face_ids: Sequence[int]) -> list[FaceRecord]:
        found: dict[int, FaceRecord] = {}
        for chunk in chunks(face_ids):
            for face in self._faces(f"f.id IN ({marks(chunk)})", chunk):
                found[face.id] = face
        return [found[int(i)] for i in face_ids if int(i) in found]

    def crop(self, face_id: int) -> bytes | None:
        webp: bytes | None = self._db.value("SELECT webp FROM crops WHERE face_id = ?", [face_id])
        return webp

    def crops(self, face_ids: Sequence[int]) -> dict[int, bytes]:
        found: dict[int, bytes] = {}
        for chunk in chunks(face_ids):
            found.update(
                self._db.rows(
                    f"SELECT face_id, webp FROM crops WHERE face_id IN ({marks(chunk)})", chunk
                )
            )
        return found

    def failures(self, root_id: int | None) -> list[Failure]:
        where, params = _where_root("x", root_id)
        rows = self._db.rows(
            "SELECT x.id, x.root_id, r.path, x.rel_path, x.reason, x.is_ignored "
            f"FROM failures x JOIN roots r ON r.id = x.root_id {where} ORDER BY x.id",
            params,
        )
        return [
            Failure(row[0], row[1], _path(row[2], row[3]), row[4], bool(row[5])) for row in rows
        ]

    def known_photos(self, root_id: int, *, unsearched: bool = False) -> list[KnownPhoto]:
        """All of a root, or only those that await the thorough search."""
        which = f"AND {UNSEARCHED} AND id NOT IN ({GIVEN_UP})" if unsearched else ""
        rows = self._db.rows(
            "SELECT id, root_id, rel_path, size, mtime_ns, content_hash FROM photos "
            f"WHERE root_id = ? {which}",
            [root_id],
        )
        return [KnownPhoto(row[0], row[1], name_from_db(row[2]), *row[3:]) for row in rows]

    def boxes(self, photo_ids: Sequence[int]) -> dict[int, tuple[Box, ...]]:
        """The boxes of photos' faces, in the order of their ids; none for a photo without faces."""
        found: dict[int, tuple[Box, ...]] = {}
        for chunk in chunks(photo_ids):
            for photo_id, *sides in self._db.rows(
                "SELECT photo_id, box_left, box_top, box_right, box_bottom FROM faces "
                f"WHERE photo_id IN ({marks(chunk)}) ORDER BY id",
                chunk,
            ):
                found[photo_id] = (*found.get(photo_id, ()), Box(*sides))
        return found

    def known_failures(self, root_id: int) -> list[KnownFailure]:
        rows = self._db.rows(
            "SELECT id, rel_path, size, mtime_ns, is_ignored FROM failures WHERE root_id = ?",
            [root_id],
        )
        return [
            KnownFailure(row[0], name_from_db(row[1]), row[2], row[3], bool(row[4])) for row in rows
        ]

    def _faces(self, condition: str, params: Sequence[Any]) -> list[FaceRecord]:
        rows = self._db.rows(
            f"SELECT {_FACE_COLUMNS}, {_PHOTO_COLUMNS} FROM faces f "
            "JOIN photos p ON p.id = f.photo_id JOIN roots r ON r.id = p.root_id "
            f"WHERE {condition}",
            params,
        )
        return [_face(row) for row in rows]


def chunks(ids: Sequence[int]) -> list[list[int]]:
    """`ids` as Python ints, in pieces small enough for the parameters of one statement."""
    plain = [int(i) for i in ids]
    return [plain[i : i + MAX_PARAMS] for i in range(0, len(plain), MAX_PARAMS)]


def marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))


def _where_root(alias: str, root_id: int | None) -> tuple[str, list[int]]:
    return ("", []) if root_id is None else (f"WHERE {alias}.root_id = ?", [root_id])


def _path(root: str | bytes, rel_path: str | bytes) -> Path:
    return Path(name_from_db(root)) / name_from_db(rel_path)


def _photo(row: Sequence[Any]) -> PhotoRecord:
    photo_id, root_id, root, rel_path, size, width, height, taken_at, n_faces = row
    return PhotoRecord(
        id=photo_id,
        root_id=root_id,
        path=_path(root, rel_path),
        rel_path=name_from_db(rel_path),
        size=size,
        width=width,
        height=height,
        taken_at=taken_at,
        n_faces=n_faces,
    )


def _face(row: Sequence[Any]) -> FaceRecord:
    face_id, left, top, right, bottom, size_px, confidence, sharpness = row[:_N_FACE_COLUMNS]
    return FaceRecord(
        id=face_id,
        photo=_photo(row[_N_FACE_COLUMNS:]),
        box=Box(left, top, right, bottom),
        quality=FaceQuality(size_px, confidence, sharpness),
    )
