"""Names of another program become decisions: one gesture, which one step undoes."""

from collections.abc import Collection, Generator, Iterable, Sequence
from dataclasses import dataclass

from opqn_app.core.types import SAME_FACE
from opqn_app.engine import Engine
from opqn_app.exchange.coming.import_plan import DrawnBox, ImportPlan, PlannedName
from opqn_app.exchange.coming.known_names import KnownNames
from opqn_app.exchange.records import Progress
from opqn_app.people.drawing import draw_missing, key_for
from opqn_app.people.facts import folded
from opqn_app.people.gestures import taking_in
from opqn_app.people.kinds import Kind
from opqn_app.people.ledger import Ledger, Outcome
from opqn_app.store.decision_records import FaceKey, NewDecision


@dataclass(frozen=True, slots=True)
class TakenName:
    """What came of one name.

    Attributes:
        name: of the person now; the program may spell it otherwise.
        faces: how many came to be the person, drawn boxes too, each once for all copies of a photo.
        is_new: the import has made the person.
    """

    name: str
    person: int
    faces: int
    is_new: bool


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import has done.

    Attributes:
        outcome: of the gesture; without rows where there was nothing to do.
        names: most faces first.
        drawn: boxes that have become faces in the library.
        waiting: boxes whose photo can't be read now, or for lack of a model; the next indexing run
            makes faces of them.
    """

    outcome: Outcome
    names: tuple[TakenName, ...] = ()
    drawn: int = 0
    waiting: int = 0

    @property
    def faces(self) -> int:
        """Faces that came to be somebody."""
        return sum(name.faces for name in self.names)


def take_in(
    ledger: Ledger,
    plan: ImportPlan,
    engine: Engine | None,
    names: Collection[str] | None = None,
) -> Generator[Progress, None, ImportReport]:
    """Make decisions of a plan, and faces of the boxes to be drawn.

    The decisions are one gesture, made first of all. What others decided since the plan was made
    stays. If the rest is broken off, `people.drawing.draw_missing` goes on with it, as the same
    import does.

    Args:
        ledger: of a library opened to write.
        engine: None leaves the boxes for later.
        names: those of the plan that are wanted, in any spelling; None for all.
    """
    wanted = None if names is None else {folded(name) for name in names}
    chosen = [name for name in plan.names if wanted is None or folded(name.name) in wanted]
    claims = [_Claim(each, *_keys_of(ledger, each)) for each in chosen]
    outcome = ledger.decide(lambda: _rows(ledger, plan.source, claims))
    waiting = len(ledger.missing_boxes())
    done = 0
    yield Progress(0, waiting)
    if engine is not None and waiting:
        for _ in draw_missing(ledger, engine):
            done += 1
            yield Progress(done, max(done, waiting))
    return ImportReport(outcome, _taken(ledger, outcome), done, len(ledger.missing_boxes()))


@dataclass(frozen=True, slots=True)
class _Claim:
    planned: PlannedName
    faces: Sequence[FaceKey]
    boxes: Sequence[FaceKey]


def _keys_of(ledger: Ledger, name: PlannedName) -> tuple[list[FaceKey], list[FaceKey]]:
    """Keys of the faces that are there, and of the boxes that are to be drawn."""
    known = ledger.library.decision_table.faces_by_id(name.faces)
    faces = ledger.keys([face for face in name.faces if face in known])
    boxes: list[FaceKey] = []
    for drawn in name.boxes:
        key, is_face = _key_of_box(ledger, drawn)
        if key is not None:
            (faces if is_face else boxes).append(key)
    return faces, boxes


def _key_of_box(ledger: Ledger, drawn: DrawnBox) -> tuple[FaceKey | None, bool]:
    """The key of a box, and whether a face was found there meanwhile; no key: the photo is gone."""
    library = ledger.library
    content = library.decision_table.content_of_photo(drawn.photo_id)
    photos = library.photo_table.of_ids([drawn.photo_id])
    if content is None or not photos:
        return None, False
    ledger.bind_photo(content)
    for face in library.faces_of(drawn.photo_id):
        if face.box.overlap(drawn.box) >= SAME_FACE and not ledger.is_left_out(face.id):
            return ledger.keys([face.id])[0], True
    return key_for(ledger, photos[0], content, drawn.box), False


def _rows(ledger: Ledger, source: str, claims: Iterable[_Claim]) -> list[NewDecision]:
    """The rows of the gesture, without what was decided otherwise meanwhile."""
    known = KnownNames(ledger, source)
    shown: set[tuple[bytes, str]] = set()
    meant: set[FaceKey] = set()
    drawn: dict[FaceKey, None] = {}
    rows = []
    for claim in claims:
        name = claim.planned.name
        person = known.person(name)
        free = []
        boxes = set(claim.boxes)
        for key in dict.fromkeys((*claim.faces, *claim.boxes)):
            place = key.content_hash, folded(name)
            if key in meant or place in shown or not _is_free(ledger, key, person):
                continue
            meant.add(key)
            shown.add(place)
            free.append(key)
            if key in boxes and key not in ledger.state.drawn:
                drawn[key] = None
        if free:
            rows.append(taking_in(source, name, free, person))
    if drawn:
        rows.insert(0, NewDecision(Kind.BOX_DRAWN, sorted(drawn), source=source))
    return rows


def _is_free(ledger: Ledger, key: FaceKey, person: int | None) -> bool:
    state = ledger.state
    return (
        key not in state.owner
        and key not in state.not_faces
        and not state.is_in_photo(key.content_hash, person)
        and (person is None or person not in state.not_these(key))
    )


def _taken(ledger: Ledger, outcome: Outcome) -> tuple[TakenName, ...]:
    state = ledger.state
    taken = []
    for row in outcome.rows:
        person = state.current(row.id if row.person is None else row.person)
        if row.kind == Kind.IMPORTED_FROM and person is not None:
            name = state.facts[person].name or row.name or ""
            taken.append(TakenName(name, person, len(row.faces), is_new=row.person is None))
    return tuple(sorted(taken, key=lambda each: (-each.faces, folded(each.name))))
