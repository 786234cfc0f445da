"""Which faces of the library are those that decisions are about, by content and overlap."""

from collections.abc import Collection, Iterable, Sequence

from opqn_app.core.types import SAME_FACE, Box
from opqn_app.store.decision_records import FaceKey, PlacedFace, same_faces


def matched(keys: Collection[FaceKey], faces: Sequence[PlacedFace]) -> dict[FaceKey, int]:
    """The face of one photo that each key means; each face is meant by one key at most.

    The result does not depend on the ids of the faces, which are others in a rebuilt library.
    """
    by_key = {face.key: face.id for face in sorted(faces, key=lambda face: -face.id)}
    return {key: by_key[same] for key, same in same_faces(keys, by_key).items()}


class Bindings:
    """Keys and faces bound to each other; a key has a face in each copy of its photo.

    Attributes:
        faces_of: by key, the ids of its faces, ascending; keys without any are missing.
        key_of: by face id.
        placed: faces of photos that a decision is about, and drawn ones, by id.
    """

    def __init__(self) -> None:
        self.faces_of: dict[FaceKey, tuple[int, ...]] = {}
        self.key_of: dict[int, FaceKey] = {}
        self.placed: dict[int, PlacedFace] = {}
        self._keys: dict[bytes, set[FaceKey]] = {}
        self._ids: dict[bytes, set[int]] = {}

    def add_keys(self, keys: Iterable[FaceKey]) -> set[bytes]:
        """Take in keys of decisions; returns the photos that are to be bound anew."""
        new: set[bytes] = set()
        for key in keys:
            known = self._keys.setdefault(key.content_hash, set())
            if key not in known:
                known.add(key)
                new.add(key.content_hash)
        return new

    def knows(self, content_hash: bytes) -> bool:
        """Whether a decision is about some face of this photo."""
        return content_hash in self._keys

    def keys_of(self, content_hash: bytes) -> Collection[FaceKey]:
        """The faces of a photo that decisions are about."""
        return self._keys.get(content_hash, ())

    def unbound_key(self, content_hash: bytes, photo_id: int, box: Box) -> FaceKey | None:
        """The key that a face at `box` would be bound to, were it in one copy of a photo.

        Args:
            box: in fractions of the photo.
        """
        taken = {
            self.key_of.get(i)
            for i in self._ids.get(content_hash, ())
            if self.placed[i].photo_id == photo_id
        }
        free = self._keys.get(content_hash, set()) - taken
        overlaps = sorted((-key.box.overlap(box), key) for key in free)
        return overlaps[0][1] if overlaps and -overlaps[0][0] >= SAME_FACE else None

    def keys_in_turn(
        self, face_ids: Sequence[int], faces: Sequence[PlacedFace]
    ) -> dict[int, FaceKey]:
        """The keys that faces of one photo would get, were they decided one after the other.

        Copies of a face get one key, though another detector saw it elsewhere in one of them.

        Args:
            face_ids: of some of `faces`.
            faces: all that the library has of the photo, in all its copies.
        """
        content_hash = faces[0].key.content_hash
        trial = Bindings()
        trial.add_keys(self._keys.get(content_hash, ()))
        trial.bind(content_hash, faces)
        own_keys = {face.id: face.key for face in faces}
        found: dict[int, FaceKey] = {}
        for face_id in face_ids:
            if face_id not in trial.key_of:
                trial.add_keys([own_keys[face_id]])
                trial.bind(content_hash, faces)
            found[face_id] = trial.key_of.get(face_id, own_keys[face_id])
        return found

    def bind_all(self, faces: Iterable[PlacedFace]) -> None:
        """Bind anew all that is in the library now."""
        by_content: dict[bytes, list[PlacedFace]] = {content: [] for content in self._ids}
        for face in faces:
            content = face.key.content_hash
            if content in by_content:
                by_content[content].append(face)
            else:
                by_content[content] = [face]
        for content, some in by_content.items():
            self.bind(content, some)

    def bind(self, content_hash: bytes, faces: Sequence[PlacedFace]) -> None:
        """Bind one photo anew, in all its copies.

        Args:
            faces: all that the library has of it now.
        """
        keys = self._keys.get(content_hash, set())
        for face_id in self._ids.pop(content_hash, ()):
            self.placed.pop(face_id, None)
            key = self.key_of.pop(face_id, None)
            if key is not None:
                self.faces_of.pop(key, None)
        copies: dict[int, list[PlacedFace]] = {}
        placed = [face for face in faces if face.is_drawn] if not keys else faces
        if not placed:
            return
        self._ids[content_hash] = {face.id for face in placed}
        for face in placed:
            self.placed[face.id] = face
            copies.setdefault(face.photo_id, []).append(face)
        for some in copies.values():
            for bound, face_id in matched(keys, some).items():
                self.key_of[face_id] = bound
                others = self.faces_of.get(bound, ())
                self.faces_of[bound] = tuple(sorted((*others, face_id))) if others else (face_id,)
