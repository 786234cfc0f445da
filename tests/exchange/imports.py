"""What a program might know of the photos of a `World`, and imports of it."""

from collections.abc import Collection, Sequence
from pathlib import Path

from opqn_app.core.progress import finished
from opqn_app.core.types import Box
from opqn_app.engine import Engine
from opqn_app.exchange.coming.import_plan import ImportPlan
from opqn_app.exchange.coming.matching import plan_import
from opqn_app.exchange.coming.taking_in import ImportReport, take_in
from opqn_app.exchange.records import FACE, Frame, PhotoNames, Region
from opqn_app.people.ledger import Ledger
from tests.people_world import HEIGHT, WIDTH, true_box

SOURCE = "Picasa"


def path_of(ledger: Ledger, photo_id: int) -> Path:
    (photo,) = ledger.library.photo_table.of_ids([photo_id])
    return photo.path


def fraction(box: Box) -> Box:
    return Box(box.left / WIDTH, box.top / HEIGHT, box.right / WIDTH, box.bottom / HEIGHT)


def at(place: int, name: str | None, jitter: float = 0.0, content: int = 0) -> Region:
    """A region where a face of the world is, off by `jitter` of its side."""
    return Region(name, fraction(true_box(place, jitter, content)))


def elsewhere(number: int, name: str | None, kind: str = FACE) -> Region:
    """A region where no face is, at one of twelve places."""
    left, top = 20 + 100 * (number % 6), 250 + 100 * (number // 6)
    return Region(name, fraction(Box(left, top, left + 60, top + 60)), kind)


def said(ledger: Ledger, photo_id: int, *regions: Region, people: Sequence[str] = ()) -> PhotoNames:
    return PhotoNames(path_of(ledger, photo_id), regions, tuple(people), Frame.UPRIGHT)


def planned(ledger: Ledger, *found: PhotoNames, source: str = SOURCE) -> ImportPlan:
    return finished(plan_import(ledger, found, source))


def imported(
    ledger: Ledger,
    *found: PhotoNames,
    source: str = SOURCE,
    engine: Engine | None = None,
    names: Collection[str] | None = None,
) -> ImportReport:
    return finished(take_in(ledger, planned(ledger, *found, source=source), engine, names))


def faces_by_name(plan: ImportPlan) -> dict[str, list[int]]:
    return {name.name: sorted(name.faces) for name in plan.names if name.new}


def owners(ledger: Ledger) -> dict[int, str | None]:
    """Face id → the name of the person it is, of all that are somebody."""
    return {face: person.name for person in ledger.persons() for face in person.faces}
