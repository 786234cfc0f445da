"""A library of faces with drawn codes, and an encoder that only grouping asks."""

from collections.abc import Sequence
from types import SimpleNamespace

import numpy as np

from opqn_app.core.types import Box, Codes, FaceQuality, Floats
from opqn_app.opqn.links import Links
from opqn_app.people.guesses import Guesses
from opqn_app.people.guessing import GroupingReport, update_groups
from opqn_app.people.ledger import Ledger
from opqn_app.store.library import Library
from opqn_app.store.records import ModelInfo, NewFace, NewPhoto, Relocation
from tests.library_fakes import CROP_WEBP
from tests.people.grouping_fakes import LINKS, N_BOOKS, N_WORDS, result_of, words


class GroupingEncoder:
    """What grouping has to know of an encoder; it never sees a picture."""

    n_books, n_words, calibration = N_BOOKS, N_WORDS, None

    def __init__(self, name: str = "grouping", links: Links | None = LINKS, seed: int = 0) -> None:
        self.model_id = self.name = name
        self.links = links
        self.words = words(seed)
        self.config = SimpleNamespace(joint_words=True)

    def encode(self, crops: np.ndarray) -> Codes:
        raise AssertionError("codes are drawn")

    def luts(self, crops: np.ndarray) -> Floats:
        raise AssertionError("nobody searches")


class GuessWorld:
    """Photos are added with the codes of their faces; their files are not there."""

    def __init__(self, library: Library, encoder: GroupingEncoder) -> None:
        self.library, self.encoder = library, encoder
        self._n_photos = 0

    def guesses(self) -> tuple[Guesses, Ledger]:
        """As they are stored now, and a ledger."""
        return Guesses.load(self.library, self.encoder), Ledger(self.library)

    def add_photo(
        self, codes: Sequence[np.ndarray], *, taken_at: str | None = None, picture: bytes = b""
    ) -> list[int]:
        """A photo with a face for each code; returns the ids of the faces."""
        self._n_photos += 1
        number = self._n_photos
        faces = tuple(self._face(i, code) for i, code in enumerate(codes))
        photo = NewPhoto(
            rel_path=f"{number}.jpg",
            size=1,
            mtime_ns=1,
            content_hash=number.to_bytes(20, "little"),
            width=10_000,
            height=480,
            taken_at=taken_at,
            faces=faces,
            picture_hash=picture or None,
        )
        model = ModelInfo.of(self.encoder)
        root_id = self.library.add_root(self.library.path.parent / "photos").id
        self.library.writer.save_batch(root_id, model, [photo])
        record = self.library.photo_table.at(root_id, photo.rel_path)
        assert record is not None
        return [face.id for face in self.library.faces_of(record.id)]

    def photo_of(self, face_id: int) -> int:
        (face,) = self.library.faces([face_id])
        return face.photo.id

    def delete(self, photo_id: int) -> None:
        (root,) = self.library.roots()
        self.library.writer.rearrange(root.id, [], [photo_id])

    def restore(self, photo_id: int) -> None:
        """The file of a deleted photo is there again."""
        (root,) = self.library.roots()
        back = Relocation(photo_id, f"back {photo_id}.jpg", 1, 1)
        self.library.writer.rearrange(root.id, [back])

    def expire(self, photo_id: int) -> None:
        self.library.writer.forget_photos([photo_id])

    def group(self) -> GroupingReport:
        return result_of(update_groups(self.library, self.encoder))

    def stored(self) -> set[frozenset[int]]:
        """The groups as they are stored, of faces that have one."""
        return _sets(self.library, self.encoder.model_id, "groups")

    def stored_parts(self) -> set[frozenset[int]]:
        return _sets(self.library, self.encoder.model_id, "parts")

    def _face(self, place: int, code: np.ndarray) -> NewFace:
        left = 10.0 + 60 * place
        quality = FaceQuality(size_px=50, confidence=0.99, sharpness=50)
        where = np.array([[15, 20], [35, 20], [25, 30], [18, 40], [32, 40]], np.float32)
        landmarks = where + np.array([left, 10], np.float32)
        return NewFace(Box(left, 10, left + 50, 60), landmarks, quality, CROP_WEBP, code)


def _sets(library: Library, model_id: str, which: str) -> set[frozenset[int]]:
    found: dict[int, set[int]] = {}
    stored = library.group_table.guesses(model_id)
    for face, number in zip(stored.face_ids.tolist(), getattr(stored, which).tolist(), strict=True):
        if number:
            found.setdefault(number, set()).add(face)
    return {frozenset(some) for some in found.values()}
