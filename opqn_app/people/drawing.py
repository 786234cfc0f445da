"""Boxes that a person draws around faces no detector found: they become faces like the others."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from opqn_app.core.errors import LibraryLocked, PhotoUnreadable
from opqn_app.core.types import SAME_FACE, Box, DetectedFace, FaceDetector
from opqn_app.engine import Engine
from opqn_app.people.gestures import PeopleError, naming
from opqn_app.people.kinds import Kind
from opqn_app.people.ledger import Ledger
from opqn_app.store.crops import crop_to_webp
from opqn_app.store.decision_records import FaceKey, NewDecision
from opqn_app.store.index_writer import IndexWriter
from opqn_app.store.library import Library
from opqn_app.store.records import ModelInfo, NewFace, PhotoRecord
from opqn_app.vision.align import is_alignable
from opqn_app.vision.apart import open_photo
from opqn_app.vision.faces import found_face
from opqn_app.vision.images import Photo

logger = logging.getLogger(__name__)

MIN_SIDE = 8  # pixels of the photo; a smaller box shows nobody
AROUND = 0.6  # of the box's sides that the detector sees on each side of it
LOOKED_AT = 192  # pixels: about how large the box's longer side is shown to the detector
OPENED = 2  # photos that are kept open while boxes are drawn: one, and a copy of it
CERTAIN = 1.0  # confidence of a face that a person has seen
# Where the landmarks lie in a box, as fractions of its sides: medians over the 60 faces that MTCNN
# finds in the sample, made symmetric.
LANDMARKS = np.array([(0.27, 0.38), (0.73, 0.38), (0.5, 0.59), (0.3, 0.76), (0.7, 0.76)])


def draw_box(
    ledger: Ledger,
    photo: PhotoRecord,
    box: Box,
    engine: Engine,
    name: str | None = None,
    *,
    is_twice: bool = False,
) -> int:
    """Add a face that the user drew a box around, encoded at once; returns its id.

    Args:
        ledger: of a library opened to write.
        box: in pixels of the upright photo.
        name: who it is; one gesture with the drawing. None for not said yet.
        is_twice: that person is on the photo more than once.

    Raises:
        PhotoUnreadable: the photo can't be read now.
        PeopleError: the box lies outside the photo or is tiny, a face is known there, the file is
            not what was indexed, or it can't be that person.
    """
    model, writer = ModelInfo.of(engine.encoder), ledger.library.writer
    new = drawn_face(photo, box, engine)
    return add_drawn(ledger, photo, new, model, writer, name, is_twice=is_twice)


def drawn_face(photo: PhotoRecord, box: Box, engine: Engine) -> NewFace:
    """What is seen in a box that the user drew; raises as `draw_box` for photo and box."""
    inside = Box(
        max(box.left, 0.0),
        max(box.top, 0.0),
        min(box.right, float(photo.width)),
        min(box.bottom, float(photo.height)),
    )
    if min(inside.width, inside.height) < MIN_SIDE:
        raise PeopleError(f"Draw a box of at least {MIN_SIDE} pixels each way on the photo.")
    return _new_face(photo, inside, engine)


def add_drawn(
    ledger: Ledger,
    photo: PhotoRecord,
    new: NewFace,
    model: ModelInfo,
    writer: IndexWriter,
    name: str | None = None,
    *,
    is_twice: bool = False,
) -> int:
    """Add what `drawn_face` saw; `ledger` may be of another connection than `writer`.

    Raises:
        PeopleError: a face is known there, or it can't be that person.
    """
    library = ledger.library
    content = library.decision_table.content_of_photo(photo.id)
    if content is None:
        raise PeopleError("The photo is not in the library any more.")
    ledger.bind_photo(content)
    for face in library.faces_of(photo.id):
        if face.box.overlap(new.box) >= SAME_FACE and not ledger.is_left_out(face.id):
            raise PeopleError(f"A face is known there already: face {face.id}.")
    key = key_for(ledger, photo, content, new.box)
    # Should this be killed before the face is stored, `draw_missing` makes it later.
    drawn = NewDecision(Kind.BOX_DRAWN, [key])
    ledger.decide(
        lambda: [drawn] if name is None else [drawn, naming(ledger, [key], name, is_twice=is_twice)]
    )
    face_id = writer.add_drawn_face(photo.id, model, new)
    ledger.bind_photo(content)
    return face_id


def key_for(ledger: Ledger, photo: PhotoRecord, content: bytes, box: Box) -> FaceKey:
    """The key of a box drawn on a photo: one that waits for a face there, else a new one."""
    across, down = photo.width, photo.height
    key = FaceKey(content, box.left / across, box.top / down, box.right / across, box.bottom / down)
    return ledger.bindings.unbound_key(content, photo.id, key.box) or key


def draw_all_missing(library_path: Path, engine: Engine) -> None:
    """`draw_missing` to its end; what follows an indexing run.

    Where another program writes just now, its run or the next one does it.
    """
    with Library.open(library_path) as reading:
        is_drawn = reading.decision_table.has(Kind.BOX_DRAWN)
        if not (is_drawn and Ledger(reading).missing_boxes()):
            return
    try:
        with Library.open(library_path, write=True) as writing:
            for _ in draw_missing(Ledger(writing), engine):
                pass
    except LibraryLocked:
        logger.info("drawn boxes wait for another program")


def draw_missing(ledger: Ledger, engine: Engine) -> Iterator[int]:
    """Make the faces of drawn boxes anew that are not in the library, as after it was rebuilt.

    Yields the id of each face once it is stored. Photos that can't be read now are left out.
    """
    library = ledger.library
    opened = lru_cache(OPENED)(open_photo)  # many boxes of one photo may follow each other
    for key in ledger.missing_boxes():
        have = {ledger.bindings.placed[i].photo_id for i in ledger.bindings.faces_of.get(key, ())}
        copies = library.decision_table.photos_of_content(key.content_hash)
        for photo in library.photo_table.of_ids([i for i in copies if i not in have]):
            box = Box(
                key.left * photo.width,
                key.top * photo.height,
                key.right * photo.width,
                key.bottom * photo.height,
            )
            try:
                new = _new_face(photo, box, engine, opened)
            except (PhotoUnreadable, PeopleError) as error:
                logger.debug("a drawn box waits: %s", type(error).__name__)
                continue
            face_id = library.writer.add_drawn_face(photo.id, ModelInfo.of(engine.encoder), new)
            ledger.bind_photo(key.content_hash)
            yield face_id


def _new_face(
    record: PhotoRecord,
    box: Box,
    engine: Engine,
    opened: Callable[[Path], Photo] = open_photo,
) -> NewFace:
    photo = opened(record.path)
    if (photo.width, photo.height) != (record.width, record.height):
        raise PeopleError(
            f"{record.path} has changed since it was indexed. Index its folder again first."
        )
    across, down = photo.image.width / photo.width, photo.image.height / photo.height
    drawn = Box(box.left * across, box.top * down, box.right * across, box.bottom * down)
    seen = _seen(photo, drawn, engine.detector)
    face = found_face(photo, seen)
    code = engine.encoder.encode(face.crop[None])[0]
    # The user's box, to the last bit, and not what became of it on the copy.
    quality = replace(face.quality, size_px=min(box.width, box.height))
    return NewFace(box, face.landmarks, quality, crop_to_webp(face.crop), code)


def _seen(photo: Photo, box: Box, detector: FaceDetector) -> DetectedFace:
    """The face in a box, its landmarks found by the detector if it sees one, else estimated."""
    width, height = AROUND * box.width, AROUND * box.height
    left, top = max(int(box.left - width), 0), max(int(box.top - height), 0)
    right = min(int(box.right + width) + 1, photo.image.width)
    bottom = min(int(box.bottom + height) + 1, photo.image.height)
    scale = max(1.0, LOOKED_AT / max(box.width, box.height))
    region = photo.image.crop((left, top, right, bottom))
    size = round(region.width * scale), round(region.height * scale)
    scaled = np.array([size[0] / region.width, size[1] / region.height])
    region = region.resize(size)
    best, most = None, SAME_FACE
    for face in detector.detect(region, region.width * region.height):
        corners = np.array([(face.box.left, face.box.top), (face.box.right, face.box.bottom)])
        found = Box(*(corners / scaled + (left, top)).ravel().tolist())
        if found.overlap(box) >= most:
            best, most = face, found.overlap(box)
    corner, sides = np.array([box.left, box.top]), np.array([box.width, box.height])
    estimated = (LANDMARKS * sides + corner).astype(np.float32)
    if best is None:
        return DetectedFace(box, estimated, CERTAIN)
    landmarks = (best.landmarks / scaled + (left, top)).astype(np.float32)
    if not is_alignable(landmarks, photo.image.size):
        landmarks = estimated
    return DetectedFace(box, landmarks, CERTAIN)
