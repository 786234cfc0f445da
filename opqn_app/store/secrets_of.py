"""The bytes of a library that must be nowhere once it is forgotten, to be searched for."""

import struct
from collections.abc import Collection

import numpy as np

from opqn_app.store.library import Library

_HEADER = 40  # bytes with which all pictures of one size begin alike


def of_faces(library: Library, face_ids: Collection[int]) -> dict[str, list[bytes]]:
    """Crops, codes of all models, landmarks and boxes of faces, as they lie in the file."""
    ids = sorted(face_ids)
    crops = library.face_table.crops(ids)
    faces, places = library.faces(ids), library.face_table.places(np.array(ids, np.int64))
    codes = []
    for each in library.code_store.coded():
        for segment in library.code_segments(each.model_id):
            mine = np.isin(segment.face_ids, ids) & ~segment.is_dead
            codes += [code.tobytes() for code in segment.codes[mine]]
    boxes = [(f.box.left, f.box.top, f.box.right, f.box.bottom) for f in faces]
    return {
        "crops": [crop[_HEADER:] for crop in crops.values()],
        "codes": codes,
        "landmarks": [marks.astype("<f4").tobytes() for marks in places.landmarks],
        "boxes": [
            struct.pack(">4d", *box) for box in boxes if not any(x.is_integer() for x in box)
        ],
    }


def of_photos(library: Library, root_id: int | None = None) -> dict[str, list[bytes]]:
    """Those of all faces of a root, or of the library, and paths and checksums of its photos."""
    photos = library.photos(root_id, limit=library.photo_count(root_id))
    faces = {face.id for photo in photos for face in library.faces_of(photo.id)}
    known = {
        photo.id: photo
        for root in library.roots()
        if root_id in (None, root.id)
        for photo in library.photo_table.known_photos(root.id)
    }
    return of_faces(library, faces) | {
        "checksums": [photo.content_hash for photo in known.values()],
        "paths": [photo.rel_path.encode("utf-8", "surrogateescape") for photo in photos],
    }
