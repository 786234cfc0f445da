"""Names and boxes of another program, matched to the faces of the library."""

from collections import Counter, defaultdict
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from opqn_app.core.errors import PhotoUnreadable
from opqn_app.core.types import SAME_FACE, Box
from opqn_app.exchange.coming.claims import Claim, Claims
from opqn_app.exchange.coming.import_plan import (
    UNNAMED,
    Asked,
    DrawnBox,
    ImportPlan,
    Left,
    Reason,
)
from opqn_app.exchange.coming.known_names import usable_name
from opqn_app.exchange.coming.photo_of_path import PhotosOfPaths
from opqn_app.exchange.coming.same_face import matched
from opqn_app.exchange.frames import turn_of, upright
from opqn_app.exchange.records import (
    FACE,
    Found,
    Frame,
    PhotoNames,
    Problem,
    Progress,
    Region,
)
from opqn_app.people.drawing import MIN_SIDE, key_for
from opqn_app.people.facts import folded
from opqn_app.people.ledger import Ledger
from opqn_app.store.decision_records import FaceKey
from opqn_app.store.records import PhotoRecord


def plan_import(
    ledger: Ledger, found: Iterable[Found], source: str
) -> Generator[Progress, None, ImportPlan]:
    """Find out what an import would do; nothing is changed.

    What the user said stays: a face that is somebody, or nobody, or not that person. Names without
    a place are taken for a face where one such name and one undecided face of a photo are left.

    Args:
        found: what a reader yields.
        source: the program, as people call it.
    """
    ledger.library.faces_switch.refuse_if_off()
    matching = _Matching(ledger, source)
    is_told = False  # by the reader, who knows how much there is
    for n, item in enumerate(found):
        if isinstance(item, Progress):
            is_told = True
            yield item
        elif isinstance(item, Problem):
            matching.problems.append(item)
        else:
            matching.take(item)
            if n % 100 == 0 and not is_told:
                yield Progress(matching.photos)
    return matching.plan()


@dataclass(frozen=True, slots=True)
class _Loose:
    """Names of a photo whose place is not known.

    Attributes:
        faces: ids of the faces of the photo, with their keys.
    """

    photo: PhotoRecord
    names: tuple[str, ...]
    faces: tuple[tuple[int, FaceKey], ...]


@dataclass(frozen=True, slots=True)
class _Face:
    key: FaceKey
    box: Box


