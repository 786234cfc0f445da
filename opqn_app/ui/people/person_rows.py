"""What the view of a person shows, in which order and under which headings; no widget."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from opqn_app.core.progress import counted
from opqn_app.store.records import FaceRecord, PhotoRecord
from opqn_app.ui.kit import wording
from opqn_app.ui.kit.grid_layout import HEADER, GridSection

if TYPE_CHECKING:
    from opqn_app.opqn.face_encoder import FaceEncoder
    from opqn_app.store.library import Library

LIKELY = 0.5  # from this likeness on a face is not doubted
NO_DATE = "No date"
UNSURE = "Less sure"
MOST_QUERIED = 24  # faces that are searched with: more say little more, and take longer
WEAK = {
    "small": "The face is small.",
    "blurred": "The face is blurred.",
    "uncertain": "This may not be a face at all.",
}


@dataclass(frozen=True, slots=True)
class PersonFace:
    """A face of the person.

    Attributes:
        likeness: how likely it and all the others show one person, 0 to 1; None where the model
            can't tell.
        is_gone: it is the person no more. It is shown faintly where it was, since nothing may move
            under the pointer.
        is_sure: nothing speaks against it. It is asked for with every answer, of thousands.
        year: in which the photo was taken, else written, or `NO_DATE`.
    """

    record: FaceRecord
    likeness: float | None = None
    is_gone: bool = False
    is_sure: bool = field(init=False, compare=False)
    year: str = field(init=False, compare=False)

    def __post_init__(self) -> None:
        is_like = self.likeness is None or self.likeness >= LIKELY
        is_sure = is_like and not self.record.quality.weaknesses
        object.__setattr__(self, "is_sure", is_sure)
        object.__setattr__(self, "year", year_of(self.record.photo))

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why the face is among the less sure ones, as sentences."""
        said = [WEAK[word] for word in self.record.quality.weaknesses]
        if self.likeness is not None and self.likeness < LIKELY:
            said.insert(0, f"It is little like the other faces ({wording.chance(self.likeness)}).")
        return tuple(said)

    @property
    def mark(self) -> str:
        """The doubt in a word or two, "" without one."""
        if self.likeness is not None and self.likeness < LIKELY:
            return wording.chance(self.likeness)
        return next(iter(self.record.quality.weaknesses), "")


@dataclass(frozen=True, slots=True)
class Row:
    """One tile: a face, or a photo with all faces of the person on it."""

    photo: PhotoRecord
    faces: tuple[PersonFace, ...]

    @property
    def is_sure(self) -> bool:
        first, *others = self.faces
        return first.is_sure or any(face.is_sure for face in others)

    @property
    def is_gone(self) -> bool:
        """None of its faces is the person any more."""
        first, *others = self.faces
        return first.is_gone and all(face.is_gone for face in others)

    @property
    def face_ids(self) -> tuple[int, ...]:
        return tuple(face.record.id for face in self.faces)


@dataclass(frozen=True, slots=True)
class Shown:
    """Rows in order, and the headings over them."""

    rows: tuple[Row, ...]
    sections: tuple[GridSection, ...]


def read_faces(
    library: "Library",
    face_ids: Sequence[int],
    among: Sequence[int],
    encoder: "FaceEncoder | None",
) -> list[PersonFace]:
    """Faces of a person, newest first; runs in a lane.

    Args:
        among: all faces of the person, with which each is compared.
        encoder: says how like the others each is; None while no model is loaded.
    """
    from opqn_app.people.likeness import likeness_of

    likeness = {} if encoder is None else likeness_of(library, among, encoder)
    return in_order(PersonFace(f, likeness.get(f.id)) for f in library.faces(face_ids))


def in_order(faces: Iterable[PersonFace]) -> list[PersonFace]:
    """Newest first, those without a date last, from left to right on a photo."""
    return sorted(sorted(faces, key=lambda face: face.record.box.left), key=_age, reverse=True)


def _age(face: PersonFace) -> tuple[str, int]:
    photo = face.record.photo
    return photo.sort_time, photo.id


def by_year(faces: Sequence[PersonFace], *, whole_photos: bool) -> Shown:
    """Newest first under a heading a year; the less sure ones last, apart from the others.

    Args:
        faces: newest first.
        whole_photos: a row is a photo.
    """
    years: dict[str, list[Row]] = defaultdict(list)
    unsure: list[Row] = []
    for row in _rows(faces, whole_photos=whole_photos):
        (years[row.faces[0].year] if row.is_sure else unsure).append(row)
    dated = sorted((year for year in years if year != NO_DATE), reverse=True)
    order = [*dated, *(year for year in years if year == NO_DATE)]
    noun = "photo" if whole_photos else "face"
    sections = [_section(year, years[year], noun) for year in order]
    if unsure:
        sections.append(_section(UNSURE, unsure, noun))
    rows = [row for year in order for row in years[year]]
    return Shown((*rows, *unsure), tuple(sections))


