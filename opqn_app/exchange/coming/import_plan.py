"""What an import would do: for the window and the command line to show before it is done."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from opqn_app.core.types import Box
from opqn_app.exchange.records import Problem

UNNAMED = "unnamed"  # the kind of a mark that is a face without a name


class Reason(StrEnum):
    """Why something of another program is not taken in.

    Attributes:
        NOT_THERE: there is no such photo file.
        NOT_INDEXED: the photo is not in the library.
        BAD_NAME: it is too long, or holds nothing that can be shown.
        NO_FACE: nothing says where the person is on the photo, and no face is left for them.
        TOO_SMALL: the box is a few pixels wide.
        TWO_NAMES: another name of the import was taken for the same face.
        TWICE: the person is on the photo already, as another face.
    """

    NOT_THERE = "not there"
    NOT_INDEXED = "not in the library"
    BAD_NAME = "no usable name"
    NO_FACE = "no face left"
    TOO_SMALL = "too small"
    TWO_NAMES = "two names for one face"
    TWICE = "on the photo already"


@dataclass(frozen=True, slots=True)
class DrawnBox:
    """A box where no face was found; it is to be drawn.

    Attributes:
        photo_id: of the photo, whose file is `photo`.
        box: in pixels of the upright photo.
    """

    photo_id: int
    photo: Path
    box: Box


@dataclass(frozen=True, slots=True)
class PlannedName:
    """A name, and what would be said to be that person.

    Attributes:
        name: as the program spells it first.
        person: who is meant; None for somebody new.
        faces: ids of faces that would be the person.
        guessed: those of them that no box says, but that nobody else on the photo can be.
        boxes: that would be drawn.
        known: faces that are the person already.
    """

    name: str
    person: int | None = None
    faces: tuple[int, ...] = ()
    guessed: tuple[int, ...] = ()
    boxes: tuple[DrawnBox, ...] = ()
    known: int = 0

    @property
    def new(self) -> int:
        """Faces and boxes that the import brings."""
        return len(self.faces) + len(self.boxes)


@dataclass(frozen=True, slots=True)
class Clash:
    """A name that goes against what was decided of a face; what was decided stays.

    Attributes:
        name: what the program says.
        said: who the face is; None where it was only said to be no face, or not this person.
        is_face: False where the user said that there is no face.
    """

    photo: Path
    face: int | None
    name: str
    said: str | None = None
    is_face: bool = True


@dataclass(frozen=True, slots=True)
class Asked:
    """Names without a place, of a photo on which they may be several faces.

    Attributes:
        faces: ids of those that nobody has decided on.
    """

    photo_id: int
    photo: Path
    names: tuple[str, ...]
    faces: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Left:
    """A name that is not taken in."""

    photo: Path
    name: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What an import would do.

    Attributes:
        source: the program.
        photos: on which it knows anything.
        names: most new faces first.
        marks: kinds of what is no person with a name, such as "pet" or "unnamed", with how many.
    """

    source: str
    photos: int
    names: tuple[PlannedName, ...]
    clashes: tuple[Clash, ...]
    asked: tuple[Asked, ...]
    left: tuple[Left, ...]
    marks: tuple[tuple[str, int], ...]
    problems: tuple[Problem, ...]

    @property
    def new(self) -> int:
        """Faces and boxes that it brings."""
        return sum(name.new for name in self.names)

    @property
    def known(self) -> int:
        """Faces that are who it says already."""
        return sum(name.known for name in self.names)
