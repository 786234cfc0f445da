"""Analysed files that are not stored yet: what one transaction holds."""

import time

from opqn_app.index.analysis import MAX_FACES_AT_ONCE, Sighting, encoded
from opqn_app.index.plan import PendingFile
from opqn_app.index.progress import RunCounts
from opqn_app.opqn.face_encoder import FaceEncoder
from opqn_app.store.index_writer import IndexWriter
from opqn_app.store.records import ModelInfo

MAX_BATCH_S = 2.0  # a slow machine stores smaller batches, so that progress and cancel stay brisk


class Batch:
    """At most `max_photos` files of one root, stored in one transaction."""

    def __init__(self, max_photos: int) -> None:
        self._max_photos = max_photos
        self._started = time.monotonic()
        self._sightings: list[Sighting] = []
        self._n_faces = 0
        self.last = ""

    @property
    def n_files(self) -> int:
        return len(self._sightings)

    @property
    def is_full(self) -> bool:
        return (
            self.n_files >= self._max_photos
            or self._n_faces >= MAX_FACES_AT_ONCE
            or time.monotonic() - self._started >= MAX_BATCH_S
        )

    def take(self, item: PendingFile, sighting: Sighting) -> None:
        self._sightings.append(sighting)
        self._n_faces += sighting.n_faces
        self.last = item.file.rel_path

    def store(
        self, writer: IndexWriter, root_id: int, encoder: FaceEncoder, counts: RunCounts
    ) -> None:
        """Encode the faces that have no code yet and write everything in one transaction."""
        done = encoded(self._sightings, encoder)
        photos = [one.photo for one in done if one.photo is not None]
        failures = [one.failure for one in done if one.failure is not None]
        touched = [one.touched for one in done if one.touched is not None]
        if photos or failures:
            photos = writer.save_batch(root_id, ModelInfo.of(encoder), photos, failures)
        if touched:
            writer.touch(touched)
        added = sum(photo.photo_id is None for photo in photos)
        edited = sum(photo.is_edited for photo in photos)
        again = [photo for photo in photos if photo.keeps_faces and not photo.is_edited]
        counts.added += added
        counts.edited += edited
        counts.changed += len(photos) - added - edited - len(again)
        counts.searched += len(again)
        counts.more_faces += sum(len(photo.faces) for photo in again)
        counts.removed += sum(failure.drop_photo_id is not None for failure in failures)
        counts.unchanged += len(touched)
        counts.decoded += sum(one.is_decoded for one in done)
        counts.faces += sum(len(photo.faces) for photo in photos)
        counts.failures += len(failures)
