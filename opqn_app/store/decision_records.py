"""What the library keeps of the user's word about faces, free of SQL and of its meaning."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from opqn_app.core.types import SAME_FACE, Box


class FaceKey(NamedTuple):
    """A face by content: it means the same face in any library, wherever its photo lies.

    A tuple, since a hundred thousand are put into mappings when a ledger is opened.

    Attributes:
        content_hash: of the photo's picture, without metadata; of the whole file where the
            picture could not be told apart, or is not known yet.
        left, top, right, bottom: the box, as fractions of the upright photo's width and height.
    """

    content_hash: bytes
    left: float
    top: float
    right: float
    bottom: float

    @property
    def box(self) -> Box:
        return Box(self.left, self.top, self.right, self.bottom)


def same_faces(keys: Collection[FaceKey], others: Collection[FaceKey]) -> dict[FaceKey, FaceKey]:
    """Which of `others` is the same face as each key, all of one picture; none is so twice.

    Pairs are made by overlap, greatest first, from SAME_FACE on. Keys that are nobody of `others`
    are missing.

    Args:
        others: quick to look into, such as a set.
    """
    # Equal boxes overlap most. They are usual, and found without comparing all with all.
    found = {key: key for key in keys if key in others}
    left = [key for key in keys if key not in found]
    pairs = [
        (-overlap, key, other)
        for key in left
        for other in others
        if other not in found and (overlap := key.box.overlap(other.box)) >= SAME_FACE
    ]
    taken: set[FaceKey] = set()
    for _, key, other in sorted(pairs):
        if key not in found and other not in taken:
            found[key] = other
            taken.add(other)
    return found


class PlacedFace(NamedTuple):
    """A face row of the library, by content.

    Attributes:
        key: of its photo's content and its own box.
        is_drawn: a person drew its box; no detector found it.
    """

    id: int
    photo_id: int
    key: FaceKey
    is_drawn: bool


@dataclass(frozen=True, slots=True)
class NewDecision:
    """A row to be added; see opqn_app.people.kinds for what each kind means.

    Attributes:
        faces: what it is about.
        others: faces that `faces` are not the same as.
        person, other: ids of people; a person's id is that of the decision that made it.
        source: the program that an import comes from.
        is_twice: the user says that the person is on the photo more than once.
        target: the gesture that is undone or redone.
    """

    kind: str
    faces: Sequence[FaceKey] = ()
    others: Sequence[FaceKey] = ()
    person: int | None = None
    other: int | None = None
    name: str | None = None
    source: str | None = None
    is_twice: bool = False
    target: int | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """A row of the ledger; attributes as in NewDecision.

    Attributes:
        uid: 16 bytes that name this row in every library it is copied to.
        gesture: id of the first row of those that were made, and are undone, together.
        time: UTC, such as "2026-11-29T10:00:00.123".
    """

    id: int
    uid: bytes
    gesture: int
    time: str
    kind: str
    faces: tuple[FaceKey, ...] = ()
    others: tuple[FaceKey, ...] = ()
    person: int | None = None
    other: int | None = None
    name: str | None = None
    source: str | None = None
    is_twice: bool = False
    target: int | None = None
