"""What indexing writes: each call is one transaction, so a kill loses at most one call."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from opqn_app.core.types import SAME_FACE, Box, Codes
from opqn_app.store import checksums
from opqn_app.store.code_store import CodeStore
from opqn_app.store.connection import Connection, chunks, marks
from opqn_app.store.photo_table import SHOWN
from opqn_app.store.pictures import learn_picture
from opqn_app.store.records import (
    ModelInfo,
    NewFace,
    NewFailure,
    NewPhoto,
    Relocation,
    name_from_db,
    name_of_deleted,
    name_to_db,
)

SAME_BOX_PX = 0.05  # what a detector's boxes differ by at most, seen twice in the same picture


class IndexWriter:
    """The write side of photos, faces, crops and failures."""

    def __init__(self, db: Connection, codes: CodeStore) -> None:
        self._db = db
        self._codes = codes
        self._detector = "mtcnn"
        self._clock: Callable[[], float] = time.time

    @contextmanager
    def change(self) -> Iterator[None]:
        """A transaction that other readers notice: the revision goes up by one."""
        with self._db.transaction():
            yield
            self._db.run("UPDATE meta SET revision = revision + 1")

    def use_model(self, model: ModelInfo) -> None:
        """Remember `model` as the one of the last run."""
        if self._db.value("SELECT model_id FROM meta") == model.model_id:
            return
        with self.change():
            self._codes.model_key(model)
            self._db.run("UPDATE meta SET model_id = ?", [model.model_id])

    def use_detector(self, name: str) -> None:
        """Note `name` with the photos stored from now on."""
        self._detector = name

    def use_clock(self, clock: Callable[[], float]) -> None:
        """Take the time from `clock`, in seconds since 1970."""
        self._clock = clock

    def save_batch(
        self,
        root_id: int,
        model: ModelInfo,
        photos: Sequence[NewPhoto],
        failures: Sequence[NewFailure] = (),
    ) -> list[NewPhoto]:
        """Store analysed photos and files that could not be read.

        Returns:
            The photos as they were stored: some of them only had their file edited.
        """
        with self.change():
            ids: list[int] = []
            photos = [self._with_lost_pictures(self._recognised(photo)) for photo in photos]
            for photo in photos:
                photo_id = self._save_photo(root_id, photo)
                ids += [self._save_face(photo_id, face) for face in photo.faces]
            codes = [face.code for photo in photos for face in photo.faces]
            if ids:
                self._codes.add(model, ids, np.stack(codes))
            for failure in failures:
                self._save_failure(root_id, failure)
        return photos

    def add_drawn_face(self, photo_id: int, model: ModelInfo, face: NewFace) -> int:
        """Store a face whose box a person drew; the photo's others stay. Returns its id."""
        with self.change():
            face_id = self._save_face(photo_id, face)
            self._db.run("UPDATE faces SET is_drawn = 1 WHERE id = ?", [face_id])
            self._db.run("UPDATE photos SET n_faces = n_faces + 1 WHERE id = ?", [photo_id])
            self._codes.add(model, [face_id], face.code[None])
        return face_id

    def remove_faces(self, face_ids: Sequence[int]) -> None:
        """Delete faces with their crops and codes, so that no byte of them is left in a row."""
        with self.change():
            self._codes.bury(face_ids)
            for chunk in chunks(face_ids):
                self._db.run(
                    "UPDATE photos SET n_faces = n_faces - (SELECT COUNT(*) FROM faces f "
                    f"WHERE f.photo_id = photos.id AND f.id IN ({marks(chunk)})) WHERE id IN "
                    f"(SELECT photo_id FROM faces WHERE id IN ({marks(chunk)}))",
                    [*chunk, *chunk],
                )
                self._db.run(f"DELETE FROM faces WHERE id IN ({marks(chunk)})", chunk)
            self._codes.purge()

    def save_codes(self, model: ModelInfo, face_ids: Sequence[int], codes: Codes) -> None:
        """Store codes of known faces that have none of this model yet."""
        with self.change():
            self._codes.add(model, face_ids, codes)

    def drop_damaged_codes(self, model_id: str) -> None:
        """Delete codes that are not what was written, so that they are made again."""
        if self._codes.has_damage(model_id):
            with self.change():
                self._codes.drop_damaged(model_id)

    def touch(self, photos: Sequence[Relocation]) -> None:
        """Store new file times of photos whose content and place are the same."""
        with self._db.transaction():
            self._relocate(None, photos)
            self._db.run_many(
                "DELETE FROM failures WHERE (root_id, rel_path) IN "
                "(SELECT root_id, rel_path FROM photos WHERE id = ?)",
                [(photo.photo_id,) for photo in photos],
            )

    def rearrange(
        self,
        root_id: int,
        moved: Sequence[Relocation],
        deleted: Sequence[int] = (),
        gone_failures: Sequence[int] = (),
    ) -> None:
        """Give known photos their new place, faces and ids kept, and hide those that have none.

        A photo that is given a place is there again, whatever it was before.
        """
        if not (moved or deleted or gone_failures):
            return
        with self.change():
            self._hide(deleted)
            for chunk in chunks(gone_failures):
                self._db.run(f"DELETE FROM failures WHERE id IN ({marks(chunk)})", chunk)
            # Two files may have swapped names: free all the old names first.
            self._db.run_many(
                "UPDATE photos SET rel_path = ? WHERE id = ?",
                [(f"/moving/{photo.photo_id}", photo.photo_id) for photo in moved],
            )
            self._relocate(root_id, moved)
            self._db.run_many(
                "DELETE FROM failures WHERE root_id = ? AND rel_path = ?",
                [(root_id, name_to_db(photo.rel_path)) for photo in moved],
            )

    def mark(self, missing: Sequence[int], seen: Sequence[int]) -> None:
        """Note photos that can't be reached now, and those that can be again."""
        if not (missing or seen):
            return
        with self.change():
            for chunk in chunks(missing):
                self._db.run(
                    "UPDATE photos SET missing_since = COALESCE(missing_since, ?) "
                    f"WHERE id IN ({marks(chunk)})",
                    [int(self._clock()), *chunk],
                )
            for chunk in chunks(seen):
                self._db.run(
                    f"UPDATE photos SET missing_since = NULL WHERE id IN ({marks(chunk)})", chunk
                )

    def doubt(self, photo_ids: Sequence[int]) -> None:
        """Let the next run look whether the files of these photos hold something else."""
        for chunk in chunks(photo_ids):
            self._db.run(f"UPDATE photos SET mtime_ns = 0 WHERE id IN ({marks(chunk)})", chunk)

    def forget_photos(self, photo_ids: Sequence[int]) -> None:
        """Delete photos for good, with their faces, crops and codes."""
        if not photo_ids:
            return
        with self.change():
            for chunk in chunks(photo_ids):
                faces = self._db.rows(
                    f"SELECT id FROM faces WHERE photo_id IN ({marks(chunk)})", chunk
                )
                self._codes.bury([row[0] for row in faces])
                self._db.run(f"DELETE FROM photos WHERE id IN ({marks(chunk)})", chunk)

    def forget_all_photos(self) -> None:
        """Delete every photo for good, with all faces, crops, codes and failures; roots stay."""
        with self.change():
            for table in ("photos", "failures", "code_segments", "code_tail"):
                self._db.run(f"DELETE FROM {table}")

    def drop_root_if_empty(self, root_id: int, heir: int) -> None:
        """Delete a root without photos, after they were all found in another one, `heir`.

        Its deleted photos become those of `heir`: they are found by their content.
        """
        shown = f"SELECT COUNT(*) FROM photos WHERE root_id = ? AND {SHOWN}"
        if self._db.value(shown, [root_id]) == 0:
            with self.change():
                self._db.run("UPDATE photos SET root_id = ? WHERE root_id = ?", [heir, root_id])
                self._db.run("DELETE FROM roots WHERE id = ?", [root_id])

    def ignore_failures(self, failure_ids: Sequence[int], *, ignored: bool) -> None:
        with self.change():
            for chunk in chunks(failure_ids):
                self._db.run(
                    f"UPDATE failures SET is_ignored = ? WHERE id IN ({marks(chunk)})",
                    [int(ignored), *chunk],
                )

    def _save_photo(self, root_id: int, photo: NewPhoto) -> int:
        name = name_to_db(photo.rel_path)
        self._db.run("DELETE FROM failures WHERE root_id = ? AND rel_path = ?", [root_id, name])
        learn_picture(self._db, photo.content_hash, photo.known_as)
        if photo.photo_id is not None and photo.keeps_faces:
            self._db.run(
                "UPDATE photos SET n_faces = n_faces + ?, awaits_look = awaits_look AND ?, "
                "searched_px = MAX(searched_px, ?) WHERE id = ?",
                [len(photo.faces), photo.is_edited, photo.searched_px, photo.photo_id],
            )
            if photo.is_edited:
                self._save_file(photo.photo_id, photo)
            if photo.faces:
                self._db.run(
                    "UPDATE photos SET detector = detector || '+' || ? "
                    "WHERE id = ? AND instr('+' || detector || '+', '+' || ? || '+') = 0",
                    [self._detector, photo.photo_id, self._detector],
                )
            return photo.photo_id
        if photo.photo_id is not None:
            self._hide([photo.photo_id])
        return self._db.insert(
            "INSERT INTO photos (size, mtime_ns, content_hash, picture_hash, width, height, "
            "taken_at, sort_time, n_faces, detector, searched_px, root_id, rel_path) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                photo.size,
                photo.mtime_ns,
                photo.content_hash,
                photo.known_as,
                photo.width,
                photo.height,
                photo.taken_at,
                _sort_time(photo),
                len(photo.faces),
                self._detector,
                photo.searched_px,
                root_id,
                name,
            ],
        )

    def _save_file(self, photo_id: int, photo: NewPhoto) -> None:
        """What has changed of a photo in whose file other metadata was written."""
        self._db.run(
            "UPDATE photos SET size = ?, mtime_ns = ?, content_hash = ?, taken_at = ?, "
            "sort_time = ?, missing_since = NULL WHERE id = ?",
            [
                photo.size,
                photo.mtime_ns,
                photo.content_hash,
                photo.taken_at,
                _sort_time(photo),
                photo_id,
            ],
        )

    def _recognised(self, photo: NewPhoto) -> NewPhoto:
        """A changed file as an edited one, if the picture in it is the one that was known.

        Where only the hash of the file is known of the old picture, its faces tell: in another
        picture a detector does not see the same faces to a fraction of a pixel. Where it finds
        more than it did, since it has learnt to, those are added.
        """
        if photo.photo_id is None or photo.keeps_faces or not photo.faces:
            return photo
        old = self._db.row(
            "SELECT content_hash FROM photos WHERE id = ? AND picture_hash = content_hash "
            "AND content_hash != ? AND width = ? AND height = ?",
            [photo.photo_id, photo.content_hash, photo.width, photo.height],
        )
        if old is None:
            return photo
        known = self._db.rows(
            "SELECT box_left, box_top, box_right, box_bottom, is_drawn FROM faces "
            "WHERE photo_id = ?",
            [photo.photo_id],
        )
        boxes = np.array(known, np.float64).reshape(-1, 1, 5)
        seen = np.array([[f.box.left, f.box.top, f.box.right, f.box.bottom] for f in photo.faces])
        is_same = np.abs(boxes[..., :4] - seen).max(axis=2) < SAME_BOX_PX
        is_known = is_same.any(axis=0)
        was_found = boxes[:, 0, 4] == 0
        has_all = is_known.any() and is_same.any(axis=1)[was_found].all()
        if not (is_known.all() or has_all):
            return photo
        learn_picture(self._db, old[0], photo.known_as)
        there = [Box(*row[:4]) for row in known]
        more = tuple(f for f in photo.faces if all(f.box.overlap(b) < SAME_FACE for b in there))
        return replace(photo, faces=more, keeps_faces=True, is_edited=True)

    def _with_lost_pictures(self, photo: NewPhoto) -> NewPhoto:
        """Give known faces whose picture a disk has lost the one that was found; the others left.

        They keep their ids and codes.
        """
        if photo.photo_id is None or not photo.keeps_faces:
            return photo
        rows = self._db.rows(
            "SELECT id, box_left, box_top, box_right, box_bottom FROM faces "
            "WHERE photo_id = ? AND id NOT IN (SELECT face_id FROM crops)",
            [photo.photo_id],
        )
        without = {face_id: Box(*sides) for face_id, *sides in rows}
        new = []
        for face in photo.faces:
            best = max(without, key=lambda i: without[i].overlap(face.box), default=None)
            if best is None or without[best].overlap(face.box) < SAME_FACE:
                new.append(face)
                continue
            del without[best]
            crop = face.crop_webp
            self._db.run("INSERT INTO crops (face_id, webp) VALUES (?, ?)", [best, crop])
            self._db.run(
                "UPDATE faces SET crop_sum = ? WHERE id = ?", [checksums.of_blobs(crop), best]
            )
        return replace(photo, faces=tuple(new))

    def _save_face(self, photo_id: int, face: NewFace) -> int:
        box, quality = face.box, face.quality
        face_id = self._db.insert(
            "INSERT INTO faces (photo_id, box_left, box_top, box_right, box_bottom, landmarks, "
            "size_px, confidence, sharpness, crop_sum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                photo_id,
                box.left,
                box.top,
                box.right,
                box.bottom,
                np.ascontiguousarray(face.landmarks, dtype="<f4").tobytes(),
                quality.size_px,
                quality.confidence,
                quality.sharpness,
                checksums.of_blobs(face.crop_webp),
            ],
        )
        self._db.insert(
            "INSERT INTO crops (face_id, webp) VALUES (?, ?)", [face_id, face.crop_webp]
        )
        return face_id

    def _save_failure(self, root_id: int, failure: NewFailure) -> None:
        if failure.drop_photo_id is not None:
            self._hide([failure.drop_photo_id])
        # The user ignored this file, not whatever comes to be at its place later.
        self._db.run(
            "INSERT INTO failures (root_id, rel_path, size, mtime_ns, reason) "
            "VALUES (?, ?, ?, ?, ?) ON CONFLICT (root_id, rel_path) DO UPDATE SET "
            "is_ignored = is_ignored AND size = excluded.size AND mtime_ns = excluded.mtime_ns, "
            "size = excluded.size, mtime_ns = excluded.mtime_ns, reason = excluded.reason",
            [
                root_id,
                name_to_db(failure.rel_path),
                failure.size,
                failure.mtime_ns,
                failure.reason.encode("utf-8", "replace").decode("utf-8"),
            ],
        )

    def _relocate(self, root_id: int | None, photos: Sequence[Relocation]) -> None:
        self._db.run_many(
            "UPDATE photos SET root_id = COALESCE(?, root_id), rel_path = ?, size = ?, "
            "mtime_ns = ?, sort_time = COALESCE(taken_at, ?), missing_since = NULL, "
            "deleted_at = NULL WHERE id = ?",
            [
                (
                    root_id,
                    name_to_db(photo.rel_path),
                    photo.size,
                    photo.mtime_ns,
                    _iso_time(photo.mtime_ns),
                    photo.photo_id,
                )
                for photo in photos
            ],
        )

    def _hide(self, photo_ids: Sequence[int]) -> None:
        """Let photos count as deleted; their faces, crops and codes wait for their file."""
        moment = int(self._clock())
        for chunk in chunks(photo_ids):
            names = self._db.rows(
                f"SELECT id, rel_path FROM photos WHERE id IN ({marks(chunk)})", chunk
            )
            self._db.run_many(
                "UPDATE photos SET deleted_at = ?, rel_path = ? WHERE id = ?",
                [
                    (moment, name_to_db(name_of_deleted(i, name_from_db(name))), i)
                    for i, name in names
                ],
            )


def _sort_time(photo: NewPhoto) -> str:
    return photo.taken_at or _iso_time(photo.mtime_ns)


def _iso_time(mtime_ns: int) -> str:
    # A file time can lie outside what datetime knows; such a photo sorts as the oldest.
    try:
        return datetime.fromtimestamp(mtime_ns // 1_000_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return ""
