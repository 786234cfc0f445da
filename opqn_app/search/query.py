"""A photo, or a face of the library, becomes a table to search with, and ranked ids become hits."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from opqn_app.core.errors import LibraryError, NoFaceFound
from opqn_app.core.types import Crops, FaceDetector, Lut
from opqn_app.opqn import lut as lut_scoring
from opqn_app.opqn.calibration import Calibration
from opqn_app.opqn.face_encoder import FaceEncoder
from opqn_app.search.code_index import CodeIndex, Ranking
from opqn_app.store.crops import crop_from_webp
from opqn_app.store.library import Library
from opqn_app.store.records import FaceRecord
from opqn_app.vision.faces import FoundFace, find_faces
from opqn_app.vision.images import Photo, open_photo, photo_of_picture, read_photo


@dataclass(frozen=True, slots=True)
class Hit:
    """A ranked face.

    Attributes:
        score: Eq. 18; the sum of `contributions`.
        probability: that it is the person of the query, 0 to 1; None without a calibration.
        contributions: of each of the M words of the face's code.
    """

    face: FaceRecord
    score: float
    probability: float | None
    contributions: tuple[float, ...]


def faces_in(
    photo: Photo | Path | bytes | Image.Image, detector: FaceDetector, *, name: str = ""
) -> list[FoundFace]:
    """The faces of a query photo, largest first.

    Args:
        photo: a file, the content of one, a picture from the clipboard, or an opened photo.
        name: what to call it in messages, where it has no path.

    Raises:
        PhotoUnreadable: it is not a photo that can be read.
        NoFaceFound: it shows no face.
    """
    name = name or (str(photo) if isinstance(photo, Path) else "the picture")
    faces = find_faces(_opened(photo, name), detector)
    if not faces:
        raise NoFaceFound(name)
    return faces


def query_lut(encoder: FaceEncoder, crops: Sequence[Crops]) -> Lut:
    """The table of a query, (M, K), snapped.

    Several crops of one person give the mean of their tables: a face then scores the mean of its
    scores against each crop.
    """
    assert crops, "a query needs a face"
    tables = encoder.luts(np.stack(crops))
    return lut_scoring.snap(tables.mean(axis=0, dtype=np.float64))


def curve_of(calibration: Calibration | None, index: CodeIndex, lut: Lut) -> Calibration | None:
    """The calibration for one query among the faces of an index; None where the model has none."""
    return None if calibration is None else calibration.among(index.sampled_scores(lut))


def crop_of_face(library: Library, face_id: int) -> Crops:
    """The aligned crop of a library face, (112, 112, 3), its photo there or not.

    Raises:
        LibraryError: there is no such face.
    """
    webp = library.crop(face_id)
    if webp is None:
        raise LibraryError(
            f"The library {library.path} has no face {face_id}. Search again; it may have been "
            "removed since."
        )
    return crop_from_webp(webp)


def hits(
    library: Library,
    index: CodeIndex,
    ranking: Ranking,
    lut: Lut,
    calibration: Calibration | None,
    start: int = 0,
    stop: int | None = None,
) -> list[Hit]:
    """Positions `start` to `stop` of a ranking with all that is shown of them.

    A face that was removed from the library since the search is left out.

    Args:
        calibration: of the query, see `curve_of`.
    """
    face_ids, scores = ranking.face_ids[start:stop], ranking.scores[start:stop]
    records = {face.id: face for face in library.faces(face_ids.tolist())}
    shares = index.contributions(lut, face_ids)
    chances = None if calibration is None else calibration.probability(scores)
    return [
        Hit(
            face=records[face_id],
            score=float(scores[i]),
            probability=None if chances is None else float(chances[i]),
            contributions=tuple(shares[i].tolist()),
        )
        for i, face_id in enumerate(face_ids.tolist())
        if face_id in records
    ]


def _opened(photo: Photo | Path | bytes | Image.Image, name: str) -> Photo:
    if isinstance(photo, Photo):
        return photo
    if isinstance(photo, Path):
        return open_photo(photo)
    if isinstance(photo, bytes):
        return read_photo(photo, name)
    return photo_of_picture(photo)
