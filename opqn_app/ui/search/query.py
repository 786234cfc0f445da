"""The person that is searched for: one face or several, and where each comes from. No widget."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtGui import QImage

from opqn_app.ui.kit.thumbnails import image_of_face
from opqn_app.ui.work.jobs import Crop, OpenedPhoto

if TYPE_CHECKING:
    from opqn_app.opqn.several_photos import People
    from opqn_app.vision.faces import FoundFace

PICTURE_SIDE = 320  # pixels; shown at up to 160, twice that on a dense screen


@dataclass(frozen=True, slots=True, eq=False)
class QueryFace:
    """One face of a query.

    Attributes:
        crop: what is searched with.
        picture: what is shown.
        source: where it comes from, e.g. the photo's name.
        others: pictures of all faces of the same photo, largest first; () for a library face.
        found: these faces themselves.
        chosen: which of them this one is.
        opened: the photo.
        face_id: of a library face.
    """

    crop: Crop
    picture: QImage
    source: str
    others: tuple[QImage, ...] = ()
    found: "tuple[FoundFace, ...]" = ()
    chosen: int = 0
    opened: OpenedPhoto | None = None
    face_id: int | None = None

    @classmethod
    def of_photo(cls, opened: OpenedPhoto, found: "Sequence[FoundFace]") -> "QueryFace":
        """The largest face of a photo, with the others it could be."""
        pictures = tuple(image_of_face(opened.photo, f.box, PICTURE_SIDE) for f in found)
        first = found[0].crop
        return cls(first, pictures[0], opened.name, pictures, tuple(found), 0, opened)

    def choosing(self, number: int) -> "QueryFace":
        """Another face of the same photo."""
        return replace(
            self, crop=self.found[number].crop, picture=self.others[number], chosen=number
        )


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """Faces of one person, or of several who are asked for together.

    Attributes:
        active: the face whose photo the other faces are shown of.
        together: of each person the places of the faces, where photos with all of them are asked
            for; () for one person.
        is_one: the user has said that these faces are one person.
    """

    faces: tuple[QueryFace, ...]
    active: int = 0
    together: "People" = ()
    is_one: bool = False

    @property
    def crops(self) -> tuple[Crop, ...]:
        return tuple(face.crop for face in self.faces)

    @property
    def face_ids(self) -> tuple[int, ...]:
        """Those of the faces that are of the library."""
        return tuple(face.face_id for face in self.faces if face.face_id is not None)

    @property
    def shown(self) -> QueryFace:
        return self.faces[self.active]

    def adding(self, *more: QueryFace) -> "Query":
        faces = (*self.faces, *more)
        return Query(faces, len(faces) - 1)

    def removing(self, place: int) -> "Query":
        faces = self.faces[:place] + self.faces[place + 1 :]
        return Query(faces, min(self.active, len(faces) - 1), is_one=self.is_one)

    def activating(self, place: int) -> "Query":
        """The same faces; the photo of another one is shown."""
        return replace(self, active=place)

    def choosing(self, number: int) -> "Query":
        """Take face `number` of the active photo instead."""
        chosen = self.shown.choosing(number)
        faces = (*self.faces[: self.active], chosen, *self.faces[self.active + 1 :])
        return Query(faces, self.active)

    def only(self, places: Sequence[int]) -> "Query":
        """The faces at these places, which are one person."""
        return Query(tuple(self.faces[place] for place in places), is_one=True)

    def with_all(self, people: "People") -> "Query":
        """Photos on which all of them are; of each the places of the faces."""
        return replace(self, together=people, is_one=False)

    def as_one(self) -> "Query":
        """All faces as one person, because the user says so."""
        return replace(self, together=(), is_one=True)

    def is_several(self, people: "People") -> bool:
        """Whether it shows several people, and the user has not said that they are one.

        Args:
            people: which of the faces show one person, as the answer says.
        """
        return bool(self.together) or (len(people) > 1 and not self.is_one)

    @property
    def source(self) -> str:
        """Where the query comes from, in a few words."""
        if len(self.faces) == 1:
            return self.faces[0].source
        how = "asked for together" if self.together else "combined"
        return f"{len(self.faces)} faces {how}"
