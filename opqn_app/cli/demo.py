"""The demo: index the sample photos, run the queries that were kept out, and check the answers."""

import io
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from opqn_app.core import paths
from opqn_app.core.display import has_display
from opqn_app.core.errors import DataError
from opqn_app.core.harmless import in_lines
from opqn_app.core.progress import ProgressLine, run_with_progress
from opqn_app.core.types import Box
from opqn_app.engine import Engine
from opqn_app.index.in_words import index_report_in_words, progress_in_words
from opqn_app.index.indexing import IndexReport, index_folder
from opqn_app.search.code_index import CodeIndex
from opqn_app.search.query import curve_of, faces_in, hits, query_tables
from opqn_app.store.library import Library
from opqn_app.store.records import FaceRecord
from opqn_app.vision.align import share_inside

SHOWN = 8  # hits per query on the contact sheet
TILE = 112
GROUP_CUTOFF = 50  # a group-photo face counts as found within so many results


@dataclass(frozen=True, slots=True)
class Answers:
    """Who is on the sample photos.

    Attributes:
        singles: photo → person.
        groups: photo → (person, where the portrait lies in upright pixels).
        queries: query photo → person.
    """

    singles: dict[str, str]
    groups: dict[str, list[tuple[str, Box]]]
    queries: dict[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class QueryOutcome:
    """The ranking of one query, best first, over all faces of the library."""

    person: str
    crop: NDArray[np.uint8]  # (112, 112, 3)
    ranked: list[int]  # face ids
    probabilities: list[float | None]


@dataclass(frozen=True, slots=True)
class DemoReport:
    """What the demo measured; the shares are between 0 and 1.

    Attributes:
        rank1: queries whose best single photo shows the same person.
        precision_at_5: share of the same person among the 5 best single photos, mean.
        composite_detected: portraits in group photos that were found as a face.
        composite_recall: portraits in group photos found among the first 50 results of the query
            of that person; one that was not detected counts as missed.
        seconds: indexing and queries together.
    """

    rank1: float
    precision_at_5: float
    composite_detected: float
    composite_recall: float
    photos: int
    faces: int
    failures: int
    queries: int
    seconds: float
    model: str
    contact_sheet: str


def load_answers(sample: Path) -> Answers:
    """Read labels.json of the sample.

    Raises:
        DataError: the sample is not there.
    """
    try:
        raw = json.loads((sample / "labels.json").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DataError(sample, "labels.json is missing; is this a complete checkout?") from error
    return Answers(
        singles={photo: entry["person"] for photo, entry in raw["singles"].items()},
        groups={
            photo: [(entry["person"], Box(*entry["box"])) for entry in entries]
            for photo, entries in raw["groups"].items()
        },
        queries={photo: entry["person"] for photo, entry in raw["queries"].items()},
    )


def run_demo(*, out: Path, engine: Engine, as_json: bool, open_window: bool) -> int:
    """Run the demo into folder `out`; prints its report and returns the exit status.

    Args:
        out: gets the demo's own library and the contact sheet; made if missing.
        engine: what finds and encodes faces.
        as_json: end with one JSON object instead of the table.
        open_window: show the library in the window afterwards, when there is a display.
    """
    sample = paths.resource("sample")
    answers = load_answers(sample)
    library_path = fresh_library(out)
    started = time.monotonic()
    job = index_folder(library_path, sample / "photos", engine)
    indexed = run_with_progress(job, progress_in_words)
    sys.stderr.write(index_report_in_words(indexed) + "\n")
    with Library.open(library_path) as library:
        outcomes = list(run_queries(library, sample / "queries", answers, engine))
        seconds = time.monotonic() - started
        people = name_faces(library, answers)
        sheet = contact_sheet(library, outcomes, people)
        sheet.save(out / "contact_sheet.png", optimize=True)
        report = measure(library, answers, outcomes, people, indexed, seconds, engine, out)
    if not as_json:
        sys.stdout.write(table(outcomes, people, answers, report) + "\n")
    else:
        sys.stdout.write(json.dumps(asdict(report)) + "\n")
    sys.stdout.flush()
    if open_window and has_display():
        from opqn_app.ui.shell.app import run_gui

        return run_gui(library_path)
    return 0


def fresh_library(out: Path) -> Path:
    """Where the demo's library goes: what an earlier demo left there is removed, nothing else.

    Its name is its own, since `out` may be a folder that holds the user's library.
    """
    out.mkdir(parents=True, exist_ok=True)
    library = out / "demo-library.sqlite"
    for leftover in out.glob(f"{library.name}*"):
        leftover.unlink()
    return library


def run_queries(
    library: Library, queries: Path, answers: Answers, engine: Engine
) -> Iterator[QueryOutcome]:
    """Rank the whole library by each query photo."""
    index = CodeIndex.load(library, engine.encoder.model_id)
    line = ProgressLine()
    for done, (photo, person) in enumerate(answers.queries.items(), start=1):
        line.show(f"Query {done}/{len(answers.queries)}")
        face = faces_in(queries / photo, engine.detector)[0]
        tables = query_tables(engine.encoder, [face.crop])
        ranking = index.search(tables)
        curve = curve_of(engine.encoder.calibration, index, tables)
        best = hits(library, index, ranking, tables, curve, 0, SHOWN)
        yield QueryOutcome(
            person=person,
            crop=face.crop,
            ranked=[int(face_id) for face_id in ranking.face_ids],
            probabilities=[hit.probability for hit in best],
        )
    line.clear()


def name_faces(library: Library, answers: Answers) -> dict[int, tuple[str, str]]:
    """Face id → (person, photo) of every face that lies where the labels put a person.

    On a single photo only the largest face is the person; on a group photo a face belongs to the
    portrait that its centre lies in, the largest face if there are several.
    """
    named: dict[int, tuple[str, str]] = {}
    for photo in library.photos(limit=library.photo_count()):
        faces = sorted(library.faces_of(photo.id), key=lambda face: -face.box.area)
        if photo.rel_path in answers.singles and faces:
            named[faces[0].id] = (answers.singles[photo.rel_path], photo.rel_path)
        for person, portrait in answers.groups.get(photo.rel_path, ()):
            inside = [face for face in faces if _is_centred_in(face, portrait)]
            if inside:
                named[inside[0].id] = (person, photo.rel_path)
    return named


def _is_centred_in(face: FaceRecord, portrait: Box) -> bool:
    x = (face.box.left + face.box.right) / 2
    y = (face.box.top + face.box.bottom) / 2
    return portrait.left <= x <= portrait.right and portrait.top <= y <= portrait.bottom


def measure(
    library: Library,
    answers: Answers,
    outcomes: list[QueryOutcome],
    people: dict[int, tuple[str, str]],
    indexed: IndexReport,
    seconds: float,
    engine: Engine,
    out: Path,
) -> DemoReport:
    """Compare the rankings with the answers."""
    first, precision, found = 0, 0.0, 0
    for outcome in outcomes:
        singles = singles_first(outcome, people, answers)
        first += singles[:1] == [outcome.person]
        precision += sum(person == outcome.person for person in singles[:5]) / 5
        near = [people.get(face_id) for face_id in outcome.ranked[:GROUP_CUTOFF]]
        found += sum(
            who is not None and who[0] == outcome.person and who[1] in answers.groups
            for who in near
        )
    planted = sum(len(entries) for entries in answers.groups.values())
    detected = sum(photo in answers.groups for _, photo in people.values())
    status = library.status()
    return DemoReport(
        rank1=round(first / len(outcomes), 4),
        precision_at_5=round(precision / len(outcomes), 4),
        composite_detected=round(detected / planted, 4),
        composite_recall=round(found / planted, 4),
        photos=status.photos,
        faces=status.faces,
        failures=len(indexed.failures),
        queries=len(outcomes),
        seconds=round(seconds, 1),
        model=engine.encoder.name,
        contact_sheet=str(out / "contact_sheet.png"),
    )


def singles_first(
    outcome: QueryOutcome, people: dict[int, tuple[str, str]], answers: Answers
) -> list[str]:
    """The people on the single photos, in the order of the ranking."""
    named = (people.get(face_id) for face_id in outcome.ranked)
    return [who[0] for who in named if who is not None and who[1] in answers.singles]


def table(
    outcomes: list[QueryOutcome],
    people: dict[int, tuple[str, str]],
    answers: Answers,
    report: DemoReport,
) -> str:
    """The ranked people of each query, with precision against the known names, and the sums."""
    lines = ["query  best five single photos         right"]
    for outcome in outcomes:
        best = singles_first(outcome, people, answers)[:5]
        right = sum(person == outcome.person for person in best)
        lines.append(f"{outcome.person:5s}  {' '.join(f'{p:5s}' for p in best)}  {right}/5")
    lines += [
        "",
        f"{report.photos} photos, {report.faces} faces, {report.failures} unreadable files, "
        f"{report.queries} queries, model {report.model}, {report.seconds} s",
        f"rank-1 {report.rank1:.3f} · precision at 5 {report.precision_at_5:.3f} · "
        f"group-photo faces detected {report.composite_detected:.3f}, "
        f"found in the first {GROUP_CUTOFF} {report.composite_recall:.3f}",
        f"Contact sheet: {report.contact_sheet}",
    ]
    return in_lines(lines)


def contact_sheet(
    library: Library, outcomes: list[QueryOutcome], people: dict[int, tuple[str, str]]
) -> Image.Image:
    """A row per query: the query photo, then its best faces; a cross marks a wrong person."""
    step = TILE + 8
    sheet = Image.new("RGB", (step * (SHOWN + 1) + 24, (step + 14) * len(outcomes) + 8), "#1d1f23")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(12)
    for row, outcome in enumerate(outcomes):
        top = 8 + row * (step + 14)
        sheet.paste(Image.fromarray(outcome.crop), (8, top))
        draw.text((8, top + TILE + 1), f"query {outcome.person}", "white", font)
        shown = zip(outcome.ranked[:SHOWN], outcome.probabilities, strict=False)
        for column, (face_id, probability) in enumerate(shown):
            left = 24 + step * (column + 1)
            person = people.get(face_id, ("?", ""))[0]
            colour = "#69c07d" if person == outcome.person else "#e06c60"
            stored = library.placed_crop(face_id)
            if stored is not None:
                inside = share_inside(stored.landmarks, stored.photo_size)
                mask = Image.fromarray(np.rint(255 * inside).astype(np.uint8))
                sheet.paste(Image.open(io.BytesIO(stored.webp)).convert("RGB"), (left, top), mask)
            draw.rectangle((left - 2, top - 2, left + TILE + 1, top + TILE + 1), outline=colour)
            mark = "" if person == outcome.person else "  x"
            likely = "" if probability is None else f"  {probability:.0%}"
            draw.text((left, top + TILE + 1), f"{person}{likely}{mark}", colour, font)
    return sheet
