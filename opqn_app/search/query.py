"""A photo, or a face of the library, becomes a table to search with, and ranked ids become hits."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from opqn_app.core.errors import CropsDamaged, LibraryError, NoFaceFound
from opqn_app.core.types import Crops, FaceDetector, Floats
from opqn_app.opqn import lut as lut_scoring
from opqn_app.opqn.calibration import Calibration
from opqn_app.opqn.face_encoder import FaceEncoder, LinkingEncoder
from opqn_app.opqn.several_photos import People, combined, people_among
from opqn_app.search.code_index import CodeIndex, Ranking
from opqn_app.store.crops import crop_from_webp
from opqn_app.store.library import Library
from opqn_app.store.records import FaceRecord
from opqn_app.vision.apart import open_photo, read_photo
from opqn_app.vision.faces import FoundFace, find_faces
from opqn_app.vision.images import Photo, photo_of_picture


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


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What the faces of a query ask.

    Attributes:
        each: (n, M, K): the table of each photo alone.
        people: which photos show one person; all of them where the model can't tell.
    """

    each: Floats
    people: People

    @property
    def tables(self) -> Floats:
        """(Q, M, K) of all photos, taken for one person."""
        return combined(self.each)

    def of_person(self, photos: Sequence[int]) -> Floats:
        """(Q, M, K) of some of the photos, by their places."""
        return combined(self.each[list(photos)])


def question_of(encoder: FaceEncoder, crops: Sequence[Crops]) -> Question:
    """What photos ask for, and whether they show one person; the network runs once a photo."""
    assert crops, "a query needs a face"
    pictures = np.stack(crops)
    one = (tuple(range(len(crops))),)
    if len(crops) == 1 or not isinstance(encoder, LinkingEncoder) or encoder.links is None:
        return Question(encoder.luts(pictures), one)
    features = encoder.features(pictures)
    return Question(encoder.tables_of(features), people_among(features, encoder.links))


def query_tables(encoder: FaceEncoder, crops: Sequence[Crops]) -> Floats:
    """The tables of a query, (Q, M, K), snapped, of which a face scores the best.

    One crop has one table. Several crops of one person find what each of them finds, see
    `opqn_app.opqn.several_photos`.
    """
    assert crops, "a query needs a face"
    return combined(encoder.luts(np.stack(crops)))


def curve_of(
    calibration: Calibration | None, index: CodeIndex, tables: Floats
) -> Calibration | None:
    """The calibration for one query among the faces of an index; None where the model has none.

    The curve follows how strangers score by the mean of the photos. By the best of several photos
    they score higher, the more photos there are, in any library.

    Args:
        tables: (Q, M, K), or one table.
    """
    if calibration is None:
        return None
    if tables.ndim == 3:
        tables = lut_scoring.snap(tables.mean(axis=0, dtype=np.float64))
    return calibration.among(index.sampled_scores(tables))


def crop_of_face(library: Library, face_id: int) -> Crops:
    """The aligned crop of a library face, (112, 112, 3), its photo there or not.

    Raises:
        CropsDamaged: its crop is not what was written.
        LibraryError: there is no such face.
    """
    webp = library.crop(face_id)
    if webp is None:
        for face in library.faces([face_id]):
            raise CropsDamaged(library.path, 1, [face.photo.path])
        raise LibraryError(
            f"The library {library.path} has no face {face_id}. Search again; it may have been "
            "removed since."
        )
    return crop_from_webp(webp)


def hits(
    library: Library,
    index: CodeIndex,
    ranking: Ranking,
    tables: Floats,
    calibration: Calibration | None,
    start: int = 0,
    stop: int | None = None,
) -> list[Hit]:
    """Positions `start` to `stop` of a ranking with all that is shown of them.

    A face that was removed from the library since the search is left out.

    Args:
        tables: (Q, M, K) of the query.
        calibration: of the query, see `curve_of`.
    """
    face_ids, scores = ranking.face_ids[start:stop], ranking.scores[start:stop]
    records = {face.id: face for face in library.faces(face_ids.tolist())}
    shares = index.contributions(tables, face_ids)
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