def changes(
    faces: Iterable[PersonFace], there: Collection[int], *, is_kept: bool
) -> dict[int, PersonFace | None]:
    """What some faces are now, by id, when `there` are the person's.

    Args:
        is_kept: who is the person no more stays in sight; else it is None.
    """
    found: dict[int, PersonFace | None] = {}
    for face in faces:
        is_there = face.record.id in there
        if not is_there and not is_kept:
            found[face.record.id] = None
        elif is_there == face.is_gone:
            found[face.record.id] = replace(face, is_gone=not is_there)
    return found


def amended(shown: Shown, changes: Mapping[int, PersonFace | None]) -> Shown:
    """What `by_year` of faces shows after a few of them have changed; the others are looked past.

    Args:
        shown: one face a row.
        changes: by id, what a face is now, as sure and as old as before; None for one that is
            shown no more.
    """
    rows: list[Row] = []
    sections: list[GridSection] = []
    start = 0
    for section in shown.sections:
        some = shown.rows[start : start + section.rows]
        start += section.rows
        if any(row.faces[0].record.id in changes for row in some):
            some = tuple(now for row in some if (now := _amended(row, changes)) is not None)
            section = _section(section.title, some, "face")
        if some:
            rows += some
            sections.append(section)
    return Shown(tuple(rows), tuple(sections))


def _amended(row: Row, changes: Mapping[int, PersonFace | None]) -> Row | None:
    face = row.faces[0]
    now = changes.get(face.record.id, face)
    return row if now is face else None if now is None else Row(now.record.photo, (now,))


def _section(title: str, rows: Sequence[Row], noun: str) -> GridSection:
    """The heading of a year, or of the less sure ones."""
    note = _count(rows, noun)
    if title != UNSURE:
        return GridSection(len(rows), HEADER, title, note)
    note = f"{note}, small, blurred or little like the others"
    return GridSection(len(rows), HEADER + 12, title, note, is_apart=True)


def by_part(faces: Sequence[PersonFace], parts: Iterable[Sequence[int]], action: str) -> Shown:
    """One heading a part of two faces or more; what stands alone comes last.

    Args:
        action: words at each heading, with which the part is taken out: the stranger may be the
            larger one.
    """
    by_id = {face.record.id: face for face in faces}
    rows: list[Row] = []
    sections: list[GridSection] = []
    for part in parts:
        some = [by_id.pop(i) for i in part if i in by_id] if len(part) > 1 else []
        if some:
            title, part_rows = f"Part {len(sections) + 1}", _rows(some, whole_photos=False)
            is_left = any(not row.is_gone for row in part_rows)
            note, acts = (_count(part_rows, "face"), action) if is_left else ("taken out", "")
            sections.append(GridSection(len(some), HEADER, title, note, acts))
            rows += part_rows
    if len(sections) == 1 and all(face.is_gone for face in by_id.values()):
        sections = [replace(sections[0], action="")]  # nobody would be left
    for title, is_gone in (("In no part", False), ("Taken out", True)):
        some = [face for face in by_id.values() if face.is_gone == is_gone]
        if some:
            note = counted(len(some), "face")
            sections.append(GridSection(len(some), HEADER, title, note, is_apart=True))
            rows += _rows(some, whole_photos=False)
    return Shown(tuple(rows), tuple(sections))


def counts_in_words(faces: Sequence[PersonFace]) -> str:
    """ "34 faces on 31 photos, 2009 to 2024"."""
    faces = [face for face in faces if not face.is_gone]
    photos = len({face.record.photo.id for face in faces})
    words = f"{counted(len(faces), 'face')} on {counted(photos, 'photo')}"
    years = sorted({face.year for face in faces} - {NO_DATE})
    if not years:
        return words
    return f"{words}, {years[0]}" + (f" to {years[-1]}" if len(years) > 1 else "")


def good_faces(faces: Sequence[PersonFace]) -> list[int]:
    """Faces to search for the person with: no doubtful ones, spread over the years.

    Without a good one they are all of them, `MOST_QUERIED` at most.
    """
    faces = [face for face in faces if not face.is_gone]
    chosen = [face.record.id for face in faces if face.is_sure]
    chosen = chosen or [face.record.id for face in faces]
    step = max(1.0, len(chosen) / MOST_QUERIED)
    return [chosen[int(i * step)] for i in range(min(len(chosen), MOST_QUERIED))]


def year_of(photo: PhotoRecord) -> str:
    """The year it was taken, else that of its file, as the Library says; or `NO_DATE`."""
    year = photo.sort_time[:4]
    return year if len(year) == 4 and year.isdecimal() else NO_DATE


def _rows(faces: Sequence[PersonFace], *, whole_photos: bool) -> list[Row]:
    if not whole_photos:
        return [Row(face.record.photo, (face,)) for face in faces]
    photos: dict[int, list[PersonFace]] = {}
    for face in faces:
        photos.setdefault(face.record.photo.id, []).append(face)
    return [Row(some[0].record.photo, tuple(some)) for some in photos.values()]


def _count(rows: Sequence[Row], noun: str) -> str:
    return counted(sum(not row.is_gone for row in rows), noun)
