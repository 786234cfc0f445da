"""Where each photo goes in a folder or a zip: names that every disk takes, and none twice."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from opqn_app.exchange.going.selection import GoingPhoto

NO_NAME = "No name"  # folder of photos on which nobody is named
MAX_BYTES = 200  # of a name; disks take 255, and unfinished files have longer names
_FORBIDDEN = '<>:"/\\|?*'  # by Windows, and on the disks of cameras and sticks
_RESERVED = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
)


class Layout(StrEnum):
    """How photos lie in what is made of them.

    Attributes:
        FLAT: all beside each other.
        PEOPLE: a folder a person. A photo of several people lies in the folder of each.
    """

    FLAT = "flat"
    PEOPLE = "people"


@dataclass(frozen=True, slots=True)
class Placed:
    """A photo and the folder it goes into; "" for none."""

    going: GoingPhoto
    folder: str = ""


def placed(photos: Sequence[GoingPhoto], layout: Layout) -> list[Placed]:
    """The folder of each photo, in the order of the photos.

    Two people of one name get two folders; which is the first's does not depend on the order.
    """
    if layout == Layout.FLAT:
        return [Placed(going) for going in photos]
    named = {
        face.person: face.name
        for going in photos
        for face in going.faces
        if face.person is not None and face.name is not None
    }
    taken = {folded(NO_NAME)}
    folders: dict[int, str] = {}
    for person in sorted(named):
        folders[person] = next(
            each for each in numbered(safe_name(named[person]), "") if folded(each) not in taken
        )
        taken.add(folded(folders[person]))
    found = []
    for going in photos:
        people = dict.fromkeys(face.person for face in going.faces if face.person in folders)
        into = [folders[person] for person in people if person is not None] or [NO_NAME]
        found += [Placed(going, folder) for folder in into]
    return found


def safe_name(name: str, *, reserve: int = 0) -> str:
    """A name of a file or folder that every disk takes; the same for the same name.

    Args:
        reserve: bytes that must still have room after it.
    """
    kept = "".join(
        "_"
        if each in _FORBIDDEN or unicodedata.category(each) in ("Cc", "Cs", "Zl", "Zp")
        else each
        for each in name
    )
    kept = _cut(kept, MAX_BYTES - reserve).rstrip(". ")
    if kept.startswith("."):  # it would be hidden
        kept = f"_{kept[1:]}"
    if not kept.strip() or kept.partition(".")[0].strip().lower() in _RESERVED:
        kept = f"_{kept.strip()}"
    return kept


def split_name(name: str) -> tuple[str, str]:
    """Stem and suffix of a photo's name, both safe."""
    stem, dot, suffix = name.rpartition(".")
    if not stem or len(suffix) > 8:
        return safe_name(name), ""
    kind = safe_name(f"x{dot}{suffix}")[1:]
    return safe_name(stem, reserve=len(kind.encode())), kind


def numbered(stem: str, suffix: str) -> Iterator[str]:
    """ "IMG.jpg", "IMG (2).jpg", "IMG (3).jpg" and so on."""
    yield f"{stem}{suffix}"
    number = 2
    while True:
        mark = f" ({number})"
        short = _cut(stem, MAX_BYTES - len(f"{mark}{suffix}".encode())).rstrip()
        yield f"{short}{mark}{suffix}"
        number += 1


def folded(name: str) -> str:
    """What two names share that are one on some disk."""
    return unicodedata.normalize("NFC", name).casefold()


def _is_refused(letter: str) -> bool:
    """Whether a disk refuses it: signs of paths, controls, line ends, and what is no letter."""
    return letter in _FORBIDDEN or unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp")


def _cut(text: str, size: int) -> str:
    """The start of a text that has at most `size` bytes, without half a letter."""
    data = text.encode()
    return text if len(data) <= size else data[:size].decode(errors="ignore")
