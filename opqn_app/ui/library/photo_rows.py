"""What the grid of the Library page shows, in which order and under which headings; no widget."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

from opqn_app.core.progress import counted
from opqn_app.store.photo_list import ID, TIME, PhotoList
from opqn_app.ui.kit import wording
from opqn_app.ui.kit.grid_layout import HEADER, GridSection

if TYPE_CHECKING:
    from opqn_app.opqn.face_encoder import FaceEncoder
    from opqn_app.store.library import Library

FEW = 5000  # photos up to which their faces are asked for by id
HEADINGS = {"month": "By month", "day": "By day", "folder": "By folder"}
_LENGTH = {"month": len("2019-03"), "day": len("2019-03-14")}  # of an ISO time


@dataclass(frozen=True, slots=True)
class Look:
    """How photos are shown.

    Attributes:
        headings: a key of HEADINGS.
        faces: faces instead of photos.
        once: one tile for all files of a picture.
        near: one tile for near copies too.
    """

    headings: str = "month"
    faces: bool = False
    once: bool = True
    near: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Who:
    """Which faces are shown, where faces are.

    Attributes:
        left_out: boxes that are no faces.
        owner: face → person.
        people: only their faces; empty for all.
    """

    left_out: frozenset[int] = frozenset()
    owner: Mapping[int, int] = field(default_factory=dict)
    people: frozenset[int] = frozenset()

    def has(self, face_id: int) -> bool:
        """Whether a face is shown."""
        is_asked = not self.people or self.owner.get(face_id) in self.people
        return is_asked and face_id not in self.left_out


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """Rows and their headings.

    Attributes:
        photos: the photo of each row.
        keys: of each row, the id of its face where faces are shown, else of its photo.
        sections: the headings.
        copies: id of a photo → those that it stands for besides itself.
        row_of: key → row.
        has_faces: rows are faces.
    """

    photos: PhotoList = field(default_factory=PhotoList)
    keys: Sequence[int] = ()
    sections: tuple[GridSection, ...] = ()
    copies: Mapping[int, PhotoList] = field(default_factory=dict)
    row_of: Mapping[int, int] = field(default_factory=dict)
    has_faces: bool = False


def arrange(
    library: "Library",
    photos: PhotoList,
    look: Look,
    *,
    who: Who | None = None,
    encoder: "FaceEncoder | None" = None,
) -> Shown:
    """Put photos, newest first, under headings; runs in a lane.

    Args:
        who: which faces; all without it.
        encoder: tells near copies; None while no model is loaded.
    """
    copies: Mapping[int, PhotoList] = {}
    if look.once:
        from opqn_app.people.photo_copies import near_once, once

        found = once(photos)
        if look.near:
            found = near_once(library, found, encoder)
        photos, copies = found.photos, found.copies
    if look.headings == "folder":
        photos = _by_folder(photos)
    rows, keys = list(photos.rows), photos.ids()
    if look.faces:
        rows, keys = _faces(library, rows, who or Who())
        photos = photos.chosen(rows)
    sections = _sections(photos, look.headings, "face" if look.faces else "photo")
    row_of = {key: row for row, key in enumerate(keys)}
    return Shown(photos, keys, sections, copies, row_of, look.faces)


def _by_folder(photos: PhotoList) -> PhotoList:
    places = photos.folders()
    roots = {root: str(photos.root_path(root)).casefold() for root, _ in set(places)}
    # Names that differ in case alone stand side by side, and each keeps its photos together.
    order = {place: (roots[place[0]], place[0], place[1].casefold(), place[1]) for place in places}
    rows = sorted(range(len(places)), key=lambda i: order[places[i]])
    return photos.chosen(photos.rows[i] for i in rows)


def _faces(library: "Library", rows: Sequence[Any], who: Who) -> tuple[list[Any], list[int]]:
    """The row of each face's photo, and the id of the face."""
    few = [row[ID] for row in rows] if len(rows) < FEW else None
    faces = library.face_table.from_left(few)
    shown_rows, ids = [], []
    for row in rows:
        for face in faces.get(row[ID], ()):
            if who.has(face):
                shown_rows.append(row)
                ids.append(face)
    return shown_rows, ids


def _sections(photos: PhotoList, headings: str, noun: str) -> tuple[GridSection, ...]:
    if headings == "folder":
        return tuple(
            _folder_section(photos, *place, sum(1 for _ in some), noun)
            for place, some in groupby(photos.folders())
        )
    length = _LENGTH[headings]
    words = wording.day if headings == "day" else _month
    return tuple(
        _section(sum(1 for _ in some), words(date), "", noun)
        for date, some in groupby(row[TIME][:length] for row in photos.rows)
    )


def _month(date: str) -> str:
    return wording.month(f"{date}-01") or wording.day(None)


def _folder_section(
    photos: PhotoList, root_id: int, folder: str, rows: int, noun: str
) -> GridSection:
    root = photos.root_path(root_id)
    name = folder.rpartition("/")[2] or wording.folder_name(root)
    within = f"{wording.folder_name(root)}/{folder}" if "/" in folder else ""
    return _section(rows, name, within, noun)


def _section(rows: int, title: str, place: str, noun: str) -> GridSection:
    note = " · ".join(words for words in (counted(rows, noun), place) if words)
    return GridSection(rows, HEADER, title, note)
