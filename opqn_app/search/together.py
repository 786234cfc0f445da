"""Photos on which several people are together: ranked by whoever is least likely there."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from opqn_app.core.types import Floats
from opqn_app.opqn.calibration import Calibration
from opqn_app.search.code_index import CodeIndex
from opqn_app.search.query import curve_of
from opqn_app.store.library import Library
from opqn_app.store.records import FaceRecord

DEPTH = 2000  # faces of each person that are looked at, the most alike first

Candidates = list[list[tuple[float, int]]]  # of each person on one photo: (chance, face id)


@dataclass(frozen=True, slots=True)
class Together:
    """A photo with a face for each person asked for, no face for two.

    Attributes:
        faces: one a person, in the order of the people.
        chances: of each that it is the person: a probability, or the raw score where the model has
            no calibration.
    """

    faces: tuple[FaceRecord, ...]
    chances: tuple[float, ...]

    @property
    def least(self) -> int:
        """Whose face is least likely, counted from 0."""
        return int(np.argmin(self.chances))

    @property
    def chance(self) -> float:
        """The smallest of `chances`."""
        return min(self.chances)


def photos_together(
    library: Library,
    index: CodeIndex,
    people: Sequence[Floats],
    calibration: Calibration | None,
    *,
    depth: int = DEPTH,
) -> list[Together]:
    """Photos that show somebody of each person's most alike faces, the likeliest first.

    A photo is as likely as the least likely of the people on it. Equal ones rank by photo id.

    Args:
        people: of each person the tables, (Q, M, K).
        depth: faces of each person that are looked at.
    """
    chances: list[dict[int, float]] = []
    for tables in people:
        found = index.search(tables, limit=depth)
        curve = curve_of(calibration, index, tables)
        values = found.scores if curve is None else curve.probability(found.scores)
        chances.append(dict(zip(found.face_ids.tolist(), values.tolist(), strict=True)))
    faces = {face.id: face for face in library.faces(sorted(set().union(*chances)))}
    photos: dict[int, Candidates] = {}
    for person, of_person in enumerate(chances):
        for face_id, chance in of_person.items():
            if face_id in faces:
                here = photos.setdefault(faces[face_id].photo.id, [[] for _ in people])
                here[person].append((chance, face_id))
    answer = []
    for photo_id, candidates in photos.items():
        chosen = one_face_each(candidates)
        if chosen is not None:
            shown = tuple(faces[face_id] for _, face_id in chosen)
            answer.append((photo_id, Together(shown, tuple(chance for chance, _ in chosen))))
    answer.sort(key=lambda item: (-item[1].chance, item[0]))
    return [together for _, together in answer]


def one_face_each(candidates: Candidates) -> list[tuple[float, int]] | None:
    """A face of its own for each person, such that the smallest chance is as large as can be.

    Of equal ones the first is taken, where each person's faces come by chance, then by id. None
    where there are too few faces.
    """
    n_people = len(candidates)
    # Who takes a face below the n-th could take one of the better ones that the others leave.
    ranked = [sorted(each, key=lambda c: (-c[0], c[1]))[:n_people] for each in candidates]
    best: list[tuple[float, int]] | None = None
    reached = -np.inf

    def choose(chosen: list[tuple[float, int]], least: float) -> None:
        nonlocal best, reached
        if len(chosen) == n_people:
            best, reached = list(chosen), least
            return
        for chance, face_id in ranked[len(chosen)]:
            if min(least, chance) <= reached:
                return  # those that follow are no better
            if all(face_id != taken for _, taken in chosen):
                choose([*chosen, (chance, face_id)], min(least, chance))

    choose([], np.inf)
    return best