class _Matching:
    def __init__(self, ledger: Ledger, source: str) -> None:
        self.photos = 0
        self.problems: list[Problem] = []
        self._ledger = ledger
        self._source = source
        self._photos = PhotosOfPaths(ledger.library)
        self._claims = Claims(ledger, source)
        self._loose: dict[bytes, list[_Loose]] = defaultdict(list)  # by picture
        self._asked: list[Asked] = []
        self._marks: Counter[str] = Counter()

    def take(self, found: PhotoNames) -> None:
        """Match the boxes of a photo, and put its other names aside."""
        self.photos += 1
        found = self._without_odd_names(found)
        self._marks.update(filter(None, map(_mark, found.regions)))
        record = self._record(found)
        if record is None:
            return
        content = self._ledger.library.decision_table.content_of_photo(record.id)
        if content is None:
            return
        faces = self._faces(record.id)
        found = self._upright(found)
        named = [region for region in found.regions if region.name and region.kind == FACE]
        placed = [
            (region.name or "", _in_pixels(region.box, record))
            for region in named
            if region.box is not None
        ]
        self._take_boxes(record, content, placed, faces)
        has_place = {folded(name) for name, _ in placed}
        loose = [region.name or "" for region in named if region.box is None]
        once = {folded(name): name for name in reversed((*loose, *found.people))}
        names = tuple(name for key, name in once.items() if key not in has_place)
        if names:
            keys = tuple((face, each.key) for face, each in faces.items())
            self._loose[content].append(_Loose(record, names[::-1], keys))

    def plan(self) -> ImportPlan:
        for content, loose in self._loose.items():
            self._take_loose(content, loose)
        return ImportPlan(
            source=self._source,
            photos=self.photos,
            names=tuple(self._claims.names()),
            clashes=tuple(self._claims.clashes),
            asked=tuple(self._asked),
            left=tuple(self._claims.left),
            marks=tuple(sorted(self._marks.items())),
            problems=tuple(self.problems),
        )

    def _leave(self, photo: Path, names: Iterable[str], reason: Reason) -> None:
        self._claims.left += (Left(photo, name, reason) for name in dict.fromkeys(names))

    def _without_odd_names(self, found: PhotoNames) -> PhotoNames:
        given = [*(region.name for region in found.regions), *found.people]
        usable = {name: usable_name(name) for name in given if name is not None}
        odd = (name for name, kept in usable.items() if kept is None and name.strip())
        self._leave(found.photo, odd, Reason.BAD_NAME)
        regions = (
            region if region.name is None else replace(region, name=usable[region.name])
            for region in found.regions
        )
        people = (usable[name] for name in found.people)
        kept = tuple(name for name in people if name is not None)
        return replace(found, regions=tuple(regions), people=kept)

    def _record(self, found: PhotoNames) -> PhotoRecord | None:
        """The photo as the library knows it; its names are left where it does not."""
        record = self._photos.find(found.photo)
        if record is None:
            named = [region.name for region in found.regions if region.kind == FACE]
            reason = Reason.NOT_INDEXED if found.photo.exists() else Reason.NOT_THERE
            self._leave(found.photo, filter(None, (*named, *found.people)), reason)
        return record

    def _upright(self, found: PhotoNames) -> PhotoNames:
        """The boxes the right way up; names alone where that can't be found out."""
        if not any(region.box for region in found.regions):
            return found
        try:
            return upright(found, 1 if found.frame == Frame.UPRIGHT else turn_of(found.photo))
        except PhotoUnreadable as error:
            sentence = f"Its boxes could not be placed: {error.reason}."
            self.problems.append(Problem(found.photo, sentence))
            regions = tuple(replace(region, box=None) for region in found.regions)
            return replace(found, regions=regions)

    def _faces(self, photo_id: int) -> dict[int, _Face]:
        """The faces of a photo by id; also what the user said is none, but no drawing undone."""
        ledger = self._ledger
        faces = ledger.library.faces_of(photo_id)
        keys = ledger.keys([face.id for face in faces])
        return {
            face.id: _Face(key, face.box)
            for face, key in zip(faces, keys, strict=True)
            if key in ledger.state.not_faces or not ledger.is_left_out(face.id)
        }

    def _take_boxes(
        self,
        record: PhotoRecord,
        content: bytes,
        placed: Sequence[tuple[str, Box]],
        faces: dict[int, _Face],
    ) -> None:
        meant = matched([box for _, box in placed], {i: face.box for i, face in faces.items()})
        # What has a name now, and where no other box may be drawn.
        named = [faces[face].box for face in meant.values()]
        for number, (name, box) in enumerate(placed):
            face = meant.get(number)
            if face is not None:
                self._claims.hear(Claim(record.path, faces[face].key, name, face))
            elif any(box.overlap(other) >= SAME_FACE for other in named):
                self._leave(record.path, [name], Reason.TWO_NAMES)
            elif min(box.width, box.height) < MIN_SIDE:
                self._leave(record.path, [name], Reason.TOO_SMALL)
            else:
                named.append(box)
                drawn = DrawnBox(record.id, record.path, box)
                key = key_for(self._ledger, record, content, box)
                self._claims.hear(Claim(record.path, key, name, box=drawn))

    def _take_loose(self, content: bytes, loose: Sequence[_Loose]) -> None:
        """Names without a place, of all copies of a photo: one may settle another."""
        claims = self._claims
        is_settled = False
        while not is_settled:
            is_settled = True
            for each in loose:
                names, free = self._still_open(content, each)
                if len(names) == len(free) == 1 and claims.may_be(free[0][1], names[0]):
                    face, key = free[0]
                    claims.hear(Claim(each.photo.path, key, names[0], face, is_guessed=True))
                    is_settled = False
        for each in loose:
            names, free = self._still_open(content, each)
            if names and not free:
                self._leave(each.photo.path, names, Reason.NO_FACE)
            elif names:
                faces = tuple(face for face, _ in free)
                self._asked.append(Asked(each.photo.id, each.photo.path, tuple(names), faces))

    def _still_open(
        self, content: bytes, loose: _Loose
    ) -> tuple[list[str], list[tuple[int, FaceKey]]]:
        names = [name for name in loose.names if not self._claims.is_on(content, name)]
        return names, [(face, key) for face, key in loose.faces if self._claims.is_free(key)]


def _mark(region: Region) -> str | None:
    """What is counted of a region that is no person with a name."""
    if region.kind != FACE:
        return region.kind
    return UNNAMED if region.name is None else None


def _in_pixels(box: Box, photo: PhotoRecord) -> Box:
    return Box(
        box.left * photo.width,
        box.top * photo.height,
        box.right * photo.width,
        box.bottom * photo.height,
    )
