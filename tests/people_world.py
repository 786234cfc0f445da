"""Photos whose faces are known, put into a library as indexing would: found again, moved, gone."""

from collections.abc import Sequence

import numpy as np

from opqn_app.core.types import Box, FaceQuality
from opqn_app.store.decision_records import FaceKey
from opqn_app.store.library import Library
from opqn_app.store.records import ModelInfo, NewFace, NewPhoto, Relocation
from tests.library_fakes import CROP_WEBP

WIDTH, HEIGHT, SIDE = 640, 480, 100.0
N_PLACES = 3  # where a photo can show a face
Truth = tuple[int, int]  # a photo's content, and which of its faces


def content_hash(content: int) -> bytes:
    return content.to_bytes(20, "little")


def true_box(place: int, jitter: float = 0.0) -> Box:
    """Where a face is; a detector is off by `jitter` of its side, in all directions."""
    left, off = 50.0 + 200 * place, jitter * SIDE
    return Box(left + off, 100 - off, left + SIDE + off, 100 + SIDE - off / 2)


class World:
    """A library of drawn-up photos; each call is one that indexing makes."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.model = ModelInfo("model-1", "model 1", 8, 256)
        self.root_id = library.add_root(library.path.parent / "photos").id
        self.content_of: dict[int, int] = {}  # photo id → content
        self.away: dict[int, int] = {}  # the same of deleted photos, which may come back
        self._n_paths = 0

    def add_photo(self, content: int, places: Sequence[int], jitter: float = 0.0) -> int:
        """A file with this content; another may have it already. Returns the photo's id."""
        return self._add(self._path(content), content, places, jitter)

    def find_again(self, photo_id: int, places: Sequence[int], jitter: float) -> int:
        """As in a library built anew: the photo and its faces have other ids; drawn ones are gone.

        What was found before may come back.
        """
        return self.change(photo_id, self.content_of[photo_id], places, jitter)

    def change(self, photo_id: int, content: int, places: Sequence[int], jitter: float) -> int:
        """Another content in the same file: another photo, whose id is returned."""
        path = self._path_of(photo_id)
        self.away[photo_id] = self.content_of.pop(photo_id)
        return self._add(path, content, places, jitter, photo_id)

    def find_more(self, photo_id: int, places: Sequence[int], jitter: float) -> None:
        """As the thorough search: those come that are not known."""
        known = {place for place, _ in self.faces_of(photo_id)}
        new = [place for place in places if place not in known]
        path = self._path_of(photo_id)
        self._save(self._photo(path, self.content_of[photo_id], new, jitter, photo_id, keeps=True))

    def draw(self, photo_id: int, box: Box) -> int:
        """Store the face of a drawn box."""
        return self.library.writer.add_drawn_face(photo_id, self.model, self._face(box))

    def move(self, photo_id: int) -> None:
        path = self._path(self.content_of[photo_id])
        self.library.writer.rearrange(self.root_id, [Relocation(photo_id, path, 1, 1)])

    def delete(self, photo_id: int) -> None:
        self.library.writer.rearrange(self.root_id, [], [photo_id])
        self.away[photo_id] = self.content_of.pop(photo_id)

    def come_back(self, photo_id: int) -> None:
        """A file with the content of a deleted photo is there, at another place."""
        self.content_of[photo_id] = self.away.pop(photo_id)
        self.move(photo_id)

    def expire(self, photo_id: int) -> None:
        """A deleted photo was waited for long enough."""
        self.library.writer.forget_photos([photo_id])
        del self.away[photo_id]

    def use_model(self, number: int) -> None:
        """Give every face a code of another model."""
        self.model = ModelInfo(f"model-{number}", f"model {number}", 8, 256)
        self.library.writer.use_model(self.model)
        ids = self.library.code_store.faces_without_code(self.model.model_id).tolist()
        codes = np.full((len(ids), 8), number, np.uint8)
        self.library.writer.save_codes(self.model, ids, codes)

    def faces_of(self, photo_id: int) -> list[tuple[int, int]]:
        """(place, face id) of the faces the library has of a photo."""
        faces = self.library.faces_of(photo_id)
        return [(_place(face.box), face.id) for face in faces]

    def faces(self) -> dict[int, Truth]:
        """Face id → who it truly is, of the whole library."""
        return {
            face: (content, place)
            for photo, content in self.content_of.items()
            for place, face in self.faces_of(photo)
        }

    def face(self, content: int, place: int) -> int:
        """The id of a face that is in the library once."""
        (found,) = [face for face, truth in self.faces().items() if truth == (content, place)]
        return found

    def _add(
        self,
        path: str,
        content: int,
        places: Sequence[int],
        jitter: float,
        photo_id: int | None = None,
    ) -> int:
        self._save(self._photo(path, content, places, jitter, photo_id))
        photo = self.library.photo_table.at(self.root_id, path)
        assert photo is not None
        self.content_of[photo.id] = content
        return photo.id

    def _path(self, content: int) -> str:
        self._n_paths += 1
        return f"{content}/{self._n_paths}.jpg"

    def _path_of(self, photo_id: int) -> str:
        (photo,) = self.library.photo_table.of_ids([photo_id])
        return photo.rel_path

    def _save(self, photo: NewPhoto) -> None:
        self.library.writer.save_batch(self.root_id, self.model, [photo])

    def _photo(
        self,
        path: str,
        content: int,
        places: Sequence[int],
        jitter: float,
        photo_id: int | None = None,
        *,
        keeps: bool = False,
    ) -> NewPhoto:
        return NewPhoto(
            rel_path=path,
            size=1,
            mtime_ns=1,
            content_hash=content_hash(content),
            width=WIDTH,
            height=HEIGHT,
            taken_at=f"{2018 + content}-05-06T07:08:09",
            faces=tuple(self._face(true_box(place, jitter)) for place in places),
            photo_id=photo_id,
            keeps_faces=keeps,
        )

    def _face(self, box: Box) -> NewFace:
        quality = FaceQuality(size_px=SIDE, confidence=0.99, sharpness=50)
        landmarks = np.full((5, 2), 1, np.float32)
        return NewFace(box, landmarks, quality, CROP_WEBP, np.full(8, 7, np.uint8))


def key_of(content: int, box: Box) -> FaceKey:
    return FaceKey(
        content_hash(content),
        box.left / WIDTH,
        box.top / HEIGHT,
        box.right / WIDTH,
        box.bottom / HEIGHT,
    )


def _place(box: Box) -> int:
    return round((box.left - 50) / 200)
