"""What was guessed of the faces of a library, in memory: about 250 bytes a face."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.types import Floats, Ids
from opqn_app.opqn.face_encoder import FaceEncoder
from opqn_app.opqn.links import N_NEAREST, Links
from opqn_app.people.coded import Coded, labels_of
from opqn_app.people.known import NOBODY, Labels
from opqn_app.people.word_sums import WordEncoder, WordSums
from opqn_app.store.face_table import FacePlaces
from opqn_app.store.group_table import SCORE_STEPS, GroupingState
from opqn_app.store.library import Library

USUAL_SHARPNESS = 100.0  # halfway between flat and as crisp as can be
USUAL_SIZE = 60.0  # pixels of a face that is neither small nor large

Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class GuessData:
    """The guesses about n faces, row by row.

    Attributes:
        version: what it was read from.
        near, scores: (n, 16) as in `Lists`, scores in steps of 1 / 65535.
        groups, parts: (n,) the group and the part of each face, named by its lowest row.
        photos: (n,) ids.
        looks: (n,) how well a face shows who it is; the best is greatest.
        order, starts: the rows of all groups, group after group, and where each begins, by name.
        links, sums: None where the model in use has not guessed this, and can't tell chances.
    """

    version: tuple[str, int, GroupingState | None, str] | None
    faces: Coded
    near: Labels
    scores: NDArray[np.uint16]
    groups: Labels
    parts: Labels
    photos: Ids
    looks: Floats
    order: Labels
    starts: Labels
    links: Links | None
    sums: WordSums | None

    @classmethod
    def nothing(cls) -> "GuessData":
        """Of no face."""
        none = np.empty(0, np.int32)
        near = np.empty((0, N_NEAREST), np.int32)
        return cls(
            version=None,
            faces=Coded(np.empty(0, np.int64), np.empty((0, 1), np.uint8)),
            near=near,
            scores=near.astype(np.uint16),
            groups=none,
            parts=none,
            photos=none.astype(np.int64),
            looks=none.astype(np.float32),
            order=none,
            starts=np.zeros(1, np.int32),
            links=None,
            sums=None,
        )

    @classmethod
    def read(cls, library: Library, encoder: FaceEncoder, known: "GuessData") -> "GuessData":
        """Those of a library, of the encoder's model or else of the model that guessed last.

        Args:
            known: read earlier; it is returned if nothing has changed.
        """
        table = library.group_table
        with library.snapshot():
            is_own = isinstance(encoder, WordEncoder) and table.state(encoder.model_id) is not None
            model_id = encoder.model_id if is_own else table.grouped_model()
            if model_id is None:
                return cls.nothing()
            version = library.uuid, library.revision, table.state(model_id), model_id
            if known.version == version:
                return known
            stored = table.guesses(model_id)
            coded = Coded.of(library, model_id)
            stored = stored.of_rows((coded.rows(stored.face_ids) != NOBODY) & (stored.groups != 0))
            faces = coded.of_rows(coded.rows(stored.face_ids))
            places = library.face_table.places(faces.face_ids)
        groups, parts = labels_of(stored.groups), labels_of(stored.parts)
        order = np.argsort(groups, kind="stable").astype(np.int32)
        starts = np.searchsorted(groups[order], np.arange(len(order) + 1)).astype(np.int32)
        words = encoder if is_own and isinstance(encoder, WordEncoder) else None
        return cls(
            version=version,
            faces=faces,
            near=faces.rows(stored.near),
            scores=stored.scores,
            groups=groups,
            parts=parts,
            photos=places.photo_ids,
            looks=looks_of(places),
            order=order,
            starts=starts,
            links=words.links if words else None,
            sums=WordSums.of(words) if words else None,
        )

    def __len__(self) -> int:
        return len(self.faces)

    def rows_of(self, face_ids: Sequence[int]) -> Rows:
        """(k,) the rows of faces, those that are not grouped left out."""
        rows = self.faces.rows(np.fromiter(face_ids, np.int64, len(face_ids)))
        return np.unique(rows[rows != NOBODY]).astype(np.intp)

    def group_rows(self, label: int) -> Labels:
        """The rows of a group, ascending."""
        return self.order[self.starts[label] : self.starts[label + 1]]

    def best_first(self, rows: NDArray[np.integer]) -> tuple[int, ...]:
        """The ids of faces, those first that show best who it is."""
        order = np.argsort(-self.looks[rows], kind="stable")
        return tuple(self.faces.face_ids[rows[order]].tolist())

    def best_scores(self, rows: NDArray[np.integer]) -> Floats:
        """(n,) the best score of a listed pair of each face with one of `rows`; 0 for none."""
        best = np.zeros(len(self) + 1, np.uint16)  # the last is for `NOBODY`
        np.maximum.at(best, self.near[rows].ravel(), self.scores[rows].ravel())
        asked = np.zeros(len(self) + 1, np.bool_)
        asked[rows] = True
        lists, place = np.nonzero(asked[self.near])
        np.maximum.at(best, lists, self.scores[lists, place])
        best[rows] = 0
        return (best[:-1] / np.float32(SCORE_STEPS)).astype(np.float32)

    def totals(self, units: Sequence[NDArray[np.integer]]) -> Floats:
        """(u, D) the sums of the vectors of some sets of rows, none empty."""
        assert self.sums is not None, "of a model in use"
        starts = np.cumsum([0, *map(len, units[:-1])])
        vectors = self.sums.units(self.faces.codes[np.concatenate(units)])
        found: Floats = np.add.reduceat(vectors, starts, axis=0)
        return found


def looks_of(places: FacePlaces) -> Floats:
    """(n,) how well faces show who they are, from 0 to 1: sharp, large and frontal is best."""
    eyes, nose = places.landmarks[:, :2], places.landmarks[:, 2]
    across = eyes[:, 1] - eyes[:, 0]
    width = np.maximum(np.linalg.norm(across, axis=1), 1e-6)
    # Where the nose lies between the eyes, along the line through them: 0 in the middle.
    turn = np.abs(((nose - eyes.mean(axis=1)) * across).sum(axis=1)) / width**2
    frontal = np.clip(1.0 - 2.0 * turn, 0.0, 1.0)
    sharp = places.sharpness / (places.sharpness + USUAL_SHARPNESS)
    large = places.size_px / (places.size_px + USUAL_SIZE)
    found: Floats = (frontal * sharp * large * places.confidence).astype(np.float32)
    return found


def best_of_each(library: "Library", groups: Sequence[Sequence[int]]) -> list[int]:
    """The face of each group that shows best who it is; no group may be empty."""
    ids = np.unique(np.concatenate([np.asarray(group, np.int64) for group in groups]))
    looks = looks_of(library.face_table.places(ids))
    return [
        max(sorted(group), key=lambda face: float(looks[np.searchsorted(ids, face)]))
        for group in groups
    ]
