"""Faces of made families, from the data that lies beside a checkout, put into a library.

The data is not part of the project: who uses this asks `SHARED` first whether it is there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.types import Box, Codes, Crops, FaceQuality
from opqn_app.opqn.face_encoder import FaceEncoder
from opqn_app.store.crops import crop_to_webp
from opqn_app.store.library import Library
from opqn_app.store.records import ModelInfo, NewFace, NewPhoto

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
SIDE = 240  # pixels of a made photo, which shows one face
_BATCH = 200


@dataclass(frozen=True, slots=True, eq=False)
class FamilyFaces:
    """Attributes:
    crops: (n, 112, 112, 3) RGB.
    people: (n,) who each is.
    """

    crops: Crops
    people: NDArray[np.str_]


def family_faces(n: int) -> FamilyFaces:
    """About `n` faces of whole families and of strangers, from part `val`."""
    from trainer.data.picture_set import read_crops
    from trainer.recipes.face_data import families

    found = read_crops(sorted(SHARED.glob("faces_*.tar")), part="val")
    family = families(SHARED / "faces.csv")
    whose = np.array([family.get(str(person), "") or "~" for person in found.people])
    order = np.lexsort((found.people, whose))
    rows = order[whose[order] != "~"][: n * 7 // 10]
    strangers = order[whose[order] == "~"]
    rows = np.concatenate([rows, np.sort(strangers)[: n - len(rows)]])
    margin = (found.images.shape[1] - 112) // 2
    crops = found.images[rows, margin : margin + 112, margin : margin + 112]
    return FamilyFaces(np.ascontiguousarray(crops), found.people[rows])


def make_library(path: Path, faces: FamilyFaces, encoder: FaceEncoder) -> Codes:
    """A library with a photo for each face, in order, so that face ids are 1 to n."""
    codes = np.concatenate(
        [encoder.encode(faces.crops[i : i + 64]) for i in range(0, len(faces.crops), 64)]
    )
    put_in_library(path, [crop_to_webp(crop) for crop in faces.crops], codes, encoder)
    return codes


def put_in_library(
    path: Path, crops: Sequence[bytes], codes: Codes, encoder: FaceEncoder, *, first: int = 0
) -> None:
    """The same with codes that are known, and WebP crops; `first` photos are in it already."""
    model = ModelInfo.of(encoder)
    with Library.open(path, write=True) as library:
        root = library.add_root(path.parent / "photos")
        for start in range(0, len(crops), _BATCH):
            some = range(start, min(start + _BATCH, len(crops)))
            photos = [_photo(first + row, crops[row], codes[row]) for row in some]
            library.writer.save_batch(root.id, model, photos)


def _photo(row: int, webp: bytes, code: NDArray[np.unsignedinteger]) -> NewPhoto:
    quality = FaceQuality(size_px=112, confidence=0.99, sharpness=60)
    box = Box(64.0, 64.0, 176.0, 176.0)
    face = NewFace(box, np.full((5, 2), 100, np.float32), quality, webp, code)
    return NewPhoto(
        rel_path=f"{row:06d}.jpg",
        size=1,
        mtime_ns=1,
        content_hash=row.to_bytes(20, "little"),
        width=SIDE,
        height=SIDE,
        taken_at=f"{2005 + row % 20}-05-06T07:08:09",
        faces=(face,),
    )
