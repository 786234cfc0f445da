"""What other programs know of the people on a photo."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from opqn_app.core.progress import counted, duration_in_words
from opqn_app.core.types import Box

FACE = "face"


class Frame(StrEnum):
    """The picture that the sides of a box are fractions of.

    Attributes:
        STORED: as it lies in the file, before it is turned the right way up.
        UPRIGHT: the right way up, as the library counts.
    """

    STORED = "stored"
    UPRIGHT = "upright"


@dataclass(frozen=True, slots=True)
class Region:
    """Something that a program marked on a photo.

    Attributes:
        name: who it is; None where the program does not say. Never blank.
        box: in fractions of the sides of the picture, 0 to 1; None where there is a name without
            a place.
        kind: `FACE`, or what else it is, in small letters, such as "pet", "focus" or "barcode".
    """

    name: str | None
    box: Box | None
    kind: str = FACE


@dataclass(frozen=True, slots=True)
class PhotoNames:
    """What one program knows of one photo.

    Attributes:
        photo: path of the photo, which may not be in the library, nor exist.
        regions: faces, and whatever else is marked there.
        people: names of people on the photo whose place is not known, each once.
        frame: of the boxes.
    """

    photo: Path
    regions: tuple[Region, ...] = ()
    people: tuple[str, ...] = ()
    frame: Frame = Frame.STORED


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that could not be read, or only in part.

    Attributes:
        path: of the file.
        sentence: what is wrong and what came of it, for people.
    """

    path: Path
    sentence: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far something long has come.

    Attributes:
        done: photos, or files where a photo is copied more than once.
        total: of all that is to be done; None where it is not known.
        eta_s: seconds still to go; None while that is not known.
        current: name of the file that is being worked on; "" where none is told.
    """

    done: int
    total: int | None = None
    eta_s: float | None = None
    current: str = ""

    def in_words(self) -> str:
        """Such as "12/40 photos · 3 min left"."""
        if self.total is None:
            return counted(self.done, "photo")
        words = f"{self.done:,}/{counted(self.total, 'photo')}"
        return words if self.eta_s is None else f"{words} · {duration_in_words(self.eta_s)} left"


Found = PhotoNames | Problem | Progress  # what readers yield
