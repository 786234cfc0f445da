"""Photos whose faces are known, put into a library as indexing would: found again, moved, gone."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from opqn_app.core.types import Box, FaceQuality
from opqn_app.store.decision_records import FaceKey
from opqn_app.store.library import Library
from opqn_app.store.records import ModelInfo, NewFace, NewPhoto, Relocation
from tests.library_fakes import CROP_WEBP

WIDTH, HEIGHT, SIDE = 640, 480, 100.0
N_PLACES = 3  # where a photo can show a face
Truth = tuple[int, int]  # a photo's content, and which of its faces


def content_hash(content: int, edition: int = 0) -> bytes:
    """Of a file; each edition has other metadata."""
    return (content + 256 * edition).to_bytes(20, "little")


def picture_hash(content: int) -> bytes:
    """Of the picture, the same in all editions of the file."""
    return b"picture".ljust(19) + content.to_bytes(1)


def true_box(place: int, jitter: float = 0.0, content: int = 0) -> Box:
    """Where a face is; a detector is off by `jitter` of its side, in all directions.

    Nobody stands in two pictures in just the same place.
    """
    left, off = 50.0 + 200 * place + 0.3 * content, jitter * SIDE
    return Box(left + off, 100 - off, left + SIDE + off, 100 + SIDE - off / 2)


class World:
    """A library of drawn-up photos; each call is one that indexing makes.

    Attributes:
        knows_pictures: photos are stored with the hash of their picture. Older versions did not.
    """

    def __init__(self, library: Library) -> None:
        self.knows_pictures = True
        self.library = library
        self.model = ModelInfo("model-1", "model 1", 8, 256)
        self.root_id = library.add_root(library.path.parent / "photos").id
        self.content_of: dict[int, int] = {}  # photo id → content
        self.away: dict[int, int] = {}  # the same of deleted photos, which may come back
        self._n_paths = self._n_editions = 0

    def add_photo(self, content: int, places: Sequence[int], jitter: float = 0.0) -> int:
        """A file with this content; another may have it already. Returns the photo's id."""
        return self._add(self._path(content), content, places, jitter)

    def add_edited(self, content: int, places: Sequence[int], jitter: float = 0.0) -> int:
        """A copy of a photo with other metadata."""
        self._n_editions += 1
        path = self._path(content)
        photo = self._photo(path, content, places, jitter, edition=self._n_editions)
        return self._save_at(path, photo, content)

    def edit(self, photo_id: int, edition: int | None = None) -> None:
        """Other metadata is written into a photo's file, or what was in an edition of it.

        Where its picture is not known, the same detector finds the same faces in it.
        """
        if edition is None:
            self._n_editions += 1
            edition = self._n_editions
        content = self.content_of[photo_id]
        known_as = self.library.decision_table.content_of_photo(photo_id)
        is_edited = self.knows_pictures and known_as == picture_hash(content)
        photo = self._photo(
            *(self._path_of(photo_id), content, [], 0.0, photo_id),
            keeps=is_edited,
            edition=edition,
        )
        found = [self._face(face.box) for face in self.library.faces_of(photo_id)]
        faces = () if is_edited else tuple(found)
        self._save(replace(photo, faces=faces, is_edited=is_edited))

    def knows_picture(self, content: int) -> bool:
        """Whether nothing is held by the hash of its file any more."""
        table, files = self.library.decision_table, content_hash(content)
        keys = (key for row in table.decisions() for key in (*row.faces, *row.others))
        known = [
            *self.library.photo_table.known_photos(self.root_id),
            *self.library.photo_table.deleted_photos(),
        ]
        return files not in {key.content_hash for key in keys} and all(
            photo.picture_hash != files for photo in known
        )

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
        return self._save_at(path, self._photo(path, content, places, jitter, photo_id), content)

    def _save_at(self, path: str, new: NewPhoto, content: int) -> int:
        self._save(new)
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
        edition: int = 0,
    ) -> NewPhoto:
        return NewPhoto(
            rel_path=path,
            size=1,
            mtime_ns=1,
            content_hash=content_hash(content, edition),
            picture_hash=picture_hash(content) if self.knows_pictures else None,
            width=WIDTH,
            height=HEIGHT,
            taken_at=f"{2018 + content}-05-06T07:08:09",
            faces=tuple(self._face(true_box(place, jitter, content)) for place in places),
            photo_id=photo_id,
            keeps_faces=keeps,
        )

    def _face(self, box: Box) -> NewFace:
        quality = FaceQuality(size_px=SIDE, confidence=0.99, sharpness=50)
        landmarks = np.full((5, 2), 1, np.float32)
        return NewFace(box, landmarks, quality, CROP_WEBP, np.full(8, 7, np.uint8))


def key_of(content: int, box: Box) -> FaceKey:
    return FaceKey(
        picture_hash(content),
        box.left / WIDTH,
        box.top / HEIGHT,
        box.right / WIDTH,
        box.bottom / HEIGHT,
    )


def _place(box: Box) -> int:
    return round((box.left - 50) / 200)
